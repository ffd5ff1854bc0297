//! From a Service's target port to the port number in a Pod.

use k8s_openapi::api::core::v1::{Pod, ServicePort};
use k8s_openapi::apimachinery::pkg::util::intstr::IntOrString;

/// The port of this Pod that a Service's port leads to. A name is looked up in the Pod's containers. Without a target
/// port, it is the Service's own port. `None` if the Pod has no port of that name.
pub fn target_port(pod: &Pod, port: &ServicePort) -> Option<u16> {
    let number = match &port.target_port {
        None => port.port,
        Some(IntOrString::Int(number)) => *number,
        Some(IntOrString::String(name)) => {
            let containers = &pod.spec.as_ref()?.containers;
            let mut ports = containers.iter().flat_map(|container| container.ports.as_deref().unwrap_or_default());
            ports.find(|port| port.name.as_deref() == Some(name))?.container_port
        }
    };
    u16::try_from(number).ok()
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn a_named_port_is_that_of_the_container() {
        let pod: Pod = serde_json::from_value(json!({"spec": {"containers": [
            {"name": "sidecar", "ports": [{"name": "metrics", "containerPort": 9404}]},
            {"name": "kafka", "ports": [{"name": "tcp-external", "containerPort": 9094}]},
        ]}}))
        .expect("a Pod");
        let leads_to = |target: serde_json::Value| {
            let port = json!({"port": 19094, "targetPort": target});
            target_port(&pod, &serde_json::from_value(port).expect("a port"))
        };
        assert_eq!(leads_to(json!("tcp-external")), Some(9094), "not the Service's own number");
        assert_eq!(leads_to(json!(9093)), Some(9093));
        assert_eq!(leads_to(json!(null)), Some(19094));
        assert_eq!(leads_to(json!("tcp-gone")), None);
    }
}
