//! The phases of the local lab.

use crate::Error;
use crate::agent::{AgentSettings, StandinSettings};
use crate::backends::local::{JvmRuntime, control_plane, ports};
use crate::backends::{local, pods};
use crate::both::both;
use crate::doctor::local_gateways;
use crate::gateway::{FixtureError, GatewayFixture};
use crate::handle::{Lab, connect};
use crate::{agent, client_programs, definitions, obtain, shared};
use artifacts::Obtained;
use camino::Utf8PathBuf;
use host::Progress;
use model::{GatewayReach, KafkaProvider, LabDir, LabInfo, LabKind, Ports, UpOptions};
use std::collections::BTreeMap;
use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::time::Duration;

const DOMAIN: &str = "kafka.test";
const ADDRESS: IpAddr = IpAddr::V4(Ipv4Addr::LOCALHOST);

/// The parts that the local lab consists of.
struct LocalParts {
    etcd: Obtained,
    apiserver: Obtained,
    gateway: Obtained,
    kafka: Obtained,
    java: Obtained,
    crds: Obtained,
    jvm: JvmRuntime,
}

/// The settings of a local lab.
pub struct LocalSpec {
    name: String,
    fixture: GatewayFixture,
    ports: Ports,
    /// The versions of parts that are not the pinned ones, by part.
    versions: BTreeMap<String, String>,
    one_by_one: bool,
}

impl LocalSpec {
    /// Turns the user's options into the settings of a local lab.
    ///
    /// # Errors
    /// For Strimzi, which requires a cluster with nodes, and for a gateway that does not run locally.
    pub fn of(options: &UpOptions, ports: Ports, versions: BTreeMap<String, String>) -> Result<Self, Error> {
        if options.kafka == Some(KafkaProvider::Strimzi) {
            return Err(Error::StrimziOnLocal);
        }
        let fixture = match GatewayFixture::load(options.gateway.as_deref().unwrap_or("traefik")) {
            // Not every gateway runs locally.
            Err(FixtureError::Unknown { name, .. }) => {
                return Err(local::Error::NoGateway { gateway: name, known: local_gateways() }.into());
            }
            fixture => fixture?,
        };
        if fixture.local.is_none() {
            return Err(not_local(&fixture).into());
        }
        Ok(Self { name: options.name.clone(), fixture, ports, versions, one_by_one: options.one_by_one })
    }

    /// Whether the list of parts has what this lab needs, in the chosen versions.
    ///
    /// # Errors
    /// For a version that the list does not have, or of something that this lab does not need.
    pub fn check_versions(&self) -> Result<(), Error> {
        let gateway = self.fixture.local.as_ref().map(|local| local.program.as_str());
        let names = part_names(gateway.ok_or_else(|| not_local(&self.fixture))?);
        obtain::listed(&names, &self.versions).map(|_parts| ())
    }
}

/// Starts or repairs the local lab.
pub async fn up(dir: &LabDir, spec: &LocalSpec, progress: &Progress) -> Result<Lab, Error> {
    let fixture = &spec.fixture;
    check_room(dir, spec)?;
    let parts = obtain(spec, progress).await?;

    let phase = progress.phase("control plane");
    control_plane::start(dir, &parts.etcd.path, &parts.apiserver.path).await?;
    let info = info(dir, spec, &parts);
    let catalog = connect(&info.kubeconfig, &info.context).await?;
    phase.done(format!("kube-apiserver {}", parts.apiserver.version));
    let lab = Lab::new(info, dir.clone(), catalog);
    lab.record()?;

    let phase = progress.phase("resource definitions");
    definitions::apply(&lab.catalog, &[&parts.crds.path, &standin::crds()]).await?;
    phase.done(format!("Gateway API {}, the stand-in's own", parts.crds.version));

    let settings = AgentSettings {
        standin: Some(StandinSettings {
            reach: standin::Reach::Direct,
            placement: standin::Placement {
                node_name: Some("local".to_owned()),
                image: format!("apache/kafka:{}", parts.kafka.version),
            },
        }),
        pool: None,
        jvm: Some(parts.jvm.clone()),
    };
    local::node::mark_lost(lab.catalog.client(), dir).await?;
    agent::start(dir, &spec.name, &settings).await?;
    let gateway = async {
        let phase = progress.phase("gateway");
        local::gateway::start(dir, &lab.catalog, &parts.gateway.path, fixture, &lab.info.gateway.ports).await?;
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
    // A broker that crashes again and again, or the end of a process that others need, is reported at once, and not
    // only when the time is up.
    let namespaces = [lab.info.shared.namespace.clone()];
    let up = async { both(spec.one_by_one, gateway, kafka).await.map(drop) };
    tokio::select! {
        up = up => up?,
        trouble = pods::new_trouble(&lab.catalog, &namespaces) => return Err(trouble.into()),
        ended = ended(dir, &fixture.name) => return Err(ended),
    }

    Ok(lab)
}

/// Writes scripts for Kafka's console tools into the client folder. The lab works without them, so a failure is only
/// reported.
pub async fn add_console_tools(lab: &Lab, progress: &Progress) -> Result<(), Error> {
    // Both were obtained a moment ago, so this finds them in the cache.
    let names = ["kafka", "java"].map(str::to_owned);
    let versions = lab.info.chosen_versions.iter().filter(|(part, _)| names.contains(part));
    let versions = versions.map(|(part, version)| (part.clone(), version.clone())).collect();
    let parts = obtain::all(names.to_vec(), &versions, progress).await?;
    let [kafka, java] = parts.as_slice() else {
        return Err(Error::Missing { what: vec!["kafka and java".to_owned()] });
    };
    // Apache's own archive contains them beside the brokers' jars.
    let beside = kafka.path.join(format!("kafka-tools-{}.jar", kafka.version));
    let libs = if beside.exists() {
        kafka.path.clone()
    } else {
        match obtain::all(vec!["kafka-tools".to_owned()], &BTreeMap::new(), progress).await {
            Ok(found) => found.into_iter().map(|part| part.path).next().unwrap_or_default(),
            Err(Error::Missing { .. }) => {
                progress.say("could not get Kafka's console tools; the lab works without them");
                return Ok(());
            }
            Err(error) => return Err(error),
        }
    };
    client_programs::write_tools(lab, &java.path, &libs)
}

/// The space for the brokers' files before the first message, etcd's log, and all logs, measured in a lab that ran for
/// an hour.
pub const NEEDED_MB: u64 = 300;

/// Checks for problems that would end a broker or etcd later: ports that are taken, and a full disk.
fn check_room(dir: &LabDir, spec: &LocalSpec) -> Result<(), Error> {
    let LocalSpec { name, fixture, ports, versions: _, one_by_one: _ } = spec;
    let running = local::process::running(dir)?;
    if running.iter().all(|one| one.component != fixture.name) {
        for port in ports.all() {
            ports::check(SocketAddr::new(ADDRESS, port))?;
        }
    }
    // The agent and the brokers themselves listen on these.
    let own = |component: &str| component == local::agent::COMPONENT || local::node::pod_of(component).is_some();
    if running.iter().all(|one| !own(&one.component)) {
        let ports = shared::broker_ports(DOMAIN, &reach(fixture, ports.clone()))?;
        ports::check_own(local::Net::of(name), &ports)?;
    }
    if running.is_empty() {
        local::disk::check(dir.path(), NEEDED_MB)?;
    }
    Ok(())
}

/// Returns when the first of the lab's own processes ends, because nothing becomes ready without it. A process that
/// does not run yet is looked up again.
async fn ended(dir: &LabDir, gateway: &str) -> Error {
    let watched = ["etcd", "kube-apiserver", gateway, local::agent::COMPONENT];
    let mut known: BTreeMap<String, local::process::Running> = BTreeMap::new();
    loop {
        for process in local::process::running(dir).unwrap_or_default() {
            if watched.contains(&process.component.as_str()) {
                known.insert(process.component.clone(), process);
            }
        }
        let exits = known
            .values()
            .map(|process| Box::pin(async { (process.component.clone(), local::process::exit_of(process).await) }));
        let all = exits.collect::<Vec<_>>();
        let first = async {
            if all.is_empty() { std::future::pending().await } else { futures::future::select_all(all).await.0 }
        };
        if let Ok((component, status)) = tokio::time::timeout(LOOK_AGAIN, first).await {
            // A process that is replaced, such as a gateway with other arguments, has not failed.
            tokio::time::sleep(REPLACED_WITHIN).await;
            let now = local::process::running(dir).unwrap_or_default();
            if now.iter().all(|process| process.component != component) {
                return local::process::exited_early(dir, &component, status.unwrap_or_default()).into();
            }
            known.remove(&component);
        }
    }
}

const LOOK_AGAIN: Duration = Duration::from_secs(1);
const REPLACED_WITHIN: Duration = Duration::from_secs(5);

async fn obtain(spec: &LocalSpec, progress: &Progress) -> Result<LocalParts, Error> {
    let fixture = &spec.fixture;
    let gateway = fixture.local.as_ref().map(|local| local.program.clone());
    let gateway = gateway.ok_or_else(|| not_local(fixture))?;
    let names = part_names(&gateway);
    let mut parts = obtain::all(names.clone(), &spec.versions, progress).await?.into_iter();
    // The list is either complete or an error.
    let mut next = || parts.next().ok_or_else(|| Error::Missing { what: names.clone() });
    let (etcd, apiserver, gateway, kafka, java, crds) = (next()?, next()?, next()?, next()?, next()?, next()?);
    let archive = class_archive(&kafka, &java, progress).await;
    let jvm = JvmRuntime { java: java.path.clone(), libs: kafka.path.clone(), archive };
    Ok(LocalParts { etcd, apiserver, gateway, kafka, java, crds, jvm })
}

/// The parts of a local lab with this gateway.
pub fn part_names(gateway: &str) -> Vec<String> {
    ["etcd", "kube-apiserver", gateway, "kafka", "java", "gateway-api-crds"].map(ToOwned::to_owned).to_vec()
}

/// The error for a gateway that runs only in a cluster. It names those that run locally.
fn not_local(fixture: &GatewayFixture) -> local::Error {
    local::Error::NotLocal { gateway: fixture.name.clone(), known: local_gateways() }
}

/// The archive that makes brokers start faster. They also start without it, so a failure is only reported.
async fn class_archive(kafka: &Obtained, java: &Obtained, progress: &Progress) -> Option<Utf8PathBuf> {
    let phase = progress.phase("class archive of Kafka");
    let jvm = JvmRuntime { java: java.path.clone(), libs: kafka.path.clone(), archive: None };
    match local::classes::archive(&jvm, &java.version, &kafka.version).await {
        Ok(path) => {
            phase.done(format!("makes Kafka {} on Java {} start faster", kafka.version, java.version));
            Some(path)
        }
        Err(error) => {
            phase.done(format!("not created, so brokers start more slowly: {error}"));
            None
        }
    }
}

fn reach(fixture: &GatewayFixture, ports: Ports) -> GatewayReach {
    GatewayReach {
        name: fixture.name.clone(),
        class: fixture.class.clone(),
        address: ADDRESS,
        separate: false,
        ports,
        features: fixture.features.clone(),
    }
}

fn info(dir: &LabDir, spec: &LocalSpec, parts: &LocalParts) -> LabInfo {
    let all = [&parts.etcd, &parts.apiserver, &parts.gateway, &parts.kafka, &parts.java, &parts.crds];
    LabInfo {
        name: spec.name.clone(),
        kind: LabKind::Local,
        domain: DOMAIN.to_owned(),
        kubeconfig: dir.kubeconfig(),
        context: spec.name.clone(),
        gateway: reach(&spec.fixture, spec.ports.clone()),
        kafka: KafkaProvider::Standin,
        shared: shared::cluster(),
        versions: all
            .into_iter()
            .map(|part| (part.name.clone(), format!("{}, {}", part.version, part.origin)))
            .collect::<BTreeMap<_, _>>(),
        checksums: all.into_iter().filter_map(|part| Some((part.name.clone(), part.sha256.clone()?))).collect(),
        chosen_versions: spec.versions.clone(),
    }
}
