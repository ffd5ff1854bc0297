//! The rules on where a name leads behind the gateway: one route or two, and the right port of the broker.

use super::classify::address;
use super::facts::{Facts, Parent, Route};
use model::Cause;

/// Two accepted routes with the same hostname on the same listener and with other backends. It is a fault even while the
/// right one wins, because which one wins depends on their age and on the implementation.
pub(super) fn hostname_shared(facts: &Facts) -> Option<(Cause, String)> {
    facts.walked.as_ref()?;
    let exact = |route: &&Route| route.kind == "TLSRoute" && route.accepted() && route.hostnames.contains(&facts.host);
    let routes: Vec<&Route> = facts.routes.iter().filter(exact).collect();
    let (one, other) = routes.iter().enumerate().find_map(|(index, one)| {
        let mut rest = routes[index + 1..].iter();
        Some((one, rest.find(|other| shares_a_listener(one, other) && !one.leads_as(other))?))
    })?;
    let text = format!(
        "{} and {} both have the hostname {} on the same listener and lead to different backends, so only one of them gets \
         the connections: give each a hostname of its own",
        one.title(),
        other.title(),
        facts.host
    );
    Some((Cause::HostnameShared, text))
}

fn shares_a_listener(one: &Route, other: &Route) -> bool {
    let same = |a: &Parent, b: &Parent| {
        let listeners = a.listener.is_none() || b.listener.is_none() || a.listener == b.listener;
        (&a.kind, &a.gateway) == (&b.kind, &b.gateway) && listeners
    };
    one.parents.iter().any(|a| other.parents.iter().any(|b| same(a, b)))
}

/// A Service whose port leads to another port of the broker than that of the listener that declares the name.
pub(super) fn backend_port(facts: &Facts) -> Option<(Cause, String)> {
    if facts.walked.as_ref()?.reached() {
        return None;
    }
    let declared = facts.declared.as_ref()?;
    let port = declared.port?;
    let route = facts.routes.iter().find(|route| route.accepted())?;
    let wrong = route.backends.iter().find(|one| {
        let ours = one.brokers.iter().any(|broker| broker.cluster == declared.cluster());
        ours && one.ready > 0 && one.target.is_some_and(|target| target != port)
    })?;
    let text = format!(
        "{} leads to port {} of Service {}/{}, and so to port {} of the broker, where listener {} of {} does not listen (its \
         port is {port}); {} therefore gets no answer of that listener",
        route.title(),
        wrong.port.unwrap_or_default(),
        wrong.namespace,
        wrong.service,
        wrong.target.unwrap_or_default(),
        declared.listener,
        declared.resource,
        address(facts)
    );
    Some((Cause::BackendPort, text))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::facts::{Backend, Condition, Declared, PodBroker, Walked};

    fn route(name: &str, service: &str, target: u16) -> Route {
        let accepted =
            Condition { kind: "Accepted".into(), status: true, reason: "Accepted".into(), message: String::new() };
        Route {
            kind: "TLSRoute".into(),
            namespace: "team".into(),
            name: name.into(),
            hostnames: vec!["b.test".into()],
            parents: vec![Parent { kind: "Gateway".into(), gateway: "kafka/lab".into(), listener: None }],
            conditions: vec![accepted],
            backends: vec![Backend {
                namespace: "kafka".into(),
                service: service.into(),
                exists: true,
                port: Some(9094),
                ports: vec![9094],
                target: Some(target),
                pods: 1,
                ready: 1,
                brokers: vec![PodBroker { cluster: "kafka/mine".into(), id: 1 }],
            }],
        }
    }

    fn facts(routes: Vec<Route>, kafka: Result<usize, String>) -> Facts {
        let declared = Declared {
            resource: "Kafka kafka/mine".into(),
            listener: "external".into(),
            port: Some(9094),
            tls: true,
            advertised: true,
            cluster_id: None,
        };
        let walked = Walked { tls: true, kafka: Some(kafka), ..Walked::default() };
        Facts { routes, declared: Some(declared), walked: Some(walked), ..Facts::of("b.test", 9092) }
    }

    #[test]
    fn two_routes_with_one_name_are_named_even_while_one_of_them_works() {
        let shared = |other| hostname_shared(&facts(vec![route("one", "a", 9094), other], Ok(60)));
        let (cause, text) = shared(route("two", "b", 9094)).expect("a finding");
        assert_eq!(cause, Cause::HostnameShared);
        assert!(text.contains("TLSRoute team/one and TLSRoute team/two"), "{text}");
        assert_eq!(shared(route("two", "a", 9094)), None, "both lead to the same place");
        let mut elsewhere = route("two", "b", 9094);
        elsewhere.parents[0].gateway = "other/lab".into();
        assert_eq!(shared(elsewhere), None, "another Gateway");
        let mut refused = route("two", "b", 9094);
        refused.conditions[0].status = false;
        assert_eq!(shared(refused), None, "it has no effect");
    }

    #[test]
    fn a_port_without_the_listener_is_named_if_the_path_fails() {
        let dead = || Err("closed".to_owned());
        let found = backend_port(&facts(vec![route("one", "a", 9999)], dead())).expect("a finding");
        assert!(found.0 == Cause::BackendPort && found.1.contains("port 9999 of the broker"), "{found:?}");
        assert_eq!(backend_port(&facts(vec![route("one", "a", 9094)], dead())), None);
        assert_eq!(backend_port(&facts(vec![route("one", "a", 9999)], Ok(60))), None, "the path works");
        let mut foreign = route("one", "a", 9999);
        foreign.backends[0].brokers[0].cluster = "kafka/theirs".into();
        assert_eq!(backend_port(&facts(vec![foreign], dead())), None, "that is a wrong broker");
    }
}
