//! Gathers the facts: what the client said, what the network answers, what the cluster's objects say.

use super::facts::{Diagnosis, Facts, Gateway, Lookup, Subject};
use super::{judge, routes, symptom};
use crate::client::tls::Probe;
use crate::client::{Access, Identity, NodeIdentity, Trust, identify, resolve, tcp};
use crate::kube::Catalog;
use crate::lab::LabInfo;
use std::net::{IpAddr, SocketAddr};
use std::time::Duration;

/// What else is known, all of it optional.
#[derive(Clone, Debug)]
pub struct Settings {
    /// How the failing client got in: whom it trusts, and its certificate.
    pub access: Option<Access>,
    /// The common name of the certificate that the gateway shows for names that it does not know (a fixture's data).
    pub default_certificate: Option<String>,
    /// For each single question; 3 s by default.
    pub within: Duration,
}

impl Default for Settings {
    fn default() -> Self {
        Self { access: None, default_certificate: None, within: Duration::from_secs(3) }
    }
}

/// Finds the cause of a failure. What cannot be found out is said in the evidence; the rest still counts.
pub async fn explain(catalog: &Catalog, info: &LabInfo, subject: &Subject, settings: &Settings) -> Diagnosis {
    let mut facts = match start(subject, settings) {
        Ok(facts) => facts,
        Err(diagnosis) => return *diagnosis,
    };
    facts.gateway = Gateway {
        ports: info.gateway.ports.all().collect(),
        default_certificate: settings.default_certificate.clone(),
    };
    let settled = facts.error.as_ref().is_some_and(|error| symptom::answered(error).is_some());
    if !settled {
        network(&mut facts, settings).await;
        cluster(&mut facts, catalog).await;
        identity(&mut facts, settings).await;
    }
    judge(&facts)
}

/// The address that the subject is about.
fn start(subject: &Subject, settings: &Settings) -> Result<Facts, Box<Diagnosis>> {
    match subject {
        Subject::Address { host, port } => Ok(Facts::of(host, *port)),
        Subject::Failure(error) => {
            let bootstrap = settings.access.as_ref().and_then(|access| {
                let first = access.bootstrap.split(',').next()?.trim();
                let (host, port) = first.rsplit_once(':')?;
                Some((host.trim_matches(['[', ']']).to_owned(), port.parse().ok()?))
            });
            let broker = error.broker.clone();
            let address = broker.as_ref().map(|broker| (broker.host.clone(), broker.port)).or(bootstrap);
            let mut facts = match address {
                Some((host, port)) => Facts::of(host, port),
                None if symptom::answered(error).is_some() => Facts::of("the cluster", 0),
                None => {
                    let mut facts = Facts::of("", 0);
                    facts.gaps.push("which address failed: neither the client nor its access says".to_owned());
                    facts.error = Some(error.clone());
                    let mut diagnosis = judge(&facts);
                    diagnosis.summary = error.to_string();
                    return Err(Box::new(diagnosis));
                }
            };
            facts.broker = broker;
            facts.error = Some(error.clone());
            Ok(facts)
        }
    }
}

async fn network(facts: &mut Facts, settings: &Settings) {
    let within = settings.within;
    let figures: Option<IpAddr> = facts.host.parse().ok();
    let lookup = match figures {
        Some(address) => Lookup::Figures(address),
        None => match resolve::lookup(&facts.host, within).await {
            Ok(found) => match found.first() {
                Some(address) => Lookup::Found(*address),
                None => Lookup::Failed("the resolver knows no address".to_owned()),
            },
            Err(text) => Lookup::Failed(text),
        },
    };
    let address = match &lookup {
        Lookup::Figures(address) | Lookup::Found(address) => Some(*address),
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
    let access = settings.access.as_ref();
    let trust = access.and_then(|access| match &access.trust {
        Trust::Pem(pem) => Some(pem.as_str()),
        Trust::None => None,
    });
    let client = access.and_then(|access| match &access.identity {
        Identity::Tls { cert, key } => Some((cert.as_str(), key.as_str())),
        _ => None,
    });
    let sni = figures.is_none().then_some(facts.host.as_str());
    facts.tls = Some(Probe { trust, client, ..Probe::new(address, sni, within) }.run().await);
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
    facts.listeners = routes::listeners(gateways, &host, port);
    facts.declared = routes::declared(kafkas, &host);
}

/// Which broker answers is asked only when all else looks well: it takes a Kafka client of its own.
async fn identity(facts: &mut Facts, settings: &Settings) {
    let (Some(access), Some(id)) = (&settings.access, facts.broker.as_ref().and_then(|broker| broker.id)) else {
        return;
    };
    let well = facts.tls.as_ref().is_none_or(|tls| !tls.turned_away());
    if !well || facts.tcp != Some(tcp::TcpOutcome::Connected) {
        return;
    }
    facts.identity = Some(match identify(access, settings.within * 2).await {
        Ok(identities) => identities
            .get(&id)
            .cloned()
            .unwrap_or_else(|| NodeIdentity::Unknown("the metadata does not list it".to_owned())),
        Err(error) => NodeIdentity::Unknown(error.to_string()),
    });
}

#[cfg(test)]
#[path = "gather_tests.rs"]
mod tests;
