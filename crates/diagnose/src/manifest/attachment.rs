//! Whether the listeners of a Gateway take a route: by name and port, protocol, kind, namespace and hostname, in the order in
//! which controllers check them.

use super::gateways::{Gateways, Served};
use super::paths::Path;
use crate::routes::overlap;
use model::suggest;
use serde_json::Value;

/// What a parent does with the route.
#[derive(Debug)]
pub(super) enum Outcome<'g> {
    /// These listeners take it.
    Attached(Vec<&'g Served<'g>>),
    /// The files do not say.
    Unknown(String),
    Refused(Refusal),
}

/// Why no listener takes the route.
#[derive(Debug)]
pub(super) struct Refusal {
    /// The field of the parentRef that must change, such as `/sectionName`. `None` if it is the hostnames of the route.
    pub field: Option<&'static str>,
    pub why: String,
    pub label: String,
    pub repair: String,
}

/// Asks one of the route's parents.
pub(super) fn attach<'g>(gateways: &'g Gateways<'g>, path: &Path<'_>, parent: &Value) -> Outcome<'g> {
    let kind = parent["kind"].as_str().unwrap_or("Gateway");
    if kind != "Gateway" {
        return Outcome::Unknown(format!("{}, whose parent is a {kind}", path.title));
    }
    let name = parent["name"].as_str().unwrap_or_default();
    let own = path.document.namespace.as_str();
    let key = format!("{}/{name}", parent["namespace"].as_str().unwrap_or(own));
    let Some(all) = gateways.get(&key) else {
        let elsewhere = gateways.namespaces_of(name);
        let hint = match elsewhere.first() {
            Some(other) if parent["namespace"].is_null() => {
                format!(
                    " (Gateway {other}/{name} is: if the route means it, add `namespace: {other}` to its parentRef)"
                )
            }
            _ => String::new(),
        };
        return Outcome::Unknown(format!("{}, because Gateway {key} is not in the files{hint}", path.title));
    };
    let section = parent["sectionName"].as_str();
    let port = parent["port"].as_u64();
    let named: Vec<_> = all
        .iter()
        .filter(|one| section.is_none_or(|section| section == one.listener.name))
        .filter(|one| port.is_none_or(|port| port == u64::from(one.listener.port)))
        .collect();
    if named.is_empty() {
        return Outcome::Refused(no_listener(&key, all, section, port));
    }
    let field = if section.is_some() { "/sectionName" } else { "/name" };
    // A protocol of an implementation's own may take any kind.
    let known = |one: &&&Served<'_>| matches!(one.protocol.as_str(), "HTTP" | "HTTPS" | "TLS" | "TCP" | "UDP");
    if let Some(other) = named.iter().find(|one| !known(one)) {
        return Outcome::Unknown(format!(
            "{}, because {} has the protocol `{}`",
            path.title,
            other.title(),
            other.protocol
        ));
    }
    let wanted = if path.route.kind == "TCPRoute" { "TCP" } else { "TLS" };
    let speaking: Vec<_> = named.iter().copied().filter(|one| one.protocol == wanted).collect();
    if speaking.is_empty() {
        return Outcome::Refused(Refusal {
            field: Some(field),
            why: format!(
                "{} has the protocol {}, which takes no {}",
                named[0].title(),
                named[0].protocol,
                path.route.kind
            ),
            label: format!("protocol {}", named[0].protocol),
            repair: format!("name a listener with `protocol: {wanted}`, or give this listener that protocol"),
        });
    }
    let admitted: Vec<_> = speaking.iter().copied().filter(|one| admits(one, &path.route.kind)).collect();
    if admitted.is_empty() {
        return Outcome::Refused(Refusal {
            field: Some(field),
            why: format!("`allowedRoutes.kinds` of {} leaves out {}", speaking[0].title(), path.route.kind),
            label: "this listener does not allow the kind".to_owned(),
            repair: format!("add `kind: {}` to `allowedRoutes.kinds` of {}", path.route.kind, speaking[0].title()),
        });
    }
    let answers: Vec<_> = admitted.iter().map(|one| (*one, gateways.allows(one, own))).collect();
    let certain = path.document.placed && admitted.iter().all(|one| one.document.placed)
        || !path.document.placed && admitted.iter().all(|one| !one.document.placed);
    if answers.iter().all(|(_, allowed)| *allowed == Some(false)) && certain {
        let (one, _) = answers[0];
        let from = one.spec()["allowedRoutes"]["namespaces"]["from"].as_str().unwrap_or("Same");
        return Outcome::Refused(Refusal {
            field: Some(field),
            why: format!("{} does not allow routes from namespace {own} (`from: {from}`)", one.title()),
            label: "this listener does not allow the namespace".to_owned(),
            repair: format!("allow namespace {own} in `allowedRoutes.namespaces` of {}", one.title()),
        });
    }
    let allowing: Vec<_> = answers.iter().filter(|(_, allowed)| *allowed == Some(true)).map(|(one, _)| *one).collect();
    let serving = |all: &[&'g Served<'g>]| -> Vec<&'g Served<'g>> {
        let of_the_name = |one: &&&Served<'_>| serves(one, &path.route.hostnames, &path.route.kind);
        all.iter().filter(of_the_name).copied().collect()
    };
    let found = serving(&allowing);
    if !found.is_empty() {
        return Outcome::Attached(found);
    }
    if !serving(&admitted).is_empty() {
        return Outcome::Unknown(format!("{}, because the labels of namespace {own} are not in the files", path.title));
    }
    Outcome::Refused(no_hostname(path, &admitted))
}

fn no_listener(gateway: &str, all: &[Served<'_>], section: Option<&str>, port: Option<u64>) -> Refusal {
    let names: Vec<_> = all.iter().map(|one| format!("{} at {}", one.listener.name, one.listener.port)).collect();
    let has = if names.is_empty() { "no listeners".to_owned() } else { format!("the listeners {}", names.join(", ")) };
    let wanted = match (section, port) {
        (Some(section), Some(port)) => format!("listener {section} at port {port}"),
        (Some(section), None) => format!("listener {section}"),
        (None, Some(port)) => format!("listener at port {port}"),
        (None, None) => "listener".to_owned(),
    };
    let by_name = section.is_some_and(|section| all.iter().all(|one| one.listener.name != section));
    let near = section
        .filter(|_| by_name)
        .and_then(|section| suggest::nearest(section, all.iter().map(|one| one.listener.name.as_str())));
    Refusal {
        field: Some(if by_name || port.is_none() { "/sectionName" } else { "/port" }),
        why: format!("Gateway {gateway} has no {wanted}; it has {has}"),
        label: "no such listener".to_owned(),
        repair: near.map_or_else(
            || "name one of these listeners, or add this one to the Gateway".to_owned(),
            |near| format!("did you mean `{near}`?"),
        ),
    }
}

fn no_hostname(path: &Path<'_>, listeners: &[&Served<'_>]) -> Refusal {
    let serve: Vec<_> = listeners
        .iter()
        .map(|one| format!("{} serves {}", one.title(), one.listener.hostname.as_deref().unwrap_or("any name")))
        .collect();
    let names = path.route.hostnames.join(", ");
    Refusal {
        field: None,
        why: format!("it is for {names}, and {}", serve.join(", ")),
        label: "no listener serves this name".to_owned(),
        repair: "make the hostname of the route and that of the listener agree".to_owned(),
    }
}

fn admits(served: &Served<'_>, kind: &str) -> bool {
    let kinds = served.spec()["allowedRoutes"]["kinds"].as_array();
    kinds.is_none_or(|kinds| kinds.is_empty() || kinds.iter().any(|one| one["kind"] == kind))
}

/// Whether the listener serves any of the names. TCP has no names.
fn serves(served: &Served<'_>, hostnames: &[String], kind: &str) -> bool {
    let Some(own) = served.listener.hostname.as_deref().filter(|_| kind != "TCPRoute") else { return true };
    hostnames.is_empty() || hostnames.iter().any(|name| overlap(own, name))
}
