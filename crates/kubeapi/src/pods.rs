//! Whether a Pod takes traffic.

use k8s_openapi::api::core::v1::Pod;
use kube::api::DynamicObject;

/// Whether the Pod's condition `Ready` is true and it is not being deleted.
pub fn pod_is_ready(pod: &Pod) -> bool {
    let conditions = pod.status.as_ref().and_then(|status| status.conditions.as_deref()).unwrap_or_default();
    let conditions = conditions.iter().map(|condition| (condition.type_.as_str(), condition.status.as_str()));
    pod.metadata.deletion_timestamp.is_none() && is_ready(conditions)
}

/// The same for a Pod that was read as an object of any kind.
pub fn pod_object_is_ready(pod: &DynamicObject) -> bool {
    let conditions = pod.data["status"]["conditions"].as_array().into_iter().flatten();
    let conditions =
        conditions.filter_map(|condition| Some((condition["type"].as_str()?, condition["status"].as_str()?)));
    pod.metadata.deletion_timestamp.is_none() && is_ready(conditions)
}

fn is_ready<'a>(mut conditions: impl Iterator<Item = (&'a str, &'a str)>) -> bool {
    conditions.any(|condition| condition == ("Ready", "True"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn a_pod_is_ready_until_it_is_being_deleted() {
        let with = |ready: &str, deleted: Option<&str>| {
            let pod = json!({
                "apiVersion": "v1", "kind": "Pod",
                "metadata": {"name": "a", "deletionTimestamp": deleted},
                "status": {"conditions": [
                    {"type": "PodScheduled", "status": "True"}, {"type": "Ready", "status": ready},
                ]},
            });
            let typed = pod_is_ready(&serde_json::from_value(pod.clone()).expect("a Pod"));
            assert_eq!(
                typed,
                pod_object_is_ready(&serde_json::from_value(pod).expect("an object")),
                "{ready} {deleted:?}"
            );
            typed
        };
        assert!(with("True", None));
        assert!(!with("False", None));
        assert!(!with("True", Some("2026-01-01T00:00:00Z")));
        assert!(!pod_is_ready(&Pod::default()), "nothing is known yet");
    }
}
