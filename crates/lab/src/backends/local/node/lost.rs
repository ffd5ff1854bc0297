//! What a node does about its Pods when it comes back after their processes ended without it.

use super::{NAME, uid};
use crate::backends::local::{Error, process};
use k8s_openapi::api::core::v1::Pod;
use kube::api::{Api, ListParams, Patch, PatchParams};
use kubeapi::pod_is_ready;
use model::LabDir;
use serde_json::json;
use std::collections::BTreeSet;

/// Marks Pods as not ready whose processes no longer run, and returns how many. After a restart of the machine, or
/// `lab down --keep-state`, the API server still has the status of the time before. Whoever waits for Pods to be ready
/// would believe it until the new node has written its first report.
///
/// # Errors
/// If processes cannot be listed, or the API server refuses a request.
pub async fn mark_lost(client: &kube::Client, dir: &LabDir) -> Result<usize, Error> {
    let running: BTreeSet<String> = process::running(dir)?.into_iter().map(|process| process.instance).collect();
    let request = |what: &str| kubeapi::Error::request(what.to_owned());
    let here = ListParams::default().fields(&format!("spec.nodeName={NAME}"));
    let pods = Api::<Pod>::all(client.clone()).list(&here).await.map_err(request("list the node's Pods"))?;
    let mut lost = 0;
    for pod in pods.items.iter().filter(|pod| pod_is_ready(pod) && !running.contains(&uid(pod))) {
        let namespace = pod.metadata.namespace.as_deref().unwrap_or_default();
        let name = pod.metadata.name.as_deref().unwrap_or_default();
        let conditions = pod.status.iter().flat_map(|status| status.conditions.iter().flatten());
        let conditions: Vec<_> = conditions
            .cloned()
            .map(|mut condition| {
                if ["Ready", "ContainersReady"].contains(&condition.type_.as_str()) {
                    condition.status = "False".to_owned();
                }
                condition
            })
            .collect();
        let patch = Patch::Merge(json!({"status": {"conditions": conditions}}));
        let pods = Api::<Pod>::namespaced(client.clone(), namespace);
        match pods.patch_status(name, &PatchParams::default(), &patch).await {
            Ok(_) => lost += 1,
            // It was deleted meanwhile.
            Err(kube::Error::Api(status)) if status.code == 404 => {}
            Err(error) => return Err(request(&format!("mark Pod {namespace}/{name} as not ready"))(error).into()),
        }
    }
    Ok(lost)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::backends::local::process::Spec;
    use crate::testing;
    use kubeapi::testing::{Answer, ApiServer, list};
    use std::time::Duration;

    fn pod(uid: &str, ready: &str) -> serde_json::Value {
        json!({
            "apiVersion": "v1", "kind": "Pod",
            "metadata": {"name": format!("broker-{uid}"), "namespace": "kafka", "uid": uid},
            "spec": {"containers": [], "nodeName": NAME},
            "status": {"phase": "Running", "conditions": [
                {"type": "PodScheduled", "status": "True"}, {"type": "ContainersReady", "status": ready},
                {"type": "Ready", "status": ready},
            ]},
        })
    }

    #[tokio::test]
    async fn only_a_ready_pod_without_its_process_is_marked() {
        let pods = [pod("lost", "True"), pod("runs", "True"), pod("starting", "False")];
        let server = ApiServer::new(move |asked, _| match asked.method.as_str() {
            "PATCH" => Answer::Json(200, pod("lost", "False")),
            _ => list(&pods),
        });
        let (_held, lab) = testing::lab("lost-pods");
        let spec = Spec {
            component: "kafka-kafka_broker-runs".to_owned(),
            instance: "runs".to_owned(),
            program: "/bin/sleep".into(),
            args: vec!["60".to_owned()],
            env: vec![],
            dir: lab.dir.path().to_owned(),
        };
        process::spawn_and_watch(&lab.dir, &spec, Duration::from_millis(50)).await.expect("started");
        let marked = mark_lost(&server.catalog.client().clone(), &lab.dir).await;
        process::stop(&process::running(&lab.dir).expect("listed"), Duration::ZERO).await.expect("stopped");

        assert_eq!(marked.expect("marked"), 1);
        let patches: Vec<_> = server.asked().into_iter().filter(|asked| asked.method == "PATCH").collect();
        assert_eq!(patches.len(), 1);
        assert_eq!(patches[0].path, "/api/v1/namespaces/kafka/pods/broker-lost/status");
        let statuses: Vec<&str> = patches[0].body["status"]["conditions"]
            .as_array()
            .expect("conditions")
            .iter()
            .filter_map(|condition| condition["status"].as_str())
            .collect();
        assert_eq!(statuses, ["True", "False", "False"], "being scheduled does not end with the process");
    }
}
