//! Every name that Strimzi gives to the objects that it creates. Pure functions, so that the stand-in, scenarios and
//! diagnoses use the same names.

use super::model::{Listener, ListenerType};
use model::strimzi::services;

/// The label that assigns an object to its cluster.
pub const CLUSTER_LABEL: &str = "strimzi.io/cluster";
pub const KIND_LABEL: &str = "strimzi.io/kind";
pub const NAME_LABEL: &str = "strimzi.io/name";
pub const POOL_LABEL: &str = "strimzi.io/pool-name";
pub const BROKER_ROLE_LABEL: &str = "strimzi.io/broker-role";
pub const CONTROLLER_ROLE_LABEL: &str = "strimzi.io/controller-role";
pub const NEXT_NODE_IDS: &str = "strimzi.io/next-node-ids";
pub const REMOVE_NODE_IDS: &str = "strimzi.io/remove-node-ids";
pub const TOPIC_FINALIZER: &str = "strimzi.io/topic-operator";

/// The port between controllers, and from brokers to controllers.
pub const CONTROL_PORT: u16 = 9090;
/// The port between brokers, and for the stand-in's own requests.
pub const REPLICATION_PORT: u16 = 9091;
/// The port that Strimzi's status reports for every tlsroute listener, independent of the gateway's port.
pub const TLSROUTE_STATUS_PORT: u16 = 443;

/// `<cluster>-<pool>-<id>`: the Pod, and its Secret and ConfigMap.
pub fn pod(cluster: &str, pool: &str, id: u32) -> String {
    format!("{cluster}-{pool}-{id}")
}

/// `<cluster>-kafka`: the component's name in labels and certificates.
pub fn component(cluster: &str) -> String {
    format!("{cluster}-kafka")
}

/// The Service of all internal listeners.
pub fn bootstrap_service(cluster: &str) -> String {
    format!("{cluster}-kafka-bootstrap")
}

/// The headless Service that gives Pods their names.
pub fn brokers_service(cluster: &str) -> String {
    format!("{cluster}-kafka-brokers")
}

/// Contains `ca.crt`, by which clients trust brokers.
pub fn cluster_ca_cert(cluster: &str) -> String {
    format!("{cluster}-cluster-ca-cert")
}

/// Contains the cluster CA's key.
pub fn cluster_ca_key(cluster: &str) -> String {
    format!("{cluster}-cluster-ca")
}

/// Contains `ca.crt`, by which brokers trust clients.
pub fn clients_ca_cert(cluster: &str) -> String {
    format!("{cluster}-clients-ca-cert")
}

/// Contains the clients CA's key.
pub fn clients_ca_key(cluster: &str) -> String {
    format!("{cluster}-clients-ca")
}

/// The operator's own client certificate.
pub fn operator_certs(cluster: &str) -> String {
    format!("{cluster}-cluster-operator-certs")
}

/// Whether a listener has the names from the time when a cluster had only one external listener.
fn is_legacy_external(listener: &Listener) -> bool {
    services::is_legacy_external(&listener.name, listener.port)
}

/// The bootstrap Service of a listener. For internal listeners it is the shared one.
pub fn listener_bootstrap_service(cluster: &str, listener: &Listener) -> String {
    if listener.kind == ListenerType::Internal {
        bootstrap_service(cluster)
    } else {
        services::bootstrap(cluster, &listener.name)
    }
}

/// The per-broker Service of a listener. Internal listeners have none.
pub fn listener_broker_service(cluster: &str, pool: &str, id: u32, listener: &Listener) -> Option<String> {
    (listener.kind != ListenerType::Internal)
        .then(|| services::broker(cluster, pool, &listener.name, listener.port, id))
}

/// The bootstrap TLSRoute of a tlsroute listener.
pub fn listener_bootstrap_route(cluster: &str, listener: &Listener) -> String {
    if is_legacy_external(listener) {
        bootstrap_service(cluster)
    } else {
        listener_bootstrap_service(cluster, listener)
    }
}

/// The per-broker TLSRoute of a tlsroute listener. It has the name of its Service.
pub fn listener_broker_route(cluster: &str, pool: &str, id: u32, listener: &Listener) -> Option<String> {
    listener_broker_service(cluster, pool, id, listener)
}

/// The name of the listener's port in Services and Pods.
pub fn port_name(listener: &Listener) -> String {
    match (listener.name.as_str(), listener.port, listener.kind) {
        ("plain", 9092, ListenerType::Internal) => "tcp-clients".to_owned(),
        ("tls", 9093, ListenerType::Internal) => "tcp-clientstls".to_owned(),
        ("external", 9094, _) => "tcp-external".to_owned(),
        (name, ..) => format!("tcp-{name}"),
    }
}

/// The listener's name in the broker's configuration: `EXTERNAL-9094`.
pub fn listener_identifier(listener: &Listener) -> String {
    format!("{}-{}", listener.name.to_uppercase(), listener.port)
}

/// A Service's DNS name, as advertised addresses use it.
pub fn service_dns(service: &str, namespace: &str) -> String {
    format!("{service}.{namespace}.svc")
}

/// The four forms of a Service's DNS name, as certificates list them.
pub fn service_dns_forms(service: &str, namespace: &str) -> [String; 4] {
    [
        service.to_owned(),
        format!("{service}.{namespace}"),
        format!("{service}.{namespace}.svc"),
        format!("{service}.{namespace}.svc.cluster.local"),
    ]
}

/// A Pod's DNS name below the headless Service.
pub fn pod_dns(cluster: &str, pod: &str, namespace: &str) -> String {
    format!("{pod}.{}.{namespace}.svc", brokers_service(cluster))
}

/// The certificate subject `O=io.strimzi, CN=<name>` in Kafka's form of a principal.
pub fn internal_principal(name: &str) -> String {
    format!("User:CN={name},O=io.strimzi")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn listener(name: &str, port: u16, kind: ListenerType) -> Listener {
        Listener { name: name.to_owned(), port, kind, tls: true, ..Listener::default() }
    }

    #[test]
    fn internal_listeners_share_the_bootstrap_service() {
        let plain = listener("plain", 9092, ListenerType::Internal);
        assert_eq!(listener_bootstrap_service("my-cluster", &plain), "my-cluster-kafka-bootstrap");
        assert_eq!(listener_broker_service("my-cluster", "broker", 10, &plain), None);
        assert_eq!(brokers_service("my-cluster"), "my-cluster-kafka-brokers");
        assert_eq!(
            pod_dns("my-cluster", "my-cluster-broker-10", "ns"),
            "my-cluster-broker-10.my-cluster-kafka-brokers.ns.svc"
        );
    }

    #[test]
    fn other_listeners_carry_their_name() {
        let tls = listener("tls", 9093, ListenerType::TlsRoute);
        assert_eq!(listener_bootstrap_service("my-cluster", &tls), "my-cluster-kafka-tls-bootstrap");
        assert_eq!(
            listener_broker_service("my-cluster", "broker", 10, &tls).as_deref(),
            Some("my-cluster-broker-tls-10")
        );
        assert_eq!(listener_bootstrap_route("my-cluster", &tls), "my-cluster-kafka-tls-bootstrap");
        assert_eq!(
            listener_broker_route("my-cluster", "broker", 10, &tls).as_deref(),
            Some("my-cluster-broker-tls-10")
        );

        let obiwan = listener("obiwan", 9092, ListenerType::ClusterIp);
        assert_eq!(listener_bootstrap_service("gateway-api-test", &obiwan), "gateway-api-test-kafka-obiwan-bootstrap");
        let broker = listener_broker_service("gateway-api-test", "broker", 10, &obiwan);
        assert_eq!(broker.as_deref(), Some("gateway-api-test-broker-obiwan-10"));
    }

    #[test]
    fn external_on_9094_keeps_its_old_names() {
        let external = listener("external", 9094, ListenerType::TlsRoute);
        assert_eq!(listener_bootstrap_service("my-cluster", &external), "my-cluster-kafka-external-bootstrap");
        assert_eq!(
            listener_broker_service("my-cluster", "broker", 10, &external).as_deref(),
            Some("my-cluster-broker-10")
        );
        assert_eq!(listener_bootstrap_route("my-cluster", &external), "my-cluster-kafka-bootstrap");
        assert_eq!(
            listener_broker_route("my-cluster", "broker", 10, &external).as_deref(),
            Some("my-cluster-broker-10")
        );

        let elsewhere = listener("external", 9095, ListenerType::TlsRoute);
        let service = listener_broker_service("my-cluster", "broker", 10, &elsewhere);
        assert_eq!(service.as_deref(), Some("my-cluster-broker-external-10"));
        assert_eq!(listener_bootstrap_route("my-cluster", &elsewhere), "my-cluster-kafka-external-bootstrap");
    }

    #[test]
    fn port_names_know_three_old_ones() {
        for (name, port, kind, expected) in [
            ("plain", 9092, ListenerType::Internal, "tcp-clients"),
            ("tls", 9093, ListenerType::Internal, "tcp-clientstls"),
            ("external", 9094, ListenerType::TlsRoute, "tcp-external"),
            ("external", 9095, ListenerType::TlsRoute, "tcp-external"),
            ("tls", 9093, ListenerType::ClusterIp, "tcp-tls"),
            ("slot1", 9101, ListenerType::ClusterIp, "tcp-slot1"),
        ] {
            assert_eq!(port_name(&listener(name, port, kind)), expected, "{name} {port}");
        }
        assert_eq!(listener_identifier(&listener("external", 9094, ListenerType::TlsRoute)), "EXTERNAL-9094");
    }
}
