//! Runs the stages one after the other, and stops at the first that fails.

use super::before::{self, Section};
use super::cluster::{Seen, reachable};
use super::{Outcome, Report, Stage, StageResult};
use crate::gateway::{GatewayFixture, Gateways};
use crate::{Error, down, up};
use host::{Progress, with_causes};
use model::{KafkaProvider, LabDir, LabKind, Ports, UpOptions};
use std::collections::BTreeMap;

/// A lab's name has at most so many letters.
const LONGEST_NAME: usize = 30;

/// The options of a check.
#[derive(Clone, Debug)]
pub struct CheckOptions {
    /// A folder of `fixtures/gateways`.
    pub gateway: String,
    /// The kind of lab. By default kind, if the fixture says how to install it there.
    pub lab: Option<LabKind>,
    /// The first of the lab's ports on this machine.
    pub port_base: u16,
    /// Whether to stop before the lab.
    pub dry_run: bool,
    /// Whether the lab stays up.
    pub keep: bool,
}

impl CheckOptions {
    /// The name of the lab that the check starts.
    pub fn lab_name(&self) -> String {
        let name: String = format!("check-{}", self.gateway).chars().take(LONGEST_NAME).collect();
        name.trim_end_matches('-').to_owned()
    }
}

/// The results so far, each of which is shown at once.
struct Results<'a> {
    all: Vec<StageResult>,
    show: &'a mut dyn FnMut(&StageResult),
}

/// A stage failed, so the later ones are not reached.
struct Stopped;

impl Results<'_> {
    fn add(&mut self, stage: Stage, outcome: Outcome) -> Result<(), Stopped> {
        let failed = outcome.is_failed();
        let result = StageResult { stage, outcome };
        (self.show)(&result);
        self.all.push(result);
        if failed { Err(Stopped) } else { Ok(()) }
    }

    /// Adds what a stage found, and returns what later stages need of it.
    fn need<T>(&mut self, stage: Stage, found: Result<(T, Outcome), Outcome>) -> Result<T, Stopped> {
        match found {
            Ok((value, outcome)) => self.add(stage, outcome).map(|()| value),
            Err(outcome) => self.add(stage, outcome).and(Err(Stopped)),
        }
    }
}

/// Checks a fixture, calls `show` with the result of each stage, and takes the lab down that it started.
pub async fn check(options: &CheckOptions, progress: &Progress, show: &mut dyn FnMut(&StageResult)) -> Report {
    let mut results = Results { all: Vec::new(), show };
    // The results themselves say where it stopped.
    let _ = Box::pin(stages(options, progress, &mut results)).await;
    for stage in Stage::ALL.into_iter().skip(results.all.len()) {
        let _ = results.add(stage, Outcome::NotReached);
    }
    let mut report = Report { results: results.all, cleanup: None };
    if report.started_a_lab() && !options.keep {
        report.cleanup = take_down(options, progress).await.err().map(|error| with_causes(&error));
    }
    report
}

async fn take_down(options: &CheckOptions, progress: &Progress) -> Result<(), Error> {
    let name = options.lab_name();
    Box::pin(down(&LabDir::of(&name)?, &name, progress)).await
}

async fn stages(options: &CheckOptions, progress: &Progress, results: &mut Results<'_>) -> Result<(), Stopped> {
    let fixture = results.need(Stage::Fixture, fixture(options))?;
    let Ok(section) = Section::of(&fixture, options.lab) else { return Err(Stopped) };
    let ports = Ports::from_base(options.port_base);
    let spec = before::spec(options, &ports);
    let parts = results.need(Stage::Parts, before::parts(&fixture, section, &spec, progress).await)?;
    results.add(Stage::Images, before::images(&fixture, section, &spec, options.dry_run, progress).await)?;
    results.add(Stage::Manifests, before::manifests(&fixture, section, &parts, &ports).await)?;
    if options.dry_run { Ok(()) } else { in_the_lab(options, &fixture, section, progress, results).await }
}

fn fixture(options: &CheckOptions) -> Result<(GatewayFixture, Outcome), Outcome> {
    let remedy = "correct the file; fixtures/gateways/README.md describes every field";
    let fixture = GatewayFixture::load(&options.gateway).map_err(|error| Outcome::lint(with_causes(&error), remedy))?;
    let section = Section::of(&fixture, options.lab)?;
    let version = fixture.kind.as_ref().and_then(|kind| kind.version()).filter(|_| section.lab() == LabKind::Kind);
    let version = version.map(|version| format!(" {version}")).unwrap_or_default();
    let detail = format!("{}{version}, for the {} lab: {}", fixture.title, section.lab(), fixture.dir);
    Ok((fixture, Outcome::Passed(detail)))
}

async fn in_the_lab(
    options: &CheckOptions,
    fixture: &GatewayFixture,
    section: Section<'_>,
    progress: &Progress,
    results: &mut Results<'_>,
) -> Result<(), Stopped> {
    let name = options.lab_name();
    let went = Box::pin(up(&up_options(options, section.lab()), progress)).await;
    let up_said = went.as_ref().err().map(|error| with_causes(error));
    let catalog = match &went {
        Ok(lab) => Some(lab.catalog.clone()),
        Err(_) => match LabDir::of(&name) {
            Ok(dir) => reachable(&dir).await,
            Err(_) => None,
        },
    };
    let Some(catalog) = catalog else {
        let said = up_said.unwrap_or_default();
        let remedy = "this is the machine's or the lab's fault, not the fixture's; do what the cause says";
        return results.add(Stage::Lab, Outcome::lab(said, remedy));
    };
    results.add(Stage::Lab, Outcome::Passed(format!("{} lab {name:?}: its API server answers", section.lab())))?;

    let seen = Seen { catalog: &catalog, fixture, up_said: up_said.as_deref() };
    let process = || Outcome::Skipped("the local lab runs the gateway as a process".to_owned());
    let (deployments, gateways) = match section {
        Section::Kind(kind) => (seen.deployments(kind).await, kind.gateways),
        Section::Local(_) => (process(), Gateways::Shared),
    };
    results.add(Stage::Deployments, deployments)?;
    results.add(Stage::GatewayClass, seen.gateway_class().await)?;
    results.add(Stage::Gateway, seen.gateway(gateways).await)?;
    results.add(Stage::Features, seen.features().await)?;
    results.add(Stage::Messages, messages(went.err()))?;
    let data_plane = match section {
        Section::Kind(kind) => seen.data_plane(kind).await,
        Section::Local(_) => process(),
    };
    results.add(Stage::DataPlane, data_plane)
}

/// `lab up` ends with a message through the route of every broker.
fn messages(error: Option<Error>) -> Outcome {
    match error {
        None => Outcome::Passed("one through the route of each broker".to_owned()),
        Some(proof @ Error::Proof { .. }) => Outcome::gateway(
            with_causes(&proof),
            "keep the lab with `--keep`, and walk the whole path with `cargo xtask diagnose --name NAME`",
        ),
        Some(other) => Outcome::lab(
            format!("the lab did not come up, although the gateway looks sound: {}", with_causes(&other)),
            "do what the cause says; `--keep` and `cargo xtask lab status --name NAME` show the lab as it is",
        ),
    }
}

fn up_options(options: &CheckOptions, kind: LabKind) -> UpOptions {
    UpOptions {
        name: options.lab_name(),
        kind: Some(kind),
        gateway: Some(options.gateway.clone()),
        kafka: Some(KafkaProvider::Standin),
        port_base: Some(options.port_base),
        hosts: false,
        strimzi: String::new(),
        node_image: None,
        existing: None,
        one_by_one: false,
        versions: BTreeMap::new(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_labs_name_is_a_label_of_at_most_thirty_letters() {
        let name = |gateway: &str| {
            let gateway = gateway.to_owned();
            CheckOptions { gateway, lab: None, port_base: 9092, dry_run: true, keep: false }.lab_name()
        };
        assert_eq!(name("contour"), "check-contour");
        assert_eq!(name("abcdefghijklmnopqrstuvw-yz"), "check-abcdefghijklmnopqrstuvw");
    }
}
