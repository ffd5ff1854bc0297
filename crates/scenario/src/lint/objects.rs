//! Rules on manifests and on the objects that steps name.

use super::context::Context;
use super::kinds::{KINDS, kind};
use super::operator;
use crate::ClusterUse;
use crate::problem::{Problem, Source};
use crate::steps::{Access, NamedObject, StepDefinition};
use model::suggest;
use std::collections::BTreeSet;

pub(super) fn check(context: &mut Context<'_>) {
    files(context);
    known_kinds(context);
    doubles(context);
    named_objects(context);
}

/// Checks that every applied file exists, and that every manifest is applied.
fn files(context: &mut Context<'_>) {
    let mut applied: Vec<(String, String)> = Vec::new();
    for (index, step) in context.steps() {
        if let Some((key, file)) = step.definition().file() {
            applied.push((format!("/steps/{index}/{}{key}", step.keyword()), file.to_owned()));
        }
    }
    for (index, sabotage) in context.scenario.sabotage.iter().enumerate() {
        if let Some(file) = &sabotage.value.apply {
            applied.push((format!("/sabotage/{index}/apply"), file.clone()));
        }
    }
    let files: BTreeSet<&str> = context.folder.manifests.keys().map(String::as_str).collect();
    for (pointer, file) in &applied {
        if files.contains(file.as_str()) {
            continue;
        }
        let help = match suggest::nearest(file, files.iter().copied()) {
            Some(near) => format!("did you mean `{near}`?"),
            None if file.contains('/') => "put the manifest directly into the scenario's folder".to_owned(),
            None if file == "scenario.yaml" => "`scenario.yaml` is not a manifest".to_owned(),
            None if files.is_empty() => "the folder has no manifest yet".to_owned(),
            None => format!("the folder has {}", suggest::all_of(files.iter().copied())),
        };
        context.error(
            "scenario::missing-file",
            pointer,
            format!("the folder has no file `{file}`"),
            "no such file",
            &help,
        );
    }
    let used: BTreeSet<&str> = applied.iter().map(|(_, file)| file.as_str()).collect();
    for file in files.difference(&used) {
        let text = context.folder.manifests.get(*file).map_or("", String::as_str);
        let source = Source::new(&format!("scenarios/{}/{file}", context.folder.name()), text);
        let message = format!("no step and no sabotage applies `{file}`");
        let problem = Problem::error("scenario::unused-manifest", &source, message).at(0..usize::MAX, "never applied");
        context.push(problem.help(format!("add the step `- apply: {file}`, or remove the file")));
    }
}

fn known_kinds(context: &mut Context<'_>) {
    let mut problems = Vec::new();
    for object in &context.objects {
        let place = |pointer: &str| object.node.place(pointer);
        if context.scenario.needs.kinds.contains(&object.kind) {
            continue;
        }
        let Some(known) = kind(&object.kind) else {
            // A gateway's own kinds, such as EnvoyProxy, belong into its fixtures: a scenario runs on every gateway.
            let message = format!("neither Kubernetes nor the Gateway API nor Strimzi has a kind `{}`", object.kind);
            let help = match suggest::nearest(&object.kind, KINDS.iter().map(|kind| kind.name)) {
                Some(near) => format!("did you mean `{near}`?"),
                None => format!("if the cluster must bring it, say so: `needs: {{kinds: [{}]}}`", object.kind),
            };
            problems.push(
                Problem::error("scenario::unknown-kind", &object.source, message)
                    .at(place("/kind"), "unknown kind")
                    .help(help),
            );
            continue;
        };
        let usual = if known.group.is_empty() {
            known.versions[0].to_owned()
        } else {
            format!("{}/{}", known.group, known.versions[0])
        };
        if object.group() != known.group || !known.versions.contains(&object.version()) {
            let message = format!("the kind {} is not served as `{}`", object.kind, object.api_version);
            let problem =
                Problem::error("scenario::api-version", &object.source, message).at(place("/apiVersion"), "not served");
            let old = known.group == object.group();
            problems.push(problem.help(if old {
                format!("write `{usual}`: the lab's bundles no longer serve this version")
            } else {
                format!("write `{usual}`")
            }));
        }
    }
    problems.into_iter().for_each(|problem| context.push(problem));
}

/// Reports an object that occurs twice in one file, because the second would silently replace the first.
fn doubles(context: &mut Context<'_>) {
    let mut seen = BTreeSet::new();
    let mut problems = Vec::new();
    for object in &context.objects {
        if !seen.insert((&object.file, &object.kind, &object.namespace, &object.name)) {
            let message = format!("the {} `{}` occurs twice in this file", object.kind, object.name);
            let problem = Problem::error("scenario::object-twice", &object.source, message);
            problems.push(
                problem
                    .at(object.node.place("/metadata/name"), "the second one")
                    .help("the second would replace the first; give it a name of its own"),
            );
        }
    }
    problems.into_iter().for_each(|problem| context.push(problem));
}

/// Checks that something creates each object that a step waits for, deletes or patches.
fn named_objects(context: &mut Context<'_>) {
    let mut named: Vec<(String, &str, String, String)> = Vec::new();
    let mut add = |at: String, object: NamedObject<'_>| {
        if object.access != Access::Writes {
            named.push((at, object.key, object.kind.to_owned(), object.name.to_owned()));
        }
    };
    for (index, step) in context.steps() {
        if let Some(object) = step.definition().object() {
            add(format!("/steps/{index}/{}", step.keyword()), object);
        }
    }
    for (index, sabotage) in context.scenario.sabotage.iter().enumerate() {
        if let Some(object) = sabotage.value.delete.as_ref().and_then(StepDefinition::object) {
            add(format!("/sabotage/{index}/delete"), object);
        }
        if let Some(object) = sabotage.value.patch.as_ref().and_then(StepDefinition::object) {
            add(format!("/sabotage/{index}/patch"), object);
        }
    }
    for (at, key, kind_name, name) in named {
        if kind(&kind_name).is_none() && !context.scenario.needs.kinds.contains(&kind_name) {
            let message = format!("neither Kubernetes nor the Gateway API nor Strimzi has a kind `{kind_name}`");
            let help = match suggest::nearest(&kind_name, KINDS.iter().map(|kind| kind.name)) {
                Some(near) => format!("did you mean `{near}`?"),
                None => format!("if the cluster must bring it, say so: `needs: {{kinds: [{kind_name}]}}`"),
            };
            context.error("scenario::unknown-kind", &format!("{at}/kind"), message, "unknown kind", &help);
        } else if !is_created(context, &kind_name, &name) {
            let by_manifest = context.objects.iter().filter(|object| object.kind == kind_name);
            let mut known: Vec<String> = by_manifest.map(|object| object.name.clone()).collect();
            let by_operator = operator::routes(context, &kind_name).names();
            let and_operator =
                if by_operator.is_empty() { "the manifests define" } else { "the manifests and the operator create" };
            known.extend(by_operator);
            let names = || known.iter().map(String::as_str);
            let help = match suggest::nearest(&context.fill(&name), names()) {
                Some(near) => format!("did you mean `{near}`? ({and_operator} {})", suggest::all_of(names())),
                None if known.is_empty() => {
                    format!(
                        "no manifest of the scenario has a {kind_name}, and the operator creates none with this name"
                    )
                }
                None => format!("{and_operator} {}", suggest::all_of(names())),
            };
            let pointer = format!("{at}/{key}");
            context.warning(
                "scenario::unknown-object",
                &pointer,
                format!("nothing creates the {kind_name} `{name}`"),
                "never created",
                &help,
            );
        }
    }
}

/// Whether a manifest, a step, the lab or the operator creates an object of this name.
fn is_created(context: &Context<'_>, kind: &str, name: &str) -> bool {
    let filled = context.fill(name);
    let cluster = context.fill("${cluster}");
    let by_manifest =
        |kind: &str, name: &str| context.objects.iter().any(|object| object.kind == kind && object.name == name);
    if filled == "*" || by_manifest(kind, &filled) {
        return true;
    }
    let by_step = context.steps().any(|(_, step)| {
        let object = step.definition().object().filter(|object| object.access == Access::Writes);
        object.is_some_and(|object| object.kind == kind && context.fill(object.name) == filled)
    });
    if by_step {
        return true;
    }
    let kafkas = context.objects.iter().filter(|object| object.kind == "Kafka").map(|object| object.name.as_str());
    let of_cluster = kafkas
        .chain([cluster.as_str()])
        .any(|kafka| filled.strip_prefix(kafka).is_some_and(|rest| rest.starts_with('-')));
    let shared = context.scenario.kafka.cluster == ClusterUse::Shared;
    let existing = context.scenario.kafka.cluster == ClusterUse::Existing;
    match kind {
        "Kafka" | "KafkaNodePool" | "KafkaTopic" | "KafkaUser" | "TLSRoute" if existing => true,
        "TLSRoute" | "Ingress" | "Route" => operator::routes(context, kind).has(&filled),
        "Service" | "Pod" | "ConfigMap" | "StrimziPodSet" | "PersistentVolumeClaim" | "NetworkPolicy" => of_cluster,
        "Secret" => of_cluster || by_manifest("KafkaUser", &filled),
        "Kafka" => shared && filled == cluster,
        "KafkaNodePool" => shared && matches!(filled.as_str(), "broker" | "controller"),
        "Gateway" => name == "${gateway.name}",
        "GatewayClass" => name == "${gateway.class}",
        "Namespace" => matches!(name, "${namespace}" | "${kafka.namespace}"),
        _ => false,
    }
}
