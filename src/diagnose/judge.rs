//! From facts to a cause: pure, so that each rule can be tested without a network.

use super::facts::{Diagnosis, Facts, Lookup, Route};
use super::symptom::{answered, refuses_certificate, timed_out, wants_certificate};
use crate::cause::Cause;
use crate::client::NodeIdentity;
use crate::client::tcp::TcpOutcome;
use crate::client::tls::{Afterwards, Handshake, TlsOutcome, Verdict};

/// Draws the diagnosis. The order of the rules is the order in which a connection comes about, except that what Kafka
/// itself answered comes first: then the whole way works.
pub fn judge(facts: &Facts) -> Diagnosis {
    let (cause, summary) = verdict(facts);
    Diagnosis { cause, summary, evidence: evidence(facts) }
}

fn verdict(facts: &Facts) -> (Cause, String) {
    kafka(facts)
        .or_else(|| network(facts))
        .or_else(|| astray(facts))
        .or_else(|| certificate(facts))
        .or_else(|| routing(facts))
        .unwrap_or_else(|| leftover(facts))
}

/// The address, with the broker that advertises it.
fn address(facts: &Facts) -> String {
    match facts.broker.as_ref().and_then(|broker| broker.id) {
        Some(id) => format!("{}:{} (advertised by broker {id})", facts.host, facts.port),
        None => format!("{}:{}", facts.host, facts.port),
    }
}

/// What Kafka answered.
fn kafka(facts: &Facts) -> Option<(Cause, String)> {
    let error = facts.error.as_ref()?;
    let cause = answered(error)?;
    let text = match cause {
        Cause::Authorization => {
            format!("Kafka knows the user and denies the operation: {}; grant it in the KafkaUser's ACLs", error.text)
        }
        Cause::UnknownTopic => {
            format!("the brokers answer, but the topic or partition does not exist: {}", error.text)
        }
        Cause::ClientCertificate => client_certificate(facts),
        _ => format!("the broker refused the user name or password: {}", error.text),
    };
    Some((cause, text))
}

fn client_certificate(facts: &Facts) -> String {
    format!(
        "the broker at {} refuses the client's certificate, or wants one and got none: use a KafkaUser with tls \
         authentication, and its certificate signed by the cluster's clients CA",
        address(facts)
    )
}

/// Whether the address is there at all.
fn network(facts: &Facts) -> Option<(Cause, String)> {
    let ports = &facts.gateway.ports;
    let advertised = facts.broker.as_ref().is_some_and(|broker| broker.id.is_some())
        || facts.declared.as_ref().is_some_and(|declared| declared.advertised);
    let wrong_port = || advertised && !ports.is_empty() && !ports.contains(&facts.port);
    let advertise = || {
        let served: Vec<_> = ports.iter().map(u16::to_string).collect();
        let text = format!(
            "a broker advertises {}:{}, where the gateway does not serve (its ports are {}): set the listener's \
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
        Some(Lookup::Failed(text)) => {
            let summary = format!("{} does not resolve where the client runs ({text}): add it to DNS", facts.host);
            return Some((Cause::UnresolvedName, summary));
        }
        Some(Lookup::Figures(_)) if facts.tls.as_ref().is_none_or(TlsOutcome::turned_away) && reached(facts) => {
            let summary = format!(
                "the client connects to {} by address and so sends no server name (SNI), by which alone the gateway \
                 chooses a route: use a host name that a route serves",
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
    let tcp = facts.tcp.as_ref().map(TcpOutcome::to_string).unwrap_or_default();
    Some((
        Cause::Unreachable,
        format!("{} {tcp}: check that the gateway runs and listens on that port", address(facts)),
    ))
}

/// A name that exists only inside a cluster.
fn internal(facts: &Facts) -> bool {
    facts.host.ends_with(".svc") || facts.host.ends_with(".cluster.local")
}

fn reached(facts: &Facts) -> bool {
    facts.tcp == Some(TcpOutcome::Connected) && facts.tls.is_some()
}

/// Who showed which certificate.
fn certificate(facts: &Facts) -> Option<(Cause, String)> {
    let text = facts.error.as_ref().map_or("", |error| error.text.as_str());
    let tls = facts.tls.as_ref();
    let alert = tls.and_then(|tls| match &tls.handshake {
        Handshake::Alert { name } | Handshake::Completed { afterwards: Afterwards::Alert { name }, .. } => {
            Some(name.as_str())
        }
        _ => None,
    });
    let refusals = ["CertificateRequired", "BadCertificate", "UnknownCA", "CertificateUnknown"];
    if wants_certificate(text) || alert.is_some_and(|name| refusals.contains(&name)) {
        return Some((Cause::ClientCertificate, client_certificate(facts)));
    }
    if is_default(facts) {
        return None;
    }
    let leaf = tls?.chain.first()?;
    let names = if leaf.dns_names.is_empty() { "no name".to_owned() } else { leaf.dns_names.join(", ") };
    match &tls?.verdict {
        Some(Verdict::WrongName) => Some((
            Cause::CertificateName,
            format!(
                "the certificate shown at {} is for {names} and not for this host: add the host to its SANs, or \
                 correct the route if it leads to another broker",
                address(facts)
            ),
        )),
        Some(Verdict::Untrusted) => Some((
            Cause::UntrustedCertificate,
            format!(
                "the certificate shown at {} is signed by {}, which the client does not trust: give the client the \
                 CA that signs the listener's certificates (Secret <cluster>-cluster-ca-cert, not the clients CA)",
                address(facts),
                leaf.issuer
            ),
        )),
        Some(Verdict::Expired) => Some((
            Cause::CertificateExpired,
            format!(
                "the certificate shown at {} is valid from {} to {} only: renew it",
                address(facts),
                leaf.not_before,
                leaf.not_after
            ),
        )),
        _ => None,
    }
}

/// Whether the gateway showed the certificate that it keeps for names which it does not know.
fn is_default(facts: &Facts) -> bool {
    let shown = facts.tls.as_ref().and_then(|tls| tls.chain.first());
    match (&facts.gateway.default_certificate, shown) {
        (Some(name), Some(leaf)) => leaf.common_name == *name,
        _ => false,
    }
}

/// Whether the way leads to another broker. Before the certificate, which would only say that it names another one.
fn astray(facts: &Facts) -> Option<(Cause, String)> {
    let id = facts.broker.as_ref().and_then(|broker| broker.id);
    let route = facts.routes.iter().find(|route| route.accepted());
    let nodes: Vec<i32> = route.iter().flat_map(|route| &route.backends).flat_map(|one| one.nodes.clone()).collect();
    let elsewhere = id.is_some_and(|id| !nodes.is_empty() && !nodes.contains(&id));
    if facts.identity != Some(NodeIdentity::Another) && !elsewhere {
        return None;
    }
    let route = route.map_or_else(String::new, |route| format!(": {} leads to {}", route.title(), backends(route)));
    let to = if elsewhere { format!("broker {nodes:?}") } else { "another broker".to_owned() };
    let summary = format!("{} is led to {to}{route}; correct the backendRef", address(facts));
    Some((Cause::WrongBroker, summary))
}

/// Where the gateway's routes lead.
fn routing(facts: &Facts) -> Option<(Cause, String)> {
    let turned_away = is_default(facts) || facts.tls.as_ref().is_some_and(TlsOutcome::turned_away);
    let troubled = turned_away || (facts.tls.is_none() && facts.error.is_some());
    if !troubled {
        return None;
    }
    if facts.routes.is_empty() {
        return no_route(facts);
    }
    let accepted: Vec<_> = facts.routes.iter().filter(|route| route.accepted()).collect();
    if accepted.is_empty() {
        let route = &facts.routes[0];
        let refusal = route.conditions.iter().find(|condition| condition.kind == "Accepted");
        let why = refusal.map_or_else(
            || "no gateway controller has answered for it: check its parentRefs".to_owned(),
            |condition| format!("{}: {}", condition.reason, condition.message),
        );
        let summary = format!("{} for {} is not accepted by its Gateway ({why})", route.title(), facts.host);
        return Some((Cause::RouteNotAccepted, summary));
    }
    for route in &accepted {
        let refs = route.conditions.iter().find(|condition| condition.kind == "ResolvedRefs" && !condition.status);
        let missing = route.backends.iter().find(|backend| !backend.exists);
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
        if !route.backends.is_empty() && route.backends.iter().all(|backend| backend.ready == 0) {
            let summary = format!(
                "{} leads to {}, which has no ready Pod: look at the broker, the gateway is fine",
                route.title(),
                backends(route)
            );
            return Some((Cause::BrokerDown, summary));
        }
    }
    let unserved = is_default(facts)
        || facts.tls.as_ref().is_some_and(|tls| tls.connected() && !tls.completed() && tls.chain.is_empty());
    unserved.then(|| {
        let summary = format!(
            "the gateway does not serve the name {} although {} covers it, is accepted and has a ready backend: look \
             at the gateway's own log, and at whether it serves wildcards over several labels",
            facts.host,
            accepted[0].title()
        );
        (Cause::UnknownSni, summary)
    })
}

fn no_route(facts: &Facts) -> Option<(Cause, String)> {
    if !facts.routes_known {
        // A plain text listener behind an unknown cluster: nothing points to a route.
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

fn backends(route: &Route) -> String {
    let names: Vec<_> =
        route.backends.iter().map(|backend| format!("Service {}/{}", backend.namespace, backend.service)).collect();
    if names.is_empty() { "no backend".to_owned() } else { names.join(", ") }
}

/// Nothing certain is known.
fn leftover(facts: &Facts) -> (Cause, String) {
    let Some(error) = &facts.error else {
        return (Cause::Unknown, format!("nothing is wrong with {} as far as can be seen from here", address(facts)));
    };
    // The client's own words are the last resort: the probe saw nothing wrong by then, or could not look.
    if error.code == "Resolve" {
        return (Cause::UnresolvedName, format!("{} did not resolve for the client: {}", facts.host, error.text));
    }
    if refuses_certificate(&error.text) {
        return (
            Cause::UntrustedCertificate,
            format!("the client refuses the certificate at {}: {}", address(facts), error.text),
        );
    }
    if timed_out(error) {
        return (
            Cause::Timeout,
            format!("{} within its deadline, and {} looks well from here", error.operation, address(facts)),
        );
    }
    (Cause::Unknown, error.to_string())
}

fn evidence(facts: &Facts) -> Vec<String> {
    let mut lines = Vec::new();
    lines.extend(facts.error.as_ref().map(|error| format!("client: {error}")));
    lines.extend(facts.lookup.as_ref().map(|lookup| match lookup {
        Lookup::Figures(_) => format!("name: {} is an address, so the client sends no server name", facts.host),
        Lookup::Found(address) => format!("name: {} resolves to {address}", facts.host),
        Lookup::Failed(text) => format!("name: {} does not resolve: {text}", facts.host),
    }));
    lines.extend(facts.tcp.as_ref().map(|tcp| format!("tcp: port {} {tcp}", facts.port)));
    lines.extend(facts.tls.as_ref().map(|tls| format!("tls: {tls}")));
    if is_default(facts) {
        lines.push("tls: that is the gateway's default certificate, shown for names that it does not know".to_owned());
    }
    lines.extend(facts.identity.as_ref().map(|identity| match identity {
        NodeIdentity::Confirmed => "kafka: the broker behind the name is the one that advertises it".to_owned(),
        NodeIdentity::Another => "kafka: another broker answers there than the one that advertises it".to_owned(),
        NodeIdentity::Unknown(text) => format!("kafka: which broker answers could not be asked: {text}"),
    }));
    lines.extend(facts.declared.iter().map(|declared| {
        format!("kubernetes: listener {} of {} declares {}", declared.listener, declared.resource, facts.host)
    }));
    for listener in &facts.listeners {
        let hostname = listener.hostname.as_deref().unwrap_or("any name");
        lines.push(format!(
            "kubernetes: Gateway {} listener {} serves {hostname} on port {}",
            listener.gateway, listener.name, listener.port
        ));
    }
    for route in &facts.routes {
        let conditions: Vec<_> = route
            .conditions
            .iter()
            .map(|one| format!("{}={} ({})", one.kind, if one.status { "True" } else { "False" }, one.reason))
            .collect();
        let state = if conditions.is_empty() { "no status".to_owned() } else { conditions.join(", ") };
        lines.push(format!("kubernetes: {} leads to {}: {state}", route.title(), backends(route)));
        for backend in &route.backends {
            let state = if backend.exists {
                format!("{} of {} Pods ready", backend.ready, backend.pods)
            } else {
                "does not exist".to_owned()
            };
            lines.push(format!("kubernetes: Service {}/{}: {state}", backend.namespace, backend.service));
        }
    }
    lines.extend(facts.gaps.iter().map(|gap| format!("not known: {gap}")));
    lines
}

#[cfg(test)]
#[path = "judge_tests.rs"]
mod tests;
