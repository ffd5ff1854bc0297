//! The cluster's objects, read once for all addresses.

use super::facts::{Declared, Facts};
use super::gateways::{GatewayState, concerned, states};
use super::routes;
use futures::future::join_all;
use host::with_causes;
use kube::api::DynamicObject;
use kubeapi::{Catalog, Error};
use serde_json::Value;
use std::time::Duration;
use tokio::time::{Instant, timeout_at};

const KINDS: [&str; 10] = [
    "TLSRoute",
    "TCPRoute",
    "Gateway",
    "GatewayClass",
    "Service",
    "Pod",
    "Kafka",
    "KafkaNodePool",
    "NetworkPolicy",
    "Namespace",
];

/// The objects of each kind, in all namespaces.
#[derive(Default)]
pub struct Snapshot {
    pub(super) tls_routes: Vec<DynamicObject>,
    tcp_routes: Vec<DynamicObject>,
    pub(super) gateways: Vec<DynamicObject>,
    states: Vec<GatewayState>,
    pub(super) services: Vec<DynamicObject>,
    pub(super) pods: Vec<DynamicObject>,
    pub(super) kafkas: Vec<DynamicObject>,
    pools: Vec<DynamicObject>,
    pub(super) policies: Vec<DynamicObject>,
    pub(super) namespaces: Vec<DynamicObject>,
    /// The version of TLSRoute that the server prefers. `None` if it serves none, or could not be asked.
    pub(super) tls_route_version: Option<String>,
    routes_known: bool,
    backends_known: bool,
    /// What could not be read, and why.
    pub gaps: Vec<String>,
}

impl Snapshot {
    /// Reads every kind at once, within the time for all of them together. What cannot be read becomes a gap.
    pub async fn read(catalog: &Catalog, within: Duration) -> Self {
        let deadline = Instant::now() + within;
        let late = || format!("no answer within {} s", within.as_secs());
        // The kinds are discovered once, before each list would do so.
        match timeout_at(deadline, catalog.kind("Pod", None)).await {
            Ok(Ok(_)) => {}
            Ok(Err(error)) => {
                return Self { gaps: vec![format!("the cluster: {}", with_causes(&error))], ..Self::default() };
            }
            Err(_) => return Self { gaps: vec![format!("the cluster: {}", late())], ..Self::default() },
        }
        let lists = join_all(KINDS.map(|kind| timeout_at(deadline, routes::all(catalog, kind)))).await;
        let mut gaps = Vec::new();
        let mut found = lists.into_iter().zip(KINDS).map(|(list, kind)| {
            let list: Result<Vec<DynamicObject>, String> = match list {
                Ok(list) => list.map_err(|error: Error| with_causes(&error)),
                Err(_) => Err(late()),
            };
            let known = list.is_ok();
            let all = list.unwrap_or_else(|why| {
                gaps.push(format!("the cluster's {kind} objects: {why}"));
                Vec::new()
            });
            (all, known)
        });
        let mut next = || found.next().unwrap_or_default();
        let (tls_routes, tls_known) = next();
        let (tcp_routes, tcp_known) = next();
        let (gateways, _) = next();
        let (classes, classes_known) = next();
        let (services, services_known) = next();
        let (pods, pods_known) = next();
        let (kafkas, _) = next();
        let (pools, _) = next();
        let (policies, _) = next();
        let (namespaces, _) = next();
        drop(found);
        let kind = timeout_at(deadline, catalog.kind("TLSRoute", None)).await;
        let tls_route_version = kind.ok().and_then(Result::ok).map(|kind| kind.resource.version);
        // A Gateway whose class cannot be read is not accused of having none.
        let states = if classes_known { states(&gateways, &classes) } else { Vec::new() };
        Self {
            tls_routes,
            tcp_routes,
            gateways,
            states,
            services,
            pods,
            kafkas,
            pools,
            policies,
            namespaces,
            tls_route_version,
            routes_known: tls_known && tcp_known,
            backends_known: services_known && pods_known,
            gaps,
        }
    }

    /// A snapshot of these objects, for tests.
    #[cfg(test)]
    pub(super) fn of(
        tls_routes: Vec<DynamicObject>,
        gateways: Vec<DynamicObject>,
        services: Vec<DynamicObject>,
        pods: Vec<DynamicObject>,
        policies: Vec<DynamicObject>,
        namespaces: Vec<DynamicObject>,
        tls_route_version: Option<String>,
    ) -> Self {
        // The class is not asked for here.
        let class = "{apiVersion: gateway.networking.k8s.io/v1, kind: GatewayClass, metadata: {name: some}}";
        let classes = kubeapi::parse_manifests("class.yaml", class).unwrap_or_default();
        let states = states(&gateways, &classes);
        Self {
            tls_routes,
            gateways,
            states,
            services,
            pods,
            policies,
            namespaces,
            tls_route_version,
            routes_known: true,
            backends_known: true,
            ..Self::default()
        }
    }

    /// Whether the routes could be read.
    pub fn readable(&self) -> bool {
        self.routes_known
    }

    /// Adds what the cluster says about the address.
    pub(super) fn describe(&self, facts: &mut Facts) {
        let (host, port) = (facts.host.clone(), facts.port);
        facts.routes_known = self.routes_known;
        facts.routes = routes::routes(&self.tls_routes, &self.tcp_routes, &self.gateways, &host, port);
        if self.backends_known {
            routes::resolve(&mut facts.routes, &self.services, &self.pods);
        } else {
            // A backend that could not be read is not accused of being absent.
            facts.routes.iter_mut().for_each(|route| route.backends.clear());
        }
        facts.served = routes::listeners(&self.gateways);
        routes::count_accepted(&mut facts.served, &self.tls_routes, &self.tcp_routes);
        facts.listeners = routes::for_name(&facts.served, &host, port);
        facts.declared = routes::declared(&self.kafkas, &host);
        facts.behind = facts.declared.clone().or_else(|| routes::led_to(&self.kafkas, &facts.routes));
        facts.gateways = concerned(facts, &self.states);
        if facts.addresses.is_empty() {
            facts.addresses = facts.gateways.iter().flat_map(|gateway| gateway.addresses.iter().copied()).collect();
        }
    }

    /// The node ids of the brokers of the listener's cluster, as its node pools report them.
    pub(super) fn broker_ids(&self, listener: &Declared) -> Vec<i32> {
        let (namespace, cluster) = listener.cluster().split_once('/').unwrap_or_default();
        let own = self.pools.iter().filter(|pool| {
            let label = pool.metadata.labels.as_ref().and_then(|labels| labels.get("strimzi.io/cluster"));
            pool.metadata.namespace.as_deref() == Some(namespace) && label.is_some_and(|label| label == cluster)
        });
        let list = |value: &Value| value.as_array().cloned().unwrap_or_default();
        let brokers = own.filter(|pool| list(&pool.data["spec"]["roles"]).iter().any(|role| role == "broker"));
        let ids = brokers.flat_map(|pool| list(&pool.data["status"]["nodeIds"]));
        ids.filter_map(|id| i32::try_from(id.as_i64()?).ok()).collect()
    }

    /// The listener as it is written.
    pub(super) fn spec(&self, declared: &Declared) -> Option<&Value> {
        let (namespace, cluster) = declared.cluster().split_once('/')?;
        let kafka = self.kafkas.iter().find(|kafka| {
            kafka.metadata.namespace.as_deref() == Some(namespace) && kafka.metadata.name.as_deref() == Some(cluster)
        })?;
        let mut listeners = kafka.data["spec"]["kafka"]["listeners"].as_array()?.iter();
        listeners.find(|listener| listener["name"] == declared.listener.as_str())
    }

    /// The listener that declares the host.
    pub(super) fn declared(&self, host: &str) -> Option<Declared> {
        routes::declared(&self.kafkas, host)
    }

    /// The bootstrap addresses that the Kafka resources declare for `tlsroute` listeners: the Kafka, the listener and
    /// `host:port`. The port comes from the resource or else from the Gateway's listener, never from a status.
    pub fn bootstraps(&self) -> Vec<(String, String, String)> {
        let served = routes::listeners(&self.gateways);
        let mut found = Vec::new();
        for kafka in &self.kafkas {
            let metadata = &kafka.metadata;
            let of = |text: &Option<String>| text.clone().unwrap_or_default();
            let title = format!("{}/{}", of(&metadata.namespace), of(&metadata.name));
            for listener in kafka.data["spec"]["kafka"]["listeners"].as_array().into_iter().flatten() {
                let configuration = &listener["configuration"];
                let Some(host) = configuration["bootstrap"]["host"].as_str() else { continue };
                let template = &configuration["advertisedPortTemplate"];
                let declared = template.as_u64().or_else(|| template.as_str()?.parse().ok());
                // A listener without a hostname may have nothing to do with Kafka.
                let named = served.iter().find(|one| one.names(host));
                let listening =
                    named.or_else(|| served.iter().find(|one| one.serves(host))).map(|one| u64::from(one.port));
                let Some(port) = declared.or(listening) else { continue };
                let name = listener["name"].as_str().unwrap_or_default().to_owned();
                found.push((title.clone(), name, format!("{host}:{port}")));
            }
        }
        found
    }
}
