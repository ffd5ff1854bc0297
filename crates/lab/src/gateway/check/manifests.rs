//! What manifests alone show: images that the fixture does not list, and a GatewayClass that no manifest defines.

use super::Outcome;
use crate::backends::cluster::images::full_name;
use crate::gateway::places::Places;
use crate::gateway::{GatewayFixture, KindGateway};
use ::kube::api::DynamicObject;
use model::suggest;
use serde_json::Value;
use std::collections::BTreeSet;

/// The objects of one file, under its name.
pub(super) type FileObjects = (String, Vec<DynamicObject>);

/// Checks that the manifests name no other images than those of the fixture. The node has no others.
pub(super) fn images(fixture: &GatewayFixture, section: &KindGateway, files: &[FileObjects]) -> Option<Outcome> {
    let listed: BTreeSet<String> = section.images.values().map(|image| full_name(&image.image)).collect();
    let mut unlisted = Vec::new();
    for (file, objects) in files {
        for (object, image) in objects.iter().flat_map(|object| containers(object).map(move |image| (object, image))) {
            if !listed.contains(&full_name(without_digest(image))) {
                unlisted.push(format!("{file}: {} names the image {image}", title(object)));
            }
        }
    }
    if unlisted.is_empty() {
        return None;
    }
    unlisted.dedup();
    let known = listed.into_iter().collect::<Vec<_>>().join(", ");
    let cause = format!("{}\nexpected only images that gateway.yaml lists: {known}", unlisted.join("\n"));
    let remedy = format!(
        "add each to `images` ({}), or correct its tag; the lab loads the listed images into the node before a Pod starts",
        Places::of(fixture).images()
    );
    Some(Outcome::lint(cause, remedy))
}

/// Checks that a manifest defines the fixture's GatewayClass for its controller.
pub(super) fn gateway_class(fixture: &GatewayFixture, files: &[FileObjects]) -> Option<Outcome> {
    let of_kind = |object: &&DynamicObject| object.types.as_ref().is_some_and(|types| types.kind == "GatewayClass");
    let classes: Vec<(&String, &DynamicObject)> = files
        .iter()
        .flat_map(|(file, objects)| objects.iter().filter(of_kind).map(move |object| (file, object)))
        .collect();
    let places = Places::of(fixture);
    let wanted = &fixture.class;
    let named = |class: &DynamicObject| class.metadata.name.clone().unwrap_or_default();
    // A later manifest replaces an earlier one, as the fixture's own class replaces upstream's.
    let Some((file, class)) = classes.iter().rev().find(|(_, class)| named(class) == *wanted) else {
        let defined: Vec<String> = classes.iter().map(|(_, class)| named(class)).collect();
        let others = if defined.is_empty() { "none".to_owned() } else { defined.join(", ") };
        let near = suggest::nearest(wanted, defined.iter().map(String::as_str));
        let near = near.map(|near| format!("; did you mean {near}?")).unwrap_or_default();
        return Some(Outcome::lint(
            format!(
                "{}: no manifest defines GatewayClass {wanted}; the manifests define {others}{near}",
                places.class()
            ),
            "correct `class`, or add a file with `kind: GatewayClass` and `name: ${class}` to `manifests`",
        ));
    };
    let controller = class.data["spec"]["controllerName"].as_str().unwrap_or_default();
    (controller != fixture.controller_name).then(|| {
        Outcome::lint(
            format!(
                "{file}: GatewayClass {wanted} has controllerName {controller:?}, and {} says {:?}",
                places.controller_name(),
                fixture.controller_name
            ),
            "make both the name that the implementation's documentation gives",
        )
    })
}

/// Checks that the manifests define the Deployments that must become Available. Waiting for a misspelt one takes minutes.
pub(super) fn deployments(fixture: &GatewayFixture, section: &KindGateway, files: &[FileObjects]) -> Option<Outcome> {
    let all = files.iter().flat_map(|(_, objects)| objects);
    let deployments = all.filter(|object| object.types.as_ref().is_some_and(|types| types.kind == "Deployment"));
    let full_name = |object: &DynamicObject| {
        let namespace = object.metadata.namespace.as_ref().unwrap_or(&section.namespace);
        format!("{namespace}/{}", object.metadata.name.as_deref().unwrap_or_default())
    };
    let defined: Vec<String> = deployments.map(full_name).collect();
    let unknown = section.deployments.iter().find(|name| !defined.contains(name))?;
    let others = if defined.is_empty() { "none".to_owned() } else { defined.join(", ") };
    let place = Places::of(fixture).deployments();
    Some(Outcome::lint(
        format!("{place}: no manifest defines Deployment {unknown}; the manifests define {others}"),
        "correct `deployments`, or add the manifest that defines it; leave out what the controller itself creates",
    ))
}

/// The images of a workload's containers.
fn containers(object: &DynamicObject) -> impl Iterator<Item = &str> {
    let spec = match object.types.as_ref().map(|types| types.kind.as_str()).unwrap_or_default() {
        "Deployment" | "DaemonSet" | "StatefulSet" | "ReplicaSet" | "Job" => object.data.pointer("/spec/template/spec"),
        "CronJob" => object.data.pointer("/spec/jobTemplate/spec/template/spec"),
        "Pod" => object.data.pointer("/spec"),
        _ => None,
    };
    let of = |list: &'static str| spec.and_then(|spec| spec[list].as_array()).into_iter().flatten();
    of("initContainers").chain(of("containers")).filter_map(|container: &Value| container["image"].as_str())
}

/// The name with its tag. The lab drops digests, because an image from an archive has another one.
fn without_digest(image: &str) -> &str {
    image.split_once('@').map_or(image, |(name, _)| name)
}

fn title(object: &DynamicObject) -> String {
    let kind = object.types.as_ref().map(|types| types.kind.as_str()).unwrap_or_default();
    let name = object.metadata.name.as_deref().unwrap_or_default();
    match &object.metadata.namespace {
        Some(namespace) => format!("{kind} {namespace}/{name}"),
        None => format!("{kind} {name}"),
    }
}
