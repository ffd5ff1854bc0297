use super::*;
use crate::classify::classify;
use crate::facts::{Declared, Listener, Parent, Route, Walked};
use probe::{BrokerAddr, ClientError};
use std::net::IpAddr;

/// The address that broker 11 advertises, in a cluster whose routes are known, and none has the name.
fn advertised() -> Facts {
    let mut facts = Facts::of("broker-11.kafka.test", 9092);
    facts.broker = Some(BrokerAddr { id: Some(11), host: facts.host.clone(), port: 9092 });
    facts.error = Some(ClientError::harness("produce to orders", "it failed"));
    facts.routes_known = true;
    facts
}

fn declared() -> Declared {
    Declared {
        resource: "Kafka strimzi/gateway-api-test".into(),
        listener: "external".into(),
        port: Some(9094),
        tls: true,
        advertised: true,
        cluster_id: None,
    }
}

#[test]
fn an_advertised_name_that_no_gateway_serves_is_a_wrong_address_and_not_missing_dns() {
    let listener = |name: &str, hostname: &str| Listener {
        gateway: "strimzi/my-gateway".into(),
        name: name.into(),
        port: 9092,
        hostname: Some(hostname.into()),
        ..Listener::default()
    };
    let host = "broker-11.strimzi.gateway.wrong.test";
    let typo = Facts {
        host: host.into(),
        lookup: Some(Lookup::Failed("no such name".into())),
        routes: Vec::new(),
        served: vec![listener("a", "*.other.example"), listener("b", "*.strimzi.gateway.api.test")],
        declared: Some(declared()),
        ..advertised()
    };
    let diagnosis = classify(&typo);
    assert_eq!(diagnosis.cause, Cause::AdvertisedAddress, "{diagnosis:#?}");
    for words in ["no Gateway serves it (they serve *.strimzi.gateway.api.test", "advertisedHost of broker 11"] {
        assert!(diagnosis.seen.contains(words), "{words}: {}", diagnosis.seen);
    }
    // A listener for any name, such as another team's TCP listener, does not serve it: no route has the name.
    let nameless = Listener { hostname: None, ..listener("tcp", "") };
    let beside = Facts { served: vec![listener("b", "*.strimzi.gateway.api.test"), nameless], ..typo.clone() };
    assert_eq!(classify(&beside).cause, Cause::AdvertisedAddress, "{:?}", classify(&beside));
    // A name that a Gateway serves lacks only DNS.
    let served = Facts { served: vec![listener("c", "*.wrong.test")], ..typo.clone() };
    let diagnosis = classify(&served);
    assert!(diagnosis.cause == Cause::UnresolvedName && diagnosis.seen.contains("add it to DNS"), "{diagnosis:?}");
    // And a name that the client was given is not advertised.
    let given = classify(&Facts { broker: None, declared: None, ..typo });
    assert!(given.cause == Cause::UnresolvedName && given.seen.contains("check the name"), "{given:?}");
}

#[test]
fn a_port_that_is_closed_for_lack_of_a_route_is_a_missing_route() {
    let own = IpAddr::from([192, 0, 2, 7]);
    let listener = |attached_routes, addresses: Vec<IpAddr>| Listener {
        gateway: "kafka/own".into(),
        name: "broker-11".into(),
        port: 9092,
        attached_routes,
        addresses,
        ..Listener::default()
    };
    let closed = |listeners: Vec<Listener>| Facts {
        lookup: Some(Lookup::Found(own)),
        tcp: Some(TcpOutcome::Refused),
        served: listeners.clone(),
        listeners,
        walked: Some(Walked::default()),
        ..advertised()
    };
    let diagnosis = classify(&closed(vec![listener(Some(0), vec![own])]));
    assert_eq!(diagnosis.cause, Cause::RouteMissing, "{diagnosis:?}");
    assert!(diagnosis.seen.ends_with("so it keeps the port closed"), "{}", diagnosis.seen);
    // A probe without a client has neither walked nor an error of a client.
    let probed = Facts { walked: None, error: None, ..closed(vec![listener(Some(0), vec![own])]) };
    assert_eq!(classify(&probed).cause, Cause::RouteMissing, "{:?}", classify(&probed));
    // A name that nothing declares has no route either.
    let unknown = classify(&Facts { broker: None, declared: None, ..probed.clone() });
    assert!(unknown.cause == Cause::UnknownSni && unknown.seen.ends_with("keeps the port closed"), "{unknown:?}");
    // Another Gateway's listener of that port says nothing about this address.
    let elsewhere = listener(Some(4), vec![IpAddr::from([192, 0, 2, 8])]);
    let beside = classify(&closed(vec![listener(Some(0), vec![own]), elsewhere.clone()]));
    assert_eq!(beside.cause, Cause::RouteMissing, "{beside:?}");
    // With a route at the port, or without a listener there, it is the gateway that does not run or listen.
    for other in [vec![listener(Some(3), vec![own])], vec![listener(None, vec![own])], vec![elsewhere], Vec::new()] {
        let diagnosis = classify(&closed(other));
        assert_eq!(diagnosis.cause, Cause::Unreachable, "{diagnosis:?}");
    }
}

#[test]
fn an_address_that_went_with_its_gateway_is_a_route_without_a_gateway() {
    let route = |gateway: &str| Route {
        kind: "TLSRoute".into(),
        namespace: "kafka".into(),
        name: "broker-11".into(),
        hostnames: vec!["broker-11.kafka.test".into()],
        parents: vec![Parent { kind: "Gateway".into(), gateway: gateway.into(), listener: None }],
        conditions: Vec::new(),
        backends: Vec::new(),
    };
    let closed = |routes: Vec<Route>| Facts {
        lookup: Some(Lookup::Found([192, 0, 2, 7].into())),
        tcp: Some(TcpOutcome::Refused),
        routes,
        served: vec![Listener { gateway: "kafka/another".into(), port: 9092, ..Listener::default() }],
        walked: Some(Walked::default()),
        ..advertised()
    };
    let diagnosis = classify(&closed(vec![route("kafka/own")]));
    assert_eq!(diagnosis.cause, Cause::RouteNotAccepted, "{diagnosis:?}");
    assert!(diagnosis.seen.contains("has no Gateway any more"), "{}", diagnosis.seen);
    // One route still has its Gateway, which does not run.
    let other = classify(&closed(vec![route("kafka/own"), route("kafka/another")]));
    assert_eq!(other.cause, Cause::Unreachable, "{other:?}");
}
