//! From the API's objects to the model. The functions are pure, so that every unusual status can be tested.

use super::summary::{Condition, Gateway, Listener, Parent, Pod, Resource, Route};
use crate::backends::cluster::{PodLine, pod_line};
use crate::backends::local::last_words;
use ::kube::api::DynamicObject;
use k8s_openapi::api::core::v1::{ContainerStateTerminated, Pod as ApiPod};
use kubeapi::parents;
use serde_json::Value;

/// A Gateway, with its conditions, and its listeners with their status.
pub(super) fn gateway(object: &DynamicObject) -> Gateway {
    let (spec, status) = (&object.data["spec"], &object.data["status"]);
    let status_of = |name: &Value| list(&status["listeners"]).iter().find(|one| one["name"] == *name);
    let listener = |listener: &Value| {
        let current = status_of(&listener["name"]);
        Listener {
            name: text(&listener["name"]),
            port: listener["port"].as_u64().unwrap_or_default(),
            protocol: text(&listener["protocol"]),
            hostname: listener["hostname"].as_str().map(ToOwned::to_owned),
            attached_routes: current.and_then(|current| current["attachedRoutes"].as_u64()),
            conditions: current.map(|current| conditions_of(list(&current["conditions"]))).unwrap_or_default(),
        }
    };
    Gateway {
        namespace: namespace(object),
        name: name(object),
        class: text(&spec["gatewayClassName"]),
        addresses: list(&status["addresses"]).iter().map(|address| text(&address["value"])).collect(),
        conditions: conditions_of(list(&status["conditions"])),
        listeners: list(&spec["listeners"]).iter().map(listener).collect(),
    }
}

/// A TLSRoute or TCPRoute.
pub(super) fn route(kind: &str, object: &DynamicObject) -> Route {
    let own = namespace(object);
    let beside = |reference: &Value| reference["namespace"].as_str().filter(|other| *other != own).map(str::to_owned);
    let parent = |(reference, conditions): (&Value, Vec<&Value>)| Parent {
        gateway: format!(
            "{}/{}{}",
            reference["namespace"].as_str().unwrap_or(&own),
            text(&reference["name"]),
            reference["sectionName"].as_str().map(|section| format!("#{section}")).unwrap_or_default()
        ),
        conditions: conditions_of(conditions),
    };
    let backend = |reference: &Value| {
        let namespace = beside(reference).map(|other| format!("{other}/")).unwrap_or_default();
        let port = reference["port"].as_u64().map(|port| format!(":{port}")).unwrap_or_default();
        format!("{namespace}{}{port}", text(&reference["name"]))
    };
    let rules = list(&object.data["spec"]["rules"]);
    Route {
        kind: kind.to_owned(),
        name: name(object),
        hostnames: list(&object.data["spec"]["hostnames"]).iter().map(text).collect(),
        parents: parents(object).into_iter().map(parent).collect(),
        backends: rules.iter().flat_map(|rule| list(&rule["backendRefs"])).map(backend).collect(),
        namespace: own,
    }
}

/// A Kafka resource.
pub(super) fn resource(kind: &str, object: &DynamicObject) -> Resource {
    let status = &object.data["status"];
    let ids: Vec<String> = list(&status["nodeIds"]).iter().map(ToString::to_string).collect();
    let roles: Vec<String> = list(&status["roles"]).iter().map(text).collect();
    let detail = (!ids.is_empty()).then(|| format!("{} {}", roles.join(" and "), ids.join(", ")));
    Resource {
        kind: kind.to_owned(),
        namespace: namespace(object),
        name: name(object),
        detail: detail.map(|detail| detail.trim().to_owned()),
        conditions: conditions_of(list(&status["conditions"])),
    }
}

/// A Pod. `node` is the only node that runs Pods in this lab, if there is one.
pub(super) fn pod(pod: &ApiPod, node: Option<&str>) -> Pod {
    let PodLine { namespace, name, healthy, says, .. } = pod_line(pod);
    let on = pod.spec.as_ref().and_then(|spec| spec.node_name.as_deref());
    let foreign = node.is_some_and(|node| on != Some(node));
    let states = pod.status.iter().flat_map(|status| status.container_statuses.iter().flatten());
    let restarts = states.clone().map(|state| state.restart_count).sum();
    let ended = states.filter_map(|state| state.last_state.as_ref()?.terminated.as_ref()).next_back();
    let labels = pod.metadata.labels.as_ref();
    Pod {
        namespace,
        name,
        cluster: labels.and_then(|labels| labels.get("strimzi.io/cluster")).cloned(),
        ready: healthy,
        says: match says {
            _ if foreign => FOREIGN.to_owned(),
            // The number and the reason of restarts are shown together.
            looping if looping.starts_with(CRASH_LOOP) && ended.is_some() => CRASH_LOOP.to_owned(),
            says => says,
        },
        restarts,
        last_words: ended.filter(|_| restarts > 0).map(how_it_ended),
    }
}

const CRASH_LOOP: &str = "CrashLoopBackOff";

const FOREIGN: &str = "nothing runs it: the local lab has no kubelet and runs only the Pods of Kafka clusters";

fn how_it_ended(ended: &ContainerStateTerminated) -> String {
    let words = ended.message.as_deref().and_then(last_words);
    words.unwrap_or_else(|| {
        let reason = ended.reason.as_deref().map(|reason| format!(", {reason}")).unwrap_or_default();
        format!("exit code {}{reason}", ended.exit_code)
    })
}

fn conditions_of<'a>(all: impl IntoIterator<Item = &'a Value>) -> Vec<Condition> {
    all.into_iter()
        .map(|one| Condition {
            kind: text(&one["type"]),
            status: text(&one["status"]),
            reason: text(&one["reason"]),
            message: text(&one["message"]),
        })
        .collect()
}

fn namespace(object: &DynamicObject) -> String {
    object.metadata.namespace.clone().unwrap_or_default()
}

fn name(object: &DynamicObject) -> String {
    object.metadata.name.clone().unwrap_or_default()
}

fn list(value: &Value) -> &[Value] {
    value.as_array().map_or(&[], Vec::as_slice)
}

fn text(value: &Value) -> String {
    value.as_str().unwrap_or_default().to_owned()
}
