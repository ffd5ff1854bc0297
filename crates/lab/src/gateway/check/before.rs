//! The stages before the lab: parts, images and manifests.

use super::manifests::{self, FileObjects};
use super::{CheckOptions, Outcome};
use crate::backends::cluster::{self, ClusterSpec, PartFiles, images};
use crate::backends::kind::{Engine, all_images, missing_images};
use crate::backends::local;
use crate::gateway::places::Places;
use crate::gateway::{GatewayFixture, KindGateway, LocalGateway};
use crate::{Error, obtain};
use artifacts::Parts;
use host::{Progress, with_causes};
use model::{FileError, KafkaProvider, LabKind, Ports, suggest};
use std::cell::RefCell;
use std::collections::BTreeMap;
use std::fs;

/// The section of the fixture that is checked.
#[derive(Clone, Copy)]
pub(super) enum Section<'a> {
    Kind(&'a KindGateway),
    Local(&'a LocalGateway),
}

impl<'a> Section<'a> {
    /// The requested section, or the one that the fixture has.
    pub fn of(fixture: &'a GatewayFixture, wanted: Option<LabKind>) -> Result<Self, Outcome> {
        let kind = fixture.kind.as_ref().map(Self::Kind);
        let local = fixture.local.as_ref().map(Self::Local);
        let found = match wanted {
            Some(LabKind::Local) => local,
            Some(LabKind::Kind) => kind,
            Some(LabKind::Existing) | None => kind.or(local),
        };
        found.ok_or_else(|| {
            let wanted =
                wanted.map_or("labs.kind", |kind| if kind == LabKind::Local { "labs.local" } else { "labs.kind" });
            let path = fixture.dir.join("gateway.yaml");
            let remedy = "add it as fixtures/gateways/README.md says, or pass the other `--lab`";
            Outcome::lint(format!("{path}: {wanted} is missing, so it cannot be installed there"), remedy)
        })
    }

    pub fn lab(self) -> LabKind {
        match self {
            Self::Kind(_) => LabKind::Kind,
            Self::Local(_) => LabKind::Local,
        }
    }

    fn own_parts(self) -> Vec<&'a str> {
        match self {
            Self::Kind(kind) => kind.parts().collect(),
            Self::Local(local) => vec![local.program.as_str()],
        }
    }
}

/// The cluster that `lab up` would make for the check.
pub(super) fn spec(options: &CheckOptions, ports: &Ports) -> ClusterSpec {
    ClusterSpec {
        name: options.lab_name(),
        gateway: options.gateway.clone(),
        kafka: KafkaProvider::Standin,
        strimzi_version: String::new(),
        ports: ports.clone(),
        node_image: None,
        one_by_one: false,
        versions: BTreeMap::new(),
    }
}

/// Obtains everything that the lab is made of, as `lab up` does.
pub(super) async fn parts(
    fixture: &GatewayFixture,
    section: Section<'_>,
    spec: &ClusterSpec,
    progress: &Progress,
) -> Result<(PartFiles, Outcome), Outcome> {
    let unusable = |error: &dyn std::error::Error| {
        Outcome::lint(with_causes(error), "correct fixtures/parts.yaml; its first lines describe it")
    };
    let known = Parts::load().map_err(|error| unusable(&error))?;
    if let Some(unknown) = unknown_part(fixture, &section.own_parts(), &known.names()) {
        return Err(unknown);
    }
    let (names, versions) = match section {
        Section::Kind(_) => (
            cluster::wanted_parts(spec, None).map_err(|error| unusable(&error))?,
            spec.part_versions().map_err(|error| unusable(&error))?,
        ),
        Section::Local(local) => (local::part_names(&local.program), BTreeMap::new()),
    };
    match obtain::all(names.clone(), &versions, progress).await {
        Ok(parts) => {
            let files = parts.iter().map(|part| (part.name.clone(), part.path.clone())).collect();
            Ok((files, Outcome::Passed(names.join(", "))))
        }
        Err(Error::Missing { what }) => Err(Outcome::lab(
            what.join("\n"),
            "do what the lines above say for each part; `cargo xtask lab doctor` lists all",
        )),
        Err(error) => Err(Outcome::lab(with_causes(&error), "do what the cause says, and check again")),
    }
}

/// A part of the fixture that the list of parts does not have.
pub(super) fn unknown_part(fixture: &GatewayFixture, own: &[&str], known: &[&str]) -> Option<Outcome> {
    let unknown = own.iter().find(|part| !known.contains(part))?;
    let place = Places::of(fixture).part(unknown);
    let near = suggest::nearest(unknown, known.iter().copied());
    let near = near.map(|near| format!("; did you mean {near}?")).unwrap_or_default();
    Some(Outcome::lint(
        format!("{place}: fixtures/parts.yaml has no part {unknown:?}{near}"),
        format!(
            "correct the name, or add an entry {unknown} to fixtures/parts.yaml: a download, as contour has it, or the output of \
             `helm template`, as istio has it"
        ),
    ))
}

/// Obtains the images as `lab up` does. A dry run only looks whether they could be obtained.
pub(super) async fn images(
    fixture: &GatewayFixture,
    section: Section<'_>,
    spec: &ClusterSpec,
    dry_run: bool,
    progress: &Progress,
) -> Outcome {
    if matches!(section, Section::Local(_)) {
        return Outcome::Skipped("the local lab runs programs, not images".to_owned());
    }
    let engine = match Engine::find().await {
        Ok(engine) => engine,
        Err(_) if dry_run => {
            return Outcome::Skipped("no container engine answers, so nobody knows what it has".to_owned());
        }
        Err(error) => {
            return Outcome::lab(
                with_causes(&error),
                "start a container engine, or stop before the lab with `--dry-run`",
            );
        }
    };
    let remedy = || {
        format!(
            "correct the names in `images` ({}); or pull them, or load an archive with `cargo xtask lab images load FILE`",
            Places::of(fixture).images()
        )
    };
    let wanted = match all_images(spec) {
        Ok(wanted) => wanted,
        Err(error) => return Outcome::lint(with_causes(&error), "correct the file"),
    };
    let names: Vec<&str> = wanted.iter().map(|wanted| wanted.image.image.as_str()).collect();
    if dry_run {
        let missing = missing_images(spec).await;
        if !missing.is_empty() {
            return Outcome::lab(missing.join("\n"), remedy());
        }
        return Outcome::Passed(format!("{} is in the engine, or its registry answers", names.join(", ")));
    }
    let phase = RefCell::new(progress.phase("images in the engine"));
    let obtained = images::obtain(&engine, &wanted, |name| phase.borrow_mut().update(format!("pulling {name}"))).await;
    match obtained {
        Ok(pulled) => {
            phase.into_inner().done(format!("{} needed, {pulled} pulled", wanted.len()));
            Outcome::Passed(names.join(", "))
        }
        Err(cluster::Error::MissingImages { missing, .. }) => Outcome::lab(missing.join("\n"), remedy()),
        Err(error) => Outcome::lab(with_causes(&error), remedy()),
    }
}

/// Reads the manifests as `lab up` applies them, and checks what they show by themselves.
pub(super) async fn manifests(
    fixture: &GatewayFixture,
    section: Section<'_>,
    parts: &PartFiles,
    ports: &Ports,
) -> Outcome {
    let read = match section {
        Section::Kind(_) => cluster::gateway::objects(fixture, parts, ports).await.map_err(|error| with_causes(&error)),
        Section::Local(local) => of_files(fixture, local).map_err(|error| with_causes(&error)),
    };
    let files = match read {
        Ok(files) => files,
        Err(cause) => {
            return Outcome::lint(
                cause,
                "correct the file, or its name in `manifests`; fixtures/gateways/README.md lists the variables",
            );
        }
    };
    let unlisted = match section {
        Section::Kind(kind) => manifests::images(fixture, kind, &files),
        Section::Local(_) => None,
    };
    let undefined = || match section {
        Section::Kind(kind) => manifests::deployments(fixture, kind, &files),
        Section::Local(_) => None,
    };
    unlisted.or_else(undefined).or_else(|| manifests::gateway_class(fixture, &files)).unwrap_or_else(|| {
        let objects: usize = files.iter().map(|(_, objects)| objects.len()).sum();
        Outcome::Passed(format!("{objects} objects in {} files, with GatewayClass {}", files.len(), fixture.class))
    })
}

fn of_files(fixture: &GatewayFixture, local: &LocalGateway) -> Result<Vec<FileObjects>, Error> {
    let read = |manifest: &camino::Utf8PathBuf| {
        let path = fixture.dir.join(manifest);
        let text = fs::read_to_string(&path).map_err(FileError::of("read", &path))?;
        let objects = kubeapi::parse_manifests(path.as_str(), &text)?;
        Ok((path.into_string(), objects))
    };
    local.manifests.iter().map(read).collect()
}
