//! Where the routes lead: whether the Service and its port exist, may be referred to, and belong to the broker that advertises
//! the name.

use super::documents::Documents;
use super::findings::{Finding, Report};
use super::grants::Reference;
use super::listeners::KafkaListener;
use super::ownership::{owner, selected};
use super::paths::Path;
use super::services::Services;
use super::wrong_broker::wrong_broker;
use crate::facts::Backend;
use crate::routes;
use model::{Cause, suggest};
use serde_json::Value;
use std::collections::BTreeSet;

/// A backendRef of a route that is written by hand.
pub(super) struct Target<'p, 'a> {
    pub path: &'p Path<'a>,
    pub backend: &'p Backend,
    at: String,
}

impl Target<'_, '_> {
    pub(super) fn service(&self) -> String {
        format!("{}/{}", self.backend.namespace, self.backend.service)
    }

    pub(super) fn finding(&self, cause: Cause, field: &str, message: String, label: &str, repair: String) -> Finding {
        Finding::new(cause, self.path.document, &format!("{}{field}", self.at), message, label, repair)
    }
}

/// Checks every backendRef.
pub(super) fn judge(
    documents: &Documents,
    paths: &mut [Path<'_>],
    listeners: &[KafkaListener<'_>],
    report: &mut Report,
) {
    let services = Services::of(documents, listeners);
    for path in paths.iter_mut().filter(|path| !path.operated) {
        let of_the_route = services.of_route(&path.route);
        routes::resolve(std::slice::from_mut(&mut path.route), &of_the_route, &[]);
    }
    let mut unknown = BTreeSet::new();
    for path in paths.iter().filter(|path| !path.operated) {
        let references = references(path.document.spec());
        if references.is_empty() {
            let message = format!("{} leads to no backend", path.title);
            let repair = "add a rule with `backendRefs` to the Service of the broker";
            report.add(Finding::new(
                Cause::BackendUnresolved,
                path.document,
                "/spec/rules",
                message,
                "no `backendRefs`",
                repair,
            ));
        }
        for (backend, (at, reference)) in path.route.backends.iter().zip(references) {
            let target = Target { path, backend, at };
            let kind = reference["kind"].as_str().unwrap_or("Service");
            if kind != "Service" {
                report.gap(format!("{}, whose backend is a {kind}", path.title));
                continue;
            }
            grant(documents, &target, report);
            if !backend.exists {
                unknown.extend(missing(&services, &target, report));
            } else if !portless(&target, report) {
                wrong_port(documents, listeners, &target, report);
            }
            wrong_broker(listeners, &target, report);
        }
    }
    if !unknown.is_empty() {
        let names: Vec<&str> = unknown.iter().map(String::as_str).collect();
        report.gap(format!("whether these Services exist: {}", shortened(&names)));
    }
}

/// The backendRefs of a route with their places, in the order in which the live diagnosis reads them.
fn references(spec: &Value) -> Vec<(String, &Value)> {
    let mut found = Vec::new();
    for (rule, value) in spec["rules"].as_array().into_iter().flatten().enumerate() {
        for (index, one) in value["backendRefs"].as_array().into_iter().flatten().enumerate() {
            found.push((format!("/spec/rules/{rule}/backendRefs/{index}"), one));
        }
    }
    found
}

fn grant(documents: &Documents, target: &Target<'_, '_>, report: &mut Report) {
    let reference = Reference {
        from: target.path.document,
        to_kind: "Service",
        to_namespace: &target.backend.namespace,
        to_name: &target.backend.service,
    };
    match reference.granted(documents) {
        Some(true) => {}
        Some(false) => {
            let message = format!(
                "{} leads to Service {} in another namespace, and no ReferenceGrant there permits it",
                target.path.title,
                target.service()
            );
            let label = "another namespace";
            report.add(target.finding(Cause::BackendUnresolved, "/namespace", message, label, reference.repair()));
        }
        None => report.gap(format!(
            "whether a ReferenceGrant in namespace {} permits routes from namespace {}",
            target.backend.namespace, target.path.document.namespace
        )),
    }
}

/// A Service that does not exist. Returns it if that is not certain.
fn missing(services: &Services<'_, '_>, target: &Target<'_, '_>, report: &mut Report) -> Option<String> {
    let (namespace, name) = (&target.backend.namespace, &target.backend.service);
    let names = services.names(namespace);
    let near = suggest::nearest(name, names.iter().copied());
    if !services.certainly_missing(namespace, name, &target.path.route, near.is_some()) {
        return Some(target.service());
    }
    let message = format!("{} leads to Service {}, which does not exist", target.path.title, target.service());
    let repair = match near {
        Some(near) => format!("did you mean `{near}`?"),
        None => format!("name a Service of namespace {namespace}: {}", shortened(&names)),
    };
    report.add(target.finding(Cause::BackendUnresolved, "/name", message, "no such Service", repair));
    None
}

fn shortened(names: &[&str]) -> String {
    const SHOWN: usize = 6;
    let shown = names.iter().take(SHOWN).copied().collect::<Vec<_>>().join(", ");
    match names.len().saturating_sub(SHOWN) {
        0 => shown,
        more => format!("{shown} and {more} more"),
    }
}

/// A port that the Service does not have. Returns whether it was found.
fn portless(target: &Target<'_, '_>, report: &mut Report) -> bool {
    let Backend { port, ports, .. } = target.backend;
    let has = ports.iter().map(u16::to_string).collect::<Vec<_>>().join(", ");
    let (message, label) = match port {
        Some(port) if ports.is_empty() || ports.contains(port) => return false,
        Some(port) => (
            format!(
                "{} leads to port {port} of Service {}, which has no such port (its ports are {has})",
                target.path.title,
                target.service()
            ),
            "no such port",
        ),
        None => {
            (format!("{} leads to Service {} without a port", target.path.title, target.service()), "without a port")
        }
    };
    let repair = format!("use a port of the Service: {has}");
    report.add(target.finding(Cause::BackendUnresolved, "/port", message, label, repair));
    true
}

/// A Service of a cluster at a port where another listener than that of the name listens.
fn wrong_port(documents: &Documents, listeners: &[KafkaListener<'_>], target: &Target<'_, '_>, report: &mut Report) {
    let Backend { namespace, service, target: Some(port), .. } = target.backend else { return };
    let by_hand = documents.service(namespace, service);
    let kafka = match by_hand {
        Some(service) => selected(documents, service),
        None => owner(listeners, namespace, service).map(|owner| owner.listener.document),
    };
    let Some(kafka) = kafka else { return };
    let names = &target.path.route.hostnames;
    let declared = names.iter().find_map(|host| routes::declared(std::slice::from_ref(&kafka.object), host));
    let own: Vec<_> = listeners.iter().filter(|one| std::ptr::eq(one.document, kafka)).collect();
    let wanted = match &declared {
        Some(declared) => declared.port.filter(|wanted| wanted != port),
        // Without a name, only a port where nothing listens is wrong.
        None => own.first().filter(|_| own.iter().all(|one| one.port != *port)).map(|one| one.port),
    };
    let Some(wanted) = wanted else { return };
    let listener = own.iter().find(|one| one.port == wanted);
    let title = listener.map_or_else(|| kafka.title(), |one| one.title());
    let message = format!(
        "{} leads to port {} of Service {}, and so to port {port} of the broker, where {title} does not listen (its port is \
         {wanted})",
        target.path.title,
        target.backend.port.unwrap_or_default(),
        target.service()
    );
    let repair =
        "name the Service and the port of this listener, or correct the `targetPort` of the Service".to_owned();
    let field = if by_hand.is_some() { "/port" } else { "/name" };
    report.add(target.finding(Cause::BackendPort, field, message, "another listener of the broker", repair));
}
