//! One Kafka cluster, read from its resources and validated. Everything that the stand-in creates follows from it.

use super::exposure::{Exposed, Exposure};
use super::model::{BrokerConfiguration, KafkaSpec, Listener, ListenerType, NodePoolSpec, Role};
use super::names;
use model::strimzi::template;
use sha2::{Digest, Sha256};
use std::collections::BTreeSet;

/// A cluster whose pools have their node ids.
#[derive(Clone, Debug)]
pub struct Cluster {
    pub namespace: String,
    pub name: String,
    pub uid: String,
    pub spec: KafkaSpec,
    pub pools: Vec<Pool>,
    /// What the cluster says about Services of type `LoadBalancer` and `NodePort`.
    pub exposure: Exposure,
}

#[derive(Clone, Debug)]
pub struct Pool {
    pub name: String,
    pub spec: NodePoolSpec,
    pub ids: BTreeSet<u32>,
}

impl Pool {
    pub fn has(&self, role: Role) -> bool {
        self.spec.roles.contains(&role)
    }
}

/// One Kafka node of a cluster.
#[derive(Clone, Copy, Debug)]
pub struct Node<'a> {
    pub cluster: &'a Cluster,
    pub pool: &'a Pool,
    pub id: u32,
}

impl Cluster {
    pub fn nodes(&self) -> impl Iterator<Item = Node<'_>> {
        self.pools.iter().flat_map(|pool| pool.ids.iter().map(|id| Node { cluster: self, pool, id: *id }))
    }

    pub fn brokers(&self) -> impl Iterator<Item = Node<'_>> {
        self.nodes().filter(|node| node.is_broker())
    }

    pub fn controllers(&self) -> impl Iterator<Item = Node<'_>> {
        self.nodes().filter(|node| node.is_controller())
    }

    pub fn broker_ids(&self) -> BTreeSet<u32> {
        self.brokers().map(|node| node.id).collect()
    }

    /// The cluster id, in Kafka's form of 22 characters. It follows from the resource's uid, so it need not be stored.
    pub fn cluster_id(&self) -> String {
        kafka_uuid(&format!("cluster {}", self.uid))
    }

    /// The address at which clients in the cluster reach a listener's bootstrap.
    pub fn bootstrap_dns(&self, listener: &Listener) -> String {
        names::service_dns(&names::listener_bootstrap_service(&self.name, listener), &self.namespace)
    }
}

impl<'a> Node<'a> {
    pub fn pod(&self) -> String {
        names::pod(&self.cluster.name, &self.pool.name, self.id)
    }

    pub fn is_broker(&self) -> bool {
        self.pool.has(Role::Broker)
    }

    pub fn is_controller(&self) -> bool {
        self.pool.has(Role::Controller)
    }

    pub fn dns(&self) -> String {
        names::pod_dns(&self.cluster.name, &self.pod(), &self.cluster.namespace)
    }

    /// The id of the log folder, as `meta.properties` contains it.
    pub fn directory_id(&self) -> String {
        kafka_uuid(&format!("directory {} {}", self.cluster.uid, self.id))
    }

    /// This broker's entry in the listener's `brokers`.
    pub fn configuration<'l>(&self, listener: &'l Listener) -> Option<&'l BrokerConfiguration> {
        listener.configuration.brokers.iter().find(|broker| broker.broker == self.id)
    }

    /// The hostname of this broker's TLSRoute.
    pub fn host(&self, listener: &Listener) -> Option<String> {
        let own = self.configuration(listener).and_then(|broker| broker.host.clone());
        own.or_else(|| Some(template::host(listener.configuration.host_template.as_ref()?, self.id, &self.pod())))
    }

    /// The advertised host that the resource sets, by the broker's entry or by the template.
    pub fn configured_host(&self, listener: &Listener) -> Option<String> {
        let own = self.configuration(listener).and_then(|broker| broker.advertised_host.clone());
        let template = listener.configuration.advertised_host_template.as_ref();
        own.or_else(|| Some(template::host(template?, self.id, &self.pod())))
    }

    /// The host that the broker advertises.
    pub fn advertised_host(&self, listener: &Listener) -> String {
        self.configured_host(listener).unwrap_or_else(|| match listener.kind {
            ListenerType::TlsRoute => self.host(listener).unwrap_or_else(|| self.dns()),
            ListenerType::ClusterIp => self
                .service(listener)
                .map_or_else(|| self.dns(), |service| names::service_dns(&service, &self.cluster.namespace)),
            ListenerType::NodePort | ListenerType::LoadBalancer => {
                self.exposed(listener).map_or_else(|| self.dns(), |exposed| exposed.host.clone())
            }
            ListenerType::Internal => self.dns(),
        })
    }

    /// The port that the broker advertises. For tlsroute it is 443 unless the resource sets another one.
    pub fn advertised_port(&self, listener: &Listener) -> u16 {
        let broker = self.configuration(listener);
        let from_template = || template::port(listener.configuration.advertised_port_template.as_ref()?, self.id).ok();
        let node_port = || u16::try_from(broker?.node_port?).ok();
        broker.and_then(|broker| broker.advertised_port).or_else(from_template).unwrap_or_else(|| match listener.kind {
            ListenerType::TlsRoute => names::TLSROUTE_STATUS_PORT,
            ListenerType::NodePort => {
                let found = || self.exposed(listener).and_then(|exposed| exposed.node_port);
                node_port().or_else(found).unwrap_or(listener.port)
            }
            _ => listener.port,
        })
    }

    /// Where the cluster exposes this broker's Service for the listener.
    pub fn exposed(&self, listener: &Listener) -> Option<&'a Exposed> {
        self.cluster.exposure.of(&self.service(listener)?)
    }

    /// This broker's Service for the listener.
    pub fn service(&self, listener: &Listener) -> Option<String> {
        names::listener_broker_service(&self.cluster.name, &self.pool.name, self.id, listener)
    }
}

/// 16 bytes of a hash in Kafka's form of 22 characters.
fn kafka_uuid(seed: &str) -> String {
    let mut bytes = [0; 16];
    bytes.copy_from_slice(&Sha256::digest(seed)[..16]);
    // Kafka's tools would read a leading dash as an option, so the first byte is kept below 0xf8.
    bytes[0] &= 0x7f;
    uuid_text(bytes)
}

/// 16 bytes as Kafka writes a UUID: URL-safe base64 without padding.
pub fn uuid_text(id: [u8; 16]) -> String {
    const ALPHABET: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
    let mut bytes = [0; 18];
    bytes[..16].copy_from_slice(&id);
    let mut text = String::new();
    for chunk in bytes.chunks_exact(3) {
        let group = u32::from(chunk[0]) << 16 | u32::from(chunk[1]) << 8 | u32::from(chunk[2]);
        for shift in [18, 12, 6, 0] {
            text.push(char::from(ALPHABET[(group >> shift) as usize & 63]));
        }
    }
    text.truncate(22);
    text
}

#[cfg(test)]
pub(super) mod tests {
    use super::*;
    use crate::strict;
    use serde_json::{Value, json};

    /// A cluster `my-cluster` in `kafka`: controller 0, brokers 10-12, with these listeners.
    pub(crate) fn cluster(listeners: Value) -> Cluster {
        let pool = |name: &str, role: &str, ids: &[u32]| Pool {
            name: name.to_owned(),
            spec: strict::spec(&json!({"replicas": ids.len(), "roles": [role], "storage": {"type": "ephemeral"}}))
                .expect("a pool"),
            ids: ids.iter().copied().collect(),
        };
        Cluster {
            namespace: "kafka".to_owned(),
            name: "my-cluster".to_owned(),
            uid: "6d0f".to_owned(),
            spec: strict::spec(&json!({"kafka": {"listeners": listeners}})).expect("a spec"),
            pools: vec![pool("controller", "controller", &[0]), pool("broker", "broker", &[10, 11, 12])],
            exposure: Exposure::default(),
        }
    }

    fn advertised(listener: Value) -> (String, u16) {
        let cluster = cluster(json!([listener]));
        let node = cluster.brokers().next().expect("broker 10");
        let listener = &cluster.spec.kafka.listeners[0];
        (node.advertised_host(listener), node.advertised_port(listener))
    }

    #[test]
    fn ids_have_kafkas_form() {
        let id = cluster(json!([])).cluster_id();
        assert_eq!(id.len(), 22);
        assert!(!id.starts_with('-'));
        // The last of 22 characters holds two bits, as in every UUID that Kafka writes.
        assert!(id.ends_with(['A', 'Q', 'g', 'w']), "{id}");
        assert_ne!(kafka_uuid("a"), kafka_uuid("b"));
        assert_eq!(uuid_text([0xfb, 0xff, 0xff, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0]), "-___AAAAAAAAAAAAAAAAAA");
    }

    #[test]
    fn a_listener_advertises_what_its_type_implies() {
        let internal = json!({"name": "plain", "port": 9092, "type": "internal", "tls": false});
        assert_eq!(advertised(internal), ("my-cluster-broker-10.my-cluster-kafka-brokers.kafka.svc".to_owned(), 9092));
        let cluster_ip = json!({"name": "tls", "port": 9093, "type": "cluster-ip", "tls": true});
        assert_eq!(advertised(cluster_ip), ("my-cluster-broker-tls-10.kafka.svc".to_owned(), 9093));
        let route = json!({"name": "external", "port": 9094, "type": "tlsroute", "tls": true,
            "configuration": {"hostTemplate": "broker-{nodeId}.kafka.test"}});
        assert_eq!(advertised(route), ("broker-10.kafka.test".to_owned(), 443));
    }

    #[test]
    fn a_brokers_own_entry_wins_over_templates() {
        let listener = json!({"name": "external", "port": 9094, "type": "tlsroute", "tls": true, "configuration": {
            "hostTemplate": "broker-{nodeId}.kafka.test", "advertisedHostTemplate": "b{nodeId}.test", "advertisedPortTemplate": "9000 + {nodeId}",
            "brokers": [{"broker": 10, "advertisedHost": "ten.test", "advertisedPort": 9443}]}});
        assert_eq!(advertised(listener.clone()), ("ten.test".to_owned(), 9443));
        let cluster = cluster(json!([listener]));
        let eleven = cluster.brokers().nth(1).expect("broker 11");
        let listener = &cluster.spec.kafka.listeners[0];
        assert_eq!((eleven.advertised_host(listener), eleven.advertised_port(listener)), ("b11.test".to_owned(), 9011));
        assert_eq!(eleven.host(listener).as_deref(), Some("broker-11.kafka.test"));
    }
}
