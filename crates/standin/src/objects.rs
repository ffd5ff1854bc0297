//! The desired Services, TLSRoutes and other objects of a cluster. Pure functions from a [`Cluster`] to objects.

use super::cluster::{Cluster, Node};
use super::model::{Listener, ListenerType};
use super::names;
use k8s_openapi::ByteString;
use kube::api::DynamicObject;
use serde_json::{Value, json};
use std::collections::BTreeMap;

/// The field manager of everything that the stand-in applies, and the value of its label
/// `app.kubernetes.io/managed-by`.
pub const MANAGER: &str = "kafka-lab-standin";

/// An object of the cluster, with its labels, owned by the Kafka resource.
pub fn object(
    cluster: &Cluster,
    api_version: &str,
    kind: &str,
    name: &str,
    body: Value,
) -> Result<DynamicObject, serde_json::Error> {
    let mut value = body;
    value["apiVersion"] = json!(api_version);
    value["kind"] = json!(kind);
    let metadata = &mut value["metadata"];
    metadata["name"] = json!(name);
    metadata["namespace"] = json!(cluster.namespace);
    for (key, label) in labels(cluster) {
        metadata["labels"][key] = json!(label);
    }
    metadata["ownerReferences"] = json!([{
        "apiVersion": "kafka.strimzi.io/v1", "kind": "Kafka", "name": cluster.name, "uid": cluster.uid,
        "controller": false, "blockOwnerDeletion": false,
    }]);
    serde_json::from_value(value)
}

/// The labels of everything that belongs to the cluster.
pub fn labels(cluster: &Cluster) -> BTreeMap<&'static str, String> {
    BTreeMap::from([
        (names::CLUSTER_LABEL, cluster.name.clone()),
        (names::KIND_LABEL, "Kafka".to_owned()),
        (names::NAME_LABEL, names::component(&cluster.name)),
        ("app.kubernetes.io/managed-by", MANAGER.to_owned()),
        ("app.kubernetes.io/name", "kafka".to_owned()),
        ("app.kubernetes.io/instance", cluster.name.clone()),
    ])
}

/// Texts, encoded as in a Secret's `data`.
pub fn secret_data<'a>(texts: impl IntoIterator<Item = (&'a str, &'a str)>) -> Value {
    let encoded = |text: &str| json!(ByteString(text.as_bytes().to_vec()));
    texts.into_iter().map(|(key, text)| (key.to_owned(), encoded(text))).collect::<serde_json::Map<_, _>>().into()
}

/// The Services and TLSRoutes of a cluster, in the order in which they are applied.
///
/// # Errors
/// If an object cannot be serialised, which does not happen in practice.
pub fn network(cluster: &Cluster) -> Result<Vec<DynamicObject>, serde_json::Error> {
    let mut objects = vec![internal_bootstrap(cluster)?, headless(cluster)?];
    for listener in cluster.spec.kafka.listeners.iter().filter(|listener| listener.kind != ListenerType::Internal) {
        if listener.configuration.create_bootstrap_service != Some(false) {
            objects.push(listener_bootstrap(cluster, listener)?);
        }
        for node in cluster.brokers() {
            objects.extend(listener_broker(&node, listener)?);
        }
        if listener.kind == ListenerType::TlsRoute {
            objects.extend(routes(cluster, listener)?);
        }
    }
    Ok(objects)
}

/// The TLSRoutes of a listener: the bootstrap, then one for each broker.
fn routes(cluster: &Cluster, listener: &Listener) -> Result<Vec<DynamicObject>, serde_json::Error> {
    let bootstrap = &listener.configuration.bootstrap;
    let mut routes = Vec::new();
    if let Some(host) = &bootstrap.host {
        let name = names::listener_bootstrap_route(&cluster.name, listener);
        let service = names::listener_bootstrap_service(&cluster.name, listener);
        let extra = (&bootstrap.labels, &bootstrap.annotations);
        routes.push(route(cluster, listener, &name, host, &service, extra)?);
    }
    for node in cluster.brokers() {
        let (Some(host), Some(service)) = (node.host(listener), node.service(listener)) else { continue };
        // It is listed under the name of the route, which equals the name of the Service.
        let name = names::listener_broker_route(&cluster.name, &node.pool.name, node.id, listener)
            .unwrap_or_else(|| service.clone());
        let none = BTreeMap::new();
        let extra = node.configuration(listener).map_or((&none, &none), |own| (&own.labels, &own.annotations));
        routes.push(route(cluster, listener, &name, &host, &service, extra)?);
    }
    Ok(routes)
}

type Extra<'a> = (&'a BTreeMap<String, String>, &'a BTreeMap<String, String>);

fn route(
    cluster: &Cluster,
    listener: &Listener,
    name: &str,
    host: &str,
    service: &str,
    extra: Extra<'_>,
) -> Result<DynamicObject, serde_json::Error> {
    object(
        cluster,
        "gateway.networking.k8s.io/v1",
        "TLSRoute",
        name,
        json!({
            "metadata": {"labels": extra.0, "annotations": extra.1},
            "spec": {
                "parentRefs": listener.configuration.parent_refs,
                "hostnames": [host],
                "rules": [{"backendRefs": [{"name": service, "port": listener.port}]}],
            },
        }),
    )
}

fn port(name: &str, number: u16) -> Value {
    json!({"name": name, "port": number, "targetPort": name, "protocol": "TCP"})
}

fn selector(cluster: &Cluster) -> Value {
    json!({
        names::CLUSTER_LABEL: cluster.name,
        names::KIND_LABEL: "Kafka",
        names::NAME_LABEL: names::component(&cluster.name),
    })
}

fn broker_selector(cluster: &Cluster) -> Value {
    let mut selector = selector(cluster);
    selector[names::BROKER_ROLE_LABEL] = json!("true");
    selector
}

fn internal_ports(cluster: &Cluster) -> Vec<Value> {
    let internal = cluster.spec.kafka.listeners.iter().filter(|listener| listener.kind == ListenerType::Internal);
    std::iter::once(port("tcp-replication", names::REPLICATION_PORT))
        .chain(internal.map(|listener| port(&names::port_name(listener), listener.port)))
        .collect()
}

fn internal_bootstrap(cluster: &Cluster) -> Result<DynamicObject, serde_json::Error> {
    object(
        cluster,
        "v1",
        "Service",
        &names::bootstrap_service(&cluster.name),
        json!({
            "spec": {"type": "ClusterIP", "selector": broker_selector(cluster), "ports": internal_ports(cluster)},
        }),
    )
}

fn headless(cluster: &Cluster) -> Result<DynamicObject, serde_json::Error> {
    let mut ports = vec![port("tcp-ctrlplane", names::CONTROL_PORT)];
    ports.extend(internal_ports(cluster));
    object(
        cluster,
        "v1",
        "Service",
        &names::brokers_service(&cluster.name),
        json!({
            // Brokers must find each other before they are ready.
            "spec": {"clusterIP": "None", "publishNotReadyAddresses": true, "selector": selector(cluster), "ports": ports},
        }),
    )
}

fn service_type(listener: &Listener) -> &'static str {
    match listener.kind {
        ListenerType::NodePort => "NodePort",
        ListenerType::LoadBalancer => "LoadBalancer",
        ListenerType::Internal | ListenerType::ClusterIp | ListenerType::TlsRoute => "ClusterIP",
    }
}

fn listener_port(listener: &Listener, node_port: Option<i32>) -> Value {
    let mut port = port(&names::port_name(listener), listener.port);
    if let Some(node_port) = node_port.filter(|_| listener.kind != ListenerType::ClusterIp) {
        port["nodePort"] = json!(node_port);
    }
    port
}

fn listener_service(
    cluster: &Cluster,
    listener: &Listener,
    name: &str,
    selector: Value,
    extra: Extra<'_>,
    node_port: Option<i32>,
) -> Result<DynamicObject, serde_json::Error> {
    let mut spec = json!({
        "type": service_type(listener), "selector": selector, "ports": [listener_port(listener, node_port)],
    });
    if let Some(publish) = listener.configuration.publish_not_ready_addresses {
        spec["publishNotReadyAddresses"] = json!(publish);
    }
    object(
        cluster,
        "v1",
        "Service",
        name,
        json!({
            "metadata": {"labels": extra.0, "annotations": extra.1}, "spec": spec,
        }),
    )
}

fn listener_bootstrap(cluster: &Cluster, listener: &Listener) -> Result<DynamicObject, serde_json::Error> {
    let bootstrap = &listener.configuration.bootstrap;
    let name = names::listener_bootstrap_service(&cluster.name, listener);
    let extra = (&bootstrap.labels, &bootstrap.annotations);
    listener_service(cluster, listener, &name, broker_selector(cluster), extra, bootstrap.node_port)
}

fn listener_broker(node: &Node<'_>, listener: &Listener) -> Result<Option<DynamicObject>, serde_json::Error> {
    let Some(name) = node.service(listener) else { return Ok(None) };
    let mut selector = selector(node.cluster);
    selector["strimzi.io/pod-name"] = json!(node.pod());
    let none = BTreeMap::new();
    let own = node.configuration(listener);
    let extra = own.map_or((&none, &none), |own| (&own.labels, &own.annotations));
    listener_service(node.cluster, listener, &name, selector, extra, own.and_then(|own| own.node_port)).map(Some)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cluster::tests::cluster;

    fn names_of(objects: &[DynamicObject], kind: &str) -> Vec<String> {
        objects
            .iter()
            .filter(|object| object.types.as_ref().is_some_and(|types| types.kind == kind))
            .filter_map(|object| object.metadata.name.clone())
            .collect()
    }

    #[test]
    fn a_tlsroute_listener_brings_services_and_routes() {
        let cluster = cluster(json!([
            {"name": "plain", "port": 9092, "type": "internal", "tls": false},
            {"name": "external", "port": 9094, "type": "tlsroute", "tls": true, "configuration": {
                "parentRefs": [{"name": "lab", "sectionName": "kafka"}],
                "bootstrap": {"host": "bootstrap.kafka.test"}, "hostTemplate": "broker-{nodeId}.kafka.test"}},
        ]));
        let objects = network(&cluster).expect("objects");
        assert_eq!(
            names_of(&objects, "Service"),
            [
                "my-cluster-kafka-bootstrap",
                "my-cluster-kafka-brokers",
                "my-cluster-kafka-external-bootstrap",
                "my-cluster-broker-10",
                "my-cluster-broker-11",
                "my-cluster-broker-12",
            ]
        );
        assert_eq!(
            names_of(&objects, "TLSRoute"),
            ["my-cluster-kafka-bootstrap", "my-cluster-broker-10", "my-cluster-broker-11", "my-cluster-broker-12"]
        );
        let routes: Vec<_> = objects
            .iter()
            .filter(|object| object.types.as_ref().is_some_and(|types| types.kind == "TLSRoute"))
            .collect();
        assert_eq!(
            routes[0].data["spec"],
            json!({
                "parentRefs": [{"name": "lab", "sectionName": "kafka"}],
                "hostnames": ["bootstrap.kafka.test"],
                "rules": [{"backendRefs": [{"name": "my-cluster-kafka-external-bootstrap", "port": 9094}]}],
            })
        );
        assert_eq!(routes[1].data["spec"]["hostnames"], json!(["broker-10.kafka.test"]));
        assert_eq!(
            routes[1].data["spec"]["rules"][0]["backendRefs"],
            json!([{"name": "my-cluster-broker-10", "port": 9094}])
        );
        let owner = &routes[1].metadata.owner_references.as_ref().expect("an owner")[0];
        assert_eq!((owner.kind.as_str(), owner.uid.as_str()), ("Kafka", "6d0f"));
    }

    #[test]
    fn only_a_load_balancer_can_do_without_its_bootstrap_service() {
        let cluster = cluster(json!([{"name": "lb", "port": 9094, "type": "loadbalancer", "tls": true,
            "configuration": {"createBootstrapService": false, "publishNotReadyAddresses": true}}]));
        let objects = network(&cluster).expect("objects");
        assert!(!names_of(&objects, "Service").contains(&"my-cluster-kafka-lb-bootstrap".to_owned()));
        let broker = objects
            .iter()
            .find(|object| object.metadata.name.as_deref() == Some("my-cluster-broker-lb-10"))
            .expect("a Service");
        assert_eq!(broker.data["spec"]["type"], "LoadBalancer");
        assert_eq!(broker.data["spec"]["publishNotReadyAddresses"], true);
        assert_eq!(broker.data["spec"]["selector"]["strimzi.io/pod-name"], "my-cluster-broker-10");
    }
}
