use crate::Catalog;
use crate::testing::{Answer, ApiServer, Asked};
use serde_json::Value;

fn server() -> ApiServer {
    ApiServer::new(|_: &Asked, _| Answer::Json(404, Value::Null))
}

#[tokio::test]
async fn a_kind_is_had_in_its_preferred_version_or_in_the_one_that_is_named() {
    for server in [server(), ApiServer::before_1_27(|_: &Asked, _| Answer::Json(404, Value::Null))] {
        has_its_kinds(&server.catalog).await;
    }
}

async fn has_its_kinds(catalog: &Catalog) {
    let preferred = catalog.kind("TLSRoute", None).await.expect("served");
    assert_eq!((preferred.resource.version.as_str(), preferred.namespaced), ("v1", true));
    let named = catalog.kind("TLSRoute", Some("gateway.networking.k8s.io/v1alpha2")).await.expect("served");
    assert_eq!(named.resource.api_version, "gateway.networking.k8s.io/v1alpha2");
    assert_eq!(named.resource.plural, "tlsroutes");
    assert!(!catalog.kind("Namespace", Some("v1")).await.expect("served").namespaced);
}

#[tokio::test]
async fn an_unknown_kind_is_named_with_its_version() {
    let error = server().catalog.kind("Kafka", None).await.expect_err("not served").to_string();
    assert_eq!(error, "the API server does not serve the kind Kafka");
}

#[tokio::test]
async fn an_emptied_namespace_is_asked_for_each_kind_once() {
    let kinds = server().catalog.namespaced().await.expect("listed");
    let mut names: Vec<&str> = kinds.iter().map(|kind| kind.resource.kind.as_str()).collect();
    names.sort_unstable();
    assert_eq!(names, ["ConfigMap", "Event", "Pod", "Secret", "TLSRoute"]);
}
