//! The lab in Kubernetes, phase by phase: in a KIND cluster of its own, or in a cluster of the user's.

use super::agent::{self, AgentSettings};
use super::handle::{Lab, connect, read_info};
use super::up::UpOptions;
use super::{Error, KafkaProvider, LabDir, LabInfo, LabKind, Ports, definitions, local_lab, shared};
use crate::cli::KafkaChoice;
use crate::gateway::GatewayFixture;
use crate::kindlab::{self, KindCluster, KindOptions, PartFiles, existing, pods};
use crate::parts::{Obtained, Parts};
use crate::progress::Progress;
use crate::standin;
use futures::future::try_join_all;
use std::collections::BTreeMap;
use std::sync::Arc;

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
    let ports = is.map_or_else(|| Ports::from_base(options.port_base), |info| info.gateway.ports);
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

/// Brings a lab in Kubernetes up, or repairs it.
pub(super) async fn up(
    dir: &LabDir,
    kind: LabKind,
    options: &UpOptions,
    wanted: &KindOptions,
    progress: &Progress,
) -> Result<Lab, Error> {
    let parts = obtain(kindlab::wanted_parts(wanted, options.existing.as_ref())?, progress).await?;
    let files: PartFiles = parts.iter().map(|part| (part.name.clone(), part.path.clone())).collect();
    let cluster = match &options.existing {
        Some(existing) => existing::up(dir, wanted, existing, &files, progress).await?,
        None => kindlab::up(dir, wanted, &files, progress).await?,
    };
    let lab = open(dir, kind, options, wanted.kafka, cluster, &parts).await?;
    lab.record()?;

    let mut phase = progress.phase("Kafka");
    if wanted.kafka == KafkaProvider::Standin {
        let crds = definitions::objects(&[&standin::crds()])?;
        match &options.existing {
            Some(existing) => existing::apply(dir, &existing.context, &lab.catalog, crds, "default").await?,
            None => definitions::apply(&lab.catalog, &[&standin::crds()]).await?,
        }
        let image = standin_image(wanted)?;
        let placement = standin::Placement { node_name: None, image };
        let settings = AgentSettings { reach: standin::Reach::PortForward, placement, jvm: None };
        agent::start(dir, &options.name, &settings).await?;
    }
    let namespace = lab.info.shared.namespace.clone();
    match &options.existing {
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

/// The image that the stand-in's Pods run.
fn standin_image(options: &KindOptions) -> Result<String, Error> {
    let images = options.images()?;
    let kafka = images.into_iter().map(|wanted| wanted.image.image).find(|image| image.contains("kafka"));
    kafka.ok_or_else(|| {
        Error::Kindlab(kindlab::Error::NoPart {
            part: "an image of Kafka".to_owned(),
            needed_by: "the stand-in".to_owned(),
        })
    })
}

async fn obtain(names: Vec<String>, progress: &Progress) -> Result<Vec<Obtained>, Error> {
    let parts = Arc::new(Parts::load()?);
    try_join_all(names.into_iter().map(|name| {
        let (parts, progress) = (Arc::clone(&parts), progress.clone());
        async move { Ok::<_, Error>(tokio::task::spawn_blocking(move || parts.obtain(&name, &progress)).await??) }
    }))
    .await
}

/// Removes what a lab in Kubernetes made.
pub(super) async fn down(dir: &LabDir, name: &str, progress: &Progress) -> Result<(), Error> {
    if kindlab::existing::is_there(dir)? {
        return Ok(kindlab::existing::down(dir, progress).await?);
    }
    if kindlab::is_there(dir)? {
        let kind = obtain(vec!["kind".to_owned()], progress).await?;
        for program in kind {
            kindlab::down(dir, name, &program.path, progress).await?;
        }
    }
    Ok(())
}
