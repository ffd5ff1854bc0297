//! Which Services belong to which listener of a Kafka resource: by the names that Strimzi gives, or by the selector of a
//! Service that is written by hand.

use super::documents::{Document, Documents};
use super::listeners::KafkaListener;
use kube::api::{DynamicObject, ObjectMeta};
use model::strimzi::services;
use serde_json::json;

/// The port between brokers, which the Services of the internal listeners have too.
const REPLICATION_PORT: u16 = 9091;

/// A Service of a listener.
#[derive(Debug)]
pub(super) struct Owner<'l, 'a> {
    pub listener: &'l KafkaListener<'a>,
    /// The broker that it leads to. `None` if it leads to all of them.
    pub broker: Option<u32>,
}

/// The listener for which Strimzi creates a Service with this name.
pub(super) fn owner<'l, 'a>(
    listeners: &'l [KafkaListener<'a>],
    namespace: &str,
    service: &str,
) -> Option<Owner<'l, 'a>> {
    let external = listeners.iter().filter(|one| one.kind != "internal" && one.document.namespace == namespace);
    let found = external.filter_map(|listener| {
        let cluster = &listener.document.name;
        if service == services::bootstrap(cluster, &listener.name) {
            return Some(Owner { listener, broker: None });
        }
        let id: u32 = service.rsplit_once('-')?.1.parse().ok()?;
        let rest = service.strip_prefix(cluster.as_str())?.strip_prefix('-')?;
        let pools = &listener.known.pools;
        let is = |pool: &str| services::broker(cluster, pool, &listener.name, listener.port, id) == service;
        let fits = if pools.is_empty() {
            let end = services::broker("", "", &listener.name, listener.port, id);
            let pool = rest.strip_suffix(end.trim_start_matches("--"))?.strip_suffix('-')?;
            !pool.is_empty() && is(pool)
        } else {
            pools.iter().any(|pool| is(pool))
        };
        fits.then_some(Owner { listener, broker: Some(id) })
    });
    // `my-cluster` also fits the Services of `my`: the longest name of a cluster is meant.
    found.max_by_key(|owner| (owner.listener.document.name.len(), owner.listener.name.len()))
}

/// The Services that Strimzi will create for certain.
pub(super) fn created(documents: &Documents, listeners: &[KafkaListener<'_>]) -> Vec<DynamicObject> {
    let mut found = Vec::new();
    for kafka in documents.of("Kafka") {
        let own = listeners.iter().filter(|one| std::ptr::eq(one.document, kafka) && one.kind == "internal");
        let ports: Vec<u16> = std::iter::once(REPLICATION_PORT).chain(own.map(|one| one.port)).collect();
        for end in ["bootstrap", "brokers"] {
            found.push(service(&kafka.namespace, &format!("{}-kafka-{end}", kafka.name), &ports));
        }
    }
    for listener in listeners.iter().filter(|one| one.kind != "internal") {
        let Document { namespace, name: cluster, .. } = listener.document;
        let without_bootstrap = listener.configuration()["createBootstrapService"] == false;
        let bootstrap = (!without_bootstrap).then(|| services::bootstrap(cluster, &listener.name));
        let brokers = listener.known.exact.iter().flatten();
        let brokers =
            brokers.map(|broker| services::broker(cluster, &broker.pool, &listener.name, listener.port, broker.id));
        found.extend(bootstrap.into_iter().chain(brokers).map(|name| service(namespace, &name, &[listener.port])));
    }
    found
}

fn service(namespace: &str, name: &str, ports: &[u16]) -> DynamicObject {
    let ports: Vec<_> = ports.iter().map(|port| json!({"port": port})).collect();
    DynamicObject {
        types: None,
        metadata: ObjectMeta {
            name: Some(name.to_owned()),
            namespace: Some(namespace.to_owned()),
            ..ObjectMeta::default()
        },
        data: json!({"spec": {"ports": ports}}),
    }
}

/// The Kafka resource whose Pods a Service selects.
pub(super) fn selected<'a>(documents: &'a Documents, service: &Document) -> Option<&'a Document> {
    let cluster = service.spec()["selector"]["strimzi.io/cluster"].as_str()?;
    documents.of("Kafka").find(|kafka| kafka.namespace == service.namespace && kafka.name == cluster)
}
