//! Whether `dataPlane` selects Pods, and if not, which labels the likely ones have.

use super::Outcome;
use crate::gateway::GatewayFixture;
use crate::gateway::places::Places;
use k8s_openapi::api::core::v1::Pod;
use std::collections::{BTreeMap, BTreeSet};

/// The label that implementations put on what they create for a Gateway (GEP-1762).
const OF_GATEWAY: &str = "gateway.networking.k8s.io/gateway-name";

/// At most so many Pods are shown.
const SHOWN: usize = 4;

/// Judges the Pods that the selector selects. `others` are all Pods in the namespaces where the data plane may be.
pub(super) fn judge(fixture: &GatewayFixture, selector: &str, selected: &[Pod], others: &[Pod]) -> Outcome {
    if !selected.is_empty() {
        let names: Vec<String> = selected.iter().map(name).collect();
        let selects = format!("{selector} selects {}", names.join(", "));
        let workloads: BTreeSet<String> = selected.iter().map(workload).collect();
        if workloads.len() == 1 {
            return Outcome::Passed(selects);
        }
        let workloads = workloads.into_iter().collect::<Vec<_>>().join(", ");
        return Outcome::Remarks(vec![
            selects,
            format!("these Pods belong to several workloads: {workloads}"),
            format!(
                "select only those that carry the traffic ({}); scenarios restart all of them, and wait until all are ready again",
                Places::of(fixture).data_plane()
            ),
        ]);
    }
    let (of_gateway, rest): (Vec<&Pod>, Vec<&Pod>) =
        others.iter().filter(|pod| !of_kafka(pod)).partition(|pod| labels(pod).contains_key(OF_GATEWAY));
    let likely = if of_gateway.is_empty() { rest } else { of_gateway };
    let shown: Vec<String> = likely.iter().take(SHOWN).map(|pod| format!("{}: {}", name(pod), written(pod))).collect();
    let remedy = if shown.is_empty() {
        "no Pod runs in the Gateway's namespace or the implementation's; find those that carry the traffic with `--keep` and \
         `kubectl get pods -A --show-labels`"
            .to_owned()
    } else {
        format!("select the Pods that carry the traffic, by labels that they have:\n{}", shown.join("\n"))
    };
    let place = Places::of(fixture).data_plane();
    Outcome::gateway(format!("{place}: no Pod has the labels of `dataPlane`, {selector}"), remedy)
}

fn of_kafka(pod: &Pod) -> bool {
    labels(pod).contains_key("strimzi.io/cluster")
}

fn labels(pod: &Pod) -> &BTreeMap<String, String> {
    static NONE: BTreeMap<String, String> = BTreeMap::new();
    pod.metadata.labels.as_ref().unwrap_or(&NONE)
}

/// The labels that stay the same when a Pod is replaced.
fn written(pod: &Pod) -> String {
    let lasting = labels(pod).iter().filter(|(label, _)| !label.ends_with("-hash") && !label.ends_with("-generation"));
    lasting.map(|(label, value)| format!("{label}={value}")).collect::<Vec<_>>().join(",")
}

/// What the Pod belongs to, such as `DaemonSet envoy`. A ReplicaSet stands for its Deployment.
fn workload(pod: &Pod) -> String {
    match pod.metadata.owner_references.iter().flatten().next() {
        Some(owner) => format!("{} {}", owner.kind, owner.name),
        None => format!("Pod {}", name(pod)),
    }
}

fn name(pod: &Pod) -> String {
    let of = |value: &Option<String>| value.clone().unwrap_or_default();
    format!("{}/{}", of(&pod.metadata.namespace), of(&pod.metadata.name))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::gateway::check::Stage;
    use crate::gateway::check::stage::StageResult;
    use serde_json::json;

    fn pod(namespace: &str, name: &str, labels: &[(&str, &str)]) -> Pod {
        let labels: BTreeMap<&str, &str> = labels.iter().copied().collect();
        serde_json::from_value(json!({
            "apiVersion": "v1", "kind": "Pod", "metadata": {"name": name, "namespace": namespace, "labels": labels},
        }))
        .expect("a Pod")
    }

    fn owned(kind: &str, owner: &str, name: &str) -> Pod {
        let mut pod = pod("kafka", name, &[]);
        let reference = json!([{"apiVersion": "apps/v1", "kind": kind, "name": owner, "uid": owner}]);
        pod.metadata.owner_references = serde_json::from_value(reference).expect("an owner");
        pod
    }

    fn text(selected: &[Pod], others: &[Pod]) -> String {
        let fixture = GatewayFixture::load("contour").expect("sound");
        let outcome = judge(&fixture, "app=envoy-lap", selected, others);
        let text = StageResult { stage: Stage::DataPlane, outcome }.to_string();
        text.replace(fixture.dir.as_str(), "contour")
    }

    #[test]
    fn the_pods_that_are_selected_are_named() {
        let envoy = pod("kafka", "envoy-lab-1", &[("app", "envoy-lab")]);
        assert_eq!(text(&[envoy], &[]), "✓ data plane    app=envoy-lap selects kafka/envoy-lab-1");
    }

    /// As Contour's: its controller has the Gateway's label too.
    #[test]
    fn pods_of_several_workloads_are_a_remark_and_replicas_are_not() {
        let envoy = [owned("DaemonSet", "envoy-lab", "envoy-lab-1"), owned("DaemonSet", "envoy-lab", "envoy-lab-2")];
        assert!(text(&envoy, &[]).starts_with("✓ data plane"));
        let both = [envoy[0].clone(), owned("ReplicaSet", "contour-lab-77", "contour-lab-77-1")];
        let said = text(&both, &[]);
        assert!(
            said.starts_with("! data plane    app=envoy-lap selects kafka/envoy-lab-1, kafka/contour-lab-77-1"),
            "{said}"
        );
        assert!(said.contains("several workloads: DaemonSet envoy-lab, ReplicaSet contour-lab-77\n"), "{said}");
    }

    #[test]
    fn a_selector_that_selects_nothing_is_answered_with_the_labels_of_the_gateways_pods() {
        let others = [
            pod("kafka", "my-cluster-broker-10", &[("strimzi.io/cluster", "my-cluster")]),
            pod("projectcontour", "provisioner-1", &[("app", "provisioner")]),
            pod("kafka", "envoy-lab-1", &[("app", "envoy-lab"), (OF_GATEWAY, "lab"), ("pod-template-hash", "77")]),
        ];
        let said = text(&[], &others);
        assert!(said.starts_with("✗ data plane    failed\n    cause       contour/gateway.yaml:"), "{said}");
        assert!(said.contains("no Pod has the labels of `dataPlane`, app=envoy-lap"), "{said}");
        let labels = "kafka/envoy-lab-1: app=envoy-lab,gateway.networking.k8s.io/gateway-name=lab";
        assert!(said.ends_with(labels), "neither brokers nor the controller: {said}");
    }

    #[test]
    fn without_the_common_label_all_pods_but_the_brokers_are_shown() {
        let others = [
            pod("kafka", "my-cluster-broker-10", &[("strimzi.io/cluster", "my-cluster")]),
            pod("acme", "acme-1", &[("app", "acme")]),
        ];
        assert!(text(&[], &others).ends_with("\n                acme/acme-1: app=acme"));
        assert!(text(&[], &others[..1]).contains("--keep"), "nothing to show");
    }
}
