//! The whole path, hop by hop: first for the bootstrap address, then for every broker that it advertises, side by side.

use super::broker_ids;
use super::classify::classify;
use super::endurance::{Endurance, endure};
use super::facts::{Facts, Gateway, Lookup, Walked};
use super::hello::split_refused;
use super::second_look::second_look;
use super::silent::leaves_strangers_waiting;
use super::snapshot::Snapshot;
use super::walk_client::WalkClient;
use super::wanted::wanted;
use futures::future::join_all;
use k8s_openapi::api::core::v1::Secret;
use kubeapi::{Catalog, Error};
use model::{Cause, Failure};
use probe::tls::{Handshake, Probe, TlsOutcome};
use probe::{BrokerAddr, Conversation, LoginOutcome, Peer, converse, resolve, speaks, tcp};
use std::net::{IpAddr, SocketAddr};
use std::time::Duration;
use tokio::time::timeout;

/// How many connections in all show who answers at a broker's address. A Service over all brokers often leads the first
/// one to the right broker.
const ASKED: usize = 5;

/// How long a port may take to show what it speaks. What speaks a protocol answers its first message at once.
const SPEAKS_WITHIN: Duration = Duration::from_secs(1);

/// What to walk.
pub struct WalkOptions {
    /// The host and the port of the bootstrap address.
    pub bootstrap: (String, u16),
    pub client: WalkClient,
    /// What is known about the gateway of a lab.
    pub gateway: Gateway,
    /// The addresses of the gateway. Without them, those in the status of the Gateways.
    pub addresses: Vec<IpAddr>,
    /// The time for each single question. The default of the command is 3 s.
    pub within: Duration,
    /// What to try beside the walk.
    pub endurance: Endurance,
}

/// One address, with everything that was seen on its path.
pub struct Walk {
    pub facts: Facts,
    /// The cause and its evidence. `None` if the path works.
    pub failure: Option<Failure>,
    /// What is wrong although the path works for a single client.
    pub also: Vec<Failure>,
}

/// All addresses, the bootstrap first.
pub struct Walks {
    pub walks: Vec<Walk>,
    /// What could not be looked at, and why.
    pub gaps: Vec<String>,
}

/// Walks the bootstrap path, and then the path of every broker that it advertises, all at once.
pub async fn walk(options: &WalkOptions, catalog: Option<&Catalog>, snapshot: Option<&Snapshot>) -> Walks {
    let mut gaps = match snapshot {
        Some(snapshot) => snapshot.gaps.clone(),
        None => {
            vec!["the cluster: no kubeconfig context was given (`--context`), and no lab has this address".to_owned()]
        }
    };
    let ca = match (&options.client.ca, options.client.tls, catalog, snapshot) {
        (None, true, Some(catalog), Some(snapshot)) => cluster_ca(options, catalog, snapshot).await,
        (None, true, _, _) => Err("no CA was given (`--ca`)".to_owned()),
        (ca, ..) => Ok(ca.clone()),
    };
    let ca = ca.unwrap_or_else(|why| {
        gaps.push(format!("whether the client trusts the certificates: {why}"));
        None
    });
    let one = async |broker: BrokerAddr| address(options, ca.as_deref(), catalog, snapshot, broker).await;
    let (host, port) = options.bootstrap.clone();
    let (first, mut brokers) = one(BrokerAddr { id: None, host, port }).await;
    let mut walks = vec![first];
    if walks[0].failure.is_none() {
        let Facts { lookup, port, .. } = &walks[0].facts;
        if let Some(Lookup::IpLiteral(address) | Lookup::Found(address)) = lookup {
            let sni = matches!(lookup, Some(Lookup::Found(_))).then(|| options.bootstrap.0.clone());
            let address = SocketAddr::new(*address, *port);
            let (found, untried) =
                endure(options.endurance, address, sni.as_deref(), &options.client, options.within).await;
            walks[0].also = found;
            gaps.extend(untried);
        }
    }
    if walks[0].failure.is_none() && brokers.is_empty() {
        gaps.push("the brokers: the metadata lists none".to_owned());
    }
    // A broken bootstrap path does not hide the faults of the brokers' paths.
    let behind = snapshot.zip(walks[0].facts.behind.clone());
    if let Some((snapshot, listener)) = behind.as_ref().filter(|_| brokers.is_empty() && walks[0].failure.is_some()) {
        brokers = snapshot.advertised(listener, options.bootstrap.1);
    }
    let known = behind.as_ref().map(|(snapshot, listener)| unlisted(&brokers, &snapshot.broker_ids(listener)));
    let unlisted = known.unwrap_or_default();
    brokers.extend(unlisted.iter().cloned());
    brokers.sort_by_key(|broker| broker.id);
    walks.extend(join_all(brokers.into_iter().map(one)).await.into_iter().map(|(walk, _)| walk));
    for walk in walks.iter_mut().filter(|walk| walk.failure.is_none()) {
        let Some(broker) = walk.facts.broker.as_ref().filter(|broker| unlisted.contains(broker)) else { continue };
        let seen = format!(
            "the cluster's metadata does not list {broker}, although it answers: it has just started or stopped"
        );
        walk.failure = Some(Failure::new(Cause::BrokerDown, "the metadata lists every broker", seen));
    }
    if let Some((snapshot, listener)) = &behind {
        broker_ids::name(&mut walks, snapshot, listener);
    }
    Walks { walks, gaps }
}

/// The brokers that the metadata does not list, at the addresses that they would advertise if those differ from a listed
/// broker's in the id only.
fn unlisted(listed: &[BrokerAddr], ids: &[i32]) -> Vec<BrokerAddr> {
    let Some((sibling, id)) = listed.iter().find_map(|broker| Some((broker, broker.id?.to_string()))) else {
        return Vec::new();
    };
    // A name without its id, or with the id twice, does not say which name another broker has.
    if sibling.host.matches(&id).count() != 1 || sibling.host.parse::<IpAddr>().is_ok() {
        return Vec::new();
    }
    let missing = ids.iter().filter(|id| !listed.iter().any(|broker| broker.id == Some(**id)));
    missing
        .map(|missing| BrokerAddr {
            id: Some(*missing),
            host: sibling.host.replace(&id, &missing.to_string()),
            port: sibling.port,
        })
        .collect()
}

/// The CA of the cluster that declares the bootstrap host.
async fn cluster_ca(options: &WalkOptions, catalog: &Catalog, snapshot: &Snapshot) -> Result<Option<String>, String> {
    let Some(declared) = snapshot.declared(&options.bootstrap.0) else {
        return Err("no CA was given (`--ca`), and no Kafka resource declares the bootstrap host".to_owned());
    };
    let (namespace, cluster) = declared.cluster().split_once('/').unwrap_or_default();
    let name = format!("{cluster}-cluster-ca-cert");
    let secrets: kube::Api<Secret> = kube::Api::namespaced(catalog.client().clone(), namespace);
    let found = match timeout(options.within, secrets.get(&name)).await {
        Ok(found) => found.map_err(Error::request(format!("read Secret {namespace}/{name}"))),
        Err(_) => return Err(format!("Secret {namespace}/{name} was not answered in time")),
    };
    let secret = found.map_err(|error| format!("{error}; give it with `--ca`"))?;
    let pem = secret.data.as_ref().and_then(|data| data.get("ca.crt"));
    Ok(pem.map(|pem| String::from_utf8_lossy(&pem.0).into_owned()))
}

/// One path, and the brokers that the metadata lists.
async fn address(
    options: &WalkOptions,
    ca: Option<&str>,
    catalog: Option<&Catalog>,
    snapshot: Option<&Snapshot>,
    broker: BrokerAddr,
) -> (Walk, Vec<BrokerAddr>) {
    // A name may end with a dot, which neither a server name nor a route has.
    let mut facts = Facts::of(broker.host.trim_end_matches('.'), broker.port);
    facts.gateway = options.gateway.clone();
    facts.addresses.clone_from(&options.addresses);
    facts.broker = broker.id.is_some().then_some(broker);
    let brokers = network(&mut facts, options, ca).await;
    if let Some(snapshot) = snapshot {
        snapshot.describe(&mut facts);
    }
    let found = classify(&facts);
    let found = Failure { wanted: wanted(found.cause, &facts), ..found };
    let failure = match (found.cause, facts.walked.as_ref().is_some_and(Walked::reached)) {
        // What reaches Kafka and fits no rule is a path that works.
        (Cause::Unknown, true) => None,
        _ => Some(found),
    };
    let failure = match (failure, snapshot) {
        (Some(failure), Some(snapshot)) => Some(second_look(failure, &facts, catalog, snapshot, options.within).await),
        (failure, _) => failure,
    };
    (Walk { facts, failure, also: Vec::new() }, brokers)
}

async fn network(facts: &mut Facts, options: &WalkOptions, ca: Option<&str>) -> Vec<BrokerAddr> {
    let (client, within) = (&options.client, options.within);
    let mechanism = client.login.as_ref().map(|login| login.mechanism.name());
    let mut walked = Walked { tls: client.tls, mechanism, ..Walked::default() };
    let lookup = lookup(&facts.host, within).await;
    let address = match &lookup {
        Lookup::IpLiteral(address) | Lookup::Found(address) => Some(SocketAddr::new(*address, facts.port)),
        Lookup::Failed(_) => None,
    };
    let sni = matches!(lookup, Lookup::Found(_)).then(|| facts.host.clone());
    facts.lookup = Some(lookup);
    let mut brokers = Vec::new();
    if let Some(address) = address {
        let connected = tcp::probe(address, within).await;
        if connected == tcp::TcpOutcome::Connected {
            let probe = Probe {
                trust: ca,
                client: client.identity.as_ref().map(|(cert, key)| (cert.as_str(), key.as_str())),
                ..Probe::new(address, sni.as_deref(), within)
            };
            brokers = connection(facts, &mut walked, &probe, client).await;
        }
        facts.tcp = Some(connected);
    }
    facts.walked = Some(walked);
    brokers
}

/// As a client looks the name up.
async fn lookup(host: &str, within: Duration) -> Lookup {
    if let Ok(address) = host.parse() {
        return Lookup::IpLiteral(address);
    }
    match resolve::lookup(host, within).await {
        Ok(found) => {
            found.first().map_or_else(|| Lookup::Failed("it has no address".to_owned()), |one| Lookup::Found(*one))
        }
        Err(text) => Lookup::Failed(text),
    }
}

async fn connection(facts: &mut Facts, walked: &mut Walked, probe: &Probe<'_>, client: &WalkClient) -> Vec<BrokerAddr> {
    let wanted = facts.broker.as_ref().and_then(|broker| broker.id);
    let tls = client.tls.then_some(probe);
    let seen = converse(probe.address, tls, client.login.as_ref(), wanted, probe.within).await;
    let Conversation { tls: outcome, kafka, login, info, peer } = seen;
    facts.tls = outcome;
    let (mut brokers, mut known) = (Vec::new(), false);
    match info.map(|info| info.brokers) {
        Some(Ok(all)) => (brokers, known) = (all, true),
        Some(Err(why)) => walked.no_metadata = Some(why),
        None => {}
    }
    facts.peers = certified(facts).or(peer).into_iter().filter(|peer| !matches!(peer, Peer::Unknown(_))).collect();
    if kafka.is_err() {
        let completed = facts.tls.as_ref().is_some_and(TlsOutcome::completed);
        // With TLS 1.3 a refused client certificate shows only after the handshake.
        let again = async { if completed { Some(probe.run().await) } else { None } };
        let soon = SPEAKS_WITHIN.min(probe.within);
        let unanswered = facts.tls.as_ref().is_some_and(|tls| tls.handshake == Handshake::TimedOut { connected: true });
        let stranger = async { if unanswered { Some(leaves_strangers_waiting(probe, soon).await) } else { None } };
        // A plaintext client has asked in plaintext already.
        let (spoken, again, stranger) =
            tokio::join!(speaks(probe.address, probe.sni, client.tls, soon), again, stranger);
        walked.speaks = Some(spoken);
        walked.leaves_strangers_waiting = stranger;
        facts.tls = again.or(facts.tls.take());
    }
    if kafka.is_ok() && client.tls && facts.broker.is_none() {
        walked.split_refused = split_refused(probe).await;
    }
    walked.kafka = Some(kafka);
    walked.login = login;
    if let (Some(id), true) = (wanted, known) {
        let more = (1..ASKED).map(|_| Peer::at(probe.address, tls, id, probe.within));
        facts.peers.extend(join_all(more).await.into_iter().filter(|peer| !matches!(peer, Peer::Unknown(_))));
    }
    if walked.login.as_ref().is_some_and(|login| *login != LoginOutcome::Accepted) {
        brokers.clear();
    }
    brokers
}

/// The broker that the certificate names.
fn certified(facts: &Facts) -> Option<Peer> {
    let leaf = facts.tls.as_ref()?.chain.first()?;
    leaf.broker().map(Peer::Certified)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_broker_that_is_not_listed_has_its_siblings_name() {
        let listed = [BrokerAddr { id: Some(10), host: "broker-10.test".into(), port: 9092 }];
        let missing = BrokerAddr { id: Some(12), host: "broker-12.test".into(), port: 9092 };
        assert_eq!(unlisted(&listed, &[10, 12]), [missing]);
        assert!(unlisted(&[], &[10]).is_empty(), "no broker is listed, so nothing says how they are called");
        let address = [BrokerAddr { id: Some(1), host: "192.0.2.1".into(), port: 9092 }];
        assert!(unlisted(&address, &[1, 2]).is_empty());
    }
}
