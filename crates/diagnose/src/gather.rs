//! Gathers the facts: the client's error, the answers of the network, and the state of the cluster's objects.

use super::facts::{Facts, Gateway, Lookup, Subject};
use super::{advertised, classify::classify, routes, symptom};
use kubeapi::Catalog;
use model::{Cause, Failure};
use probe::tls::Probe;
use probe::{ConnectionConfig, Identity, NodeIdentity, Peer, Trust, identify, resolve, tcp};
use std::net::{IpAddr, SocketAddr};
use std::time::Duration;

/// What else is known. Everything is optional.
#[derive(Clone, Debug)]
pub struct Settings {
    /// How the failing client connects: the authorities that it trusts, and its certificate.
    pub access: Option<ConnectionConfig>,
    /// The time for each single question. The default is 3 s.
    pub within: Duration,
}

impl Default for Settings {
    fn default() -> Self {
        Self { access: None, within: Duration::from_secs(3) }
    }
}

/// How many connections are made to find out who answers. A Service over all brokers often leads the first one to the
/// right broker.
const ASKED: usize = 5;

/// How often a Kafka client asks instead, if a broker rejects strangers. Each question takes a client of its own.
const ASKED_BY_CLIENT: usize = 3;

/// Finds the cause of a failure. Whatever cannot be found out is listed in the evidence, and the rest still counts.
pub async fn diagnose(catalog: &Catalog, gateway: &Gateway, subject: &Subject, settings: &Settings) -> Failure {
    let mut facts = match start(subject, settings) {
        Ok(facts) => facts,
        Err(diagnosis) => return *diagnosis,
    };
    facts.gateway = gateway.clone();
    let settled = facts.error.as_ref().is_some_and(|error| symptom::answered(error).is_some());
    if !settled {
        gather(&mut facts, catalog, settings).await;
    }
    let diagnosis = classify(&facts);
    // A client that only waited names no broker, or the wrong one. The path of each address may be the cause.
    match matches!(diagnosis.cause, Cause::Timeout | Cause::Unknown) {
        true => advertised::every_address(catalog, &facts, settings, diagnosis).await,
        false => diagnosis,
    }
}

/// Gathers everything about one address.
async fn gather(facts: &mut Facts, catalog: &Catalog, settings: &Settings) {
    network(facts, settings).await;
    cluster(facts, catalog).await;
    peers(facts, settings).await;
}

/// The address that the subject is about.
fn start(subject: &Subject, settings: &Settings) -> Result<Facts, Box<Failure>> {
    match subject {
        Subject::Address { host, port } => Ok(Facts::of(host, *port)),
        Subject::Failure(error) => {
            let bootstrap = settings.access.as_ref().and_then(bootstrap);
            let broker = error.broker.clone();
            let address = broker.as_ref().map(|broker| (broker.host.clone(), broker.port)).or(bootstrap);
            let mut facts = match address {
                Some((host, port)) => Facts::of(host, port),
                None if symptom::answered(error).is_some() => Facts::of("the cluster", 0),
                None => {
                    let mut facts = Facts::of("", 0);
                    facts.gaps.push("which address failed: neither the client nor its configuration says".to_owned());
                    facts.error = Some(error.clone());
                    let mut diagnosis = classify(&facts);
                    diagnosis.seen = error.to_string();
                    return Err(Box::new(diagnosis));
                }
            };
            facts.broker = broker;
            facts.error = Some(error.clone());
            Ok(facts)
        }
    }
}

/// The host and the port of the first bootstrap address.
pub(super) fn bootstrap(access: &ConnectionConfig) -> Option<(String, u16)> {
    let first = access.bootstrap.split(',').next()?.trim();
    let (host, port) = first.rsplit_once(':')?;
    Some((host.trim_matches(['[', ']']).to_owned(), port.parse().ok()?))
}

async fn network(facts: &mut Facts, settings: &Settings) {
    let within = settings.within;
    let figures: Option<IpAddr> = facts.host.parse().ok();
    let lookup = match figures {
        Some(address) => Lookup::IpLiteral(address),
        None => match resolve::lookup(&facts.host, within).await {
            Ok(found) => match found.first() {
                Some(address) => Lookup::Found(*address),
                None => Lookup::Failed("the resolver knows no address".to_owned()),
            },
            Err(text) => Lookup::Failed(text),
        },
    };
    let address = match &lookup {
        Lookup::IpLiteral(address) | Lookup::Found(address) => Some(*address),
        Lookup::Failed(_) => None,
    };
    facts.lookup = Some(lookup);
    let Some(address) = address.map(|address| SocketAddr::new(address, facts.port)) else { return };
    let connected = tcp::probe(address, within).await;
    let reached = connected == tcp::TcpOutcome::Connected;
    facts.tcp = Some(connected);
    let plain = settings.access.as_ref().is_some_and(|access| access.trust == Trust::None);
    if !reached || plain {
        return;
    }
    let sni = figures.is_none().then(|| facts.host.clone());
    facts.tls = Some(question(settings, address, sni.as_deref()).run().await);
}

/// A handshake like that of the failing client.
fn question<'a>(settings: &'a Settings, address: SocketAddr, sni: Option<&'a str>) -> Probe<'a> {
    let access = settings.access.as_ref();
    let trust = access.and_then(|access| match &access.trust {
        Trust::Pem(pem) => Some(pem.as_str()),
        Trust::None => None,
    });
    let client = access.and_then(|access| match &access.identity {
        Identity::Tls { cert, key } => Some((cert.as_str(), key.as_str())),
        _ => None,
    });
    Probe { trust, client, ..Probe::new(address, sni, settings.within) }
}

async fn cluster(facts: &mut Facts, catalog: &Catalog) {
    let mut found = Vec::new();
    facts.routes_known = true;
    for kind in ["TLSRoute", "TCPRoute", "Gateway", "Service", "Pod", "Kafka"] {
        found.push(routes::all(catalog, kind).await.unwrap_or_else(|error| {
            facts.gaps.push(format!("the cluster's {kind} objects: {error}"));
            facts.routes_known &= !kind.ends_with("Route");
            Vec::new()
        }));
    }
    let [tls, tcp, gateways, services, pods, kafkas] = &found[..] else { return };
    let (host, port) = (facts.host.clone(), facts.port);
    facts.routes = routes::routes(tls, tcp, gateways, &host, port);
    routes::resolve(&mut facts.routes, services, pods);
    facts.served = routes::listeners(gateways);
    routes::count_accepted(&mut facts.served, tls, tcp);
    facts.listeners = routes::for_name(&facts.served, &host, port);
    facts.declared = routes::declared(kafkas, &host);
}

/// Finds out who answers. This comes last and only if nothing else is wrong, because it takes several connections or
/// Kafka clients.
async fn peers(facts: &mut Facts, settings: &Settings) {
    let (Some(access), Some(id)) = (&settings.access, facts.broker.as_ref().and_then(|broker| broker.id)) else {
        return;
    };
    let well = facts.tls.as_ref().is_none_or(|tls| !tls.turned_away());
    let (address, sni) = match &facts.lookup {
        Some(Lookup::IpLiteral(address)) => (*address, None),
        Some(Lookup::Found(address)) => (*address, Some(facts.host.clone())),
        _ => return,
    };
    if !well || facts.tcp != Some(tcp::TcpOutcome::Connected) {
        return;
    }
    let address = SocketAddr::new(address, facts.port);
    let probe = facts.tls.is_some().then(|| question(settings, address, sni.as_deref()));
    for _ in 0..ASKED {
        let peer = Peer::at(address, probe.as_ref(), id, settings.within).await;
        let silent = matches!(peer, Peer::Unknown(_));
        facts.peers.push(peer);
        if silent {
            break;
        }
    }
    if facts.peers.iter().all(|peer| matches!(peer, Peer::Unknown(_))) {
        facts.peers = by_client(access, id, settings.within * 2).await;
    }
}

/// The same with the client's own configuration, which may have rights that a stranger lacks.
async fn by_client(access: &ConnectionConfig, id: i32, within: Duration) -> Vec<Peer> {
    let mut peers = Vec::new();
    for _ in 0..ASKED_BY_CLIENT {
        let peer = match identify(access, within).await {
            Ok(mut identities) => match identities.remove(&id) {
                Some(NodeIdentity::Confirmed) => Peer::Said { id, cluster_id: None },
                Some(NodeIdentity::Another) => Peer::Another,
                Some(NodeIdentity::Unknown(why)) => Peer::Unknown(why),
                None => Peer::Unknown("the metadata does not list it".to_owned()),
            },
            Err(error) => Peer::Unknown(error.to_string()),
        };
        let silent = matches!(peer, Peer::Unknown(_));
        peers.push(peer);
        if silent {
            break;
        }
    }
    peers
}

#[cfg(test)]
#[path = "gather_tests.rs"]
mod tests;
