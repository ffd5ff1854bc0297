//! The hosts file by which the JVMs find each other, with the DNS names of a headless Service's Pods.

use k8s_openapi::api::core::v1::Pod;
use std::fmt::Write;
use std::fs;
use std::net::Ipv4Addr;

/// The text of the hosts file for these Pods and their addresses.
///
/// With `jdk.net.hosts.file`, a JVM knows no other names, so the file also contains the machine's own.
pub fn text<'a>(pods: impl Iterator<Item = (&'a Pod, Ipv4Addr)>) -> String {
    let machine = fs::read_to_string("/proc/sys/kernel/hostname").unwrap_or_default();
    let mut text = format!("127.0.0.1 localhost {}\n", machine.trim());
    for (pod, address) in pods {
        // Writing to a String cannot fail.
        let _ = writeln!(text, "{address} {}", names(pod).join(" "));
    }
    text
}

fn names(pod: &Pod) -> Vec<String> {
    let name = pod.metadata.name.as_deref().unwrap_or_default();
    let namespace = pod.metadata.namespace.as_deref().unwrap_or_default();
    let spec = pod.spec.as_ref();
    let host = spec.and_then(|spec| spec.hostname.as_deref()).unwrap_or(name);
    let Some(subdomain) = spec.and_then(|spec| spec.subdomain.as_deref()) else { return vec![host.to_owned()] };
    let base = format!("{host}.{subdomain}.{namespace}");
    vec![format!("{base}.svc.cluster.local"), format!("{base}.svc"), base]
}

#[cfg(test)]
mod tests {
    use super::*;

    fn pod(spec: serde_json::Value) -> Pod {
        let pod = serde_json::json!({"metadata": {"name": "c-broker-10", "namespace": "kafka"}, "spec": spec});
        serde_json::from_value(pod).expect("a Pod")
    }

    #[test]
    fn a_pod_of_a_headless_service_has_its_dns_names() {
        let pod = pod(serde_json::json!({"containers": [], "subdomain": "c-kafka-brokers"}));
        let text = text([(&pod, Ipv4Addr::new(127, 70, 16, 1))].into_iter());
        let line = text.lines().nth(1).expect("a line for the Pod");
        assert_eq!(
            line,
            "127.70.16.1 c-broker-10.c-kafka-brokers.kafka.svc.cluster.local c-broker-10.c-kafka-brokers.kafka.svc \
             c-broker-10.c-kafka-brokers.kafka"
        );
        assert!(text.starts_with("127.0.0.1 localhost"));
    }

    #[test]
    fn spec_hostname_comes_before_the_name() {
        let pod = pod(serde_json::json!({"containers": [], "hostname": "h", "subdomain": "s"}));
        assert_eq!(names(&pod)[1], "h.s.kafka.svc");
    }
}
