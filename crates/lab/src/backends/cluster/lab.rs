//! From a cluster with a gateway and an operator to a lab: its facts, and the shared Kafka cluster.

use super::{ClusterHandle, ClusterSpec, images};
use crate::agent::{self, AgentSettings, StandinSettings};
use crate::backends::kind::AddressPool;
use crate::backends::pods;
use crate::gateway::GatewayFixture;
use crate::handle::{Lab, connect, read_info};
use crate::{Error, shared};
use artifacts::Obtained;
use host::Phase;
use model::{KafkaProvider, LabDir, LabInfo, LabKind};
use std::collections::BTreeMap;

const DOMAIN: &str = "kafka.test";

/// Connects to the cluster, and records what is known about the lab.
pub async fn open(
    dir: &LabDir,
    kind: LabKind,
    spec: &ClusterSpec,
    cluster: ClusterHandle,
    parts: &[Obtained],
) -> Result<Lab, Error> {
    let ClusterHandle { kubeconfig, context, mut reach, versions: running, checksums: of_images } = cluster;
    if reach.separate
        && let Some(known) = read_info(dir)?.filter(|info| info.gateway.separate)
    {
        // Until this `up` has learned it again, which it may not live to do.
        reach.address = known.gateway.address;
    }
    let mut versions: BTreeMap<_, _> =
        parts.iter().map(|part| (part.name.clone(), format!("{}, {}", part.version, part.origin))).collect();
    let mut checksums: BTreeMap<_, _> =
        parts.iter().filter_map(|part| Some((part.name.clone(), part.sha256.clone()?))).collect();
    checksums.extend(of_images);
    // The version that runs counts, and not the origin of its manifest.
    versions.extend(running);
    let catalog = connect(&kubeconfig, &context).await?;
    let info = LabInfo {
        name: spec.name.clone(),
        kind,
        domain: DOMAIN.to_owned(),
        kubeconfig,
        context,
        gateway: reach,
        kafka: spec.kafka,
        shared: shared::cluster(),
        versions,
        checksums,
        chosen_versions: spec.versions.clone(),
    };
    let lab = Lab::new(info, dir.clone(), catalog);
    lab.record()?;
    Ok(lab)
}

/// Starts the agent outside the cluster, with the stand-in unless the lab has Strimzi. The stand-in reaches brokers by
/// port-forward.
pub async fn start_agent(lab: &Lab, pool: Option<AddressPool>) -> Result<(), Error> {
    let standin = match lab.info.kafka {
        KafkaProvider::Strimzi => None,
        KafkaProvider::Standin => {
            let image = images::apache_kafka()?.image;
            let placement = standin::Placement { node_name: None, image };
            Some(StandinSettings { reach: standin::Reach::PortForward, placement })
        }
    };
    let settings = AgentSettings { standin, pool, jvm: None };
    agent::start(&lab.dir, &lab.info.name, &settings).await
}

/// Waits for the shared cluster, and learns the shared Gateway's address if each has its own. A Pod that has no image or crashes again and again is reported at once, and not only
/// when the time is up.
pub async fn shared_ready(lab: &mut Lab, phase: &mut Phase) -> Result<(), Error> {
    let gateway = GatewayFixture::load(&lab.info.gateway.name)?.kind.map(|kind| kind.namespace);
    let namespaces: Vec<_> = [lab.info.shared.namespace.clone()].into_iter().chain(gateway).collect();
    tokio::select! {
        ready = shared::ready(&lab.catalog, &lab.info, phase) => ready?,
        trouble = pods::trouble(&lab.catalog, &namespaces) => return Err(trouble.into()),
    }
    if lab.info.gateway.separate {
        lab.info.gateway.address = shared::gateway_address(&lab.catalog, &lab.info).await?;
        lab.record()?;
    }
    Ok(())
}
