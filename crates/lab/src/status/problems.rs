//! What is wrong with a lab, in one sentence for each problem.

use super::summary::{Condition, Gateway, Listener, Pod, Resource, Route, Status};
use crate::health::{named, remedy};

/// All problems, worst first: what does not run, what does not answer, then the objects from the client's side to the
/// brokers.
pub(super) fn of(status: &Status) -> Vec<String> {
    let mut found = Vec::new();
    if status.lab.is_none() {
        let (name, named) = (&status.name, named(&status.name));
        found.push(format!(
            "the lab {name} is only partly up: `cargo xtask lab up{named}` continues, `cargo xtask lab down{named}` removes it"
        ));
    }
    let dead: Vec<String> =
        status.processes.iter().filter_map(|one| Some(format!("{} {}", one.name, one.trouble.as_ref()?))).collect();
    if !dead.is_empty() {
        found.push(format!("{}: {}", dead.join(", "), remedy(&status.name)));
    }
    if let Some(api) = &status.api {
        if !api.ready {
            found.push(format!("the API server is {}", api.says));
        }
        if !api.gaps.is_empty() {
            found.push(format!("some objects could not be listed: {}", api.gaps.join("; ")));
        }
    }
    let objects = &status.objects;
    found.extend(objects.gateways.iter().flat_map(of_gateway));
    found.extend(objects.routes.iter().flat_map(of_route));
    found.extend(objects.resources.iter().flat_map(of_resource));
    found.extend(objects.pods.iter().filter_map(of_pod));
    for probe in &status.probes {
        let failed = probe.problem.iter().filter(|_| probe.failed);
        found.extend(failed.map(|problem| format!("Kafka {}: {problem}", probe.cluster)));
        for broker in probe.brokers.iter().filter(|broker| !broker.reached) {
            let problem = broker.problem.as_deref().unwrap_or("it was not reached");
            let id = broker.id;
            found.push(format!("Kafka {}, broker {id} at {}: {problem}", probe.cluster, broker.advertised));
        }
    }
    found
}

/// Conditions that an object of this kind has as soon as a controller has processed it.
pub(super) fn missing<'a>(conditions: &[Condition], wanted: &[&'a str]) -> Vec<&'a str> {
    wanted.iter().filter(|kind| !conditions.iter().any(|one| one.kind == **kind)).copied().collect()
}

fn bad(conditions: &[Condition]) -> impl Iterator<Item = &Condition> {
    conditions.iter().filter(|condition| condition.is_bad())
}

fn of_gateway(gateway: &Gateway) -> Vec<String> {
    let title = format!("Gateway {}/{}", gateway.namespace, gateway.name);
    let mut found: Vec<String> = bad(&gateway.conditions).map(|one| format!("{title}: {one}")).collect();
    let missing = missing(&gateway.conditions, &["Accepted", "Programmed"]);
    if !missing.is_empty() {
        let class = &gateway.class;
        found.push(format!("{title}: no {} yet from the controller of class {class}", missing.join(" or ")));
    }
    let of_listener = |listener: &Listener| {
        let name = listener.name.clone();
        bad(&listener.conditions).map(|one| format!("{title}, listener {name}: {one}")).collect::<Vec<_>>()
    };
    found.extend(gateway.listeners.iter().flat_map(of_listener));
    found
}

fn of_route(route: &Route) -> Vec<String> {
    let title = format!("{} {}/{}", route.kind, route.namespace, route.name);
    let of_parent = |parent: &super::summary::Parent| {
        if parent.conditions.is_empty() {
            return vec![format!("{title}: the controller of Gateway {} has not answered", parent.gateway)];
        }
        let missing = missing(&parent.conditions, &["Accepted", "ResolvedRefs"]);
        let silent = (!missing.is_empty()).then(|| format!("no {} yet", missing.join(" or ")));
        let wrong = bad(&parent.conditions).map(ToString::to_string).chain(silent);
        wrong.map(|one| format!("{title} at {}: {one}", parent.gateway)).collect()
    };
    if route.parents.is_empty() {
        return vec![format!("{title}: it has no parentRef, so no Gateway serves it")];
    }
    route.parents.iter().flat_map(of_parent).collect()
}

fn of_resource(resource: &Resource) -> Vec<String> {
    let title = format!("{} {}/{}", resource.kind, resource.namespace, resource.name);
    if resource.conditions.is_empty() {
        // A pool's status lists its nodes, and nothing else if all is well.
        let silent = resource.kind != "KafkaNodePool" || resource.detail.is_none();
        return if silent { vec![format!("{title}: it has no status yet")] } else { Vec::new() };
    }
    bad(&resource.conditions).map(|one| format!("{title}: {one}")).collect()
}

fn of_pod(pod: &Pod) -> Option<String> {
    (!pod.ready).then(|| format!("Pod {}/{}: {}{}", pod.namespace, pod.name, pod.says, restarts(pod)))
}

/// How often a Pod was restarted, and the last reason. Empty if it never was.
pub(super) fn restarts(pod: &Pod) -> String {
    let times = match pod.restarts {
        0 => return String::new(),
        1 => "once".to_owned(),
        n => format!("{n} times"),
    };
    let last = pod.last_words.as_ref().map(|words| format!(", last: {words}")).unwrap_or_default();
    format!(", restarted {times}{last}")
}
