//! Tells the user of each Pod that the local lab does not run, in the places where a user of kubectl looks.

use super::{Error, node};
use futures::{StreamExt, pin_mut};
use host::with_causes;
use k8s_openapi::api::core::v1::{Event, Pod};
use k8s_openapi::jiff::Timestamp;
use kube::api::{Api, Patch, PatchParams, PostParams};
use kube::runtime::WatchStreamExt;
use kube::runtime::watcher::{self, watcher};
use kubeapi::Catalog;
use serde_json::{Value, json};
use std::collections::BTreeSet;
use tracing::error;

const REASON: &str = "NothingRunsIt";
const MESSAGE: &str = "the local lab has no scheduler and no kubelet, so it runs only the Pods of Kafka clusters; \
    `--lab kind` has a cluster that runs every Pod";

/// Gives every Pod of other nodes an Event and a condition, once each, until this is dropped.
///
/// # Errors
/// None at present. Refusals of the API server are logged.
pub async fn run(catalog: Catalog) -> Result<(), Error> {
    let client = catalog.client();
    let others = watcher::Config::default().fields(&format!("spec.nodeName!={}", node::NAME));
    let events = watcher(Api::<Pod>::all(client.clone()), others).default_backoff().applied_objects();
    pin_mut!(events);
    let mut notified = BTreeSet::new();
    while let Some(event) = events.next().await {
        let pod = match event {
            Ok(pod) => pod,
            Err(error) => {
                error!(target: "foreign-pods", "{}", with_causes(&error));
                continue;
            }
        };
        let uid = pod.metadata.uid.clone().unwrap_or_default();
        // The Event lasts for an hour, and the condition lasts as long as the Pod, so a new agent need not repeat them.
        if knows(&pod) || !notified.insert(uid.clone()) {
            continue;
        }
        if let Err(error) = tell(client, &pod).await {
            error!(target: "foreign-pods", "{}", with_causes(&error));
            // Every change of the Pod, and every restart of the watch, is another attempt.
            notified.remove(&uid);
        }
    }
    Ok(())
}

/// Whether the Pod already has the condition.
fn knows(pod: &Pod) -> bool {
    let conditions = pod.status.iter().flat_map(|status| status.conditions.iter().flatten());
    conditions.into_iter().any(|condition| condition.reason.as_deref() == Some(REASON))
}

async fn tell(client: &kube::Client, pod: &Pod) -> Result<(), kube::Error> {
    let namespace = pod.metadata.namespace.as_deref().unwrap_or_default();
    let now = Timestamp::from_second(Timestamp::now().as_second()).unwrap_or_default().to_string();
    let event: Event = serde_json::from_value(event(pod, &now)).map_err(kube::Error::SerdeError)?;
    Api::<Event>::namespaced(client.clone(), namespace).create(&PostParams::default(), &event).await?;
    let condition = json!({
        "type": "PodScheduled", "status": "False", "reason": REASON, "message": MESSAGE, "lastTransitionTime": now,
    });
    let patch = Patch::Merge(json!({"status": {"conditions": [condition]}}));
    let name = pod.metadata.name.as_deref().unwrap_or_default();
    let pods = Api::<Pod>::namespaced(client.clone(), namespace);
    match pods.patch_status(name, &PatchParams::default(), &patch).await {
        Ok(_) => Ok(()),
        // The Pod was deleted meanwhile.
        Err(kube::Error::Api(status)) if status.code == 404 => Ok(()),
        Err(error) => Err(error),
    }
}

fn event(pod: &Pod, now: &str) -> Value {
    let metadata = &pod.metadata;
    json!({
        "apiVersion": "v1",
        "kind": "Event",
        "metadata": {"generateName": "nothing-runs-it-", "namespace": metadata.namespace},
        "involvedObject": {
            "apiVersion": "v1", "kind": "Pod", "namespace": metadata.namespace, "name": metadata.name, "uid": metadata.uid,
        },
        "type": "Warning",
        "reason": REASON,
        "message": MESSAGE,
        "source": {"component": "kafka-gateway-lab"},
        "firstTimestamp": now,
        "lastTimestamp": now,
        "count": 1,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn pod(status: Value) -> Pod {
        serde_json::from_value(json!({"metadata": {"name": "p", "namespace": "n", "uid": "u"}, "status": status}))
            .expect("a Pod")
    }

    #[test]
    fn the_event_is_the_pods_own_and_names_the_way_out() {
        let event: Event = serde_json::from_value(event(&pod(json!({})), "2026-01-01T00:00:00Z")).expect("an Event");
        assert_eq!(event.involved_object.uid.as_deref(), Some("u"));
        assert_eq!(event.metadata.namespace.as_deref(), Some("n"));
        assert!(event.message.is_some_and(|message| message.contains("--lab kind")));
    }

    #[test]
    fn a_pod_is_notified_once() {
        assert!(!knows(&pod(json!({}))));
        assert!(knows(&pod(json!({"conditions": [{"type": "PodScheduled", "status": "False", "reason": REASON}]}))));
    }
}
