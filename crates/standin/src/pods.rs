//! Creates new Pods at once, replaces changed ones one after the other, and deletes superfluous ones.

use super::Error;
use super::cluster::Cluster;
use super::context::{Context, Key};
use super::node_objects::{NodeObjects, REVISION};
use crate::LOG;
use k8s_openapi::api::core::v1::Pod;
use kube::api::PostParams;
use kubeapi::{Error as KubeError, ObjectRef, delete, pod_is_ready};
use std::time::Duration;
use tracing::info;

/// The state of the Pods.
pub enum Outcome {
    /// All are ready and current. Contains the Pods' uids.
    Ready { uids: Vec<String>, warnings: Vec<String> },
    /// Not yet. They are checked again on the next event of the Pods, and at the latest after the pause.
    Waiting { for_what: String, pause: Option<Duration> },
}

/// Takes the next step towards the desired Pods.
///
/// # Errors
/// If the API server refuses, or the brokers cannot be asked whether all replicas are in sync.
pub async fn converge(
    context: &Context,
    key: &Key,
    cluster: &Cluster,
    nodes: &[NodeObjects],
) -> Result<Outcome, Error> {
    let existing = context.pods(key).await?;
    for pod in &existing {
        let wanted = nodes.iter().any(|workload| pod.metadata.name.as_ref() == Some(&workload.name));
        if pod.metadata.deletion_timestamp.is_none() && (!wanted || !is_of(pod, cluster) || is_finished(pod)) {
            remove(context, pod).await?;
        }
    }
    let current =
        |workload: &NodeObjects| existing.iter().find(|pod| pod.metadata.name.as_ref() == Some(&workload.name));
    let missing = || nodes.iter().filter(|workload| current(workload).is_none());
    // Brokers must find a controller, so controllers get a head start of one request.
    let (controllers, others): (Vec<_>, Vec<_>) = missing().partition(|workload| workload.controller);
    futures::future::try_join_all(controllers.iter().map(|workload| create(context, key, workload))).await?;
    futures::future::try_join_all(others.iter().map(|workload| create(context, key, workload))).await?;

    let unready: Vec<_> = nodes
        .iter()
        .filter(|workload| !current(workload).is_some_and(|pod| pod_is_ready(pod) && !is_finished(pod)))
        .collect();
    let (stale, warnings) = stale(cluster, nodes, &existing);
    // A Pod that does not become ready in its current state has nothing to lose.
    if let Some(pod) = stale.iter().find(|pod| !pod_is_ready(pod) && pod.metadata.deletion_timestamp.is_none()) {
        remove(context, pod).await?;
    }
    if !unready.is_empty() {
        let names: Vec<_> = unready.iter().map(|workload| workload.name.as_str()).collect();
        return Ok(Outcome::Waiting { for_what: format!("Pods to become ready: {}", names.join(", ")), pause: None });
    }
    if let Some(pod) = stale.first() {
        return roll(context, key, pod, stale.len()).await;
    }
    let uids = existing.iter().filter_map(|pod| pod.metadata.uid.clone()).collect();
    Ok(Outcome::Ready { uids, warnings })
}

/// The Pods that were created from another revision than the desired one, except the Pod of a sole controller.
fn stale<'a>(cluster: &Cluster, nodes: &[NodeObjects], existing: &'a [Pod]) -> (Vec<&'a Pod>, Vec<String>) {
    let mut controllers = cluster.controllers();
    let sole = match (controllers.next(), controllers.next()) {
        (Some(only), None) => Some(only.pod()),
        _ => None,
    };
    let mut warnings = Vec::new();
    let mut stale = Vec::new();
    for workload in nodes {
        let Some(pod) = existing.iter().find(|pod| pod.metadata.name.as_ref() == Some(&workload.name)) else {
            continue;
        };
        let revision = pod.metadata.annotations.as_ref().and_then(|all| all.get(REVISION));
        if revision == Some(&workload.revision) {
            continue;
        }
        if sole.as_ref() == Some(&workload.name) && pod_is_ready(pod) {
            warnings.push(format!(
                "Pod {} keeps its old configuration: it is the only controller, and its storage is ephemeral",
                workload.name
            ));
        } else {
            stale.push(pod);
        }
    }
    (stale, warnings)
}

async fn roll(context: &Context, key: &Key, pod: &Pod, left: usize) -> Result<Outcome, Error> {
    let name = pod.metadata.name.clone().unwrap_or_default();
    let behind = context.admin(key).await?.out_of_sync().await?;
    if behind > 0 {
        let for_what = format!("all replicas of {behind} partitions to be in sync before Pod {name} is replaced");
        return Ok(Outcome::Waiting { for_what, pause: Some(Duration::from_secs(1)) });
    }
    remove(context, pod).await?;
    Ok(Outcome::Waiting {
        for_what: format!("Pod {name} to be replaced ({left} Pods have another configuration)"),
        pause: None,
    })
}

fn is_of(pod: &Pod, cluster: &Cluster) -> bool {
    pod.metadata.owner_references.iter().flatten().any(|owner| owner.uid == cluster.uid)
}

fn is_finished(pod: &Pod) -> bool {
    let phase = pod.status.as_ref().and_then(|status| status.phase.as_deref());
    matches!(phase, Some("Failed" | "Succeeded"))
}

async fn create(context: &Context, key: &Key, workload: &NodeObjects) -> Result<(), Error> {
    let kind = context.catalog.kind("Pod", Some("v1")).await?;
    let created = kind.api(context.catalog.client(), &key.0).create(&PostParams::default(), &workload.pod).await;
    match created {
        Ok(_) => {
            info!(target: LOG, "Kafka {}/{}: created Pod {}", key.0, key.1, workload.name);
            Ok(())
        }
        // It was created a moment ago, so its event will follow.
        Err(kube::Error::Api(answer)) if answer.code == 409 => Ok(()),
        Err(error) => Err(KubeError::request(format!("create Pod {}/{}", key.0, workload.name))(error).into()),
    }
}

async fn remove(context: &Context, pod: &Pod) -> Result<(), Error> {
    let reference = ObjectRef {
        api_version: "v1".to_owned(),
        kind: "Pod".to_owned(),
        namespace: pod.metadata.namespace.clone().unwrap_or_default(),
        name: pod.metadata.name.clone().unwrap_or_default(),
    };
    info!(target: LOG, "deletes {reference}");
    Ok(delete(&context.catalog, &reference).await?)
}
