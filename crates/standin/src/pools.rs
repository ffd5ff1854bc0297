//! The node pools of a cluster: reading them, assigning their node ids, and writing their status.

use super::cluster::Pool;
use super::context::{API_VERSION, Context, Key};
use super::model::{NodePoolSpec, Role};
use super::status::{self, State};
use super::strict::{self, Refusal};
use super::{Error, names};
use kube::api::{DynamicObject, ListParams};
use model::strimzi::node_ids;
use serde_json::json;
use std::collections::BTreeSet;

/// The cluster's pools in the order of their names, with their node ids brought up to date.
///
/// # Errors
/// If a pool is rejected, the cluster lacks a role, or the API server refuses.
pub async fn assign_ids(
    context: &Context,
    key: &Key,
    cluster_id: &str,
) -> Result<(Vec<Pool>, Vec<DynamicObject>), Error> {
    let kind = context.catalog.kind("KafkaNodePool", Some(API_VERSION)).await?;
    let selector = format!("{}={}", names::CLUSTER_LABEL, key.1);
    let list = kind.api(context.catalog.client(), &key.0).list(&ListParams::default().labels(&selector)).await;
    let mut objects =
        list.map_err(kubeapi::Error::request(format!("list the node pools of {}/{}", key.0, key.1)))?.items;
    objects.retain(|object| object.metadata.deletion_timestamp.is_none());
    objects.sort_by(|a, b| a.metadata.name.cmp(&b.metadata.name));
    for object in &mut objects {
        object.types =
            Some(kube::api::TypeMeta { api_version: API_VERSION.to_owned(), kind: "KafkaNodePool".to_owned() });
    }
    let mut specs = Vec::new();
    for object in &objects {
        match strict::spec::<NodePoolSpec>(&object.data["spec"]) {
            Ok(spec) => specs.push(spec),
            Err(refusal) => return Err(refuse(context, object, refusal).await?),
        }
    }
    let mut pools = assign(&objects, specs)?;
    for role in [Role::Controller, Role::Broker] {
        if !pools.iter().any(|pool| pool.has(role) && !pool.ids.is_empty()) {
            let word = if role == Role::Controller { "controller" } else { "broker" };
            let message =
                format!("At least one KafkaNodePool with the {word} role and at least one replica is required");
            return Err(Refusal::Invalid(format!("{message} (label {}: {})", names::CLUSTER_LABEL, key.1)).into());
        }
    }
    for (pool, object) in pools.iter_mut().zip(&objects) {
        let roles: Vec<_> = [(Role::Controller, "controller"), (Role::Broker, "broker")]
            .iter()
            .filter(|(role, _)| pool.has(*role))
            .map(|(_, word)| *word)
            .collect();
        let warnings = if pool.spec.storage.wants_persistence() { vec![PERSISTENCE.to_owned()] } else { Vec::new() };
        let fields = json!({
            "nodeIds": pool.ids, "clusterId": cluster_id, "replicas": pool.ids.len(), "roles": roles,
            "labelSelector": format!("{}={},{}={}", names::CLUSTER_LABEL, key.1, names::POOL_LABEL, pool.name),
        });
        status::write(context, object, &State::Ready, &warnings, fields).await?;
    }
    Ok((pools, objects))
}

/// The warning for a pool that requests disks.
pub const PERSISTENCE: &str =
    "the stand-in treats persistent-claim storage as ephemeral: data does not outlive the Pod";

async fn refuse(context: &Context, object: &DynamicObject, refusal: Refusal) -> Result<Error, Error> {
    let name = object.metadata.name.clone().unwrap_or_default();
    let state = State::not_ready(refusal.reason(), refusal.to_string());
    status::write(context, object, &state, &[], json!({})).await?;
    Ok(match refusal {
        Refusal::NotHonoured(fields) => {
            Refusal::NotHonoured(fields.into_iter().map(|field| format!("KafkaNodePool {name} {field}")).collect())
        }
        Refusal::Invalid(text) => Refusal::Invalid(format!("KafkaNodePool {name}: {text}")),
    }
    .into())
}

fn assign(objects: &[DynamicObject], specs: Vec<NodePoolSpec>) -> Result<Vec<Pool>, Error> {
    let remembered: Vec<BTreeSet<u32>> = objects.iter().map(remembered).collect();
    // An id that any pool remembers is not given to another one.
    let mut used: BTreeSet<u32> = remembered.iter().flatten().copied().collect();
    let mut pools = Vec::new();
    for ((object, spec), current) in objects.iter().zip(specs).zip(remembered) {
        let listed = |annotation: &str| {
            let text = object.metadata.annotations.as_ref().and_then(|all| all.get(annotation));
            text.map(|text| node_ids::parse(text)).transpose().map_err(|error| {
                Refusal::Invalid(format!(
                    "annotation {annotation} of KafkaNodePool {}: {error}",
                    object.metadata.name.clone().unwrap_or_default()
                ))
            })
        };
        let (next, remove) = (listed(names::NEXT_NODE_IDS)?, listed(names::REMOVE_NODE_IDS)?);
        let taken = used.difference(&current).copied().collect();
        let ids = node_ids::assign(spec.replicas, &current, &taken, next.as_deref(), remove.as_deref());
        used.extend(&ids);
        pools.push(Pool { name: object.metadata.name.clone().unwrap_or_default(), spec, ids });
    }
    Ok(pools)
}

fn remembered(object: &DynamicObject) -> BTreeSet<u32> {
    let ids = object.data["status"]["nodeIds"].as_array();
    ids.into_iter().flatten().filter_map(|id| u32::try_from(id.as_u64()?).ok()).collect()
}
