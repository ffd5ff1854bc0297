//! The facts of a diagnosis, in words.

use super::classify::is_default;
use super::facts::{Facts, Listener, Lookup, Route};
use super::routing::backends;
use probe::{Peer, counted};

/// The hostnames of a route, and those of the listeners of its parents. The route cannot be accepted if they do not
/// overlap.
pub(super) fn side_by_side(route: &Route, served: &[Listener]) -> Vec<String> {
    let names = if route.hostnames.is_empty() { "any name".to_owned() } else { route.hostnames.join(", ") };
    let mut lines = Vec::new();
    for parent in &route.parents {
        let serve = parent.serve(served);
        lines.extend(serve.into_iter().map(|serves| format!("{} is for {names}; {serves}", route.title())));
    }
    lines
}

/// The facts behind a diagnosis, each line with its source, in the order in which they were gathered.
pub(super) fn evidence(facts: &Facts) -> Vec<String> {
    let mut lines = Vec::new();
    lines.extend(facts.error.as_ref().map(|error| format!("client: {error}")));
    lines.extend(facts.lookup.as_ref().map(|lookup| match lookup {
        Lookup::IpLiteral(_) => format!("name: {} is an address, so the client sends no server name", facts.host),
        Lookup::Found(address) => format!("name: {} resolves to {address}", facts.host),
        Lookup::Failed(text) => format!("name: {} does not resolve: {text}", facts.host),
    }));
    lines.extend(facts.tcp.as_ref().map(|tcp| format!("tcp: port {} {tcp}", facts.port)));
    lines.extend(facts.tls.as_ref().map(|tls| format!("tls: {tls}")));
    if is_default(facts) {
        lines.push("tls: that is the gateway's default certificate, shown for names that it does not know".to_owned());
    }
    if let Some(Peer::Unknown(why)) = facts.peers.iter().find(|peer| matches!(peer, Peer::Unknown(_))) {
        lines.push(format!("kafka: could not ask which broker answers: {why}"));
    } else if !facts.peers.is_empty() {
        lines.push(format!("kafka: {}", counted(&facts.whose(), &facts.peers)));
    }
    lines.extend(facts.declared.iter().map(|declared| {
        format!("kubernetes: listener {} of {} declares {}", declared.listener, declared.resource, facts.host)
    }));
    lines.extend(facts.listeners.iter().map(|listener| format!("kubernetes: {listener}")));
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
        if !route.accepted() {
            lines.extend(side_by_side(route, &facts.served).into_iter().map(|line| format!("kubernetes: {line}")));
        }
    }
    lines.extend(facts.gaps.iter().map(|gap| format!("not known: {gap}")));
    lines
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::facts::Parent;

    #[test]
    fn a_routes_names_stand_beside_those_of_its_listener() {
        let listener = |name: &str, hostname: Option<&str>| Listener {
            gateway: "kafka/lab".into(),
            name: name.into(),
            port: 9092,
            hostname: hostname.map(ToOwned::to_owned),
            ..Listener::default()
        };
        let parent = |listener: &str| Parent {
            kind: "Gateway".into(),
            gateway: "kafka/lab".into(),
            listener: Some(listener.into()),
        };
        let route = Route {
            kind: "TLSRoute".into(),
            namespace: "kafka".into(),
            name: "bootstrap".into(),
            hostnames: vec!["bootstrap.kafka.test".into()],
            parents: vec![parent("kafka"), parent("gone")],
            conditions: Vec::new(),
            backends: Vec::new(),
        };
        let served = [listener("kafka", Some("*.kafka.example")), listener("other", None)];
        assert_eq!(
            side_by_side(&route, &served),
            [
                "TLSRoute kafka/bootstrap is for bootstrap.kafka.test; Gateway kafka/lab listener kafka serves \
                 *.kafka.example on port 9092",
                "TLSRoute kafka/bootstrap is for bootstrap.kafka.test; Gateway kafka/lab listener gone does not exist",
            ]
        );
    }
}
