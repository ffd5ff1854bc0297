//! Which Pods a Service leads to.

use crate::backends::local::Net;
use k8s_openapi::api::core::v1::{Pod, Service, ServicePort};
use kubeapi::{pod_is_ready, target_port};
use std::net::{Ipv4Addr, SocketAddr};
use std::sync::Arc;

/// The addresses behind one port of a Service.
pub type Backends = Vec<SocketAddr>;

/// The ClusterIP and port of each of a Service's TCP ports, with the Pods behind it. Empty for a Service without a
/// selector or without a ClusterIP of this lab.
pub fn backends(service: &Service, pods: &[Arc<Pod>], net: Net) -> Vec<(SocketAddr, Backends)> {
    let Some(spec) = service.spec.as_ref() else { return vec![] };
    let Some(selector) = spec.selector.as_ref().filter(|selector| !selector.is_empty()) else { return vec![] };
    let cluster_ip = spec.cluster_ip.as_deref().and_then(|ip| ip.parse::<Ipv4Addr>().ok());
    let Some(cluster_ip) = cluster_ip.filter(|ip| net.is_service(*ip)) else { return vec![] };
    let any_state = spec.publish_not_ready_addresses == Some(true);
    let selected: Vec<&Arc<Pod>> = pods
        .iter()
        .filter(|pod| pod.metadata.namespace == service.metadata.namespace)
        .filter(|pod| {
            selector.iter().all(|(key, value)| pod.metadata.labels.as_ref().and_then(|l| l.get(key)) == Some(value))
        })
        .filter(|pod| any_state || pod_is_ready(pod))
        .collect();
    let ports = spec.ports.as_deref().unwrap_or_default();
    let tcp = ports.iter().filter(|port| port.protocol.as_deref().is_none_or(|protocol| protocol == "TCP"));
    tcp.filter_map(|port| {
        let address = SocketAddr::from((cluster_ip, u16::try_from(port.port).ok()?));
        let mut backends: Backends = selected.iter().filter_map(|pod| backend(pod, port)).collect();
        backends.sort_unstable();
        Some((address, backends))
    })
    .collect()
}

fn backend(pod: &Pod, port: &ServicePort) -> Option<SocketAddr> {
    let address: Ipv4Addr = pod.status.as_ref()?.pod_ip.as_deref()?.parse().ok()?;
    Some(SocketAddr::from((address, target_port(pod, port)?)))
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::{Value, json};

    fn net() -> Net {
        Net::of("lab")
    }

    fn address(end: &str) -> String {
        let range = net().service_range();
        let prefix = range.rsplitn(3, '.').nth(2).expect("two octets");
        format!("{prefix}.{end}")
    }

    fn service(spec: Value) -> Service {
        serde_json::from_value(json!({"metadata": {"name": "s", "namespace": "n"}, "spec": spec})).expect("a Service")
    }

    fn pod(end: &str, ready: &str, namespace: &str) -> Arc<Pod> {
        let pod = json!({
            "metadata": {"name": end, "namespace": namespace, "labels": {"app": "kafka", "id": end}},
            "spec": {"containers": [{"name": "kafka", "ports": [{"name": "tcp-tls", "containerPort": 9094}]}]},
            "status": {"podIP": address(end), "conditions": [{"type": "Ready", "status": ready}]},
        });
        Arc::new(serde_json::from_value(pod).expect("a Pod"))
    }

    fn pods() -> Vec<Arc<Pod>> {
        vec![
            pod("16.2", "True", "n"),
            pod("16.1", "True", "n"),
            pod("16.3", "False", "n"),
            pod("16.4", "True", "other"),
        ]
    }

    #[test]
    fn ready_pods_of_the_namespace_are_behind_it() {
        let service = service(json!({
            "clusterIP": address("0.10"), "selector": {"app": "kafka"},
            "ports": [{"port": 443, "targetPort": "tcp-tls"}, {"port": 9092}, {"port": 53, "protocol": "UDP"}],
        }));
        let found = backends(&service, &pods(), net());
        let at = |end: &str, port: u16| SocketAddr::new(address(end).parse().expect("an address"), port);
        assert_eq!(
            found,
            [
                (at("0.10", 443), vec![at("16.1", 9094), at("16.2", 9094)]),
                (at("0.10", 9092), vec![at("16.1", 9092), at("16.2", 9092)]),
            ]
        );
    }

    #[test]
    fn pods_that_are_not_ready_only_where_the_service_says_so() {
        let spec = |publish: bool| json!({"clusterIP": address("0.10"), "selector": {"id": "16.3"}, "publishNotReadyAddresses": publish, "ports": [{"port": 1}]});
        assert_eq!(backends(&service(spec(false)), &pods(), net())[0].1, []);
        assert_eq!(backends(&service(spec(true)), &pods(), net())[0].1.len(), 1);
    }

    #[test]
    fn headless_foreign_and_selectorless_services_are_not_served() {
        for spec in [
            json!({"clusterIP": "None", "selector": {"app": "kafka"}, "ports": [{"port": 1}]}),
            json!({"clusterIP": "10.0.0.1", "selector": {"app": "kafka"}, "ports": [{"port": 1}]}),
            json!({"clusterIP": address("0.10"), "ports": [{"port": 1}]}),
        ] {
            assert_eq!(backends(&service(spec), &pods(), net()), []);
        }
    }
}
