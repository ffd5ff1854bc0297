//! The Services of the files, and those that Strimzi will create.

use super::documents::Documents;
use super::listeners::KafkaListener;
use super::ownership::{created, owner};
use crate::facts::Route;
use crate::routes;
use kube::api::DynamicObject;
use std::collections::{BTreeMap, BTreeSet};

/// All of them, by namespace and name.
pub(super) struct Services<'l, 'a> {
    all: BTreeMap<String, BTreeMap<String, DynamicObject>>,
    listeners: &'l [KafkaListener<'a>],
    /// The namespaces with a Service that is written by hand.
    written: BTreeSet<&'a str>,
    /// The Kafka resources of each namespace: the name, and whether the ids of the brokers are known.
    kafkas: BTreeMap<&'a str, Vec<(&'a str, bool)>>,
    /// Whether every file could be read.
    complete: bool,
}

impl<'l, 'a> Services<'l, 'a> {
    pub(super) fn of(documents: &'a Documents, listeners: &'l [KafkaListener<'a>]) -> Self {
        let mut all: BTreeMap<String, BTreeMap<String, DynamicObject>> = BTreeMap::new();
        let by_hand = documents.of("Service").map(|service| service.object.clone());
        for service in created(documents, listeners).into_iter().chain(by_hand) {
            let (namespace, name) = (service.metadata.namespace.clone(), service.metadata.name.clone());
            all.entry(namespace.unwrap_or_default()).or_default().insert(name.unwrap_or_default(), service);
        }
        let mut kafkas: BTreeMap<&str, Vec<(&str, bool)>> = BTreeMap::new();
        for kafka in documents.of("Kafka") {
            let mut own = listeners.iter().filter(|one| std::ptr::eq(one.document, kafka));
            let known = own.next().is_some_and(|one| one.known.exact.is_some());
            kafkas.entry(&kafka.namespace).or_default().push((&kafka.name, known));
        }
        let written = documents.of("Service").map(|service| service.namespace.as_str()).collect();
        Self { all, listeners, written, kafkas, complete: documents.complete }
    }

    /// Those to which the route leads.
    pub(super) fn of_route(&self, route: &Route) -> Vec<DynamicObject> {
        let of = |namespace: &str, name: &str| self.all.get(namespace)?.get(name).cloned();
        route.backends.iter().filter_map(|backend| of(&backend.namespace, &backend.service)).collect()
    }

    /// The names of a namespace.
    pub(super) fn names(&self, namespace: &str) -> Vec<&str> {
        self.all.get(namespace).into_iter().flat_map(BTreeMap::keys).map(String::as_str).collect()
    }

    /// Whether a Service that is not among these is certainly absent. The files must have the others of its namespace, or a name
    /// that is nearly the same, or the Kafka resource that declares the name of the route.
    pub(super) fn certainly_missing(&self, namespace: &str, name: &str, route: &Route, near: bool) -> bool {
        if !self.complete || self.to_come(namespace, name) {
            return false;
        }
        let written = self.written.contains(namespace);
        let Some(kafkas) = self.kafkas.get(namespace) else { return written && !by_an_operator(name) };
        let of_a_cluster = |cluster: &str| name.strip_prefix(cluster).is_some_and(|rest| rest.starts_with('-'));
        let operated = kafkas.iter().any(|(cluster, _)| of_a_cluster(cluster));
        let declares = |listener: &&KafkaListener<'_>| {
            let kafka = std::slice::from_ref(&listener.document.object);
            listener.document.namespace == namespace
                && route.hostnames.iter().any(|host| routes::declared(kafka, host).is_some())
        };
        let declared = || self.listeners.iter().any(|listener| declares(&listener));
        kafkas.iter().all(|(_, known)| *known) && (operated || written || near || declared())
    }

    /// Whether it is the Service of a broker that the pools may get. A route may be written before its broker is added.
    fn to_come(&self, namespace: &str, name: &str) -> bool {
        owner(self.listeners, namespace, name).is_some_and(|owner| {
            let possible = owner.listener.known.possible.as_ref();
            owner.broker.is_some_and(|id| possible.is_none_or(|possible| possible.contains(&id)))
        })
    }
}

/// Whether the name looks like one that Strimzi gives, for a Kafka resource that is not in the files.
fn by_an_operator(name: &str) -> bool {
    let end = name.rsplit('-').next().unwrap_or_default();
    end == "bootstrap" || (!end.is_empty() && end.bytes().all(|byte| byte.is_ascii_digit()))
}
