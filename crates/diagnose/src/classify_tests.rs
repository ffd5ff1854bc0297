use super::*;
use crate::{Backend, Condition, Declared, Gateway, Listener, Lookup, Parent, PodBroker, Route};
use probe::tcp::TcpOutcome;
use probe::tls::{TlsOutcome, probe};
use probe::{BrokerAddr, CertificateInfo, ClientError, Peer};
use std::time::Duration;
use time::macros::datetime;

const HOST: &str = "broker-11.kafka.test";
const DEFAULT: &str = "GATEWAY DEFAULT";

fn leaf(common_name: &str) -> CertificateInfo {
    CertificateInfo {
        subject: format!("CN={common_name}"),
        issuer: "CN=the authority".into(),
        common_name: common_name.into(),
        dns_names: vec!["broker-12.kafka.test".into()],
        addresses: Vec::new(),
        not_before: datetime!(2026-01-01 0:00 UTC),
        not_after: datetime!(2026-02-01 0:00 UTC),
        fingerprint: String::new(),
    }
}

fn tls(handshake: Handshake, shown: Option<&str>, verdict: Option<Verdict>) -> Option<TlsOutcome> {
    Some(TlsOutcome {
        address: "127.0.0.1:9092".parse().expect("an address"),
        sni: Some(HOST.into()),
        handshake,
        chain: shown.map(leaf).into_iter().collect(),
        verdict,
        elapsed: Duration::from_millis(3),
    })
}

fn completed(afterwards: Afterwards) -> Handshake {
    Handshake::Completed { protocol: "TLSv1_3".into(), alpn: None, afterwards }
}

fn pod(cluster: &str, id: i32) -> PodBroker {
    PodBroker { cluster: cluster.into(), id }
}

fn error(code: &str, text: &str) -> Option<ClientError> {
    Some(ClientError { code: code.into(), ..ClientError::harness("produce to orders", text) })
}

fn condition(kind: &str, status: bool, reason: &str) -> Condition {
    Condition { kind: kind.into(), status, reason: reason.into(), message: "as the gateway says".into() }
}

fn route() -> Route {
    Route {
        kind: "TLSRoute".into(),
        namespace: "kafka".into(),
        name: "my-cluster-broker-11".into(),
        hostnames: vec![HOST.into()],
        parents: Vec::new(),
        conditions: vec![condition("Accepted", true, "Accepted"), condition("ResolvedRefs", true, "ResolvedRefs")],
        backends: vec![Backend {
            namespace: "kafka".into(),
            service: "my-cluster-broker-11".into(),
            exists: true,
            port: Some(9094),
            ports: vec![9094],
            target: Some(9094),
            pods: 1,
            ready: 1,
            brokers: vec![pod("kafka/my-cluster", 11)],
        }],
    }
}

/// Broker 11's advertised address. The gateway closes without a certificate, and the cluster has the broker's route.
fn facts() -> Facts {
    Facts {
        broker: Some(BrokerAddr { id: Some(11), host: HOST.into(), port: 9092 }),
        error: error("BrokerTransportFailure", "Disconnected (after 3ms in state SSL_HANDSHAKE)"),
        lookup: Some(Lookup::Found([127, 0, 0, 1].into())),
        tcp: Some(TcpOutcome::Connected),
        tls: tls(Handshake::Closed, None, None),
        routes: vec![route()],
        routes_known: true,
        gateway: Gateway { ports: vec![9092, 9093], default_certificate: Some(DEFAULT.into()) },
        ..Facts::of(HOST, 9092)
    }
}

fn with_backend(change: impl FnOnce(&mut Backend)) -> Facts {
    let mut facts = facts();
    change(&mut facts.routes[0].backends[0]);
    facts
}

fn with_condition(condition: Condition) -> Facts {
    let mut facts = facts();
    facts.routes[0].conditions.retain(|one| one.kind != condition.kind);
    facts.routes[0].conditions.push(condition);
    facts
}

#[test]
fn each_cause_has_facts_that_lead_to_it() {
    let unadvertised = |facts: Facts| Facts { broker: None, ..facts };
    let shows = |verdict| Facts { tls: tls(completed(Afterwards::Open), Some("broker"), Some(verdict)), ..facts() };
    let internal = "my-cluster-broker-11.my-cluster-kafka-brokers.kafka.svc";
    let table: Vec<(Cause, &str, Facts)> = vec![
        (Cause::UnresolvedName, HOST, Facts { lookup: Some(Lookup::Failed("no such name".into())), ..facts() }),
        (Cause::Unreachable, "nothing listens", Facts { tcp: Some(TcpOutcome::Refused), tls: None, ..facts() }),
        (
            Cause::AdvertisedAddress,
            "its ports are 9092, 9093",
            Facts { port: 443, tcp: Some(TcpOutcome::Refused), tls: None, ..facts() },
        ),
        (
            Cause::AdvertisedAddress,
            internal,
            Facts {
                host: internal.into(),
                lookup: Some(Lookup::Failed("no such name".into())),
                routes: vec![],
                ..facts()
            },
        ),
        (
            Cause::NoSni,
            "by address",
            Facts { lookup: Some(Lookup::IpLiteral([127, 0, 0, 1].into())), ..unadvertised(facts()) },
        ),
        (Cause::RouteMissing, "broker 11 advertises it", Facts { routes: vec![], ..facts() }),
        (
            Cause::RouteMissing,
            "listener external of Kafka kafka/my-cluster declares it",
            Facts {
                routes: vec![],
                declared: Some(Declared {
                    resource: "Kafka kafka/my-cluster".into(),
                    listener: "external".into(),
                    port: None,
                    tls: true,
                    advertised: false,
                    cluster_id: None,
                }),
                ..unadvertised(facts())
            },
        ),
        (Cause::UnknownSni, "no broker advertises it", Facts { routes: vec![], ..unadvertised(facts()) }),
        (Cause::UnknownSni, "although TLSRoute kafka/my-cluster-broker-11 covers it", facts()),
        (Cause::UnknownSni, "does not serve", Facts { routes: vec![], routes_known: false, ..facts() }),
        (
            Cause::RouteNotAccepted,
            "NoMatchingListenerHostname: as the gateway says",
            with_condition(condition("Accepted", false, "NoMatchingListenerHostname")),
        ),
        (Cause::RouteNotAccepted, "no gateway controller", {
            let mut facts = facts();
            facts.routes[0].conditions.clear();
            facts
        }),
        (
            Cause::BackendUnresolved,
            "RefNotPermitted",
            with_condition(condition("ResolvedRefs", false, "RefNotPermitted")),
        ),
        (Cause::BackendUnresolved, "does not exist", with_backend(|backend| backend.exists = false)),
        (Cause::BrokerDown, "no ready Pod", with_backend(|backend| backend.ready = 0)),
        // Envoy Gateway says this of a Service that exists and has no ready Pod.
        (Cause::BrokerDown, "no ready Pod", {
            let mut facts = with_condition(condition("ResolvedRefs", false, "EndpointsNotFound"));
            facts.routes[0].backends.iter_mut().for_each(|backend| backend.ready = 0);
            facts
        }),
        (
            Cause::WrongBroker,
            "leads to broker 12: TLSRoute",
            with_backend(|backend| backend.brokers = vec![pod("kafka/my-cluster", 12)]),
        ),
        (Cause::WrongBroker, "another broker", Facts { peers: vec![Peer::Another], ..facts() }),
        (Cause::CertificateName, "is for broker-12.kafka.test", shows(Verdict::WrongName)),
        (Cause::UntrustedCertificate, "CN=the authority", shows(Verdict::Untrusted)),
        (Cause::CertificateExpired, "2026-02-01", shows(Verdict::Expired)),
        (
            Cause::ClientCertificate,
            "or received none",
            Facts {
                tls: tls(completed(Afterwards::Alert { name: "CertificateRequired".into() }), Some("broker"), None),
                ..facts()
            },
        ),
        (
            Cause::ClientCertificate,
            "clients CA",
            Facts { error: error("SSL", "tlsv1 alert unknown ca: SSL alert number 48"), ..facts() },
        ),
        (Cause::Authentication, "bad password", Facts { error: error("Authentication", "bad password"), ..facts() }),
        (Cause::Authorization, "ACLs", Facts { error: error("TopicAuthorizationFailed", "denied"), ..facts() }),
        (
            Cause::UnknownTopic,
            "does not exist",
            Facts { error: error("UnknownTopicOrPartition", "unknown"), ..facts() },
        ),
        (
            Cause::Timeout,
            "within its deadline",
            Facts {
                error: error("MessageTimedOut", "timed out"),
                tls: tls(completed(Afterwards::Open), Some("broker"), Some(Verdict::Good)),
                ..facts()
            },
        ),
        (
            Cause::Unknown,
            "something new",
            Facts {
                error: error("Fail", "something new"),
                tls: tls(completed(Afterwards::Open), Some("broker"), Some(Verdict::Good)),
                ..facts()
            },
        ),
    ];
    for (cause, mention, facts) in &table {
        let diagnosis = classify(facts);
        assert_eq!(diagnosis.cause, *cause, "{diagnosis:#?}");
        assert!(diagnosis.seen.contains(mention), "{mention} is not in: {}", diagnosis.seen);
        assert!(!diagnosis.evidence.is_empty());
        // One sentence, and not a paragraph.
        assert!(!diagnosis.seen.contains('\n'), "{}", diagnosis.seen);
    }
    let all = [
        Cause::UnresolvedName,
        Cause::Unreachable,
        Cause::UnknownSni,
        Cause::NoSni,
        Cause::RouteMissing,
        Cause::RouteNotAccepted,
        Cause::BackendUnresolved,
        Cause::BrokerDown,
        Cause::WrongBroker,
        Cause::AdvertisedAddress,
        Cause::CertificateName,
        Cause::UntrustedCertificate,
        Cause::CertificateExpired,
        Cause::ClientCertificate,
        Cause::Authentication,
        Cause::Authorization,
        Cause::UnknownTopic,
        Cause::Timeout,
        Cause::Unknown,
    ];
    for cause in all {
        assert!(table.iter().any(|(covered, _, _)| *covered == cause), "no facts lead to {cause}");
    }
}

#[test]
fn the_default_certificate_is_an_unknown_name_and_not_an_untrusted_certificate() {
    let shown = tls(completed(Afterwards::Closed), Some(DEFAULT), Some(Verdict::Untrusted));
    let missing = classify(&Facts { routes: vec![], tls: shown.clone(), ..facts() });
    assert_eq!(missing.cause, Cause::RouteMissing);
    assert!(missing.evidence.iter().any(|line| line.contains("default certificate")), "{:?}", missing.evidence);
    // Without the fixture's entry for it, it is only a certificate that the client does not trust.
    let unaware = Facts { routes: vec![], tls: shown, gateway: Gateway::default(), ..facts() };
    assert_eq!(classify(&unaware).cause, Cause::UntrustedCertificate);
}

/// Traefik 3.6 keeps such a connection open and shows its own certificate, where 3.7 closes.
#[test]
fn a_client_by_address_sends_no_name_also_if_the_gateway_shows_its_default_certificate() {
    let by_address = |shown| Facts {
        broker: None,
        host: "127.0.0.1".into(),
        lookup: Some(Lookup::IpLiteral([127, 0, 0, 1].into())),
        tls: tls(completed(Afterwards::Open), Some(shown), Some(Verdict::Untrusted)),
        routes: vec![],
        ..facts()
    };
    let diagnosis = classify(&by_address(DEFAULT));
    assert_eq!(diagnosis.cause, Cause::NoSni, "{diagnosis:#?}");
    assert!(diagnosis.seen.contains("connects to 127.0.0.1:9092 by address"), "{}", diagnosis.seen);
    // A server that does not choose by name shows its own certificate to everybody.
    assert_eq!(classify(&by_address("broker")).cause, Cause::UntrustedCertificate);
}

fn declared(resource: &str) -> Option<Declared> {
    Some(Declared {
        resource: resource.into(),
        listener: "external".into(),
        port: None,
        tls: true,
        advertised: true,
        cluster_id: None,
    })
}

#[test]
fn answers_that_differ_are_a_wrong_broker() {
    let said = |id| Peer::Said { id, cluster_id: None };
    let well = || tls(completed(Afterwards::Open), Some("broker"), Some(Verdict::Good));
    let asked = |ids: &[i32]| Facts {
        error: error("MessageTimedOut", "timed out"),
        tls: well(),
        peers: ids.iter().copied().map(said).collect(),
        ..with_backend(|backend| backend.brokers = [10, 11, 12].map(|id| pod("kafka/my-cluster", id)).to_vec())
    };
    let diagnosis = classify(&asked(&[11, 12, 10, 11, 12]));
    assert_eq!(diagnosis.cause, Cause::WrongBroker, "{diagnosis:#?}");
    let counts = "2 of 5 connections reached broker 11, 2 broker 12, 1 broker 10";
    assert!(diagnosis.seen.contains("leads to several brokers"), "{}", diagnosis.seen);
    assert!(diagnosis.seen.contains(counts), "{}", diagnosis.seen);
    assert!(diagnosis.evidence.contains(&format!("kafka: {counts}")), "{:#?}", diagnosis.evidence);
    // If the same peer answers each time, the route is not to blame.
    assert_eq!(classify(&asked(&[11; 5])).cause, Cause::Timeout);
    assert_eq!(classify(&asked(&[12; 5])).cause, Cause::WrongBroker);
}

#[test]
fn a_broker_of_another_cluster_is_a_wrong_broker_and_no_untrusted_certificate() {
    // Both clusters have a broker 11. The first one's CA did not sign the certificate that was shown.
    let mut shown = tls(completed(Afterwards::Open), Some("two-kafka"), Some(Verdict::Untrusted));
    if let Some(outcome) = &mut shown {
        outcome.chain[0].dns_names = vec!["two-node-11.two-kafka-brokers.kafka.svc".into()];
    }
    let two = pod("kafka/two", 11);
    let facts = Facts {
        error: error("SSL", "certificate verify failed"),
        tls: shown,
        declared: declared("Kafka kafka/one"),
        ..with_backend(|backend| backend.brokers = vec![two])
    };
    let diagnosis = classify(&facts);
    assert_eq!(diagnosis.cause, Cause::WrongBroker, "{diagnosis:#?}");
    assert!(diagnosis.seen.contains("leads to broker 11 of Kafka kafka/two, and not of Kafka kafka/one"));
    // The route alone is enough, and so is the certificate.
    let by_route = classify(&Facts { tls: tls(Handshake::Closed, None, None), ..facts.clone() });
    assert!(by_route.seen.contains("broker 11 of Kafka kafka/two"), "{}", by_route.seen);
    let by_certificate = classify(&Facts { routes: Vec::new(), ..facts.clone() });
    assert_eq!(by_certificate.cause, Cause::WrongBroker);
    // If no resource declares the name, at least the certificate's cluster is named.
    let unclaimed = classify(&Facts { routes: Vec::new(), declared: None, ..facts });
    assert_eq!(unclaimed.cause, Cause::UntrustedCertificate);
    assert!(unclaimed.seen.contains("Secret kafka/two-cluster-ca-cert"), "{}", unclaimed.seen);
}

#[test]
fn a_rejected_route_is_reported_with_what_its_listener_serves() {
    let mut facts = with_condition(Condition {
        message: String::new(),
        ..condition("Accepted", false, "NoMatchingListenerHostname")
    });
    facts.routes[0].parents =
        vec![Parent { kind: "Gateway".into(), gateway: "kafka/lab".into(), listener: Some("kafka".into()) }];
    facts.served = vec![Listener {
        gateway: "kafka/lab".into(),
        name: "kafka".into(),
        port: 9092,
        hostname: Some("*.kafka.example".into()),
        ..Listener::default()
    }];
    let summary = classify(&facts).seen;
    let end = "(NoMatchingListenerHostname); Gateway kafka/lab listener kafka serves *.kafka.example on port 9092";
    assert!(summary.ends_with(end), "{summary}");
}

#[test]
fn the_evidence_tells_the_sources() {
    let diagnosis = classify(&Facts { gaps: vec!["the cluster's Pod objects: denied".into()], ..facts() });
    for source in ["client: ", "name: ", "tcp: ", "tls: ", "kubernetes: TLSRoute", "kubernetes: Service", "not known: "]
    {
        assert!(diagnosis.evidence.iter().any(|line| line.starts_with(source)), "{source}: {:#?}", diagnosis.evidence);
    }
}

#[tokio::test]
async fn a_real_probe_of_a_closed_port_is_unreachable() {
    let address = std::net::TcpListener::bind("127.0.0.1:0").and_then(|socket| socket.local_addr()).expect("a port");
    let outcome = probe(address, Some(HOST), &[], None, Duration::from_secs(5)).await;
    let facts =
        Facts { port: address.port(), tcp: Some(TcpOutcome::Refused), tls: Some(outcome), broker: None, ..facts() };
    assert_eq!(classify(&facts).cause, Cause::Unreachable);
}

#[test]
fn a_ready_broker_that_answers_nothing_is_not_an_unknown_name() {
    let silent = tls(Handshake::TimedOut { connected: true }, None, None);
    let frozen = classify(&Facts { tls: silent.clone(), routes: vec![route()], ..facts() });
    assert_eq!(frozen.cause, Cause::Timeout, "{}", frozen.seen);
    assert!(frozen.seen.contains("may be frozen"), "{}", frozen.seen);
    // Without a route, it is the gateway that does not answer.
    assert_ne!(classify(&Facts { tls: silent, routes: Vec::new(), ..facts() }).cause, Cause::Timeout);
}
