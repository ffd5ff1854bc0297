use super::super::{Stage, StageResult};
use super::*;
use kubeapi::testing::{Answer, ApiServer, Asked, status};
use serde_json::{Value, json};

/// A cluster with these objects, by the end of their path.
fn cluster(objects: &[(&str, Value)]) -> ApiServer {
    let objects: Vec<(String, Value)> =
        objects.iter().map(|(path, object)| ((*path).to_owned(), object.clone())).collect();
    ApiServer::new(move |asked: &Asked, _| {
        let found = objects.iter().find(|(path, _)| asked.path.ends_with(path.as_str()));
        found.map_or_else(
            || Answer::Json(404, status(404, "NotFound", "not found")),
            |(_, object)| Answer::Json(200, object.clone()),
        )
    })
}

fn fixture() -> GatewayFixture {
    GatewayFixture::load("contour").expect("sound")
}

/// The line of Contour's fixture that begins so, from 1.
fn line_of(beginning: &str) -> usize {
    let text = include_str!("../../../../../fixtures/gateways/contour/gateway.yaml");
    text.lines().position(|line| line.starts_with(beginning)).expect("the fixture has such a line") + 1
}

fn text(fixture: &GatewayFixture, stage: Stage, outcome: Outcome) -> String {
    StageResult { stage, outcome }.to_string().replace(fixture.dir.as_str(), "contour")
}

fn class(controller: &str, accepted: &str, features: Value) -> Value {
    json!({
        "apiVersion": "gateway.networking.k8s.io/v1", "kind": "GatewayClass", "metadata": {"name": "contour"},
        "spec": {"controllerName": controller},
        "status": {"conditions": [{"type": "Accepted", "status": accepted, "reason": "Pending", "message": "Waiting for controller"}],
            "supportedFeatures": features},
    })
}

fn gateway(programmed: &str, addresses: Value) -> Value {
    let condition =
        |kind: &str, status: &str| json!({"type": kind, "status": status, "reason": "Why", "message": "so"});
    json!({
        "apiVersion": "gateway.networking.k8s.io/v1", "kind": "Gateway", "metadata": {"name": "lab", "namespace": "kafka"},
        "status": {"conditions": [condition("Accepted", "True"), condition("Programmed", programmed)], "addresses": addresses},
    })
}

const OURS: &str = "projectcontour.io/gateway-controller";
const CLASS: &str = "/gatewayclasses/contour";
const GATEWAY: &str = "/namespaces/kafka/gateways/lab";

#[tokio::test]
async fn a_deployment_that_does_not_exist_is_named_with_the_line_and_with_what_lab_up_said() {
    let (server, fixture) = (cluster(&[]), fixture());
    let section = fixture.kind.clone().expect("on kind");
    let seen = Seen { catalog: &server.catalog, fixture: &fixture, up_said: Some("timed out after 240s") };
    let said = text(&fixture, Stage::Deployments, seen.deployments(&section).await);
    let place = format!("contour/gateway.yaml:{}", line_of("    deployments:"));
    assert!(said.contains(&format!("{place}: Deployment projectcontour/contour-gateway-provisioner")), "{said}");
    assert!(said.contains("is not Available: it does not exist"), "{said}");
    assert!(said.contains("`lab up` ended with: timed out after 240s"), "{said}");
}

#[tokio::test]
async fn a_class_that_no_controller_accepts_says_what_its_status_says() {
    let fixture = fixture();
    let says = async |class: Value| {
        let server = cluster(&[(CLASS, class)]);
        let seen = Seen { catalog: &server.catalog, fixture: &fixture, up_said: None };
        text(&fixture, Stage::GatewayClass, seen.gateway_class().await)
    };
    let sound = says(class(OURS, "True", json!(null))).await;
    assert_eq!(sound, format!("✓ GatewayClass  contour is Accepted by {OURS}"));
    let pending = says(class(OURS, "Unknown", json!(null))).await;
    assert!(pending.contains("Accepted=Unknown (Pending) Waiting for controller"), "{pending}");
    let other = says(class("example.com/other", "True", json!(null))).await;
    let line = line_of("controllerName:");
    assert!(
        other.contains(&format!("has controllerName \"example.com/other\", and contour/gateway.yaml:{line} says")),
        "{other}"
    );
}

#[tokio::test]
async fn a_gateway_needs_its_conditions_and_an_address_of_its_own() {
    let fixture = fixture();
    let says = async |object: Value, gateways: Gateways| {
        let server = cluster(&[(GATEWAY, object)]);
        let seen = Seen { catalog: &server.catalog, fixture: &fixture, up_said: None };
        text(&fixture, Stage::Gateway, seen.gateway(gateways).await)
    };
    let address = json!([{"type": "IPAddress", "value": "172.18.255.10"}]);
    let sound = says(gateway("True", address), Gateways::Separate).await;
    assert_eq!(sound, "✓ Gateway       kafka/lab is Programmed at 172.18.255.10");
    let waiting = says(gateway("False", json!([])), Gateways::Separate).await;
    assert!(waiting.contains("Gateway kafka/lab is not Programmed:"), "{waiting}");
    let nowhere = says(gateway("True", json!([])), Gateways::Separate).await;
    assert!(
        nowhere.contains("has no IP address in its status, and gateway.yaml says `gateways: separate`"),
        "{nowhere}"
    );
    let shared = says(gateway("True", json!([])), Gateways::Shared).await;
    assert!(shared.starts_with("✓ Gateway"), "{shared}");
}

#[tokio::test]
async fn a_contradiction_about_features_is_a_remark_and_no_list_is_no_statement() {
    let fixture = fixture();
    let says = async |features: Value| {
        let server = cluster(&[(CLASS, class(OURS, "True", features))]);
        let seen = Seen { catalog: &server.catalog, fixture: &fixture, up_said: None };
        text(&fixture, Stage::Features, seen.features().await)
    };
    let none = says(json!(null)).await;
    assert_eq!(none, "- features      skipped: GatewayClass contour lists none, so nothing is compared");
    let named = |names: &[&str]| names.iter().map(|name| json!({"name": name})).collect::<Value>();
    let claimed: Vec<&str> = fixture.features.iter().map(String::as_str).collect();
    assert!(says(named(&claimed)).await.starts_with("✓ features"));
    let without = says(named(&claimed[1..])).await;
    assert!(
        without.starts_with("! features      fixtures/gateways/contour/gateway.yaml claims TLSRoute, and"),
        "{without}"
    );
    let place = format!("(contour/gateway.yaml:{})", line_of("features:"));
    assert!(without.contains(&format!("correct `features` {place}")), "{without}");
}
