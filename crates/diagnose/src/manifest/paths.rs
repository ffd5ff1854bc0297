//! The routes of the files: those that are written by hand, and those that the operator will write for a `tlsroute` listener.

use super::attachment::{Outcome, attach};
use super::documents::{Document, Documents};
use super::findings::{Finding, Report};
use super::gateways::{Gateways, Served};
use super::listeners::KafkaListener;
use crate::facts::Route;
use crate::routes::{self, overlap};
use kube::api::{DynamicObject, ObjectMeta};
use model::Cause;
use model::strimzi::services;
use serde_json::{Value, json};

/// A route, with its place in the files.
#[derive(Debug)]
pub(super) struct Path<'a> {
    /// The route itself, or the Kafka resource for which the operator writes it.
    pub document: &'a Document,
    pub route: Route,
    /// How messages name it.
    pub title: String,
    parents: Vec<Value>,
    /// The place of the parentRefs.
    pub parents_at: String,
    /// The place of each hostname.
    pub hosts_at: Vec<String>,
    /// Whether the operator writes it.
    pub operated: bool,
    /// The listeners that take it.
    pub attached: Vec<&'a Served<'a>>,
    /// Whether the files leave open what a parent does with it.
    pub open: bool,
}

impl Path<'_> {
    /// Whether it leads connections with this name anywhere.
    pub(super) fn names(&self, host: &str) -> bool {
        let hostnames = &self.route.hostnames;
        self.route.kind == "TLSRoute"
            && (hostnames.is_empty() || hostnames.iter().any(|pattern| routes::covers(pattern, host)))
    }

    /// Whether it takes every connection of this port.
    pub(super) fn takes_port(&self, port: u16) -> bool {
        self.route.kind == "TCPRoute" && self.attached.iter().any(|served| served.listener.port == port)
    }

    /// Whether another route is for the same listener.
    pub(super) fn shares_a_listener(&self, other: &Self) -> bool {
        let same = self.attached.iter().any(|one| other.attached.iter().any(|two| one.is(two)));
        // The same words mean the same listener, even of a Gateway that is not in the files.
        let alike = self.document.namespace == other.document.namespace
            && self.parents.iter().any(|one| !one.is_null() && other.parents.contains(one));
        same || (self.open && other.open && alike)
    }
}

/// All routes, written and to be written.
pub(super) fn all<'a>(documents: &'a Documents, listeners: &[KafkaListener<'a>]) -> Vec<Path<'a>> {
    let written = ["TLSRoute", "TCPRoute"].into_iter().flat_map(|kind| documents.of(kind)).map(written);
    written.chain(listeners.iter().flat_map(operated)).collect()
}

fn written(document: &Document) -> Path<'_> {
    let route = routes::route(&document.object, document.kind);
    Path {
        document,
        title: document.title(),
        parents: document.spec()["parentRefs"].as_array().cloned().unwrap_or_default(),
        parents_at: "/spec/parentRefs".to_owned(),
        hosts_at: (0..route.hostnames.len()).map(|index| format!("/spec/hostnames/{index}")).collect(),
        route,
        operated: false,
        attached: Vec::new(),
        open: false,
    }
}

/// The routes of the bootstrap and of each broker whose host is known.
fn operated<'a>(listener: &KafkaListener<'a>) -> Vec<Path<'a>> {
    if listener.kind != "tlsroute" {
        return Vec::new();
    }
    let bootstrap = &listener.configuration()["bootstrap"]["host"];
    let bootstrap = bootstrap.as_str().map(|host| {
        let service = services::bootstrap(&listener.document.name, &listener.name);
        (host.to_owned(), listener.pointer("/configuration/bootstrap/host"), Some(service))
    });
    let brokers = listener.brokers.iter().filter_map(|broker| {
        let (host, at) = broker.route_host.clone()?;
        // Without its pool, the name of the Service is not known.
        let known = listener.known.exact.iter().flatten().find(|one| one.id == broker.id);
        let service = known
            .map(|one| services::broker(&listener.document.name, &one.pool, &listener.name, listener.port, one.id));
        Some((host, at, service))
    });
    let path = |(host, at, service): (String, String, Option<String>)| {
        let parents = &listener.configuration()["parentRefs"];
        let backends: Vec<_> = service.iter().map(|name| json!({"name": name, "port": listener.port})).collect();
        let object = DynamicObject {
            types: None,
            metadata: ObjectMeta {
                name: service,
                namespace: Some(listener.document.namespace.clone()),
                ..ObjectMeta::default()
            },
            data: json!({"spec": {
                "parentRefs": parents,
                "hostnames": [host],
                "rules": [{"backendRefs": backends}],
            }}),
        };
        Path {
            document: listener.document,
            route: routes::route(&object, "TLSRoute"),
            title: format!("the TLSRoute that Strimzi writes for {host} ({})", listener.title()),
            parents: parents.as_array().cloned().unwrap_or_default(),
            parents_at: listener.pointer("/configuration/parentRefs"),
            hosts_at: vec![at],
            operated: true,
            attached: Vec::new(),
            open: false,
        }
    };
    bootstrap.into_iter().chain(brokers).map(path).collect()
}

/// Finds the listeners that take each route, and reports what no listener takes.
pub(super) fn judge<'a>(paths: &mut [Path<'a>], gateways: &'a Gateways<'a>, report: &mut Report) {
    for path in paths {
        if path.parents.is_empty() {
            report.add(Finding::new(
                Cause::RouteNotAccepted,
                path.document,
                &path.parents_at,
                format!("{} names no Gateway", path.title),
                "no `parentRefs`",
                "add `parentRefs` with the name of the Gateway and of its listener",
            ));
            continue;
        }
        for index in 0..path.parents.len() {
            match attach(gateways, path, &path.parents[index]) {
                Outcome::Attached(listeners) => path.attached.extend(listeners),
                Outcome::Unknown(gap) => {
                    path.open = true;
                    report.gap(gap);
                }
                Outcome::Refused(refusal) => {
                    let at = match refusal.field {
                        Some(field) => format!("{}/{index}{field}", path.parents_at),
                        None => path.hosts_at.first().cloned().unwrap_or_default(),
                    };
                    let message = format!("{} will not be accepted: {}", path.title, refusal.why);
                    let cause = Cause::RouteNotAccepted;
                    report.add(Finding::new(cause, path.document, &at, message, refusal.label, refusal.repair));
                }
            }
        }
        unserved(path, report);
    }
}

/// A hostname that no listener of the route serves, beside others that one does.
fn unserved(path: &Path<'_>, report: &mut Report) {
    if path.open || path.attached.is_empty() || path.route.kind != "TLSRoute" {
        return;
    }
    for (host, at) in path.route.hostnames.iter().zip(&path.hosts_at) {
        let served = |one: &&Served<'_>| one.listener.hostname.as_deref().is_none_or(|pattern| overlap(pattern, host));
        if !path.attached.iter().any(served) {
            let names: Vec<_> = path.attached.iter().filter_map(|one| one.listener.hostname.as_deref()).collect();
            report.add(Finding::new(
                Cause::UnknownSni,
                path.document,
                at,
                format!("{} has the hostname {host}, and its listeners serve only {}", path.title, names.join(", ")),
                "no listener serves this name",
                "correct the hostname, or add a listener for it",
            ));
        }
    }
}
