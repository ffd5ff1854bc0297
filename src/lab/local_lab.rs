//! The local lab, phase by phase.

use super::agent::{self, AgentSettings};
use super::handle::{Lab, connect, read_info};
use super::up::UpOptions;
use super::{
    Error, GatewayReach, KafkaProvider, LabDir, LabInfo, LabKind, Ports, client_files, definitions, hosts, proof,
    shared,
};
use crate::cli::KafkaChoice;
use crate::client::resolve;
use crate::file_error::FileError;
use crate::gateway::GatewayFixture;
use crate::local::{self, JvmRuntime, control_plane, ports};
use crate::parts::{Obtained, Parts};
use crate::progress::Progress;
use crate::standin;
use camino::Utf8PathBuf;
use std::collections::BTreeMap;
use std::fs;
use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::sync::Arc;

const DOMAIN: &str = "kafka.test";
const ADDRESS: IpAddr = IpAddr::V4(Ipv4Addr::LOCALHOST);

/// Everything that the local lab is made of.
struct LocalParts {
    etcd: Obtained,
    apiserver: Obtained,
    gateway: Obtained,
    kafka: Obtained,
    java: Obtained,
    crds: Obtained,
    jvm: JvmRuntime,
}

/// Brings the local lab up, or repairs it.
pub(super) async fn up(dir: &LabDir, options: &UpOptions, progress: &Progress) -> Result<Lab, Error> {
    if options.kafka == Some(KafkaChoice::Strimzi) {
        return Err(Error::StrimziOnLocal);
    }
    let fixture = GatewayFixture::load(options.gateway.as_deref().unwrap_or("traefik"))?;
    let before = read_info(dir)?;
    let ports = before.as_ref().map_or_else(|| Ports::from_base(options.port_base), |info| info.gateway.ports.clone());
    if local::process::running(dir)?.iter().all(|running| running.component != fixture.name) {
        for port in ports.all() {
            ports::check(SocketAddr::new(ADDRESS, port))?;
        }
    }
    let parts = obtain(&fixture, progress).await?;

    let phase = progress.phase("control plane");
    control_plane::start(dir, &parts.etcd.path, &parts.apiserver.path).await?;
    let info = info(dir, options, &fixture, ports, &parts);
    let catalog = connect(&info.kubeconfig, &info.context).await?;
    phase.done(format!("kube-apiserver {}", parts.apiserver.version));
    let lab = Lab { info, dir: dir.clone(), catalog };
    lab.record()?;

    let phase = progress.phase("resource definitions");
    definitions::apply(&lab.catalog, &[&parts.crds.path, &standin::crds()]).await?;
    phase.done(format!("Gateway API {}, the stand-in's own", parts.crds.version));

    let settings = AgentSettings {
        reach: standin::Reach::Direct,
        placement: standin::Placement {
            node_name: Some("local".to_owned()),
            image: format!("apache/kafka:{}", parts.kafka.version),
        },
        jvm: Some(parts.jvm.clone()),
    };
    agent::start(dir, &options.name, &settings).await?;
    let gateway = async {
        let phase = progress.phase("gateway");
        local::gateway::start(dir, &lab.catalog, &parts.gateway.path, &fixture, &lab.info.gateway.ports).await?;
        phase.done(format!("{} {}", fixture.name, parts.gateway.version));
        Ok::<_, Error>(())
    };
    let kafka = async {
        let mut phase = progress.phase("Kafka");
        shared::apply(&lab.catalog, &lab.info).await?;
        phase.update("resources applied");
        shared::ready(&lab.catalog, &lab.info, &mut phase).await?;
        phase.done(format!("three brokers of {}", parts.kafka.version));
        Ok::<_, Error>(())
    };
    tokio::try_join!(gateway, kafka)?;

    finish(&lab, options, progress).await?;
    Ok(lab)
}

/// What every lab ends with: a client's proof, and the files for other clients.
pub(super) async fn finish(lab: &Lab, options: &UpOptions, progress: &Progress) -> Result<(), Error> {
    resolve::map_domain(&lab.info.domain, lab.info.gateway.address);
    let phase = progress.phase("proof");
    let proof = proof::through_every_route(lab).await?;
    phase.done(format!("a message through the route of each of brokers {:?}", proof.brokers));
    let files = client_files::write(lab, &proof.ca, &proof.brokers)?;
    if options.hosts {
        let block = fs::read_to_string(&files.hosts).map_err(FileError::of("read", &files.hosts))?;
        hosts::write(&lab.info.name, &block)?;
    }
    Ok(())
}

async fn obtain(fixture: &GatewayFixture, progress: &Progress) -> Result<LocalParts, Error> {
    let gateway = fixture.local.as_ref().map(|local| local.program.clone());
    let gateway = gateway.ok_or_else(|| local::Error::NotLocal { gateway: fixture.name.clone() })?;
    let parts = Arc::new(Parts::load()?);
    let one = |name: &str| {
        let (parts, name, progress) = (Arc::clone(&parts), name.to_owned(), progress.clone());
        async move { Ok::<_, Error>(tokio::task::spawn_blocking(move || parts.obtain(&name, &progress)).await??) }
    };
    let runtime = async {
        let (kafka, java) = tokio::try_join!(one("kafka"), one("java"))?;
        let archive = class_archive(&kafka, &java, progress).await;
        let jvm = JvmRuntime { java: java.path.clone(), libs: kafka.path.clone(), archive };
        Ok((kafka, java, jvm))
    };
    let (etcd, apiserver, gateway, crds, (kafka, java, jvm)) =
        tokio::try_join!(one("etcd"), one("kube-apiserver"), one(&gateway), one("gateway-api-crds"), runtime)?;
    Ok(LocalParts { etcd, apiserver, gateway, kafka, java, crds, jvm })
}

/// The archive with which brokers start faster. Without it they start all the same, so a failure is only said.
async fn class_archive(kafka: &Obtained, java: &Obtained, progress: &Progress) -> Option<Utf8PathBuf> {
    let phase = progress.phase("class archive");
    let jvm = JvmRuntime { java: java.path.clone(), libs: kafka.path.clone(), archive: None };
    match local::classes::archive(&jvm, &java.version, &kafka.version).await {
        Ok(path) => {
            phase.done(format!("of Kafka {} for Java {}", kafka.version, java.version));
            Some(path)
        }
        Err(error) => {
            phase.done(format!("none, so brokers start later: {error}"));
            None
        }
    }
}

fn info(dir: &LabDir, options: &UpOptions, fixture: &GatewayFixture, ports: Ports, parts: &LocalParts) -> LabInfo {
    let all = [&parts.etcd, &parts.apiserver, &parts.gateway, &parts.kafka, &parts.java, &parts.crds];
    LabInfo {
        name: options.name.clone(),
        kind: LabKind::Local,
        domain: DOMAIN.to_owned(),
        kubeconfig: dir.kubeconfig(),
        context: options.name.clone(),
        gateway: GatewayReach {
            name: fixture.name.clone(),
            class: fixture.class.clone(),
            address: ADDRESS,
            ports,
            features: fixture.features.clone(),
        },
        kafka: KafkaProvider::Standin,
        shared: shared::cluster(),
        versions: all
            .into_iter()
            .map(|part| (part.name.clone(), format!("{}, {}", part.version, part.origin)))
            .collect::<BTreeMap<_, _>>(),
    }
}
