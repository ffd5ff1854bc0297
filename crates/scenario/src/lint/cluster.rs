//! Rules on `kafka:`, and on changes to a cluster that does not belong to the scenario.

use super::context::Context;
use crate::problem::Problem;
use crate::steps::{Access, NamedObject, StepDefinition};
use crate::{ClusterUse, Scenario, Touches};

pub(super) fn check(context: &mut Context<'_>) {
    let kafka = &context.scenario.kafka;
    match kafka.cluster {
        ClusterUse::Shared => {
            if kafka.listener.is_none() {
                let help = "write `external` (the operator creates the routes), `mtls` (the same, with client certificates) or `exclusive-tls` (the scenario creates the routes)";
                context.error(
                    "scenario::listener",
                    "/kafka",
                    "the shared cluster is used without a `listener`".into(),
                    "needs `listener`",
                    help,
                );
            }
            if kafka.name.is_some() {
                let help = "remove it: the name of the shared cluster is `${cluster}`";
                context.error(
                    "scenario::cluster-name",
                    "/kafka/name",
                    "`name` is only for `cluster: own` and `cluster: existing`".into(),
                    "not with `cluster: shared`",
                    help,
                );
            }
            cluster_is_not_changed(context);
        }
        ClusterUse::Own => {
            if kafka.listener.is_some() {
                let help = "remove it: the cluster's manifest defines its listeners";
                context.error(
                    "scenario::listener",
                    "/kafka/listener",
                    "`listener` is only for the shared cluster".into(),
                    "not with `cluster: own`",
                    help,
                );
            }
            own_cluster_is_defined(context);
        }
        ClusterUse::Existing => existing(context),
    }
    let existing = kafka.cluster == ClusterUse::Existing;
    let shared = kafka.cluster == ClusterUse::Shared;
    let misplaced = [
        ("namespace", kafka.namespace.is_some() && !existing, "an existing cluster"),
        ("listener-name", kafka.listener_name.is_some() && shared, "an existing cluster or an own one"),
    ];
    for (key, _, whose) in misplaced.into_iter().filter(|(_, misplaced, _)| *misplaced) {
        let message = format!("`{key}` is only for {whose}");
        let help = "remove it, or write `cluster: existing`";
        let pointer = format!("/kafka/{key}");
        context.error("scenario::cluster-name", &pointer, message, "not with this `cluster`", help);
    }
}

/// Checks that an existing cluster is named and that the scenario does not change it.
fn existing(context: &mut Context<'_>) {
    let kafka = &context.scenario.kafka;
    for (key, is_set) in [("name", kafka.name.is_some()), ("namespace", kafka.namespace.is_some())] {
        if !is_set {
            let message = format!("an existing cluster is used without its `{key}`");
            let help = format!("write the `{key}` of the `Kafka` resource, as `kubectl get kafka -A` shows it");
            context.error("scenario::cluster-name", "/kafka", message, &format!("needs `{key}`"), &help);
        }
    }
    if kafka.listener.is_some() {
        let help = "write `listener-name` instead: the listener's name in the `Kafka` resource";
        let message = "`listener` is only for the shared cluster".to_owned();
        context.error("scenario::listener", "/kafka/listener", message, "not with `cluster: existing`", help);
    }
    cluster_is_not_changed(context);
    unique_names(context);
    for (at, kind, name, namespace) in changed(context.scenario) {
        let elsewhere =
            namespace.as_ref().is_some_and(|namespace| context.fill(namespace) != context.fill("${namespace}"));
        let filled = context.fill(&name);
        if elsewhere && !context.objects.iter().any(|object| object.kind == kind && object.name == filled) {
            let message =
                format!("the {kind} `{name}` does not belong to the scenario, so the scenario must not change it");
            let help = "with `cluster: existing`, change and delete only objects of the scenario's manifests";
            context.error("scenario::existing-cluster", &at, message, "not the scenario's", help);
        }
    }
}

/// A resource with the name of an existing topic or user takes it over, and cleanup would delete it with its data.
fn unique_names(context: &mut Context<'_>) {
    let id = context.fill("${id}");
    let mut found = Vec::new();
    for object in context.objects.iter().filter(|object| matches!(object.kind.as_str(), "KafkaTopic" | "KafkaUser")) {
        let topic = object.node.get("spec").and_then(|spec| spec.get("topicName"));
        let topic = topic.filter(|_| object.kind == "KafkaTopic");
        let Some(named) = topic.or_else(|| object.node.get("metadata")?.get("name")) else { continue };
        let Some(name) = named.text().filter(|name| !name.contains(&id)) else { continue };
        let message = format!("the existing cluster may already have the {} `{name}`", object.kind);
        let problem = Problem::error("scenario::existing-cluster", &object.source, message);
        found.push(problem.at(named.span.clone(), "without `${id}`").help("put `${id}` into its name"));
    }
    for problem in found {
        context.push(problem);
    }
}

type Changed = (String, String, String, Option<String>);

/// The objects that steps and sabotages delete or patch: place, kind, name, namespace.
fn changed(scenario: &Scenario) -> Vec<Changed> {
    let mut found = Vec::new();
    let mut add = |at: String, object: NamedObject<'_>| {
        // Without the cluster nobody can know whether an object that a step writes already exists.
        if object.access != Access::Reads {
            let namespace = object.namespace.map(ToOwned::to_owned);
            found.push((at, object.kind.to_owned(), object.name.to_owned(), namespace));
        }
    };
    for (index, step) in scenario.steps.iter().enumerate() {
        if let Some(object) = step.value.step.definition().object() {
            add(format!("/steps/{index}/{}", step.value.keyword()), object);
        }
    }
    for (index, sabotage) in scenario.sabotage.iter().enumerate() {
        if let Some(object) = sabotage.value.delete.as_ref().and_then(StepDefinition::object) {
            add(format!("/sabotage/{index}/delete"), object);
        }
        if let Some(object) = sabotage.value.patch.as_ref().and_then(StepDefinition::object) {
            add(format!("/sabotage/{index}/patch"), object);
        }
    }
    found
}

fn own_cluster_is_defined(context: &mut Context<'_>) {
    let defined: Vec<String> =
        context.objects.iter().filter(|object| object.kind == "Kafka").map(|object| object.name.clone()).collect();
    match &context.scenario.kafka.name {
        None => {
            let help = match defined.first() {
                Some(name) => format!("write `name: {name}`"),
                None => "write the name of the `Kafka` resource in the manifests".to_owned(),
            };
            context.error(
                "scenario::cluster-name",
                "/kafka",
                "an own cluster is used without its `name`".into(),
                "needs `name`",
                &help,
            );
        }
        Some(name) if !defined.contains(&context.fill(name)) => {
            let help = match defined.first() {
                Some(other) => format!("the manifests have the Kafka `{other}`"),
                None => "no manifest of the folder has a resource of kind `Kafka`".to_owned(),
            };
            let message = format!("no manifest defines the Kafka `{name}`");
            context.error("scenario::cluster-name", "/kafka/name", message, "not in the manifests", &help);
        }
        Some(_) => {}
    }
}

/// Reports steps that change a cluster which others use at the same time.
fn cluster_is_not_changed(context: &mut Context<'_>) {
    for (index, step) in context.steps() {
        let what = match step.touches() {
            Touches::Cluster(verb) => verb,
            Touches::Gateway(verb) if context.scenario.kafka.cluster == ClusterUse::Existing => verb,
            Touches::Object { kind: "Kafka" | "KafkaNodePool", verb, .. } => verb,
            _ => continue,
        };
        let (whose, label) = match context.scenario.kafka.cluster {
            ClusterUse::Existing => ("does not belong to the lab", "on the existing cluster"),
            _ => ("other scenarios use at the same time", "on the shared cluster"),
        };
        let message = format!("the step `{}` {what}, which {whose}", context.scenario.step_name(index));
        let help = "use `kafka: {cluster: own, name: ...}`, and define the Kafka and its pools in a manifest";
        context.error("scenario::shared-cluster", &format!("/steps/{index}"), message, label, help);
    }
}
