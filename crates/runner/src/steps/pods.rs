//! The Pods of brokers.

use crate::{Context, failure};
use ::kube::api::{DynamicObject, ListParams};
use kubeapi::{Catalog, ConditionState, pod_object_is_ready, wait_for_all};
use model::{Cause, Failure};
use std::time::Duration;

/// Waits until a pool has exactly this number of Pods and all are ready.
pub async fn pool_has(
    catalog: &Catalog,
    namespace: &str,
    cluster: &str,
    pool: &str,
    replicas: u32,
    within: Duration,
) -> Result<(), kubeapi::Error> {
    let expected = format!("pool {pool}: {replicas} ready brokers");
    let labels = [("strimzi.io/cluster", cluster), ("strimzi.io/pool-name", pool)];
    wait_for_all(catalog, "Pod", namespace, &expected, within, |all| {
        let ours: Vec<_> =
            all.iter().filter(|(_, pod)| labels.iter().all(|(key, value)| label(pod, key) == *value)).collect();
        let waiting: Vec<_> =
            ours.iter().filter(|(_, pod)| !pod_object_is_ready(pod)).map(|(name, _)| name.as_str()).collect();
        if ours.len() == replicas as usize && waiting.is_empty() {
            return ConditionState::Met;
        }
        ConditionState::NotYet(match waiting.as_slice() {
            [] => format!("{} Pods", ours.len()),
            names => format!("{} Pods; not ready: {}", ours.len(), names.join(", ")),
        })
    })
    .await
}

fn label<'a>(object: &'a DynamicObject, key: &str) -> &'a str {
    object.metadata.labels.as_ref().and_then(|labels| labels.get(key)).map_or("", String::as_str)
}

/// The name and the uid of a broker's Pod.
///
/// # Errors
/// If the cluster in use has no such Pod.
pub async fn of_broker(
    context: &Context<'_>,
    broker: i32,
    expected: &str,
) -> Result<(String, Option<String>), Failure> {
    let failed = |error: &kubeapi::Error| failure::kubernetes(expected, error);
    let catalog = &context.lab.catalog;
    let kind = context.clock.waiting(catalog.kind("Pod", Some("v1"))).await.map_err(|error| failed(&error))?;
    let list = ListParams::default().labels(&format!("strimzi.io/cluster={}", context.cluster));
    let api = kind.api(catalog.client(), &context.kafka_namespace);
    let pods = context.clock.waiting(api.list(&list)).await;
    let pods = pods.map_err(|error| failed(&kubeapi::Error::request("list Pods")(error)))?;
    let suffix = format!("-{broker}");
    let found = pods.items.into_iter().find_map(|pod| {
        let name = pod.metadata.name.clone()?;
        name.ends_with(&suffix).then_some((name, pod.metadata.uid.clone()))
    });
    found.ok_or_else(|| {
        Failure::new(Cause::BrokerDown, expected, format!("{} has no Pod whose name ends in {suffix}", context.cluster))
    })
}
