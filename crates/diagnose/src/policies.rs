//! Whether NetworkPolicies let the gateway's Pods connect to a route's brokers. What is not certain counts as allowed.

use super::facts::Route;
use super::snapshot::Snapshot;
use kube::api::DynamicObject;
use serde_json::Value;
use std::collections::BTreeMap;

type Labels = BTreeMap<String, String>;

/// The labels by which implementations mark the Pods of a Gateway. The first one is that of the Gateway API.
const GATEWAY_LABELS: [&str; 2] =
    ["gateway.networking.k8s.io/gateway-name", "gateway.envoyproxy.io/owning-gateway-name"];

impl Snapshot {
    /// The Pods of the Gateways that are the route's parents, as namespace and name.
    pub(super) fn gateway_pods(&self, route: &Route) -> Vec<(String, String)> {
        let of = |pod: &DynamicObject| {
            (pod.metadata.namespace.clone().unwrap_or_default(), pod.metadata.name.clone().unwrap_or_default())
        };
        self.proxies(route).into_iter().map(of).collect()
    }

    fn proxies(&self, route: &Route) -> Vec<&DynamicObject> {
        let gateways: Vec<&str> =
            route.parents.iter().filter_map(|parent| Some(parent.gateway.split_once('/')?.1)).collect();
        let marked = |pod: &&DynamicObject| {
            let labels = pod.metadata.labels.as_ref();
            let mut names = GATEWAY_LABELS.iter().filter_map(|key| labels?.get(*key));
            names.any(|name| gateways.contains(&name.as_str()))
        };
        self.pods.iter().filter(marked).collect()
    }
}

/// Says which policies select the route's brokers and allow none of the gateway's Pods.
pub(super) fn keeps_out(route: &Route, snapshot: &Snapshot) -> Option<String> {
    let proxies = snapshot.proxies(route);
    let proxy = proxies.first()?;
    let backend = route.backends.iter().find(|backend| backend.ready > 0)?;
    let broker = snapshot.pods.iter().find(|pod| {
        pod.metadata.namespace.as_deref() == Some(&backend.namespace)
            && backend.brokers.iter().any(|broker| {
                pod.metadata.name.as_deref().and_then(|name| name.rsplit('-').next()?.parse().ok()) == Some(broker.id)
            })
    })?;
    let labels = broker.metadata.labels.clone().unwrap_or_default();
    let selecting: Vec<&DynamicObject> = snapshot
        .policies
        .iter()
        .filter(|policy| policy.metadata.namespace.as_deref() == Some(&backend.namespace))
        .filter(|policy| covers_ingress(policy) && selects(&policy.data["spec"]["podSelector"], &labels) == Some(true))
        .collect();
    let allowed = selecting.iter().any(|policy| {
        let rules = policy.data["spec"]["ingress"].as_array().into_iter().flatten();
        rules
            .filter(|rule| concerns(rule, backend.target))
            .any(|rule| admits(rule, proxy, &backend.namespace, &snapshot.namespaces))
    });
    if selecting.is_empty() || allowed {
        return None;
    }
    let names: Vec<_> = selecting.iter().filter_map(|policy| policy.metadata.name.as_deref()).collect();
    Some(format!(
        "NetworkPolicy {} in {} selects the broker's Pod and does not let the gateway's Pod {}/{} connect to it",
        names.join(", "),
        backend.namespace,
        proxy.metadata.namespace.as_deref().unwrap_or_default(),
        proxy.metadata.name.as_deref().unwrap_or_default()
    ))
}

fn covers_ingress(policy: &DynamicObject) -> bool {
    policy.data["spec"]["policyTypes"].as_array().is_none_or(|types| types.iter().any(|one| one == "Ingress"))
}

/// Whether a selector selects these labels. `None` if it has expressions, which are not evaluated.
fn selects(selector: &Value, labels: &Labels) -> Option<bool> {
    if selector["matchExpressions"].as_array().is_some_and(|all| !all.is_empty()) {
        return None;
    }
    let wanted = selector["matchLabels"].as_object();
    Some(
        wanted.is_none_or(|wanted| {
            wanted.iter().all(|(key, value)| labels.get(key).map(String::as_str) == value.as_str())
        }),
    )
}

/// Whether the rule is about this port of the Pod. A port by name may be any.
fn concerns(rule: &Value, target: Option<u16>) -> bool {
    let Some(ports) = rule["ports"].as_array().filter(|ports| !ports.is_empty()) else { return true };
    let Some(target) = target.map(u64::from) else { return true };
    ports.iter().any(|port| {
        let Some(first) = port["port"].as_u64() else { return true };
        (first..=port["endPort"].as_u64().unwrap_or(first)).contains(&target)
    })
}

fn admits(rule: &Value, proxy: &DynamicObject, own: &str, namespaces: &[DynamicObject]) -> bool {
    let Some(peers) = rule["from"].as_array().filter(|peers| !peers.is_empty()) else { return true };
    let labels = proxy.metadata.labels.clone().unwrap_or_default();
    let home = proxy.metadata.namespace.as_deref().unwrap_or_default();
    let of_home = namespaces.iter().find(|one| one.metadata.name.as_deref() == Some(home));
    peers.iter().any(|peer| {
        if !peer["ipBlock"].is_null() {
            return true;
        }
        let there = match (&peer["namespaceSelector"], of_home) {
            (Value::Null, _) => home == own,
            (selector, Some(namespace)) => {
                selects(selector, &namespace.metadata.labels.clone().unwrap_or_default()).unwrap_or(true)
            }
            (_, None) => true,
        };
        there && (peer["podSelector"].is_null() || selects(&peer["podSelector"], &labels).unwrap_or(true))
    })
}
