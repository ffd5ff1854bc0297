use super::*;
use crate::classify;
use crate::facts::{Backend, Condition, Declared, Listener, Parent, Route};

fn walked(tls: bool, mechanism: Option<&'static str>) -> Walked {
    Walked { tls, mechanism, kafka: Some(Ok(60)), ..Walked::default() }
}

fn seen(walked: Walked) -> (Cause, String) {
    let failure =
        classify(&Facts { tcp: Some(TcpOutcome::Connected), walked: Some(walked), ..Facts::of("b.test", 9092) });
    (failure.cause, failure.seen)
}

#[test]
fn each_mismatch_names_the_protocol_to_set() {
    let dead = || Some(Err("no Kafka answer".to_owned()));
    let scram = Some("SCRAM-SHA-512");
    for (walked, words) in [
        (Walked { kafka: dead(), speaks: Some(Speaks::Tls), ..walked(false, None) }, "security.protocol=SSL"),
        (Walked { kafka: dead(), speaks: Some(Speaks::Tls), ..walked(false, scram) }, "security.protocol=SASL_SSL"),
        (
            Walked { kafka: dead(), speaks: Some(Speaks::PlaintextKafka), ..walked(true, None) },
            "security.protocol=PLAINTEXT",
        ),
        (Walked { kafka: dead(), speaks: Some(Speaks::Http), ..walked(true, None) }, "1213486160"),
        (Walked { no_metadata: Some("closed".into()), ..walked(true, None) }, "security.protocol=SASL_SSL"),
        (
            Walked {
                login: Some(LoginOutcome::OtherMechanisms { enabled: vec!["SCRAM-SHA-512".into()] }),
                ..walked(true, Some("PLAIN"))
            },
            "enables SCRAM-SHA-512, and the client uses PLAIN",
        ),
        (
            Walked { login: Some(LoginOutcome::NoSasl { text: "closed".into() }), ..walked(true, scram) },
            "security.protocol=SSL",
        ),
    ] {
        let (cause, text) = seen(walked);
        assert!(cause == Cause::WrongProtocol && text.contains(words), "{words}: {cause} {text}");
    }
}

#[test]
fn a_refused_password_is_no_wrong_protocol() {
    let refused = Some(LoginOutcome::Refused { text: "invalid credentials".into() });
    let (cause, text) = seen(Walked { login: refused, ..walked(true, Some("SCRAM-SHA-512")) });
    assert!(cause == Cause::Authentication && text.contains("invalid credentials"), "{text}");
    assert_eq!(seen(walked(true, None)).0, Cause::Unknown, "nothing is wrong");
}

#[test]
fn a_certificate_of_a_terminating_listener_is_the_gateways() {
    let shown = |verdict, kafka, mode: &str| {
        let leaf = test_servers::Authority::new("gateway").leaf("gateway", &["b.test"]);
        let handshake =
            Handshake::Completed { protocol: "TLSv1_3".into(), alpn: None, afterwards: probe::tls::Afterwards::Open };
        let tls = TlsOutcome {
            address: "127.0.0.1:9092".parse().expect("an address"),
            sni: Some("b.test".into()),
            handshake,
            chain: vec![CertificateInfo::from_der(&leaf.der()).expect("a certificate")],
            verdict,
            elapsed: std::time::Duration::ZERO,
        };
        let listener = Listener {
            gateway: "kafka/lab".into(),
            name: "tls".into(),
            port: 9092,
            mode: mode.into(),
            ..Listener::default()
        };
        let facts = Facts {
            tcp: Some(TcpOutcome::Connected),
            tls: Some(tls),
            listeners: vec![listener],
            walked: Some(Walked { kafka: Some(kafka), ..walked(true, None) }),
            ..Facts::of("b.test", 9092)
        };
        classify(&facts).cause
    };
    let alert = || Err("an answer of 352518912 bytes is not valid Kafka".to_owned());
    let bad = || Some(Verdict::Bad("a CA used as end entity".into()));
    assert_eq!(shown(Some(Verdict::Untrusted), Ok(60), "Terminate"), Cause::TlsEndedByGateway);
    assert_eq!(shown(bad(), alert(), "Terminate"), Cause::TlsEndedByGateway);
    assert_eq!(shown(None, alert(), "Terminate"), Cause::TlsEndedByGateway);
    assert_eq!(shown(Some(Verdict::Untrusted), Ok(60), "Passthrough"), Cause::UntrustedCertificate);
    assert_eq!(shown(bad(), Ok(60), "Passthrough"), Cause::UntrustedCertificate);
    assert_eq!(shown(Some(Verdict::Good), Ok(60), "Terminate"), Cause::Unknown, "nothing is wrong");
}

#[test]
fn a_gateway_that_closes_is_not_another_protocol() {
    let dead = Walked { kafka: Some(Err("closed".into())), speaks: Some(Speaks::Nothing), ..walked(true, None) };
    assert_ne!(seen(dead).0, Cause::WrongProtocol);
}

fn route(target: u16) -> Route {
    let yes = |kind: &str| Condition { kind: kind.into(), status: true, reason: String::new(), message: String::new() };
    Route {
        kind: "TLSRoute".into(),
        namespace: "kafka".into(),
        name: "b".into(),
        hostnames: vec!["b.test".into()],
        parents: vec![Parent { kind: "Gateway".into(), gateway: "kafka/lab".into(), listener: None }],
        conditions: vec![yes("Accepted"), yes("ResolvedRefs")],
        backends: vec![Backend {
            namespace: "kafka".into(),
            service: "b".into(),
            exists: true,
            port: Some(9094),
            ports: vec![9094],
            target: Some(target),
            pods: 1,
            ready: 1,
            brokers: Vec::new(),
        }],
    }
}

fn listener(mode: &str) -> Listener {
    let (gateway, name) = ("kafka/lab".into(), "tls".into());
    Listener { gateway, name, port: 9092, mode: mode.into(), ..Listener::default() }
}

fn closed(tls: bool) -> TlsOutcome {
    TlsOutcome {
        address: "127.0.0.1:9092".parse().expect("an address"),
        sni: Some("b.test".into()),
        handshake: if tls { Handshake::Closed } else { Handshake::NotTls },
        chain: Vec::new(),
        verdict: None,
        elapsed: std::time::Duration::ZERO,
    }
}

/// A TLS client whose handshake was ended, behind a route that leads to a ready broker.
fn behind_a_route() -> Facts {
    Facts {
        tcp: Some(TcpOutcome::Connected),
        tls: Some(closed(true)),
        lookup: Some(Lookup::Found([192, 0, 2, 1].into())),
        routes: vec![route(9094)],
        routes_known: true,
        listeners: vec![listener("Passthrough")],
        served: vec![listener("Passthrough")],
        walked: Some(Walked { kafka: Some(Err("closed".into())), ..walked(true, None) }),
        ..Facts::of("b.test", 9092)
    }
}

#[test]
fn passthrough_to_a_listener_without_tls_is_a_wrong_protocol() {
    let declared = |tls| Declared {
        resource: "Kafka kafka/mine".into(),
        listener: "plain".into(),
        port: Some(9094),
        tls,
        advertised: true,
        cluster_id: None,
    };
    let with = |tls| Facts { behind: Some(declared(tls)), ..behind_a_route() };
    let found = classify(&with(false));
    assert!(found.cause == Cause::WrongProtocol && found.seen.contains("369295616"), "{}", found.seen);
    assert_eq!(classify(&with(true)).cause, Cause::UnknownSni, "a listener with TLS would have answered");
    let ended = Facts { listeners: vec![listener("Terminate")], ..with(false) };
    assert_ne!(classify(&ended).cause, Cause::WrongProtocol);
}

#[test]
fn a_route_whose_gateway_is_gone_is_not_accepted_whatever_its_status_says() {
    let gone = Facts { served: vec![Listener { gateway: "kafka/other".into(), ..listener("") }], ..behind_a_route() };
    let found = classify(&gone);
    assert_eq!(found.cause, Cause::RouteNotAccepted);
    assert!(found.seen.contains("Gateway kafka/lab does not exist"), "{}", found.seen);
    let mut set = gone;
    set.routes[0].parents[0].kind = "ListenerSet".into();
    assert_eq!(classify(&set).cause, Cause::UnknownSni, "a ListenerSet is no Gateway");
}

#[test]
fn what_a_gateway_says_in_http_at_a_broker_s_port_without_a_route_is_a_missing_route() {
    let http = Walked { kafka: Some(Err("HTTP".into())), speaks: Some(Speaks::Http), ..walked(false, None) };
    let broker = probe::BrokerAddr { id: Some(11), host: "b.test".into(), port: 9092 };
    let of = |broker, routes| Facts { broker, routes, tls: None, walked: Some(http.clone()), ..behind_a_route() };
    assert_eq!(classify(&of(Some(broker.clone()), Vec::new())).cause, Cause::RouteMissing);
    assert_eq!(classify(&of(Some(broker), vec![route(9094)])).cause, Cause::WrongProtocol);
    assert_eq!(classify(&of(None, Vec::new())).cause, Cause::WrongProtocol, "a client with the port of a web server");
}

#[test]
fn a_name_that_leads_past_the_gateway_is_named_if_nothing_serves_it_there() {
    let at = |address: [u8; 4]| Facts { addresses: vec![address.into()], ..behind_a_route() };
    let found = classify(&at([192, 0, 2, 7]));
    assert_eq!(found.cause, Cause::NameResolvesElsewhere);
    assert!(found.seen.contains("resolves to 192.0.2.1") && found.seen.contains("192.0.2.7"), "{}", found.seen);
    assert_ne!(classify(&at([192, 0, 2, 1])).cause, Cause::NameResolvesElsewhere, "it is the Gateway's");
}

#[test]
fn a_port_at_which_the_gateway_has_no_listener_is_not_blamed_on_the_name() {
    let refused = || Facts { tcp: Some(TcpOutcome::Refused), tls: None, ..behind_a_route() };
    let elsewhere = Facts { addresses: vec![[192, 0, 2, 7].into()], ..refused() };
    assert_eq!(classify(&elsewhere).cause, Cause::NameResolvesElsewhere);
    // As with the port 443 of Strimzi's status: the Gateway's own address would not help.
    let at_443 = Facts { port: 443, listeners: Vec::new(), ..elsewhere };
    assert_eq!(classify(&at_443).cause, Cause::Unreachable);
}
