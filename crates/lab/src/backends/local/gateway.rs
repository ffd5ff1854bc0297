//! The gateway implementation as a process beside the API server, with only the rights of its ServiceAccount.

use super::{Error, control_plane, listening, process};
use crate::gateway::{GatewayFixture, LocalGateway};
use ::kube::api::{Api, PostParams};
use ::kube::config::Kubeconfig;
use camino::{Utf8Path, Utf8PathBuf};
use host::files;
use k8s_openapi::api::authentication::v1::{TokenRequest, TokenRequestSpec};
use k8s_openapi::api::core::v1::ServiceAccount;
use kubeapi as objects;
use kubeapi::{Catalog, ConditionState, MANAGER, ObjectRef, conditions, wait_for};
use model::{FileError, LabDir, Ports};
use process::Spec;
use std::fs;
use std::net::{Ipv4Addr, SocketAddr};
use std::time::Duration;
use tokio::time::{Instant, sleep};

/// The gateway answers on every port within 2 s, or about 10 s on a busy machine.
const READY_WITHIN: Duration = Duration::from_secs(60);

/// How long a gateway may take to stop before it is killed.
const GRACE: Duration = Duration::from_secs(2);

/// The lifetime of the gateway's token. A lab is not meant to live long, and each `up` gives a new token to a new
/// gateway.
const TOKEN_SECONDS: i64 = 365 * 24 * 3600;

/// Starts the gateway, unless it runs correctly, and waits until it listens on every port of the lab and has accepted
/// its GatewayClass. The Gateway API's CRDs must exist.
///
/// # Errors
/// If the fixture does not run locally, a manifest is refused, a port is taken, or it is not ready in time.
pub async fn start(
    dir: &LabDir,
    catalog: &Catalog,
    program: &Utf8Path,
    fixture: &GatewayFixture,
    ports: &Ports,
) -> Result<(), Error> {
    let local =
        fixture.local.as_ref().ok_or_else(|| Error::NotLocal { gateway: fixture.name.clone(), known: Vec::new() })?;
    for manifest in &local.manifests {
        let path = fixture.dir.join(manifest);
        let text = fs::read_to_string(&path).map_err(FileError::of("read", &path))?;
        for object in objects::parse_manifests(path.as_str(), &text)? {
            objects::apply(catalog, &object, &local.service_account.namespace, MANAGER).await?;
        }
    }
    let wanted: Vec<u16> = ports.all().collect();
    let spec = spec(dir, program, fixture, local, &wanted)?;
    let running = process::running(dir)?;
    let (same, other): (Vec<_>, Vec<_>) = running
        .into_iter()
        .filter(|p| p.component == spec.component)
        .partition(|process| process.runs(&spec) && !process.is_stopped());
    process::stop(&other, GRACE).await?;
    let pid = match same.first() {
        Some(process) => process.pid,
        None => {
            for port in &wanted {
                super::ports::check(SocketAddr::from((Ipv4Addr::LOCALHOST, *port)))?;
            }
            write_access(dir, catalog, fixture, local).await?;
            process::spawn(dir, &spec)?
        }
    };
    tokio::select! {
        ready = ready(dir, catalog, fixture, pid, &wanted) => ready,
        status = process::exit(pid) => Err(process::exited_early(dir, &fixture.name, status?)),
    }
}

/// Stops the gateway and starts it again with the same settings, for scenarios that test the effect on clients. Returns
/// once it listens on as many addresses as before.
///
/// # Errors
/// If it does not run, or does not come back in time.
pub async fn restart(dir: &LabDir, fixture: &GatewayFixture) -> Result<(), Error> {
    let find = || Ok::<_, Error>(process::running(dir)?.into_iter().find(|p| p.component == fixture.name));
    let old = find()?.ok_or_else(|| Error::NotRunning { component: fixture.name.clone() })?;
    let before = listening::of_process(old.pid);
    let pid = process::restart(dir, &fixture.name, GRACE).await?;
    listens(dir, &fixture.name, pid, &before).await
}

fn spec(
    dir: &LabDir,
    program: &Utf8Path,
    fixture: &GatewayFixture,
    local: &LocalGateway,
    ports: &[u16],
) -> Result<Spec, Error> {
    let folder = folder(dir, fixture);
    let endpoint = control_plane::endpoint(dir)?;
    let (token, authority) = (token_file(&folder), ca_file(&folder));
    let values = [
        ("endpoint", endpoint.as_str()),
        ("token-file", token.as_str()),
        ("ca-file", authority.as_str()),
        ("address", "127.0.0.1"),
        ("dir", folder.as_str()),
    ];
    Ok(Spec {
        component: fixture.name.clone(),
        instance: String::new(),
        program: program.to_owned(),
        args: local.arguments(&values, ports),
        // KUBECONFIG and KUBERNETES_SERVICE_HOST are removed, because Traefik would follow them instead of the given
        // endpoint.
        env: vec![],
        dir: folder,
    })
}

/// Writes the token and the authority that the gateway reads.
async fn write_access(
    dir: &LabDir,
    catalog: &Catalog,
    fixture: &GatewayFixture,
    local: &LocalGateway,
) -> Result<(), Error> {
    let account = &local.service_account;
    let accounts: Api<ServiceAccount> = Api::namespaced(catalog.client().clone(), &account.namespace);
    let request = TokenRequest {
        spec: TokenRequestSpec { expiration_seconds: Some(TOKEN_SECONDS), ..Default::default() },
        ..Default::default()
    };
    let what = format!("give a token to ServiceAccount {}/{}", account.namespace, account.name);
    let answer = accounts
        .create_token_request(&account.name, &PostParams::default(), &request)
        .await
        .map_err(objects::Error::request(what))?;
    let folder = folder(dir, fixture);
    let token = answer.status.map(|status| status.token).unwrap_or_default();
    files::write(&token_file(&folder), token.as_bytes())?;
    files::write(&ca_file(&folder), authority(dir)?.as_bytes())?;
    Ok(())
}

/// The authority of the API server, from the kubeconfig.
fn authority(dir: &LabDir) -> Result<String, Error> {
    let path = dir.kubeconfig();
    let unusable = |source: Box<dyn std::error::Error + Send + Sync>| Error::Kubeconfig { path: path.clone(), source };
    let kubeconfig = Kubeconfig::read_from(&path).map_err(|source| unusable(source.into()))?;
    let cluster = kubeconfig.clusters.into_iter().next().and_then(|cluster| cluster.cluster);
    let data = cluster.and_then(|cluster| cluster.certificate_authority_data);
    let data = data.ok_or_else(|| unusable("it does not contain a certificate authority".into()))?;
    let decoded: k8s_openapi::ByteString =
        serde_json::from_value(data.into()).map_err(|source| unusable(source.into()))?;
    String::from_utf8(decoded.0).map_err(|source| unusable(source.into()))
}

async fn ready(
    dir: &LabDir,
    catalog: &Catalog,
    fixture: &GatewayFixture,
    pid: u32,
    ports: &[u16],
) -> Result<(), Error> {
    let wanted: Vec<SocketAddr> = ports.iter().map(|port| SocketAddr::from((Ipv4Addr::LOCALHOST, *port))).collect();
    listens(dir, &fixture.name, pid, &wanted).await?;
    let class = ObjectRef {
        api_version: "gateway.networking.k8s.io/v1".to_owned(),
        kind: "GatewayClass".to_owned(),
        namespace: String::new(),
        name: fixture.class.clone(),
    };
    wait_for(catalog, &class, "Accepted=True", READY_WITHIN, |object| {
        let Some(object) = object else { return ConditionState::NotYet("it does not exist".to_owned()) };
        match conditions(object).into_iter().find(|condition| condition["type"] == "Accepted") {
            Some(condition) if condition["status"] == "True" => ConditionState::Met,
            Some(condition) => ConditionState::NotYet(condition.to_string()),
            None => ConditionState::NotYet("no condition Accepted".to_owned()),
        }
    })
    .await?;
    Ok(())
}

/// Waits until a process listens on all these addresses.
async fn listens(dir: &LabDir, component: &str, pid: u32, wanted: &[SocketAddr]) -> Result<(), Error> {
    let deadline = Instant::now() + READY_WITHIN;
    loop {
        let now = listening::of_process(pid);
        let missing: Vec<String> = wanted.iter().filter(|a| !now.contains(a)).map(ToString::to_string).collect();
        if missing.is_empty() {
            return Ok(());
        }
        if Instant::now() > deadline {
            let log = process::log_of(dir, component);
            let last = format!("it does not listen on {}", missing.join(", "));
            return Err(Error::NotReady {
                component: component.to_owned(),
                within: READY_WITHIN,
                last,
                tail: files::tail(&log),
                log,
            });
        }
        sleep(Duration::from_millis(30)).await;
    }
}

fn folder(dir: &LabDir, fixture: &GatewayFixture) -> Utf8PathBuf {
    dir.path().join(&fixture.name)
}

fn token_file(folder: &Utf8Path) -> Utf8PathBuf {
    folder.join("token")
}

fn ca_file(folder: &Utf8Path) -> Utf8PathBuf {
    folder.join("ca.crt")
}
