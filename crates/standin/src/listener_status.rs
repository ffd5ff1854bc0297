//! The listeners in a Kafka resource's status.

use super::certs::Identity;
use super::cluster::Cluster;
use super::model::{Listener, ListenerType};
use super::names;
use serde_json::{Value, json};
use std::collections::BTreeMap;

/// The fields of Strimzi's status other than the conditions. The bootstrap address of a tlsroute listener always ends
/// in `:443`.
pub fn fields(cluster: &Cluster, version: &str, cluster_ca: &str, custom: &BTreeMap<String, Identity>) -> Value {
    let listeners: Vec<Value> = cluster
        .spec
        .kafka
        .listeners
        .iter()
        .map(|listener| {
            let addresses: Vec<(String, u16)> = match listener.kind {
                ListenerType::Internal | ListenerType::ClusterIp => vec![(cluster.bootstrap_dns(listener), listener.port)],
                ListenerType::TlsRoute => {
                    let host = listener.configuration.bootstrap.host.clone().unwrap_or_default();
                    vec![(host, names::TLSROUTE_STATUS_PORT)]
                }
                ListenerType::NodePort | ListenerType::LoadBalancer => match bootstrap(cluster, listener) {
                    Some(address) => vec![address],
                    None => cluster.brokers().map(|node| (node.advertised_host(listener), node.advertised_port(listener))).collect(),
                },
            };
            let bootstrap = addresses.iter().map(|(host, port)| format!("{host}:{port}")).collect::<Vec<_>>().join(",");
            let mut status = json!({
                "name": listener.name,
                "addresses": addresses.iter().map(|(host, port)| json!({"host": host, "port": port})).collect::<Vec<_>>(),
                "bootstrapServers": bootstrap,
            });
            if listener.tls {
                let certificate = custom.get(&listener.name).map_or(cluster_ca, |own| own.certificate.as_str());
                status["certificates"] = json!([certificate]);
            }
            status
        })
        .collect();
    json!({
        "clusterId": cluster.cluster_id(),
        "kafkaVersion": version,
        "kafkaMetadataState": "KRaft",
        "kafkaNodePools": cluster.pools.iter().map(|pool| json!({"name": pool.name})).collect::<Vec<_>>(),
        "listeners": listeners,
    })
}

/// Where the cluster exposes the listener's bootstrap Service.
fn bootstrap(cluster: &Cluster, listener: &Listener) -> Option<(String, u16)> {
    let exposed = cluster.exposure.of(&names::listener_bootstrap_service(&cluster.name, listener))?;
    let bootstrap = &listener.configuration.bootstrap;
    let port = bootstrap.node_port.and_then(|port| u16::try_from(port).ok()).or(exposed.node_port);
    Some((exposed.host.clone(), port.unwrap_or(listener.port)))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cluster::tests::cluster;

    #[test]
    fn a_tlsroute_listener_says_443_whatever_it_advertises() {
        let cluster = cluster(json!([
            {"name": "plain", "port": 9092, "type": "internal", "tls": false},
            {"name": "external", "port": 9094, "type": "tlsroute", "tls": true, "configuration": {
                "bootstrap": {"host": "bootstrap.kafka.test"}, "hostTemplate": "b{nodeId}.test", "advertisedPortTemplate": "9092"}},
        ]));
        let status = fields(&cluster, "4.3.0", "PEM", &BTreeMap::new());
        assert_eq!(status["listeners"][0]["bootstrapServers"], "my-cluster-kafka-bootstrap.kafka.svc:9092");
        assert_eq!(status["listeners"][0]["certificates"], Value::Null);
        assert_eq!(status["listeners"][1]["bootstrapServers"], "bootstrap.kafka.test:443");
        assert_eq!(status["listeners"][1]["certificates"], json!(["PEM"]));
        assert_eq!(status["kafkaVersion"], "4.3.0");
    }
}
