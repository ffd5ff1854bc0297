use super::*;
use crate::facts::Walked;
use kubeapi::parse_manifests;
use probe::tls::{Handshake, TlsOutcome};
use test_servers::{Authority, serve_tls};

const HOST: &str = "broker-11.kafka.test";

const ROUTE: &str = "
apiVersion: gateway.networking.k8s.io/v1
kind: TLSRoute
metadata: {name: b11, namespace: kafka}
spec:
  hostnames: [broker-11.kafka.test]
  parentRefs: [{name: lab}]
  rules: [{backendRefs: [{name: b11, port: PORT}]}]
status: {parents: [{conditions: [{type: Accepted, status: 'True', reason: Accepted}]}]}
";
const GATEWAY: &str = "
apiVersion: gateway.networking.k8s.io/v1
kind: Gateway
metadata: {name: lab, namespace: kafka}
spec: {gatewayClassName: some, listeners: [{name: tls, port: 9092}]}
status: {conditions: [{type: Accepted, status: 'True'}]}
";
const SERVICE: &str = "
apiVersion: v1
kind: Service
metadata: {name: b11, namespace: kafka}
spec: {clusterIP: 127.0.0.1, selector: {app: kafka}, ports: [{port: PORT}]}
";
const PODS: &str = "
apiVersion: v1
kind: Pod
metadata: {name: my-cluster-broker-11, namespace: kafka, labels: {app: kafka, strimzi.io/cluster: my-cluster}}
status: {conditions: [{type: Ready, status: 'True'}]}
---
apiVersion: v1
kind: Pod
metadata: {name: proxy, namespace: gateways, labels: {gateway.networking.k8s.io/gateway-name: lab}}
";
const NAMESPACES: &str = "
apiVersion: v1
kind: Namespace
metadata: {name: gateways, labels: {team: net}}
";

fn snapshot(route: &str, port: u16, policy: &str, version: Option<&str>) -> Snapshot {
    let parse = |text: &str| parse_manifests("test.yaml", &text.replace("PORT", &port.to_string())).expect("manifests");
    Snapshot::of(
        parse(route),
        parse(GATEWAY),
        parse(SERVICE),
        parse(PODS),
        parse(policy),
        parse(NAMESPACES),
        version.map(ToOwned::to_owned),
    )
}

/// The path through a gateway that closes, with the objects of the snapshot.
fn facts(snapshot: &Snapshot) -> Facts {
    let mut facts = Facts::of(HOST, 9092);
    facts.walked = Some(Walked { tls: true, kafka: Some(Err("closed".into())), ..Walked::default() });
    facts.tls = Some(TlsOutcome {
        address: nobody(),
        sni: Some(HOST.into()),
        handshake: Handshake::Closed,
        chain: Vec::new(),
        verdict: None,
        elapsed: Duration::ZERO,
    });
    snapshot.describe(&mut facts);
    facts
}

/// An address at which nothing listens.
fn nobody() -> SocketAddr {
    std::net::TcpListener::bind("127.0.0.1:0").and_then(|one| one.local_addr()).expect("a port")
}

async fn looked(snapshot: &Snapshot, cause: Cause) -> Failure {
    looked_at(snapshot, &facts(snapshot), cause).await
}

async fn looked_at(snapshot: &Snapshot, facts: &Facts, cause: Cause) -> Failure {
    let failure = Failure::new(cause, "an answer", "closed");
    second_look(failure, facts, None, snapshot, Duration::from_secs(5)).await
}

#[tokio::test]
async fn a_broker_that_answers_without_the_gateway_accuses_the_proxy() {
    let of_strimzi = "my-cluster-broker-11.my-cluster-kafka-brokers.kafka.svc";
    let broker = serve_tls(Authority::new("a").leaf("b", &[HOST, of_strimzi]).server(None)).await;
    let found = looked(&snapshot(ROUTE, broker.port(), "", Some("v1")), Cause::UnknownSni).await;
    assert_eq!(found.cause, Cause::ProxyRefusedConfig, "{found:#?}");
    assert!(found.seen.contains(&broker.to_string()), "{}", found.seen);
    let found = looked(&snapshot(ROUTE, nobody().port(), "", Some("v1")), Cause::UnknownSni).await;
    assert_eq!(found.cause, Cause::UnknownSni, "the broker does not answer either");
    let other = serve_tls(Authority::new("a").leaf("b", &[HOST]).server(None)).await;
    let found = looked(&snapshot(ROUTE, other.port(), "", Some("v1")), Cause::UnknownSni).await;
    assert_eq!(found.cause, Cause::UnknownSni, "what answers in TLS is no broker");
    assert!(found.evidence.iter().any(|line| line.starts_with("not known: whether the broker")), "{found:#?}");
}

#[tokio::test]
async fn a_gateway_that_answers_the_next_connection_did_not_refuse_its_configuration() {
    let of_strimzi = "my-cluster-broker-11.my-cluster-kafka-brokers.kafka.svc";
    let broker = serve_tls(Authority::new("a").leaf("b", &[HOST, of_strimzi]).server(None)).await;
    let snapshot = snapshot(ROUTE, broker.port(), "", Some("v1"));
    let mut facts = facts(&snapshot);
    facts.tls.as_mut().expect("it was asked").address = broker;
    let found = looked_at(&snapshot, &facts, Cause::UnknownSni).await;
    assert_eq!(found.cause, Cause::Timeout, "{found:#?}");
    assert!(found.seen.contains("answered the next"), "{}", found.seen);
}

#[tokio::test]
async fn a_policy_without_the_gateway_is_named() {
    let policy = |from: &str| {
        format!(
            "apiVersion: networking.k8s.io/v1\nkind: NetworkPolicy\nmetadata: {{name: brokers, namespace: kafka}}\n\
             spec: {{podSelector: {{matchLabels: {{app: kafka}}}}, ingress: [{{from: [{from}], ports: [{{port: 9094}}]}}]}}\n"
        )
    };
    for (from, cause) in [
        ("{podSelector: {}}", Cause::NetworkPolicy),
        ("{namespaceSelector: {matchLabels: {team: clients}}}", Cause::NetworkPolicy),
        ("{namespaceSelector: {matchLabels: {team: net}}}", Cause::Timeout),
        ("{ipBlock: {cidr: 10.0.0.0/8}}", Cause::Timeout),
        ("{namespaceSelector: {matchExpressions: [{key: team, operator: Exists}]}}", Cause::Timeout),
    ] {
        let found = looked(&snapshot(ROUTE, 9094, &policy(from), Some("v1")), Cause::Timeout).await;
        assert_eq!(found.cause, cause, "{from}: {}", found.seen);
    }
    let elsewhere = policy("{podSelector: {}}").replace("matchLabels: {app: kafka}", "matchLabels: {app: other}");
    let found = looked(&snapshot(ROUTE, 9094, &elsewhere, Some("v1")), Cause::Timeout).await;
    assert_eq!(found.cause, Cause::Timeout, "it does not select the broker");
}

#[tokio::test]
async fn routes_that_no_controller_reads_are_a_matter_of_the_version() {
    let unanswered = ROUTE.split("status:").next().unwrap_or_default();
    let found = looked(&snapshot(unanswered, 9094, "", Some("v1")), Cause::RouteNotAccepted).await;
    assert!(found.cause == Cause::ApiVersion && found.seen.contains("served in v1"), "{}", found.seen);
    let misnamed = unanswered.replace("name: lab", "name: other");
    let found = looked(&snapshot(&misnamed, 9094, "", Some("v1")), Cause::RouteNotAccepted).await;
    assert_eq!(found.cause, Cause::RouteNotAccepted, "its parent does not exist");
    let another = ROUTE.replace("name: b11, namespace", "name: b12, namespace").replace("broker-11.", "broker-12.");
    let found =
        looked(&snapshot(&format!("{unanswered}---{another}"), 9094, "", Some("v1")), Cause::RouteNotAccepted).await;
    assert_eq!(found.cause, Cause::RouteNotAccepted, "the controller has answered another route");
    let found = looked(&snapshot("", 9094, "", None), Cause::UnknownSni).await;
    assert!(found.cause == Cause::ApiVersion && found.seen.contains("not installed"), "{}", found.seen);
}
