//! Installs Strimzi's operator from upstream's manifest, changed to watch every namespace.

use super::install::{self, Component, Installer};
use super::manifests::Source;
use super::{Error, manifests};
use crate::backends::pods;
use ::kube::api::DynamicObject;
use camino::Utf8Path;
use serde_json::{Value, json};
use std::time::Duration;

/// The operator's namespace.
pub const NAMESPACE: &str = "strimzi";

const DEPLOYMENT: &str = "strimzi-cluster-operator";
/// The namespace in upstream's manifest, which is meant to be replaced.
const PLACEHOLDER: &str = "myproject";
/// Its RSA keys alone take a minute on two busy cores, and a Kafka waits for them.
const OPERATION_TIMEOUT_MS: &str = "600000";
const AVAILABLE: Duration = Duration::from_secs(300);

/// Rights that the operator needs in every namespace. Upstream's manifest binds them only in its own.
const EVERYWHERE: [(&str, &str); 3] = [
    ("strimzi-cluster-operator-namespaced", "strimzi-cluster-operator-namespaced"),
    ("strimzi-cluster-operator-watched", "strimzi-cluster-operator-watched"),
    ("strimzi-cluster-operator-entity-operator-delegation", "strimzi-entity-operator"),
];

/// Upstream's objects for [`NAMESPACE`], with the bindings for watching all namespaces.
fn adjust(manifest: &Utf8Path, mut objects: Vec<DynamicObject>) -> Result<Vec<DynamicObject>, Error> {
    let mut found = false;
    for object in &mut objects {
        if object.metadata.namespace.as_deref() == Some(PLACEHOLDER) {
            object.metadata.namespace = None;
        }
        // Not by index, because that would add an empty field to every object that has none.
        for subject in object.data.get_mut("subjects").and_then(Value::as_array_mut).into_iter().flatten() {
            if subject["kind"] == "ServiceAccount" {
                subject["namespace"] = json!(NAMESPACE);
            }
        }
        if manifests::kind(object) == "Deployment" && manifests::name(object) == DEPLOYMENT {
            found = true;
            manifests::set_env(object, "STRIMZI_NAMESPACE", "*");
            manifests::set_env(object, "STRIMZI_OPERATION_TIMEOUT_MS", OPERATION_TIMEOUT_MS);
            // With half a core, its first reconciliation takes minutes.
            let container = &mut object.data["spec"]["template"]["spec"]["containers"][0];
            container["resources"]["limits"]["cpu"] = json!("2");
        }
    }
    if !found {
        let problem = format!("it does not contain the Deployment {DEPLOYMENT}: is it Strimzi's install manifest?");
        return Err(Error::Data { path: manifest.to_owned(), problem });
    }
    let own = [namespace()].into_iter().chain(EVERYWHERE.map(|(name, role)| binding(name, role)));
    for value in own {
        let problem = |error: serde_json::Error| Error::Data { path: manifest.to_owned(), problem: error.to_string() };
        objects.push(serde_json::from_value(value).map_err(problem)?);
    }
    Ok(objects)
}

fn namespace() -> serde_json::Value {
    json!({"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": NAMESPACE}})
}

fn binding(name: &str, role: &str) -> serde_json::Value {
    json!({
        "apiVersion": "rbac.authorization.k8s.io/v1",
        "kind": "ClusterRoleBinding",
        "metadata": {"name": name, "labels": {"app": "strimzi"}},
        "roleRef": {"apiGroup": "rbac.authorization.k8s.io", "kind": "ClusterRole", "name": role},
        "subjects": [{"kind": "ServiceAccount", "name": DEPLOYMENT, "namespace": NAMESPACE}],
    })
}

/// Begins to install the operator, with everything that needs no image.
///
/// # Errors
/// If an object is refused, or the file is not a manifest of Strimzi's operator.
pub async fn begin(installer: Installer<'_>, manifest: &Utf8Path) -> Result<Component, Error> {
    let source = Source::read(manifest)?;
    let adjusted = |sets: Vec<Vec<DynamicObject>>| sets.into_iter().map(|objects| adjust(manifest, objects)).collect();
    installer.begin("strimzi", vec![source], NAMESPACE, adjusted).await
}

/// Applies the rest, and waits until the operator is Available. The Gateway API's CRDs must exist, because the operator
/// looks for TLSRoute only once, at its start.
///
/// # Errors
/// If an object is refused, a Pod cannot run, or a wait times out.
pub async fn finish(installer: Installer<'_>, mut component: Component) -> Result<(), Error> {
    let all = async {
        installer.finish(&mut component).await?;
        install::wait_deployment(installer.catalog, &format!("{NAMESPACE}/{DEPLOYMENT}"), AVAILABLE).await?;
        installer.came_up(&component).await
    };
    pods::or_trouble(installer.catalog, &[NAMESPACE.to_owned()], all).await
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeMap;

    const TEXT: &str = r"
apiVersion: rbac.authorization.k8s.io/v1
kind: RoleBinding
metadata: {name: strimzi-cluster-operator, labels: {app: strimzi}}
subjects: [{kind: ServiceAccount, name: strimzi-cluster-operator, namespace: myproject}]
roleRef: {kind: ClusterRole, name: strimzi-cluster-operator-namespaced, apiGroup: rbac.authorization.k8s.io}
---
apiVersion: v1
kind: ServiceAccount
metadata: {name: strimzi-cluster-operator, namespace: myproject}
---
apiVersion: apps/v1
kind: Deployment
metadata: {name: strimzi-cluster-operator}
spec:
  template:
    spec:
      containers:
        - name: strimzi-cluster-operator
          image: quay.io/strimzi/operator:1.2.0
          env:
            - {name: STRIMZI_NAMESPACE, valueFrom: {fieldRef: {fieldPath: metadata.namespace}}}
            - {name: STRIMZI_OPERATION_TIMEOUT_MS, value: '300000'}
";

    fn adjusted(text: &str) -> Result<Vec<DynamicObject>, Error> {
        adjust(Utf8Path::new("strimzi.yaml"), manifests::parse("strimzi.yaml", text).expect("sound"))
    }

    #[test]
    fn the_operator_watches_every_namespace_with_the_rights_for_it() {
        let objects = adjusted(TEXT).expect("Strimzi's");
        let env: BTreeMap<_, _> = objects[2].data["spec"]["template"]["spec"]["containers"][0]["env"]
            .as_array()
            .expect("a list")
            .iter()
            .map(|entry| (entry["name"].as_str(), entry["value"].as_str()))
            .collect();
        assert_eq!(env[&Some("STRIMZI_NAMESPACE")], Some("*"));
        assert_eq!(env[&Some("STRIMZI_OPERATION_TIMEOUT_MS")], Some("600000"));
        let bound: Vec<_> = objects.iter().filter(|object| manifests::kind(object) == "ClusterRoleBinding").collect();
        assert_eq!(bound.len(), 3);
        assert!(bound.iter().all(|binding| binding.data["subjects"][0]["namespace"] == NAMESPACE));
    }

    #[test]
    fn nothing_stays_in_upstreams_placeholder() {
        let text = serde_json::to_string(&adjusted(TEXT).expect("Strimzi's")).expect("JSON");
        assert!(!text.contains(PLACEHOLDER), "{text}");
    }

    #[test]
    fn an_object_without_subjects_gets_none() {
        let objects = adjusted(TEXT).expect("Strimzi's");
        let account = objects.iter().find(|object| manifests::kind(object) == "ServiceAccount").expect("it is there");
        assert!(account.data.get("subjects").is_none(), "{account:?}");
    }

    #[test]
    fn another_manifest_is_refused() {
        let other = TEXT.replace("kind: Deployment", "kind: StatefulSet");
        assert!(adjusted(&other).expect_err("no operator").to_string().contains(DEPLOYMENT));
    }
}
