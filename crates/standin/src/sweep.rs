//! Removes the objects of Kafka resources that are gone. In the local lab there is no garbage collector. Elsewhere this
//! finds little to do.

use super::context::{API_VERSION, Context};
use super::{Error, names, objects};
use kube::Api;
use kube::api::{DynamicObject, ListParams};
use kubeapi::{Kind, ObjectRef, delete};
use std::collections::BTreeSet;

/// Pods come first, so that none runs without its configuration. Routes come before Services, so that no route points
/// nowhere.
const KINDS: [(&str, &str); 5] = [
    ("Pod", "v1"),
    ("TLSRoute", "gateway.networking.k8s.io/v1"),
    ("Service", "v1"),
    ("ConfigMap", "v1"),
    ("Secret", "v1"),
];

/// Deletes everything that the stand-in created for owners that no longer exist, in all namespaces or for one cluster.
///
/// # Errors
/// If the API server refuses.
pub async fn orphans(context: &Context, of: Option<&(String, String)>) -> Result<(), Error> {
    let namespace = of.map(|(namespace, _)| namespace.as_str());
    let mut selector = format!("app.kubernetes.io/managed-by={}", objects::MANAGER);
    if let Some((_, cluster)) = of {
        selector = format!("{selector},{}={cluster}", names::CLUSTER_LABEL);
    }
    let mut found = Vec::new();
    for (kind, version) in KINDS {
        // A cluster without the Gateway API has no routes to delete.
        let Ok(served) = context.catalog.kind(kind, Some(version)).await else { continue };
        found.extend(list(context, &served, namespace, &selector).await?);
    }
    // Owners are listed after what they own, so the owner of an object that is created in between is in this list.
    let mut owners = BTreeSet::new();
    for kind in ["Kafka", "KafkaUser"] {
        let served = context.catalog.kind(kind, Some(API_VERSION)).await?;
        let all = list(context, &served, namespace, "").await?;
        owners.extend(all.into_iter().filter_map(|(_, object)| object.metadata.uid));
    }
    for (reference, object) in found {
        let owned_by = object.metadata.owner_references.unwrap_or_default();
        if !owned_by.iter().any(|owner| owners.contains(&owner.uid)) {
            delete(&context.catalog, &reference).await?;
        }
    }
    Ok(())
}

async fn list(
    context: &Context,
    kind: &Kind,
    namespace: Option<&str>,
    selector: &str,
) -> Result<Vec<(ObjectRef, DynamicObject)>, Error> {
    let client = context.catalog.client().clone();
    let api: Api<DynamicObject> = match namespace {
        Some(namespace) => kind.api(&client, namespace),
        None => Api::all_with(client, &kind.resource),
    };
    let list = api.list(&ListParams::default().labels(selector)).await;
    let list = list.map_err(kubeapi::Error::request(format!("list {}s", kind.resource.kind)))?;
    Ok(list.items.into_iter().map(|object| (reference(kind, &object), object)).collect())
}

fn reference(kind: &Kind, object: &DynamicObject) -> ObjectRef {
    ObjectRef {
        api_version: kind.resource.api_version.clone(),
        kind: kind.resource.kind.clone(),
        namespace: object.metadata.namespace.clone().unwrap_or_default(),
        name: object.metadata.name.clone().unwrap_or_default(),
    }
}

/// Deletes the cluster's Services, routes, ConfigMaps and Secrets that it no longer needs, by kind and name.
///
/// # Errors
/// If the API server refuses.
pub async fn unwanted(
    context: &Context,
    key: &(String, String),
    wanted: &BTreeSet<(String, String)>,
) -> Result<(), Error> {
    let selector = format!(
        "app.kubernetes.io/managed-by={},{}={},{}=Kafka",
        objects::MANAGER,
        names::CLUSTER_LABEL,
        key.1,
        names::KIND_LABEL
    );
    for (kind, version) in KINDS.into_iter().filter(|(kind, _)| *kind != "Pod") {
        let Ok(served) = context.catalog.kind(kind, Some(version)).await else { continue };
        for (reference, _) in list(context, &served, Some(&key.0), &selector).await? {
            if !wanted.contains(&(reference.kind.clone(), reference.name.clone())) {
                delete(&context.catalog, &reference).await?;
            }
        }
    }
    Ok(())
}
