//! `diagnose`

use super::listen::listen;
use super::manifest::manifest;
use super::ticker::Ticker;
use camino::{Utf8Path, Utf8PathBuf};
use cli::{DiagnoseArgs, DiagnoseVerb, DiagnosisOutput};
use diagnose::{
    Diagnosis, Endurance, Gateway, Palette, Properties, PropertiesError, Snapshot, WalkClient, WalkOptions, junit,
    picture, walk,
};
use kubeapi::Catalog;
use lab::Lab;
use model::{Exit, visible};
use probe::{HostsFileError, Login, Mechanism, map_hosts_file};
use std::io::IsTerminal;
use std::net::IpAddr;
use std::time::{Duration, Instant};

/// The time for a single question to the network.
const WITHIN: Duration = Duration::from_secs(3);

/// The time for all questions to the API server together.
const CLUSTER_WITHIN: Duration = Duration::from_secs(5);

/// The pause between two diagnoses of `--wait`.
const BETWEEN: Duration = Duration::from_millis(500);

/// The variable for the password of `--scram-user`.
const PASSWORD: &str = "DIAGNOSE_PASSWORD";

/// A command line that cannot be carried out.
#[derive(Debug, thiserror::Error)]
enum Usage {
    #[error(transparent)]
    Properties(#[from] PropertiesError),
    #[error(transparent)]
    Hosts(#[from] HostsFileError),
    #[error("cannot read {path}: {source}")]
    Read { path: Utf8PathBuf, source: std::io::Error },
    #[error("{path} has no PEM text; expected a file that begins with -----BEGIN")]
    NotPem { path: Utf8PathBuf },
    #[error("--scram-user requires a password: pass --password-file FILE, or set {PASSWORD}")]
    NoPassword,
    #[error("{found:?} is not an address; expected HOST:PORT, such as bootstrap.example.com:9092")]
    Address { found: String },
    #[error("which bootstrap address? {0}")]
    Bootstrap(String),
}

/// What there is to look at beside the network.
#[derive(Default)]
struct Target {
    catalog: Option<Catalog>,
    gateway: Gateway,
    addresses: Vec<IpAddr>,
    /// The lab's own bootstrap address.
    bootstrap: Option<String>,
}

/// Walks the paths and prints what it found.
///
/// # Errors
/// If the lab's state or the kubeconfig cannot be used.
pub async fn diagnose(args: &DiagnoseArgs) -> Result<Exit, Box<dyn std::error::Error>> {
    match &args.verb {
        Some(DiagnoseVerb::Listen(args)) => return listen(args).await,
        Some(DiagnoseVerb::Manifest(args)) => return Ok(manifest(args)),
        None => {}
    }
    let begun = Instant::now();
    let (named, client) = match client(args) {
        Ok(client) => client,
        Err(error) => return Ok(usage(&error)),
    };
    if let Some(error) = args.hosts.as_deref().and_then(|file| map_hosts_file(file).err()) {
        return Ok(usage(&error.into()));
    }
    let named = args.bootstrap.clone().or(named);
    let severity = args.fail_on.into();
    let found = loop {
        let target = target(args, named.is_some()).await?;
        let found = match look(args, &named, &client, target, begun).await? {
            Ok(found) => found,
            Err(exit) => return Ok(exit),
        };
        let left = args.wait.map(|wait| wait.saturating_sub(begun.elapsed())).unwrap_or_default();
        if left.is_zero() || !found.fails_on(severity) {
            break found;
        }
        let first =
            found.findings.first().map(|one| format!("{} {}: {}", one.number, one.cause, one.addresses.join(", ")));
        eprintln!("{:.0} s: {}", begun.elapsed().as_secs_f64(), visible(&first.unwrap_or_default()));
        tokio::time::sleep(left.min(BETWEEN)).await;
    };
    match args.output {
        DiagnosisOutput::Text => print!("{}", picture(&found, Palette::new(std::io::stdout().is_terminal()))),
        DiagnosisOutput::Json => println!("{:#}", serde_json::json!(found)),
        DiagnosisOutput::Junit => print!("{}", junit(&found, severity)?),
    }
    Ok(if found.fails_on(severity) { Exit::Failed } else { Exit::Passed })
}

/// One diagnosis, or the exit code of a command line that does not fit what was found.
async fn look(
    args: &DiagnoseArgs,
    named: &Option<String>,
    client: &WalkClient,
    target: Target,
    begun: Instant,
) -> Result<Result<Diagnosis, Exit>, Box<dyn std::error::Error>> {
    let ticker = Ticker::start("reading the cluster's objects");
    let snapshot = match &target.catalog {
        Some(catalog) => Some(Snapshot::read(catalog, CLUSTER_WITHIN).await),
        None => None,
    };
    let address = match named.clone().or(target.bootstrap) {
        Some(address) => address,
        None => match only_bootstrap(snapshot.as_ref()) {
            Ok(address) => address,
            Err(error) if snapshot.as_ref().is_some_and(Snapshot::readable) => return Ok(Err(usage(&error))),
            Err(error) => {
                let gaps = snapshot.map(|snapshot| snapshot.gaps).unwrap_or_default();
                return Err(format!("cannot look at anything: {error} {}", gaps.join("; ")).into());
            }
        },
    };
    let bootstrap = match split(&address) {
        Ok(bootstrap) => bootstrap,
        Err(error) => return Ok(Err(usage(&error))),
    };
    let endurance = Endurance { idle: args.idle, connections: args.connections.map(usize::from) };
    let options = WalkOptions {
        bootstrap,
        client: client.clone(),
        gateway: target.gateway,
        addresses: target.addresses,
        within: WITHIN,
        endurance,
    };
    ticker.now("asking the network");
    let walks = walk(&options, target.catalog.as_ref(), snapshot.as_ref()).await;
    Ok(Ok(Diagnosis::of(address, &walks, snapshot.as_ref(), &args.ignore, begun.elapsed())))
}

fn usage(error: &Usage) -> Exit {
    eprintln!("error: {}", visible(&error.to_string()));
    Exit::Usage
}

/// The lab, the cluster of a context, or nothing. A lab that is not up is an error only if it is needed for an address.
async fn target(args: &DiagnoseArgs, address_known: bool) -> Result<Target, Box<dyn std::error::Error>> {
    if let Some(context) = &args.context {
        let catalog = kubeapi::connect(args.kubeconfig.as_deref(), context).await?;
        return Ok(Target { catalog: Some(catalog), ..Target::default() });
    }
    let lab = match Lab::open(&args.name.name).await {
        Ok(lab) => lab,
        Err(lab::Error::NotUp { .. }) if address_known => return Ok(Target::default()),
        Err(error) => return Err(error.into()),
    };
    let ours = |address: &String| split(address).is_ok_and(|(host, _)| of_the_lab(&lab, &host));
    if !args.bootstrap.as_ref().is_none_or(ours) {
        return Ok(Target::default());
    }
    Ok(Target {
        gateway: lab.gateway_facts(),
        // Without a shared address, each Gateway's status says its own.
        addresses: if lab.info.gateway.separate { Vec::new() } else { vec![lab.info.gateway.address] },
        bootstrap: Some(lab::bootstrap(&lab)),
        catalog: Some(lab.catalog),
    })
}

/// Whether the host is one that the lab serves.
fn of_the_lab(lab: &Lab, host: &str) -> bool {
    let host = host.trim_end_matches('.');
    let below = host.strip_suffix(lab.info.domain.as_str()).is_some_and(|rest| rest.is_empty() || rest.ends_with('.'));
    below || host.parse::<IpAddr>().is_ok_and(|address| address == lab.info.gateway.address)
}

fn only_bootstrap(snapshot: Option<&Snapshot>) -> Result<String, Usage> {
    let all = snapshot.map(Snapshot::bootstraps).unwrap_or_default();
    match all.as_slice() {
        [(_, _, address)] => Ok(address.clone()),
        [] => Err(Usage::Bootstrap("No Kafka resource declares a bootstrap host; pass HOST:PORT.".to_owned())),
        several => {
            let lines: Vec<_> =
                several.iter().map(|(kafka, listener, at)| format!("{at} ({kafka} {listener})")).collect();
            Err(Usage::Bootstrap(format!("Pass one of {}", lines.join(", "))))
        }
    }
}

/// How the client connects, and the bootstrap address if a properties file has one.
fn client(args: &DiagnoseArgs) -> Result<(Option<String>, WalkClient), Usage> {
    if let Some(file) = &args.client_properties {
        let Properties { bootstrap, client } = Properties::read(file.as_std_path())?;
        let first = bootstrap.as_deref().and_then(|all| all.split(',').next()).map(|one| one.trim().to_owned());
        return Ok((first, client));
    }
    let ca = args.ca.as_deref().map(pem).transpose()?;
    let identity = match (&args.cert, &args.key) {
        (Some(cert), Some(key)) => Some((pem(cert)?, pem(key)?)),
        _ => None,
    };
    let login = match &args.scram_user {
        None => None,
        Some(user) => {
            let password = match &args.password_file {
                Some(file) => text(file)?.trim_end_matches(['\r', '\n']).to_owned(),
                None => std::env::var(PASSWORD).ok().filter(|word| !word.is_empty()).ok_or(Usage::NoPassword)?,
            };
            Some(Login { mechanism: Mechanism::ScramSha512, user: user.clone(), password })
        }
    };
    Ok((None, WalkClient { tls: !args.plaintext, ca, identity, login }))
}

fn text(path: &Utf8Path) -> Result<String, Usage> {
    std::fs::read_to_string(path).map_err(|source| Usage::Read { path: path.to_owned(), source })
}

fn pem(path: &Utf8Path) -> Result<String, Usage> {
    let text = text(path)?;
    if text.contains("-----BEGIN") { Ok(text) } else { Err(Usage::NotPem { path: path.to_owned() }) }
}

/// The host and the port, with an IPv6 address in brackets.
fn split(address: &str) -> Result<(String, u16), Usage> {
    let wrong = || Usage::Address { found: address.to_owned() };
    let (host, port) = address.rsplit_once(':').ok_or_else(wrong)?;
    let bracketed = host.strip_prefix('[').and_then(|host| host.strip_suffix(']'));
    let host = bracketed.unwrap_or(host);
    if host.is_empty() || host.contains(['/', ',', ' ']) || (bracketed.is_none() && host.contains(':')) {
        return Err(wrong());
    }
    Ok((host.to_owned(), port.parse().map_err(|_| wrong())?))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_has_a_host_and_a_port() {
        assert_eq!(split("b.test:9092").expect("sound"), ("b.test".to_owned(), 9092));
        assert_eq!(split("[::1]:9092").expect("sound"), ("::1".to_owned(), 9092));
        for wrong in
            ["b.test", ":9092", "b.test:port", "https://b.test:443/x", "::1:9092", "ssl://b.test:9092", "a:1,b:2"]
        {
            assert!(split(wrong).is_err_and(|error| error.to_string().contains("expected HOST:PORT")), "{wrong}");
        }
    }
}
