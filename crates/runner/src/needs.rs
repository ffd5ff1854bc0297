//! Checks whether a scenario can run on this lab.

use super::exclusive_listener;
use host::Progress;
use k8s_openapi::api::apps::v1::DaemonSet;
use kube::api::{Api, ListParams};
use kubeapi::Catalog;
use lab::backends::cluster::images;
use lab::{Lab, console_tools};
use model::{LabInfo, Verdict, version_numbers};
use probe::OtherClient;
use scenario::Scenario;

/// The verdict of a scenario that cannot run here: `skipped` or `unsupported`, with the reason.
pub fn unmet(scenario: &Scenario, info: &LabInfo) -> Option<Verdict> {
    let needs = &scenario.needs;
    if let Some(reason) = &needs.skip {
        return Some(Verdict::Skipped { reason: reason.clone() });
    }
    if !needs.labs.is_empty() && !needs.labs.contains(&info.kind) {
        let labs: Vec<_> = needs.labs.iter().map(|kind| format!("`--lab {kind}`")).collect();
        let reason = format!("requires {}; this lab is {}", labs.join(" or "), info.kind);
        return Some(Verdict::Skipped { reason });
    }
    if !needs.gateways.is_empty() && !needs.gateways.contains(&info.gateway.name) {
        let gateways = needs.gateways.join(" or ");
        let reason = format!("uses settings of {gateways}; the gateway of this lab is {}", info.gateway.name);
        return Some(Verdict::Skipped { reason });
    }
    if let Some(kafka) = needs.kafka.filter(|kafka| *kafka != info.kafka) {
        let reason = format!("requires `--kafka {}`; this lab has the {}", kafka.word(), info.kafka);
        return Some(Verdict::Skipped { reason });
    }
    for (part, least) in &needs.versions {
        let Some(version) = version(info, part) else {
            let reason = format!("requires {part} {least} or newer; the version in this lab is not known");
            return Some(Verdict::Skipped { reason });
        };
        if version_numbers(version) < version_numbers(least) {
            let reason = format!("requires {part} {least} or newer; this lab has {version}");
            return Some(Verdict::Skipped { reason });
        }
    }
    let claims = scenario.kafka.listener.filter(|listener| listener.is_exclusive());
    if claims.is_some_and(|listener| exclusive_listener::claimable(&info.shared, listener).is_empty()) {
        return Some(Verdict::Skipped {
            reason: "requires an exclusive listener; the shared cluster of this lab has none".to_owned(),
        });
    }
    if needs.node_network && !info.gateway.separate {
        let reason = format!(
            "requires a network in which this machine reaches the nodes, as with a gateway that gives each Gateway an \
             address; with {} this lab has the ports of 127.0.0.1 only",
            info.gateway.name
        );
        return Some(Verdict::Skipped { reason });
    }
    let lacking: Vec<_> =
        needs.features.iter().filter(|feature| !info.gateway.features.contains(feature)).cloned().collect();
    (!lacking.is_empty()).then(|| Verdict::Unsupported { feature: lacking.join(", ") })
}

/// The Java client of this lab: the lab's own scripts, or else a container.
///
/// # Errors
/// The reason why it cannot run here.
pub async fn java(lab: &Lab) -> Result<OtherClient, String> {
    let client = match console_tools(lab) {
        Some(tools) => OtherClient::JavaScripts(tools),
        None => OtherClient::JavaContainer(images::apache_kafka().map_err(|error| error.to_string())?.image),
    };
    client.available().await.map(|()| client)
}

/// kafka-python, which is downloaded if it is missing.
///
/// # Errors
/// The reason why it cannot run here.
pub async fn kafka_python(progress: &Progress) -> Result<OtherClient, String> {
    let packages = lab::kafka_python(progress).await.map_err(|error| error.to_string())?;
    let client = OtherClient::Python(packages);
    client.available().await.map(|()| client)
}

/// The program for franz-go, which is compiled if it is missing.
///
/// # Errors
/// The reason why it cannot run here.
pub async fn franz_go(progress: &Progress) -> Result<OtherClient, String> {
    let program = lab::franz_go(progress).await.map_err(|error| error.to_string())?;
    let client = OtherClient::Go(program);
    client.available().await.map(|()| client)
}

/// The DaemonSets of networks that enforce NetworkPolicies. An API server accepts a policy whether or not the network reads it.
const ENFORCING: [&str; 7] =
    ["antrea-agent", "calico-node", "canal", "cilium", "kindnet", "kube-router", "ovnkube-node"];

/// Checks whether the cluster's network is known to enforce NetworkPolicies.
///
/// # Errors
/// The reason why it is not.
pub async fn network_policies(catalog: &Catalog) -> Result<(), String> {
    let all = Api::<DaemonSet>::all(catalog.client().clone()).list_metadata(&ListParams::default()).await;
    let all = all.map_err(|error| format!("requires a network that enforces NetworkPolicies; cannot tell: {error}"))?;
    let mut names = all.items.iter().filter_map(|one| one.metadata.name.as_deref());
    if names.any(|name| ENFORCING.contains(&name)) {
        return Ok(());
    }
    Err(format!("requires a network that enforces NetworkPolicies; this cluster has none of {}", ENFORCING.join(", ")))
}

/// A part's version, by its own name or by the name of the part that contains it.
fn version<'a>(info: &'a LabInfo, part: &str) -> Option<&'a str> {
    let other = match part {
        "kubernetes" => "kube-apiserver",
        "gateway-api" => "gateway-api-crds",
        _ => part,
    };
    info.versions.get(part).or_else(|| info.versions.get(other)).map(String::as_str)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fake::{info, scenario};
    use kubeapi::testing::{Answer, ApiServer};
    use serde_json::json;

    fn verdict(needs: &str) -> Option<Verdict> {
        unmet(&scenario(&format!("needs: {needs}\n")), &info())
    }

    #[test]
    fn a_feature_that_the_gateway_does_not_claim_is_unsupported() {
        assert_eq!(verdict("{features: [TLSRoute]}"), None);
        assert_eq!(
            verdict("{features: [TLSRoute, TCPRoute]}"),
            Some(Verdict::Unsupported { feature: "TCPRoute".into() })
        );
    }

    #[tokio::test]
    async fn a_policy_needs_a_network_that_reads_it() {
        let asked = async |name: &'static str| {
            let server = ApiServer::new(move |_, _| {
                let items = json!([{"metadata": {"name": "kube-proxy"}}, {"metadata": {"name": name}}]);
                Answer::Json(
                    200,
                    json!({"apiVersion": "meta.k8s.io/v1", "kind": "PartialObjectMetadataList", "metadata": {}, "items": items}),
                )
            });
            network_policies(&server.catalog).await
        };
        assert_eq!(asked("kindnet").await, Ok(()));
        let reason = asked("node-exporter").await.expect_err("nothing enforces policies");
        assert!(
            reason.starts_with("requires a network that enforces NetworkPolicies; this cluster has none of"),
            "{reason}"
        );
    }

    #[test]
    fn an_older_part_is_skipped_with_both_versions() {
        let mut info = info();
        info.versions.insert("kube-apiserver".into(), "v1.34.4".into());
        let unmet = |needs: &str| unmet(&scenario(&format!("needs: {{versions: {needs}}}\n")), &info);
        assert_eq!(unmet("{kubernetes: '1.31'}"), None);
        assert_eq!(unmet("{kubernetes: '1.34.4'}"), None);
        let Some(Verdict::Skipped { reason }) = unmet("{kubernetes: '1.35'}") else { panic!("not skipped") };
        assert_eq!(reason, "requires kubernetes 1.35 or newer; this lab has v1.34.4");
        let Some(Verdict::Skipped { reason }) = unmet("{strimzi: '1.1'}") else { panic!("not skipped") };
        assert!(reason.contains("not known"), "{reason}");
    }

    #[test]
    fn the_wrong_lab_or_provider_is_skipped_with_the_reason() {
        let Some(Verdict::Skipped { reason }) = verdict("{labs: [kind, existing]}") else { panic!("not skipped") };
        assert_eq!(reason, "requires `--lab kind` or `--lab existing`; this lab is local");
        assert_eq!(verdict("{labs: [local]}"), None);
        let Some(Verdict::Skipped { reason }) = verdict("{gateways: [istio, kong]}") else { panic!("not skipped") };
        assert_eq!(reason, "uses settings of istio or kong; the gateway of this lab is traefik");
        assert_eq!(verdict("{gateways: [istio, traefik]}"), None);
        let Some(Verdict::Skipped { reason }) = verdict("{kafka: strimzi}") else { panic!("not skipped") };
        assert_eq!(reason, "requires `--kafka strimzi`; this lab has the stand-in for Strimzi");
        let Some(Verdict::Skipped { reason }) = verdict("{skip: nobody wrote it yet}") else { panic!("not skipped") };
        assert_eq!(reason, "nobody wrote it yet");
    }
}
