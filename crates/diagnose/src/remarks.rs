//! What the cluster says beside the path: the operator's warnings, a status with another port, and a version of the API
//! that no controller reads.

use super::facts::Facts;
use super::routes::condition;
use super::snapshot::Snapshot;
use kubeapi::conditions;
use model::Cause;
use serde_json::Value;
use std::collections::BTreeSet;

impl Snapshot {
    /// Lines of evidence from the status of the Kafka resource that declares the name.
    pub(super) fn remarks(&self, facts: &Facts) -> Vec<String> {
        let Some(declared) = &facts.declared else { return Vec::new() };
        let Some((namespace, name)) = declared.cluster().split_once('/') else { return Vec::new() };
        let ours = self.kafkas.iter().find(|kafka| {
            kafka.metadata.namespace.as_deref() == Some(namespace) && kafka.metadata.name.as_deref() == Some(name)
        });
        let Some(kafka) = ours else { return Vec::new() };
        let status = &kafka.data["status"];
        let array = |value: &Value| value.as_array().cloned().unwrap_or_default();
        let said = array(&status["conditions"]);
        let mut lines: Vec<String> = said
            .iter()
            .map(condition)
            .filter(|one| matches!(one.kind.as_str(), "Warning" | "NotReady") && one.status)
            .map(|one| format!("kubernetes: {} says {} {}: {}", declared.resource, one.kind, one.reason, one.message))
            .collect();
        let listed = array(&status["listeners"]);
        let own = listed.iter().filter(|one| one["name"] == declared.listener.as_str());
        let ports = own.flat_map(|one| array(&one["addresses"])).filter_map(|one| one["port"].as_u64());
        let served = facts.served.iter().filter(|one| one.serves(&facts.host)).map(|one| u64::from(one.port));
        let served: BTreeSet<u64> = served.collect();
        // Only a listener of this type has its Gateway's port in its status.
        let by_route = self.spec(declared).is_some_and(|listener| listener["type"] == "tlsroute");
        if let Some(port) = ports.into_iter().find(|port| by_route && !served.is_empty() && !served.contains(port)) {
            let all: Vec<_> = served.iter().map(u64::to_string).collect();
            lines.push(format!(
                "kubernetes: the status of {} says port {port} for listener {}, and the Gateway serves the name at {}: Strimzi \
                 writes 443 whatever the Gateway's port is",
                declared.resource,
                declared.listener,
                all.join(", ")
            ));
        }
        lines
    }

    /// Whether the routes are in a version that the gateway's controller does not read.
    pub(super) fn unread_version(&self, facts: &Facts, cause: Cause) -> Option<String> {
        let of_routes = [Cause::UnknownSni, Cause::RouteMissing, Cause::RouteNotAccepted, Cause::GatewayNotReady];
        if !of_routes.contains(&cause) || !facts.routes_known || self.gateways.is_empty() {
            return None;
        }
        let refused = facts.gateways.iter().find_map(|gateway| {
            let class = gateway.class_conditions.as_ref()?;
            let version = class.iter().find(|one| one.kind == "SupportedVersion" && !one.status)?;
            Some((gateway, version))
        });
        if let Some((gateway, version)) = refused {
            return Some(format!(
                "GatewayClass {} says SupportedVersion=False ({}: {})",
                gateway.class, version.reason, version.message
            ));
        }
        let tls = facts.walked.as_ref().is_some_and(|walked| walked.tls);
        let Some(version) = &self.tls_route_version else {
            let none = facts.routes.is_empty() && tls;
            return none.then(|| {
                "the cluster serves Gateway and no TLSRoute: the CRD tlsroutes.gateway.networking.k8s.io is not installed"
                    .to_owned()
            });
        };
        let route = facts.routes.first().filter(|route| route.kind == "TLSRoute" && route.conditions.is_empty())?;
        let gateway = facts.gateways.iter().find(|gateway| {
            let named = route.parents.iter().any(|parent| {
                parent.gateway == gateway.gateway
                    && facts.served.iter().any(|one| {
                        one.gateway == parent.gateway && parent.listener.as_ref().is_none_or(|name| *name == one.name)
                    })
            });
            named && gateway.conditions.iter().any(|one| one.kind == "Accepted" && one.status)
        })?;
        // A controller that has answered any route reads this version.
        if self.tls_routes.iter().any(|other| !conditions(other).is_empty()) {
            return None;
        }
        Some(format!(
            "Gateway {} is accepted, and its controller has answered none of the cluster's TLSRoutes, which are served in \
             {version}: it reads another version, or no TLSRoutes",
            gateway.gateway
        ))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::facts::Listener;
    use kubeapi::parse_manifests;

    /// The remarks about `bootstrap.a.test`, which a Gateway serves at 9092.
    fn remarks(listener: &str, port: u16) -> Vec<String> {
        let kafka = format!(
            "
apiVersion: kafka.strimzi.io/v1
kind: Kafka
metadata: {{name: my-cluster, namespace: kafka}}
spec: {{kafka: {{listeners: [{listener}]}}}}
status: {{listeners: [{{name: external, addresses: [{{host: x, port: {port}}}]}}]}}
"
        );
        let mut snapshot = Snapshot::default();
        snapshot.kafkas = parse_manifests("test.yaml", &kafka).expect("a manifest");
        let mut facts = Facts::of("bootstrap.a.test", 9092);
        facts.declared = snapshot.declared(&facts.host);
        facts.served = vec![Listener {
            gateway: "kafka/lab".into(),
            name: "tls".into(),
            port: 9092,
            hostname: Some("*.a.test".into()),
            mode: "Passthrough".into(),
            ..Listener::default()
        }];
        snapshot.remarks(&facts)
    }

    #[test]
    fn a_status_with_another_port_is_remarked_for_tlsroute_listeners_only() {
        let native = "{name: external, type: tlsroute, configuration: {bootstrap: {host: bootstrap.a.test}}}";
        let found = remarks(native, 443);
        assert!(found.len() == 1 && found[0].contains("says port 443 for listener external"), "{found:?}");
        assert_eq!(remarks(native, 9092), [""; 0]);
        // The status of a cluster-ip listener has the port of its Service, which is right.
        let manual =
            "{name: external, type: cluster-ip, configuration: {bootstrap: {alternativeNames: [bootstrap.a.test]}}}";
        assert_eq!(remarks(manual, 9094), [""; 0]);
    }
}
