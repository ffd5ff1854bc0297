//! Conditions, wherever a kind keeps them.

use ::kube::api::DynamicObject;
use serde_json::Value;
use std::net::IpAddr;

/// Every condition of a status, wherever the kind keeps it: `status.conditions`, `status.parents[].conditions` of a
/// route, `status.ancestors[].conditions` of a policy, `status.listeners[].conditions` of a Gateway.
pub fn conditions(object: &DynamicObject) -> Vec<&Value> {
    let status = &object.data["status"];
    let nested =
        ["parents", "ancestors", "listeners"].into_iter().filter_map(|field| status[field].as_array()).flatten();
    std::iter::once(status)
        .chain(nested.filter(|holder| !left_over(object, holder)))
        .filter_map(|holder| holder["conditions"].as_array())
        .flatten()
        .collect()
}

/// The IP addresses in a Gateway's status.
pub fn gateway_addresses(gateway: &DynamicObject) -> Vec<IpAddr> {
    let listed = gateway.data["status"]["addresses"].as_array().into_iter().flatten();
    listed.filter_map(|one| one["value"].as_str()?.parse().ok()).collect()
}

/// Whether a parent's status belongs to a parentRef that the route no longer has. Some controllers leave such statuses
/// behind (Envoy Gateway 1.9.1 does). They say nothing about the current route.
fn left_over(object: &DynamicObject, holder: &Value) -> bool {
    let (Some(parent), Some(references)) = (holder.get("parentRef"), object.data["spec"]["parentRefs"].as_array())
    else {
        return false;
    };
    !references.iter().any(|reference| parent_key(object, reference) == parent_key(object, parent))
}

/// The fields that identify a parentRef of a route.
fn parent_key(route: &DynamicObject, reference: &Value) -> ([String; 4], Option<u64>) {
    let own = route.metadata.namespace.as_deref().unwrap_or_default();
    let text = |field: &str, default: &str| reference[field].as_str().unwrap_or(default).to_owned();
    let place = [text("name", ""), text("namespace", own), text("sectionName", ""), text("kind", "Gateway")];
    (place, reference["port"].as_u64())
}

/// The parentRefs of a route, each with the conditions that controllers have written for it. The list of conditions is
/// empty until a controller has answered.
pub fn parents(route: &DynamicObject) -> Vec<(&Value, Vec<&Value>)> {
    let references = route.data["spec"]["parentRefs"].as_array().into_iter().flatten();
    let answers = || route.data["status"]["parents"].as_array().into_iter().flatten();
    references
        .map(|reference| {
            let key = parent_key(route, reference);
            let own = answers().filter(|answer| parent_key(route, &answer["parentRef"]) == key);
            (reference, own.filter_map(|answer| answer["conditions"].as_array()).flatten().collect())
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn reasons(text: &str) -> Vec<String> {
        let object: DynamicObject = serde_saphyr::from_str(text).expect("an object");
        conditions(&object).iter().map(|one| one["reason"].as_str().unwrap_or_default().to_owned()).collect()
    }

    #[test]
    fn they_are_found_in_a_status_and_in_its_parents_ancestors_and_listeners() {
        let text = "
apiVersion: v1
kind: Any
metadata: {name: a}
status:
  conditions: [{reason: own}]
  parents: [{conditions: [{reason: parent}]}]
  ancestors: [{conditions: [{reason: ancestor}]}]
  listeners: [{conditions: [{reason: listener}]}]
";
        assert_eq!(reasons(text), ["own", "parent", "ancestor", "listener"]);
    }

    #[test]
    fn a_parent_that_the_route_has_no_more_says_nothing() {
        let text = "
apiVersion: gateway.networking.k8s.io/v1
kind: TLSRoute
metadata: {name: a, namespace: home}
spec: {parentRefs: [{name: own, sectionName: west}, {name: lab, namespace: kafka, port: 9092}]}
status:
  parents:
    - {parentRef: {group: gateway.networking.k8s.io, kind: Gateway, name: own}, conditions: [{reason: left-over}]}
    - {parentRef: {kind: Gateway, name: own, namespace: home, sectionName: west}, conditions: [{reason: west}]}
    - {parentRef: {name: lab, namespace: kafka, port: 9092}, conditions: [{reason: lab}]}
    - {parentRef: {name: lab, namespace: kafka, port: 9093}, conditions: [{reason: other-port}]}
";
        assert_eq!(reasons(text), ["west", "lab"]);
    }
}
