//! The rules on routes: whether one leads to the address, was accepted, and has a backend that is ready.

use super::classify::{address, is_default};
use super::facts::{Backend, Condition, Facts, Route};
use model::Cause;
use probe::tcp::TcpOutcome;
use probe::tls::{Handshake, TlsOutcome};

/// The cause from the gateway's routes.
pub(super) fn routing(facts: &Facts) -> Option<(Cause, String)> {
    let turned_away = is_default(facts) || facts.tls.as_ref().is_some_and(TlsOutcome::turned_away);
    let failed = facts.walked.as_ref().is_some_and(|walked| !walked.reached());
    let closed = facts.tcp == Some(TcpOutcome::Refused);
    let troubled = turned_away || failed || closed || (facts.tls.is_none() && facts.error.is_some());
    if !troubled {
        return None;
    }
    if facts.routes.is_empty() {
        return no_route(facts);
    }
    let orphaned = |route: &Route| route.orphaned(&facts.served);
    let accepted: Vec<_> = facts.routes.iter().filter(|route| route.accepted() && !orphaned(route)).collect();
    if accepted.is_empty() {
        let route = &facts.routes[0];
        if orphaned(route) {
            let serve: Vec<_> = route.parents.iter().flat_map(|parent| parent.serve(&facts.served)).collect();
            let summary =
                format!("{} for {} has no Gateway any more ({})", route.title(), facts.host, serve.join(", "));
            return Some((Cause::RouteNotAccepted, summary));
        }
        let refusal = route.conditions.iter().find(|condition| condition.kind == "Accepted");
        let why = refusal.map_or_else(
            || "no gateway controller has answered for it: check its parentRefs".to_owned(),
            |condition| match condition.message.as_str() {
                "" => condition.reason.clone(),
                message => format!("{}: {message}", condition.reason),
            },
        );
        let serve: Vec<_> = route.parents.iter().flat_map(|parent| parent.serve(&facts.served)).collect();
        let serve = if serve.is_empty() { String::new() } else { format!("; {}", serve.join(", ")) };
        let summary = format!("{} for {} is not accepted by its Gateway ({why}){serve}", route.title(), facts.host);
        return Some((Cause::RouteNotAccepted, summary));
    }
    for route in &accepted {
        let missing = route.backends.iter().find(|backend| !backend.exists);
        // Some implementations say so of a Service that exists and has no ready Pod, which is another cause.
        let only_empty = |condition: &Condition| condition.reason == "EndpointsNotFound" && missing.is_none();
        let unresolved =
            |condition: &&Condition| condition.kind == "ResolvedRefs" && !condition.status && !only_empty(condition);
        let refs = route.conditions.iter().find(unresolved);
        if let Some(condition) = refs {
            let summary = format!(
                "{} is accepted, but its backend {} cannot be resolved ({}: {})",
                route.title(),
                backends(route),
                condition.reason,
                condition.message
            );
            return Some((Cause::BackendUnresolved, summary));
        }
        if let Some(backend) = missing {
            let service = format!("{}/{}", backend.namespace, backend.service);
            let summary = format!("{} leads to Service {service}, which does not exist", route.title());
            return Some((Cause::BackendUnresolved, summary));
        }
        let portless =
            |one: &&Backend| one.port.is_some_and(|port| !one.ports.is_empty() && !one.ports.contains(&port));
        if let Some(Backend { namespace, service, port: Some(port), ports, .. }) = route.backends.iter().find(portless)
        {
            let has: Vec<_> = ports.iter().map(u16::to_string).collect();
            let summary = format!(
                "{} leads to port {port} of Service {namespace}/{service}, which has no such port (its ports are {})",
                route.title(),
                has.join(", ")
            );
            return Some((Cause::BackendUnresolved, summary));
        }
        if !route.backends.is_empty() && route.backends.iter().all(|backend| backend.ready == 0) {
            let summary = format!(
                "{} leads to {}, which has no ready Pod: check the broker; the gateway works",
                route.title(),
                backends(route)
            );
            return Some((Cause::BrokerDown, summary));
        }
    }
    // A gateway that does not know the name ends the connection. A gateway that forwards to a process which does
    // nothing can only wait, like the client.
    let silent = |tls: &TlsOutcome| matches!(tls.handshake, Handshake::TimedOut { connected: true });
    if facts.tls.as_ref().is_some_and(silent) && accepted[0].backends.iter().any(|backend| backend.ready > 0) {
        let summary = format!(
            "{} accepts the connection but does not answer, although {} is accepted and has a ready backend: the \
             process behind it may be frozen, so check the broker's log",
            address(facts),
            accepted[0].title()
        );
        return Some((Cause::Timeout, summary));
    }
    let unserved = is_default(facts)
        || facts.tls.as_ref().is_some_and(|tls| tls.connected() && !tls.completed() && tls.chain.is_empty());
    unserved.then(|| {
        let summary = format!(
            "the gateway does not serve the name {} although {} covers it, is accepted and has a ready backend: check \
             the gateway's own log, and whether the gateway supports wildcards over several labels",
            facts.host,
            accepted[0].title()
        );
        (Cause::UnknownSni, summary)
    })
}

fn no_route(facts: &Facts) -> Option<(Cause, String)> {
    if !facts.routes_known {
        // A plain text listener of an unknown cluster: nothing points to a route.
        let tls = facts.tls.as_ref()?;
        let summary = format!("the gateway does not serve the name {} ({})", facts.host, tls.handshake);
        return Some((Cause::UnknownSni, summary));
    }
    let by = match (&facts.broker, &facts.declared) {
        (Some(broker), _) if broker.id.is_some() => {
            format!("broker {} advertises it", broker.id.unwrap_or_default())
        }
        (_, Some(declared)) => format!("listener {} of {} declares it", declared.listener, declared.resource),
        _ => {
            let summary = format!(
                "no listener or route serves the name {}, and no broker advertises it: check the name that the \
                 client was given",
                facts.host
            );
            return Some((Cause::UnknownSni, summary));
        }
    };
    let summary = format!("no TLSRoute or TCPRoute leads to {}, although {by}: add the route", facts.host);
    Some((Cause::RouteMissing, summary))
}

pub(super) fn backends(route: &Route) -> String {
    let names: Vec<_> =
        route.backends.iter().map(|backend| format!("Service {}/{}", backend.namespace, backend.service)).collect();
    if names.is_empty() { "no backend".to_owned() } else { names.join(", ") }
}
