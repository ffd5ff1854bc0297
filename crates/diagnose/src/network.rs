//! The rules on names and ports: whether a client gets a connection at all.

use super::classify::{address, is_default};
use super::facts::{Facts, Lookup};
use super::routing::routing;
use model::Cause;
use probe::tcp::TcpOutcome;

/// The cause if the address cannot be reached.
pub(super) fn network(facts: &Facts) -> Option<(Cause, String)> {
    let ports = &facts.gateway.ports;
    let advertised = facts.broker.as_ref().is_some_and(|broker| broker.id.is_some())
        || facts.declared.as_ref().is_some_and(|declared| declared.advertised);
    let wrong_port = || advertised && !ports.is_empty() && !ports.contains(&facts.port);
    let advertise = || {
        let served: Vec<_> = ports.iter().map(u16::to_string).collect();
        let who = match facts.broker.as_ref().and_then(|broker| broker.id) {
            Some(id) => format!("broker {id}"),
            None => "a broker".to_owned(),
        };
        let text = format!(
            "{who} advertises {}:{}, where the gateway does not serve (its ports are {}): set the listener's \
             advertisedHost and advertisedPort (or their templates) to the gateway's address",
            facts.host,
            facts.port,
            served.join(", ")
        );
        Some((Cause::AdvertisedAddress, text))
    };
    match &facts.lookup {
        Some(Lookup::Failed(_))
            if advertised && facts.declared.is_none() && facts.routes.is_empty() && internal(facts) =>
        {
            return advertise();
        }
        Some(Lookup::Failed(text)) => return Some(unresolved(facts, text, advertised)),
        Some(Lookup::IpLiteral(_)) if !served(facts) && reached(facts) => {
            let summary = format!(
                "the client connects to {} by address and so sends no server name (SNI), which the gateway needs to \
                 choose a route: use a host name that a route serves",
                address(facts)
            );
            return Some((Cause::NoSni, summary));
        }
        _ => {}
    }
    if matches!(facts.tcp, Some(TcpOutcome::Connected) | None) {
        return None;
    }
    if wrong_port() {
        return advertise();
    }
    if let Some(found) = gateway_gone(facts).or_else(|| unused_port(facts)) {
        return Some(found);
    }
    let tcp = facts.tcp.as_ref().map(TcpOutcome::to_string).unwrap_or_default();
    Some((
        Cause::Unreachable,
        format!("{} {tcp}: check that the gateway runs and listens on that port", address(facts)),
    ))
}

/// Whether the gateway led the client on. It shows its default certificate only if it knows no name, and then nothing follows.
fn served(facts: &Facts) -> bool {
    facts.tls.as_ref().is_some_and(|tls| !tls.turned_away()) && !is_default(facts)
}

/// The cause of an address that went with its Gateway: every route for the name has a parent that does not exist any more.
fn gateway_gone(facts: &Facts) -> Option<(Cause, String)> {
    let gone = !facts.routes.is_empty() && facts.routes.iter().all(|route| route.orphaned(&facts.served));
    routing(facts).filter(|(cause, _)| gone && *cause == Cause::RouteNotAccepted)
}

/// The cause of a closed port that only lacks a route. A gateway with an address of its own may close a port at which no route
/// serves anything, and the Gateway's listener has none that was accepted.
fn unused_port(facts: &Facts) -> Option<(Cause, String)> {
    if facts.tcp != Some(TcpOutcome::Refused) || !facts.routes_known {
        return None;
    }
    let (Lookup::Found(address) | Lookup::IpLiteral(address)) = facts.lookup.as_ref()? else { return None };
    let mut here =
        facts.served.iter().filter(|one| one.port == facts.port && one.addresses.contains(address)).peekable();
    here.peek()?;
    if !here.all(|listener| listener.attached_routes == Some(0)) {
        return None;
    }
    let (cause, summary) = routing(facts)?;
    let closed = format!("{summary}; the Gateway has no route at port {}, so it keeps the port closed", facts.port);
    matches!(cause, Cause::RouteMissing | Cause::RouteNotAccepted | Cause::UnknownSni).then_some((cause, closed))
}

/// The cause of a name that does not resolve. DNS is the remedy only if a Gateway serves the name.
fn unresolved(facts: &Facts, text: &str, advertised: bool) -> (Cause, String) {
    let fact = format!("{} does not resolve where the client runs ({text})", facts.host);
    // A listener without a hostname, such as every TCP listener, serves this name only if a route with the name says so.
    let served = facts.served.iter().any(|listener| listener.names(&facts.host)) || !facts.routes.is_empty();
    let names_none = facts.served.iter().all(|listener| listener.hostname.is_none());
    if served || names_none || !facts.routes_known {
        return (Cause::UnresolvedName, format!("{fact}: add it to DNS"));
    }
    let names = served_names(facts);
    if !advertised {
        let summary = format!("{fact}, and no Gateway serves it (they serve {names}): check the name");
        return (Cause::UnresolvedName, summary);
    }
    let of = match facts.broker.as_ref().and_then(|broker| broker.id) {
        Some(id) => format!(" of broker {id}"),
        None => String::new(),
    };
    let at = match &facts.declared {
        Some(declared) => format!(" in listener {} of {}", declared.listener, declared.resource),
        None => String::new(),
    };
    let summary = format!("{fact}, and no Gateway serves it (they serve {names}): check the advertisedHost{of}{at}");
    (Cause::AdvertisedAddress, summary)
}

/// The hostnames that Gateways serve, those most similar to the name first.
fn served_names(facts: &Facts) -> String {
    const SHOWN: usize = 4;
    let mut names: Vec<&str> = facts.served.iter().filter_map(|listener| listener.hostname.as_deref()).collect();
    names.sort_unstable();
    names.dedup();
    let alike = |name: &str| {
        let labels =
            name.trim_start_matches("*.").split('.').filter(|label| facts.host.split('.').any(|one| one == *label));
        labels.count()
    };
    names.sort_by_key(|name| std::cmp::Reverse(alike(name)));
    let shown = names.iter().take(SHOWN).copied().collect::<Vec<_>>().join(", ");
    match names.len().saturating_sub(SHOWN) {
        0 => shown,
        more => format!("{shown} and {more} more"),
    }
}

/// Whether the name exists only inside a cluster.
fn internal(facts: &Facts) -> bool {
    facts.host.ends_with(".svc") || facts.host.ends_with(".cluster.local")
}

fn reached(facts: &Facts) -> bool {
    facts.tcp == Some(TcpOutcome::Connected) && facts.tls.is_some()
}

#[cfg(test)]
#[path = "network_tests.rs"]
mod tests;
