//! Which labs can run on this machine, and what prevents the others.

use crate::backends::cluster::images;
use crate::backends::kind::{Engine, RequiredImages, reachable, registry};
use crate::backends::local::{self, disk};
use crate::gateway::GatewayFixture;
use artifacts::{Parts, Summary};
use camino::Utf8Path;
use kube::config::Kubeconfig;
use model::{KafkaProvider, LabInfo, Ports, paths};
use semver::Version;
use std::collections::BTreeSet;
use std::fs;
use std::net::{Ipv4Addr, SocketAddr};
use std::time::Duration;

/// The memory of four JVMs, a control plane and a gateway.
const MEMORY_MB: u64 = 2500;

/// The first version of librdkafka that can use SCRAM with Kafka 4 (confluentinc/librdkafka#4895).
const LIBRDKAFKA: Version = Version::new(2, 6, 1);

/// Whether one kind of lab can run.
#[derive(Clone, Debug)]
pub struct Verdict {
    pub lab: &'static str,
    pub can: bool,
    /// `can come up`, with its preconditions, or why it cannot.
    pub says: String,
}

/// The findings about this machine.
#[derive(Clone, Debug)]
pub struct Findings {
    pub verdicts: Vec<Verdict>,
    pub warnings: Vec<String>,
    pub parts: Vec<Summary>,
}

/// Checks the machine: the container engine, images, ports, memory, disk, parts and kubeconfig. Nothing is downloaded.
pub async fn check(parts: &Parts) -> Findings {
    let summaries = parts.list();
    let verdicts = vec![local(&summaries), kind(&summaries).await, existing()];
    let memory = memory_warning(&fs::read_to_string("/proc/meminfo").unwrap_or_default());
    let warnings = kcat_warning(kcat_version().as_deref()).into_iter().chain(memory).collect();
    Findings { verdicts, warnings, parts: summaries }
}

fn verdict(lab: &'static str, obstacles: Vec<String>, wanting: Vec<String>) -> Verdict {
    let says = if !obstacles.is_empty() {
        format!("no: {}", obstacles.join("; "))
    } else if wanting.is_empty() {
        "can come up".to_owned()
    } else {
        format!("can come up after downloading or building {}", wanting.join(", "))
    };
    Verdict { lab, can: obstacles.is_empty(), says }
}

/// The parts that are neither on this machine nor in the cache.
fn wanting(all: &[Summary], names: &[&str]) -> Vec<String> {
    let absent = |part: &&Summary| part.found.is_none() && part.cached.is_none();
    all.iter().filter(|part| names.contains(&part.name.as_str())).filter(absent).map(|part| part.name.clone()).collect()
}

/// The local lab, with the ports of LAB_PORT_BASE.
fn local(summaries: &[Summary]) -> Verdict {
    let base = std::env::var("LAB_PORT_BASE").ok().and_then(|base| base.parse().ok());
    let base = base.unwrap_or(Ports::USUAL_BASE);
    match paths::state().ok().and_then(|state| uses(&state, base)) {
        Some(name) => Verdict {
            lab: "local",
            can: true,
            says: format!(
                "can come up beside the lab {name}, which uses the ports from {base}: choose another --name and --port-base"
            ),
        },
        None => verdict("local", local_obstacles(base), wanting(summaries, &artifacts::LOCAL_LAB)),
    }
}

/// The lab in this state folder that uses the ports from `base` on.
fn uses(state: &Utf8Path, base: u16) -> Option<String> {
    let labs = state.read_dir_utf8().ok()?.flatten();
    let infos =
        labs.filter_map(|lab| serde_json::from_slice::<LabInfo>(&fs::read(lab.path().join("lab.json")).ok()?).ok());
    infos.into_iter().find(|info| info.gateway.ports.passthrough == base).map(|info| info.name)
}

fn local_obstacles(base: u16) -> Vec<String> {
    let mut found = Vec::new();
    if !cfg!(target_os = "linux") {
        found.push("it requires Linux".to_owned());
    }
    let ports = Ports::from_base(base);
    let busy: Vec<String> = ports
        .all()
        .filter_map(|port| local::ports::check(SocketAddr::from((Ipv4Addr::LOCALHOST, port))).err())
        .map(|error| error.to_string())
        .collect();
    // One of them says what to do, and the others would repeat it.
    found.extend(busy.first().cloned());
    match paths::state() {
        Ok(state) => found.extend(disk::check(&state, local::NEEDED_MB).err().map(|error| error.to_string())),
        Err(error) => found.push(error.to_string()),
    }
    found
}

async fn kind(summaries: &[Summary]) -> Verdict {
    let engine = match Engine::find().await {
        Ok(engine) => engine,
        Err(error) => return verdict("kind", vec![error.to_string()], Vec::new()),
    };
    let mut obstacles = Vec::new();
    let mut wanting = wanting(summaries, &["kind", "gateway-api-crds", "envoy-gateway", "strimzi"]);
    let needed = RequiredImages {
        gateways: vec!["envoy-gateway".to_owned()],
        kafka: vec![KafkaProvider::Strimzi],
        strimzi: images::newest_strimzi().unwrap_or_default(),
        node_image: None,
    };
    let lacking = match needed.images() {
        Ok(required) => images::lacking(&engine, &required).await,
        Err(error) => Err(error),
    };
    match lacking {
        Ok(lacking) if lacking.is_empty() => {}
        Ok(lacking) => {
            let registries: BTreeSet<String> = lacking.iter().map(|one| registry(&one.image.image)).collect();
            for registry in registries {
                if !reachable(&registry).await {
                    obstacles.push(format!("{registry} is unreachable"));
                }
            }
            let images = format!("{} container images", lacking.len());
            if obstacles.is_empty() { wanting.push(images) } else { obstacles.push(format!("{images} are missing")) }
        }
        Err(error) => obstacles.push(error.to_string()),
    }
    let mut verdict = verdict("kind", obstacles, wanting);
    verdict.says = format!("{} ({} {})", verdict.says, engine.program, engine.version);
    verdict
}

fn existing() -> Verdict {
    let contexts = Kubeconfig::read().map(|config| config.contexts.into_iter().map(|one| one.name).collect());
    existing_of(contexts.map_err(|error| error.to_string()))
}

fn existing_of(contexts: Result<Vec<String>, String>) -> Verdict {
    match contexts {
        Ok(contexts) if !contexts.is_empty() => Verdict {
            lab: "existing",
            can: true,
            says: format!("can come up with `--context` one of: {}", contexts.join(", ")),
        },
        Ok(_) => Verdict { lab: "existing", can: false, says: "no: your kubeconfig has no context".to_owned() },
        Err(error) => Verdict { lab: "existing", can: false, says: format!("no: no kubeconfig ({error})") },
    }
}

/// The gateways that run in the local lab, for users who requested another one.
pub(super) fn local_gateways() -> Vec<String> {
    let runs = |name: &String| GatewayFixture::load(name).is_ok_and(|fixture| fixture.local.is_some());
    crate::gateway::names().into_iter().filter(runs).collect()
}

/// A warning only: with little memory, brokers are slow or crash.
fn memory_warning(meminfo: &str) -> Option<String> {
    let free = memory_mb(meminfo).filter(|free| *free < MEMORY_MB)?;
    Some(format!("{free} MB of memory are available, but a lab uses about {MEMORY_MB} MB"))
}

fn memory_mb(meminfo: &str) -> Option<u64> {
    let line = meminfo.lines().find_map(|line| line.strip_prefix("MemAvailable:"))?;
    line.split_whitespace().next()?.parse::<u64>().ok().map(|kib| kib * 1024 / 1_000_000)
}

/// The output of kcat's version command, if kcat is installed.
fn kcat_version() -> Option<String> {
    let run = duct::cmd!("kcat", "-V").stdin_null().stderr_to_stdout().stdout_capture().unchecked();
    let handle = run.start().ok()?;
    let output = handle.wait_timeout(Duration::from_secs(5)).ok()?;
    if output.is_none() {
        // It hangs. Killing it fails only if it is already gone.
        let _ = handle.kill();
    }
    Some(String::from_utf8_lossy(&output?.stdout).into_owned())
}

/// The warning about a kcat whose librdkafka cannot log in to Kafka 4 with SCRAM.
fn kcat_warning(says: Option<&str>) -> Option<String> {
    let (_, after) = says?.split_once("librdkafka ")?;
    let number: String = after.chars().take_while(|c| c.is_ascii_digit() || *c == '.').collect();
    let version = Version::parse(number.trim_end_matches('.')).ok()?;
    (version < LIBRDKAFKA).then(|| {
        format!(
            "kcat has librdkafka {version}: before {LIBRDKAFKA} it cannot log in to Kafka 4 with SCRAM, and reports \
             \"invalid credentials\" (confluentinc/librdkafka#4895); TLS and plain listeners work"
        )
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing;

    #[test]
    fn an_old_librdkafka_is_warned_of() {
        let says = |version: &str| {
            format!(
                "kcat - Apache Kafka producer and consumer tool\nVersion 1.7.1 (JSON, librdkafka {version} builtin.features=gzip)\n"
            )
        };
        assert!(
            kcat_warning(Some(&says("2.0.2"))).is_some_and(|text| text.contains("2.0.2") && text.contains("SCRAM"))
        );
        assert_eq!(kcat_warning(Some(&says("2.6.1"))), None);
        assert_eq!(kcat_warning(Some(&says("2.10.0"))), None);
        assert_eq!(kcat_warning(None), None);
    }

    #[test]
    fn a_verdict_names_what_is_in_the_way_or_what_is_fetched_first() {
        let of = |obstacles: &[&str], wanting: &[&str]| {
            let owned = |all: &[&str]| all.iter().map(|one| (*one).to_owned()).collect();
            verdict("local", owned(obstacles), owned(wanting)).says
        };
        assert_eq!(of(&[], &[]), "can come up");
        assert_eq!(of(&[], &["kafka", "java"]), "can come up after downloading or building kafka, java");
        assert_eq!(of(&["port 9092 is taken"], &["kafka"]), "no: port 9092 is taken");
        assert_eq!(existing_of(Ok(vec!["prod".to_owned()])).says, "can come up with `--context` one of: prod");
        assert!(!existing_of(Ok(Vec::new())).can);
        assert!(existing_of(Err("no such file".to_owned())).says.contains("no such file"));
    }

    #[test]
    fn available_memory_is_read() {
        assert_eq!(memory_mb("MemTotal: 8000000 kB\nMemAvailable:    3000000 kB\n"), Some(3072));
        assert_eq!(memory_mb(""), None);
        assert!(memory_warning("MemAvailable:    1000000 kB\n").is_some_and(|text| text.starts_with("1024 MB")));
        assert_eq!(memory_warning("MemAvailable:    3000000 kB\n"), None);
    }

    #[tokio::test]
    async fn a_lab_that_is_up_is_no_obstacle_but_has_its_ports() {
        let (_held, lab) = testing::lab("doctor");
        fs::write(lab.dir.info(), serde_json::to_vec(&lab.info).expect("JSON")).expect("written");
        let state = lab.dir.path().parent().expect("the state folder");
        assert_eq!(uses(state, 9092).as_deref(), Some("doctor"));
        assert_eq!(uses(state, 9192), None);
    }
}
