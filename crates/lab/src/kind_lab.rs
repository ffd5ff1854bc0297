//! The lab in Kubernetes, phase by phase: in a KIND cluster of its own, or in a cluster of the user's.

use super::agent::{self, AgentSettings};
use super::handle::{Lab, connect, read_info};
use super::up::UpOptions;
use super::{Error, choose, definitions, local_lab, obtain, shared};
use crate::backends::kind;
use crate::backends::kind::existing::Existing;
use crate::backends::kind::{Engine, KindCluster, KindOptions, PartFiles, existing, images, pods};
use crate::gateway::GatewayFixture;
use artifacts::Obtained;
use cli::KafkaChoice;
use host::Progress;
use model::{KafkaProvider, LabDir, LabInfo, LabKind};
use std::collections::BTreeMap;

const DOMAIN: &str = "kafka.test";

/// What the user's wishes mean for a lab in Kubernetes.
pub(super) fn options(dir: &LabDir, options: &UpOptions) -> Result<KindOptions, Error> {
    // A lab that is up stays what it is, unless the user asks for something else.
    let is = read_info(dir)?.filter(|info| info.kind != LabKind::Local);
    let kafka = match (options.kafka, &is) {
        (Some(KafkaChoice::Standin), _) => KafkaProvider::Standin,
        (Some(KafkaChoice::Strimzi), _) => KafkaProvider::Strimzi,
        (None, Some(info)) => info.kafka,
        (None, None) => KafkaProvider::Strimzi,
    };
    let gateway = options.gateway.clone().or_else(|| is.as_ref().map(|info| info.gateway.name.clone()));
    let ports = local_lab::ports(options, is.as_ref())?;
    Ok(KindOptions {
        name: options.name.clone(),
        gateway: gateway.unwrap_or_else(|| "envoy-gateway".to_owned()),
        kafka,
        strimzi_version: options.strimzi.clone(),
        ports,
        node_image: options.node_image.clone(),
        kubernetes: None,
        pull: true,
    })
}

/// The user's cluster that a lab of this kind is in: the one that is named now, or the one of the lab that is up, into
/// which nothing more is installed then. `None` for a cluster of the lab's own.
///
/// # Errors
/// [`Error::NoContext`] where neither names one.
pub(super) fn users_cluster(dir: &LabDir, kind: LabKind, options: &UpOptions) -> Result<Option<Existing>, Error> {
    if kind != LabKind::Existing {
        return Ok(None);
    }
    if let Some(named) = &options.existing {
        return Ok(Some(named.clone()));
    }
    let up = read_info(dir)?.filter(|info| info.kind == LabKind::Existing);
    let up = up.ok_or_else(|| Error::NoContext { name: options.name.clone() })?;
    Ok(Some(Existing {
        context: up.context,
        address: up.gateway.address,
        install_gateway: false,
        install_strimzi: false,
    }))
}

/// Brings a lab in Kubernetes up, or repairs it.
pub(super) async fn up(
    dir: &LabDir,
    kind: LabKind,
    options: &UpOptions,
    wanted: &KindOptions,
    progress: &Progress,
) -> Result<Lab, Error> {
    let existing = users_cluster(dir, kind, options)?;
    if existing.is_none() {
        // Without an engine nothing else is of use, and what else is missing would hide that.
        Engine::find().await?;
    }
    let parts = obtain::all(kind::wanted_parts(wanted, existing.as_ref())?, progress).await;
    let parts = match parts {
        Err(Error::Missing { mut what }) if existing.is_none() => {
            what.extend(missing_images(wanted).await);
            return Err(Error::Missing { what });
        }
        parts => parts?,
    };
    let files: PartFiles = parts.iter().map(|part| (part.name.clone(), part.path.clone())).collect();
    let cluster = match &existing {
        Some(existing) => existing::up(dir, wanted, existing, &files, progress).await?,
        None => kind::up(dir, wanted, &files, progress).await?,
    };
    let lab = open(dir, kind, options, wanted.kafka, cluster, &parts).await?;
    lab.record()?;

    let mut phase = progress.phase("Kafka");
    if wanted.kafka == KafkaProvider::Standin {
        let crds = definitions::objects(&[&standin::crds()])?;
        match &existing {
            Some(existing) => existing::apply(dir, &existing.context, &lab.catalog, crds, "default").await?,
            None => definitions::apply(&lab.catalog, &[&standin::crds()]).await?,
        }
        let image = images::apache_kafka()?.image;
        let placement = standin::Placement { node_name: None, image };
        let settings = AgentSettings { reach: standin::Reach::PortForward, placement, jvm: None };
        agent::start(dir, &options.name, &settings).await?;
    }
    let namespace = lab.info.shared.namespace.clone();
    match &existing {
        Some(existing) => {
            let objects = shared::objects(&lab.info)?;
            existing::apply(dir, &existing.context, &lab.catalog, objects, &namespace).await?;
        }
        None => shared::apply(&lab.catalog, &lab.info).await?,
    }
    phase.update("resources applied");
    // A Pod that has no image, or ends again and again, is told at once instead of when patience ends.
    let gateway = GatewayFixture::load(&lab.info.gateway.name)?.kind.map(|kind| kind.namespace);
    let namespaces: Vec<_> = [namespace].into_iter().chain(gateway).collect();
    tokio::select! {
        ready = shared::ready(&lab.catalog, &lab.info, &mut phase) => ready?,
        trouble = pods::trouble(&lab.catalog, &namespaces) => return Err(trouble.into()),
    }
    phase.done("three brokers ready");

    local_lab::finish(&lab, options, progress).await?;
    Ok(lab)
}

async fn open(
    dir: &LabDir,
    kind: LabKind,
    options: &UpOptions,
    kafka: KafkaProvider,
    cluster: KindCluster,
    parts: &[Obtained],
) -> Result<Lab, Error> {
    let KindCluster { kubeconfig, context, reach, versions: running, .. } = cluster;
    let mut versions: BTreeMap<_, _> =
        parts.iter().map(|part| (part.name.clone(), format!("{}, {}", part.version, part.origin))).collect();
    // What runs counts, not where its manifest came from.
    versions.extend(running);
    let catalog = connect(&kubeconfig, &context).await?;
    let info = LabInfo {
        name: options.name.clone(),
        kind,
        domain: DOMAIN.to_owned(),
        kubeconfig,
        context,
        gateway: reach,
        kafka,
        shared: shared::cluster(),
        versions,
    };
    Ok(Lab { info, dir: dir.clone(), catalog })
}

/// What the engine lacks of the images, and whether it can be had: for the list of all that is missing.
async fn missing_images(options: &KindOptions) -> Vec<String> {
    let wanted = options.images().and_then(|mut all| {
        all.push(options.node_image()?);
        Ok(all)
    });
    let lacking = async {
        let engine = Engine::find().await?;
        images::lacking(&engine, &wanted?).await
    };
    let lacking = match lacking.await {
        Ok(lacking) => lacking,
        Err(error) => return vec![error.to_string()],
    };
    let mut missing = Vec::new();
    for image in lacking {
        let registry = choose::registry(&image.image.image);
        if !choose::reachable(&registry).await {
            let (name, used_by) = (image.image.image, image.used_by);
            missing.push(format!("image {name} (for {used_by}): not in the engine, and {registry} cannot be reached"));
        }
    }
    missing
}

/// Removes what a lab in Kubernetes made.
pub(super) async fn down(dir: &LabDir, name: &str, progress: &Progress) -> Result<(), Error> {
    if kind::existing::is_there(dir)? {
        return Ok(kind::existing::down(dir, progress).await?);
    }
    if kind::is_there(dir)? {
        let kind = obtain::all(vec!["kind".to_owned()], progress).await?;
        for program in kind {
            kind::down(dir, name, &program.path, progress).await?;
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing;
    use cli::LabChoice;

    fn plain(name: &str) -> UpOptions {
        UpOptions {
            name: name.to_owned(),
            lab: LabChoice::Auto,
            gateway: None,
            kafka: None,
            port_base: None,
            hosts: false,
            strimzi: "1.2.0".to_owned(),
            node_image: None,
            existing: None,
        }
    }

    #[tokio::test]
    async fn up_without_flags_stays_in_the_users_cluster_and_installs_nothing() {
        let (_held, mut lab) = testing::lab("theirs");
        std::fs::create_dir_all(lab.dir.path()).expect("made");
        lab.info.kind = LabKind::Existing;
        lab.info.context = "prod".to_owned();
        lab.record().expect("written");
        let in_kind = options(&lab.dir, &plain("theirs")).expect("sound");
        let kind = choose::choose(&lab.dir, LabChoice::Auto, &in_kind).await.expect("it is up").kind;
        let existing = users_cluster(&lab.dir, kind, &plain("theirs")).expect("known").expect("the user's cluster");
        assert_eq!(existing.context, "prod");
        assert!(!existing.install_gateway && !existing.install_strimzi);
    }

    #[tokio::test]
    async fn a_context_does_not_turn_a_kind_lab_into_the_users_cluster() {
        let (_held, lab) = testing::lab("own");
        let named = Existing {
            context: "prod".to_owned(),
            address: [127, 0, 0, 1].into(),
            install_gateway: true,
            install_strimzi: false,
        };
        let options = UpOptions { existing: Some(named), ..plain("own") };
        assert!(users_cluster(&lab.dir, LabKind::Kind, &options).expect("fine").is_none());
        let error = users_cluster(&lab.dir, LabKind::Existing, &plain("own")).expect_err("no context").to_string();
        assert!(error.contains("--context"), "{error}");
    }

    #[tokio::test]
    async fn another_port_base_than_that_of_the_lab_that_is_up_is_refused_with_both() {
        let (_held, lab) = testing::lab("ports");
        let asks = |base| UpOptions { port_base: base, ..plain("ports") };
        let error = local_lab::ports(&asks(Some(20500)), Some(&lab.info)).expect_err("it is up at 9092").to_string();
        assert!(error.contains("9092") && error.contains("20500") && error.contains("LAB_PORT_BASE"), "{error}");
        assert_eq!(local_lab::ports(&asks(Some(9092)), Some(&lab.info)).expect("the same").passthrough, 9092);
        assert_eq!(local_lab::ports(&asks(None), Some(&lab.info)).expect("none asked for").passthrough, 9092);
        assert_eq!(local_lab::ports(&asks(Some(20500)), None).expect("a new lab").passthrough, 20500);
    }
}
