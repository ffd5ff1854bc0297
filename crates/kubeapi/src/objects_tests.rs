use super::*;
use crate::testing::{Answer, ApiServer, Asked, pod, status};
use http::Method;

fn one(text: &str) -> DynamicObject {
    parse_manifests("a.yaml", text).expect("a manifest").remove(0)
}

/// A server that answers with the applied object.
fn echo() -> ApiServer {
    ApiServer::new(|asked: &Asked, _| Answer::Json(200, asked.body.clone()))
}

#[tokio::test]
async fn an_object_is_applied_on_the_servers_side_and_strictly() {
    let server = echo();
    let pod = one("apiVersion: v1\nkind: Pod\nmetadata: {name: p}\n");
    let reference = apply(&server.catalog, &pod, "kafka", MANAGER).await.expect("applied");
    assert_eq!(reference.to_string(), "Pod kafka/p");
    let asked = server.asked().remove(0);
    assert_eq!((asked.method, asked.path.as_str()), (Method::PATCH, "/api/v1/namespaces/kafka/pods/p"));
    for parameter in ["fieldManager=kafka-gateway-lab", "force=true", "fieldValidation=Strict"] {
        assert!(asked.query.contains(parameter), "{parameter} in {}", asked.query);
    }
    assert_eq!(asked.body["metadata"]["namespace"], "kafka", "the default namespace");
}

#[tokio::test]
async fn an_object_keeps_the_namespace_that_it_names() {
    let server = echo();
    let pod = one("apiVersion: v1\nkind: Pod\nmetadata: {name: p, namespace: other}\n");
    assert_eq!(apply(&server.catalog, &pod, "kafka", MANAGER).await.expect("applied").namespace, "other");
}

#[tokio::test]
async fn a_kind_without_namespaces_gets_none() {
    let server = echo();
    let namespace = one("apiVersion: v1\nkind: Namespace\nmetadata: {name: mine}\n");
    let reference = apply(&server.catalog, &namespace, "kafka", MANAGER).await.expect("applied");
    assert_eq!(reference.to_string(), "Namespace mine");
    let asked = server.asked().remove(0);
    assert_eq!(asked.path, "/api/v1/namespaces/mine");
    assert!(asked.body["metadata"]["namespace"].is_null(), "{}", asked.body);
}

#[tokio::test]
async fn a_refusal_names_the_object_and_has_the_servers_words() {
    let words = "spec.contaners: field not declared in schema";
    let server = ApiServer::new(move |_: &Asked, _| Answer::Json(400, status(400, "BadRequest", words)));
    let pod = one("apiVersion: v1\nkind: Pod\nmetadata: {name: p}\n");
    let error = apply(&server.catalog, &pod, "kafka", MANAGER).await.expect_err("refused").to_string();
    assert_eq!(error, format!("the API server refused to apply Pod kafka/p: {words} (400 BadRequest)"));
}

#[tokio::test]
async fn what_is_gone_already_is_deleted() {
    let reference =
        ObjectRef { api_version: "v1".into(), kind: "Pod".into(), namespace: "kafka".into(), name: "p".into() };
    let server = ApiServer::new(|_: &Asked, before| match before {
        0 => Answer::Json(200, pod("p", "Running")),
        1 => Answer::Json(404, status(404, "NotFound", "pods \"p\" not found")),
        _ => Answer::Json(403, status(403, "Forbidden", "pods \"p\" is forbidden")),
    });
    delete(&server.catalog, &reference).await.expect("deleted");
    delete(&server.catalog, &reference).await.expect("gone");
    let error = delete(&server.catalog, &reference).await.expect_err("refused").to_string();
    assert!(error.starts_with("the API server refused to delete Pod kafka/p: "), "{error}");
    let asked = server.asked().remove(0);
    assert_eq!((asked.method, asked.body["propagationPolicy"].as_str()), (Method::DELETE, Some("Background")));
}

#[test]
fn a_broken_document_is_named_by_its_place() {
    let text = "apiVersion: v1\nkind: Pod\nmetadata: {name: p}\n---\n---\nkind: Pod\nmetadata: {name: q}\n";
    let error = parse_manifests("a.yaml", text).expect_err("no apiVersion").to_string();
    assert!(error.starts_with("a.yaml:6 is not a Kubernetes object: "), "{error}");
    let nameless = parse_manifests("a.yaml", "apiVersion: v1\nkind: Pod\nmetadata: {}\n").expect_err("no name");
    assert!(nameless.to_string().ends_with("it has no metadata.name"), "{nameless}");
}
