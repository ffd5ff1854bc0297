//! Addresses that only the cluster knows: those of load balancers, and of a node with the port that a Service opens there.

use super::Error;
use super::cluster::Cluster;
use super::context::{Context, Key};
use super::model::{Listener, ListenerType};
use super::names;
use kube::api::ListParams;
use serde_json::Value;
use std::collections::BTreeMap;
use std::time::Duration;

/// How soon a Service without an address is looked at again.
pub const LOOK_AGAIN: Duration = Duration::from_secs(1);

/// A node's addresses in the order in which Strimzi prefers them.
const PREFERRED: [&str; 5] = ["ExternalDNS", "ExternalIP", "InternalDNS", "InternalIP", "Hostname"];

/// Where clients outside reach the listeners' Services, by the name of the Service.
#[derive(Clone, Debug, Default)]
pub struct Exposure(BTreeMap<String, Exposed>);

#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Exposed {
    pub host: String,
    /// The port that a Service of type `NodePort` opens on every node.
    pub node_port: Option<u16>,
}

impl Exposure {
    pub fn of(&self, service: &str) -> Option<&Exposed> {
        self.0.get(service)
    }
}

/// Looks the addresses up that the cluster's listeners need. `Err` inside names the Services that have none yet.
///
/// # Errors
/// If the API server does not answer.
pub async fn look_up(context: &Context, key: &Key, cluster: &Cluster) -> Result<Result<Exposure, String>, Error> {
    let listeners: Vec<&Listener> = cluster.spec.kafka.listeners.iter().filter(|one| is_outside(one)).collect();
    if listeners.is_empty() {
        return Ok(Ok(Exposure::default()));
    }
    let kind = context.catalog.kind("Service", Some("v1")).await?;
    let services = kind.api(context.catalog.client(), &key.0);
    let node = match listeners.iter().any(|listener| listener.kind == ListenerType::NodePort) {
        true => node_address(context).await?,
        false => None,
    };
    let (mut found, mut missing) = (BTreeMap::new(), Vec::new());
    for listener in listeners {
        for name in services_of(cluster, listener) {
            let service = services.get_opt(&name).await;
            let service = service.map_err(kubeapi::Error::request(format!("read Service {}/{name}", key.0)))?;
            let exposed = service.and_then(|service| match listener.kind {
                ListenerType::LoadBalancer => balanced(&service.data),
                _ => opened(&service.data, node.clone()),
            });
            match exposed {
                Some(exposed) => drop(found.insert(name, exposed)),
                None => missing.push(name),
            }
        }
    }
    Ok(if missing.is_empty() { Ok(Exposure(found)) } else { Err(missing.join(", ")) })
}

fn is_outside(listener: &Listener) -> bool {
    matches!(listener.kind, ListenerType::NodePort | ListenerType::LoadBalancer)
}

/// The listener's Services. A load balancer may be switched off for the bootstrap.
fn services_of(cluster: &Cluster, listener: &Listener) -> Vec<String> {
    let bootstrap = (listener.configuration.create_bootstrap_service != Some(false))
        .then(|| names::listener_bootstrap_service(&cluster.name, listener));
    bootstrap.into_iter().chain(cluster.brokers().filter_map(|node| node.service(listener))).collect()
}

/// The first address that a load balancer has given a Service.
fn balanced(service: &Value) -> Option<Exposed> {
    let ingress = service.pointer("/status/loadBalancer/ingress/0")?;
    let host = ingress["hostname"].as_str().or(ingress["ip"].as_str())?;
    Some(Exposed { host: host.to_owned(), node_port: None })
}

fn opened(service: &Value, node: Option<String>) -> Option<Exposed> {
    let port = service.pointer("/spec/ports/0/nodePort")?.as_u64()?;
    Some(Exposed { host: node?, node_port: Some(u16::try_from(port).ok()?) })
}

/// The address of the first node. The stand-in's Pods run on it where there is only one, as in a kind lab.
async fn node_address(context: &Context) -> Result<Option<String>, Error> {
    let kind = context.catalog.kind("Node", Some("v1")).await?;
    let nodes = kind.api(context.catalog.client(), "").list(&ListParams::default()).await;
    let all = nodes.map_err(kubeapi::Error::request("list the nodes"))?;
    Ok(all.items.first().and_then(|node| preferred(&node.data)))
}

fn preferred(node: &Value) -> Option<String> {
    let addresses = node.pointer("/status/addresses")?.as_array()?;
    PREFERRED.iter().find_map(|kind| {
        let found = addresses.iter().find(|address| address["type"] == *kind)?;
        found["address"].as_str().map(str::to_owned)
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cluster::tests::cluster;
    use serde_json::json;

    #[test]
    fn a_load_balancer_without_an_address_is_not_exposed_yet() {
        assert_eq!(balanced(&json!({"status": {"loadBalancer": {}}})), None);
        let status = |ingress: Value| json!({"status": {"loadBalancer": {"ingress": [ingress]}}});
        let host = |ingress: Value| balanced(&status(ingress)).map(|exposed| exposed.host);
        assert_eq!(host(json!({"ip": "172.18.255.4"})).as_deref(), Some("172.18.255.4"));
        assert_eq!(host(json!({"hostname": "lb.example.com", "ip": "10.0.0.1"})).as_deref(), Some("lb.example.com"));
    }

    #[test]
    fn a_node_port_is_reached_at_the_address_that_strimzi_prefers() {
        let node = json!({"status": {"addresses": [
            {"type": "Hostname", "address": "node"}, {"type": "InternalIP", "address": "172.18.0.2"}]}});
        assert_eq!(preferred(&node).as_deref(), Some("172.18.0.2"));
        let service = json!({"spec": {"ports": [{"port": 9094, "nodePort": 31910}]}});
        let exposed = Exposed { host: "172.18.0.2".into(), node_port: Some(31910) };
        assert_eq!(opened(&service, preferred(&node)), Some(exposed));
        assert_eq!(opened(&service, None), None, "without a node nobody reaches the port");
    }

    #[test]
    fn brokers_advertise_the_addresses_that_were_found_unless_the_resource_sets_others() {
        let mut cluster = cluster(json!([
            {"name": "lb", "port": 9094, "type": "loadbalancer", "tls": true, "configuration": {
                "brokers": [{"broker": 12, "advertisedHost": "twelve.example.com"}]}},
            {"name": "np", "port": 9095, "type": "nodeport", "tls": false},
        ]));
        let (lb, np) = (cluster.spec.kafka.listeners[0].clone(), cluster.spec.kafka.listeners[1].clone());
        assert_eq!(services_of(&cluster, &lb)[0], "my-cluster-kafka-lb-bootstrap");
        let hosts = services_of(&cluster, &lb).into_iter().zip(["10.0.0.1", "10.0.0.10", "10.0.0.11", "10.0.0.12"]);
        let ports = services_of(&cluster, &np).into_iter().zip([31909, 31910, 31911, 31912]);
        let balanced = hosts.map(|(name, host)| (name, Exposed { host: host.into(), node_port: None }));
        let opened = ports.map(|(name, port)| (name, Exposed { host: "node".into(), node_port: Some(port) }));
        cluster.exposure = Exposure(balanced.chain(opened).collect());
        let advertised = |listener: &Listener| {
            cluster
                .brokers()
                .map(|node| format!("{}:{}", node.advertised_host(listener), node.advertised_port(listener)))
                .collect::<Vec<_>>()
        };
        assert_eq!(advertised(&lb), ["10.0.0.10:9094", "10.0.0.11:9094", "twelve.example.com:9094"]);
        assert_eq!(advertised(&np), ["node:31910", "node:31911", "node:31912"]);
        let sans = crate::certs::sans(&cluster.brokers().next().expect("broker 10"));
        assert!(sans.contains("10.0.0.1") && sans.contains("10.0.0.10"), "{sans:?}");
        assert!(!sans.contains("10.0.0.11"), "that is another broker's: {sans:?}");
    }
}
