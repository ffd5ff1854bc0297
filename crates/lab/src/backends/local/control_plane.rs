//! The real etcd and kube-apiserver, started in parallel, on loopback and with RBAC.

mod kubeconfig;
mod pki;

pub use kubeconfig::{client, endpoint};

use super::{Error, Net, listening, ports, process};
use camino::{Utf8Path, Utf8PathBuf};
use host::files;
use model::LabDir;
use pki::Pki;
use process::{Running, Spec};
use serde::{Deserialize, Serialize};
use std::fs;
use std::net::{Ipv4Addr, SocketAddr};
use std::time::Duration;
use tokio::time::{Instant, sleep};

const ETCD: &str = "etcd";
const APISERVER: &str = "kube-apiserver";

/// How long the API server may take: about 4 s on two idle cores, several times that on busy ones.
const READY_WITHIN: Duration = Duration::from_secs(90);

/// How long a process that is being replaced may take to end.
const GRACE: Duration = Duration::from_secs(2);

/// The ports that were free at the first start. They are kept, so that a kubeconfig stays valid after a restart.
#[derive(Clone, Copy, Debug, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
struct Chosen {
    etcd: u16,
    etcd_peer: u16,
    apiserver: u16,
}

/// Starts the parts of the control plane that do not run, writes the kubeconfig, and waits until the API server is
/// ready. Whatever runs correctly is left alone.
///
/// # Errors
/// If a process cannot be started or ends at once, or the API server is not ready in time. The error contains the end
/// of its log.
pub async fn start(dir: &LabDir, etcd: &Utf8Path, apiserver: &Utf8Path) -> Result<(), Error> {
    files::folder(dir.path())?;
    let pki = pki::ensure(dir)?;
    let running = process::running(dir)?;
    let chosen = choose(dir, &running)?;
    let specs = [etcd_spec(dir, etcd, &pki, chosen), apiserver_spec(dir, apiserver, &pki, chosen)];
    let mut pids = Vec::new();
    for spec in &specs {
        pids.push(ensure(dir, spec, &running).await?);
    }
    kubeconfig::write(dir, &pki, &format!("https://127.0.0.1:{}", chosen.apiserver))?;
    let first_to_end = async {
        tokio::select! {
            status = process::exit(pids[0]) => (ETCD, status),
            status = process::exit(pids[1]) => (APISERVER, status),
        }
    };
    tokio::select! {
        ready = ready(dir) => ready,
        (component, status) = first_to_end => Err(process::exited_early(dir, component, status?)),
    }
}

/// The process of this spec: the running one, or a new one. A process with other arguments or a stopped process is
/// replaced.
async fn ensure(dir: &LabDir, spec: &Spec, running: &[Running]) -> Result<u32, Error> {
    let (same, other): (Vec<&Running>, Vec<&Running>) = running
        .iter()
        .filter(|process| process.component == spec.component)
        .partition(|process| process.runs(spec) && !process.is_stopped());
    let surplus: Vec<Running> = other.into_iter().chain(same.iter().skip(1).copied()).cloned().collect();
    process::stop(&surplus, GRACE).await?;
    match same.first() {
        Some(process) => Ok(process.pid),
        None => process::spawn(dir, spec),
    }
}

/// The ports of an earlier start, unless another program has taken one of them meanwhile.
fn choose(dir: &LabDir, running: &[Running]) -> Result<Chosen, Error> {
    let path = dir.path().join("control-plane.json");
    let remembered = fs::read(&path).ok().and_then(|bytes| serde_json::from_slice::<Chosen>(&bytes).ok());
    if let Some(chosen) = remembered {
        let own: Vec<SocketAddr> = running.iter().flat_map(|process| listening::of_process(process.pid)).collect();
        let usable = |port| {
            let address = SocketAddr::from((Ipv4Addr::LOCALHOST, port));
            own.contains(&address) || ports::check(address).is_ok()
        };
        if [chosen.etcd, chosen.etcd_peer, chosen.apiserver].into_iter().all(usable) {
            return Ok(chosen);
        }
    }
    let [etcd, etcd_peer, apiserver] = ports::free()?;
    let chosen = Chosen { etcd, etcd_peer, apiserver };
    let text = serde_json::json!(chosen).to_string();
    files::write(&path, text.as_bytes())?;
    Ok(chosen)
}

fn etcd_spec(dir: &LabDir, program: &Utf8Path, pki: &Pki, chosen: Chosen) -> Spec {
    let client = format!("https://127.0.0.1:{}", chosen.etcd);
    let peer = format!("https://127.0.0.1:{}", chosen.etcd_peer);
    let mut args = vec![
        "--name=lab".to_owned(),
        format!("--data-dir={}", data(dir)),
        format!("--listen-client-urls={client}"),
        format!("--advertise-client-urls={client}"),
        format!("--listen-peer-urls={peer}"),
        format!("--initial-advertise-peer-urls={peer}"),
        format!("--initial-cluster=lab={peer}"),
        // A power cut could only lose a lab, and without this option every write waits for the disk.
        "--unsafe-no-fsync".to_owned(),
        "--log-level=warn".to_owned(),
        "--logger=zap".to_owned(),
    ];
    for side in ["", "peer-"] {
        args.push(format!("--{side}cert-file={}", pki.etcd_cert));
        args.push(format!("--{side}key-file={}", pki.etcd_key));
        args.push(format!("--{side}trusted-ca-file={}", pki.ca));
        args.push(format!("--{side}client-cert-auth"));
    }
    spec(dir, ETCD, program, args)
}

fn apiserver_spec(dir: &LabDir, program: &Utf8Path, pki: &Pki, chosen: Chosen) -> Spec {
    let name = dir.path().file_name().unwrap_or("lab");
    let args = vec![
        "--bind-address=127.0.0.1".to_owned(),
        format!("--secure-port={}", chosen.apiserver),
        // Loopback is rejected here, so this is an address that leads nowhere (TEST-NET-1). It is never published.
        "--advertise-address=192.0.2.2".to_owned(),
        "--endpoint-reconciler-type=none".to_owned(),
        format!("--etcd-servers=https://127.0.0.1:{}", chosen.etcd),
        format!("--etcd-cafile={}", pki.ca),
        format!("--etcd-certfile={}", pki.etcd_cert),
        format!("--etcd-keyfile={}", pki.etcd_key),
        format!("--tls-cert-file={}", pki.server_cert),
        format!("--tls-private-key-file={}", pki.server_key),
        format!("--client-ca-file={}", pki.ca),
        "--authorization-mode=RBAC".to_owned(),
        format!("--service-cluster-ip-range={}", Net::of(name).service_range()),
        "--service-account-issuer=https://kubernetes.default.svc".to_owned(),
        format!("--service-account-key-file={}", pki.tokens_public),
        format!("--service-account-signing-key-file={}", pki.tokens_key),
        // Nothing here creates the ServiceAccounts and token volumes that the first requires, or removes the finalizers
        // of the second.
        "--disable-admission-plugins=ServiceAccount,StorageObjectInUseProtection".to_owned(),
        // There is one user, so fairness between many would only cost start time and memory.
        "--enable-priority-and-fairness=false".to_owned(),
        "--profiling=false".to_owned(),
        "--shutdown-delay-duration=0s".to_owned(),
    ];
    spec(dir, APISERVER, program, args)
}

fn spec(dir: &LabDir, component: &str, program: &Utf8Path, args: Vec<String>) -> Spec {
    Spec {
        component: component.to_owned(),
        instance: String::new(),
        program: program.to_owned(),
        args,
        env: vec![],
        dir: dir.path().join(component),
    }
}

fn data(dir: &LabDir) -> Utf8PathBuf {
    dir.path().join(ETCD).join("data")
}

/// Polls until the API server reports that it is ready. It answers long before, with what it still waits for.
async fn ready(dir: &LabDir) -> Result<(), Error> {
    let client = client(dir).await?;
    let deadline = Instant::now() + READY_WITHIN;
    let mut last = "nothing answered".to_owned();
    while Instant::now() < deadline {
        match kubeapi::ready(&client, Duration::from_secs(5)).await {
            Ok(()) => return Ok(()),
            Err(answer) => last = answer,
        }
        sleep(Duration::from_millis(50)).await;
    }
    let log = process::log_of(dir, APISERVER);
    let component = APISERVER.to_owned();
    Err(Error::NotReady { component, within: READY_WITHIN, last, tail: files::tail(&log), log })
}
