//! The kinds that the server lists: Pods, ConfigMaps, Secrets, Events and Namespaces of the core group, TLSRoutes in two versions, and
//! definitions.

use http::Request;
use kube::client::Body;
use serde_json::{Value, json};

const ROUTES: &str = "gateway.networking.k8s.io";
const DEFINITIONS: &str = "apiextensions.k8s.io";
const VERBS: [&str; 6] = ["create", "delete", "get", "list", "patch", "watch"];

/// Whether the client wants the lists of all groups in one answer.
pub(super) fn asks_for_all_at_once(request: &Request<Body>) -> bool {
    let accepted = request.headers().get(http::header::ACCEPT).and_then(|value| value.to_str().ok());
    accepted.is_some_and(|accepted| accepted.contains("g=apidiscovery.k8s.io"))
}

/// All groups in one answer. The server of one of them is down: its list is old, here so old that it is empty.
pub(super) fn collected(path: &str) -> Option<Value> {
    let list = |groups: Value| json!({"kind": "APIGroupDiscoveryList", "apiVersion": "apidiscovery.k8s.io/v2", "items": groups});
    let resource = |group: &str, version: &str, kind: &str, scope: &str| {
        json!({
            "resource": format!("{}s", kind.to_lowercase()), "scope": scope, "verbs": VERBS,
            "responseKind": {"group": group, "version": version, "kind": kind},
        })
    };
    let routes = |version: &str| json!({"version": version, "freshness": "Current", "resources": [resource(ROUTES, version, "TLSRoute", "Namespaced")]});
    Some(match path {
        "/apis" => list(json!([
            {"metadata": {"name": "metrics.k8s.io"}, "versions": [{"version": "v1beta1", "freshness": "Stale"}]},
            {"metadata": {"name": ROUTES}, "versions": [routes("v1"), routes("v1alpha2")]},
            {"metadata": {"name": DEFINITIONS}, "versions": [{"version": "v1", "freshness": "Current", "resources": [
                resource(DEFINITIONS, "v1", "CustomResourceDefinition", "Cluster"),
            ]}]},
        ])),
        "/api" => list(json!([{"metadata": {}, "versions": [{"version": "v1", "freshness": "Current", "resources": [
            resource("", "v1", "Pod", "Namespaced"), resource("", "v1", "ConfigMap", "Namespaced"),
            resource("", "v1", "Secret", "Namespaced"), resource("", "v1", "Event", "Namespaced"),
            resource("", "v1", "Namespace", "Cluster"),
        ]}]}])),
        _ => return None,
    })
}

/// The lists of groups, versions and kinds, each for itself. The group whose server is down is listed, and its kinds are not.
pub(super) fn by_group(path: &str, with_dead_group: bool) -> Option<Value> {
    let version =
        |group: &str, version: &str| json!({"groupVersion": format!("{group}/{version}"), "version": version});
    Some(match path {
        "/apis" => {
            let group = |name: &str, versions: &[&str]| {
                let all: Vec<Value> = versions.iter().map(|one| version(name, one)).collect();
                json!({"name": name, "versions": all, "preferredVersion": version(name, versions[0])})
            };
            let dead = with_dead_group.then(|| group("metrics.k8s.io", &["v1beta1"]));
            let groups: Vec<Value> = dead.into_iter().chain([group(ROUTES, &["v1", "v1alpha2"])]).collect();
            json!({"kind": "APIGroupList", "apiVersion": "v1", "groups": groups})
        }
        "/api" => json!({"kind": "APIVersions", "versions": ["v1"], "serverAddressByClientCIDRs": []}),
        "/api/v1" => kinds(
            "v1",
            &[
                ("pods", "Pod", true),
                ("configmaps", "ConfigMap", true),
                ("secrets", "Secret", true),
                ("events", "Event", true),
                ("namespaces", "Namespace", false),
            ],
        ),
        "/apis/gateway.networking.k8s.io/v1" => {
            kinds("gateway.networking.k8s.io/v1", &[("tlsroutes", "TLSRoute", true)])
        }
        "/apis/gateway.networking.k8s.io/v1alpha2" => {
            kinds("gateway.networking.k8s.io/v1alpha2", &[("tlsroutes", "TLSRoute", true)])
        }
        _ => return None,
    })
}

fn kinds(version: &str, kinds: &[(&str, &str, bool)]) -> Value {
    let resources: Vec<Value> = kinds
        .iter()
        .map(|(name, kind, namespaced)| {
            json!({"name": name, "singularName": "", "kind": kind, "namespaced": namespaced, "verbs": VERBS})
        })
        .collect();
    json!({"kind": "APIResourceList", "apiVersion": "v1", "groupVersion": version, "resources": resources})
}
