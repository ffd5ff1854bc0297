//! Checks whether the path leads to the right broker.

use super::classify::address;
use super::facts::{Facts, PodBroker, Route};
use super::routing::backends;
use model::Cause;
use probe::{CertificateInfo, Peer, counted};

/// A path that leads to another broker, to several, or to a broker of another cluster. This is checked before the
/// certificate, which would only show that it names another broker.
pub(super) fn wrong_broker(facts: &Facts) -> Option<(Cause, String)> {
    let route = facts.routes.iter().find(|route| route.accepted());
    let by_route = route.map_or_else(String::new, |route| format!(": {} leads to {}", route.title(), backends(route)));
    let to = met(facts).or_else(|| selected(facts, route?))?;
    Some((Cause::WrongBroker, format!("{} {to}{by_route}; correct the backendRef", address(facts))))
}

/// Judging by the peers that answered.
fn met(facts: &Facts) -> Option<String> {
    let whose = facts.whose();
    let shown = || facts.tls.as_ref()?.chain.first().and_then(CertificateInfo::broker).map(Peer::Certified);
    let certified: Vec<Peer> = if facts.peers.is_empty() { shown().into_iter().collect() } else { Vec::new() };
    let peers = if facts.peers.is_empty() { &certified } else { &facts.peers };
    let wrong = |peer: &&Peer| match facts.broker.as_ref().and_then(|broker| broker.id) {
        Some(id) => peer.is(id, &whose) == Some(false),
        None => !whose.fits(peer),
    };
    let stranger = peers.iter().find(wrong)?;
    let known = peers.iter().filter(|peer| !matches!(peer, Peer::Unknown(_))).count();
    if peers.iter().filter(wrong).count() < known {
        let counts = counted(&whose, peers);
        return Some(format!("leads to several brokers (the answers differ: {counts})"));
    }
    let not = match (&facts.declared, whose.fits(stranger)) {
        (Some(declared), false) => format!(", and not of {}", declared.resource),
        _ => String::new(),
    };
    Some(format!("leads to {}{not}", whose.name(stranger)))
}

/// Judging by the Pods that the route's Services select.
fn selected(facts: &Facts, route: &Route) -> Option<String> {
    let mut brokers: Vec<&PodBroker> = route.backends.iter().flat_map(|backend| &backend.brokers).collect();
    brokers.sort();
    brokers.dedup();
    let cluster = facts.declared.as_ref().map(|declared| declared.cluster());
    let ours = |broker: &&PodBroker| cluster.is_none_or(|cluster| broker.cluster == cluster);
    if !brokers.is_empty() && !brokers.iter().any(ours) {
        return Some(format!("leads to {}, and not to {}", names(&brokers, true), cluster.unwrap_or_default()));
    }
    let id = facts.broker.as_ref().and_then(|broker| broker.id)?;
    if brokers.is_empty() || brokers.iter().filter(|broker| ours(broker)).any(|broker| broker.id == id) {
        return None;
    }
    Some(format!("leads to {}", names(&brokers, false)))
}

fn names(brokers: &[&PodBroker], cluster: bool) -> String {
    let name = |broker: &&PodBroker| match cluster {
        true => format!("broker {} of Kafka {}", broker.id, broker.cluster),
        false => format!("broker {}", broker.id),
    };
    brokers.iter().map(name).collect::<Vec<_>>().join(", ")
}
