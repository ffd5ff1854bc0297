//! Prepares manifests for a cluster: upstream's complete files, adjusted where a lab needs it.

use camino::Utf8Path;
use kube::api::DynamicObject;
use kubeapi::{Error, parse_manifests};
use model::FileError;
use serde_json::{Value, json};
use std::fs;

/// A file of manifests that was read but not parsed. Parsing upstream's files takes seconds in a debug build, and is
/// not needed if a cluster already has everything.
#[derive(Clone, Debug)]
pub struct Source {
    pub file: String,
    pub text: String,
}

impl Source {
    pub fn read(path: &Utf8Path) -> Result<Self, super::Error> {
        let text = fs::read_to_string(path).map_err(FileError::of("read", path))?;
        Ok(Self { file: path.to_string(), text })
    }

    /// The objects. A kustomization among them is skipped: the joined files of an upstream folder contain it too.
    pub fn objects(&self) -> Result<Vec<DynamicObject>, Error> {
        let is_kustomization = |document: &&str| {
            let mut lines = document.lines();
            lines.clone().any(|line| line.starts_with("resources:")) && !lines.any(|line| line.starts_with("kind:"))
        };
        let documents: Vec<_> = self.text.split("\n---\n").filter(|document| !is_kustomization(document)).collect();
        parse(&self.file, &documents.join("\n---\n"))
    }
}

/// The objects of several sources, parsed without blocking the asynchronous work.
pub async fn parse_all(sources: Vec<Source>) -> Result<Vec<Vec<DynamicObject>>, super::Error> {
    let parsed =
        tokio::task::spawn_blocking(move || sources.iter().map(Source::objects).collect::<Result<Vec<_>, _>>());
    // The task neither panics nor is it cancelled. If it were, there would be nothing to install.
    parsed.await.map_or_else(|error| Err(super::Error::Task(error)), |sets| sets.map_err(Into::into))
}

/// The objects of a text. `file` is the name for errors.
pub fn parse(file: &str, text: &str) -> Result<Vec<DynamicObject>, Error> {
    parse_manifests(file, text)
}

pub fn kind(object: &DynamicObject) -> &str {
    object.types.as_ref().map(|types| types.kind.as_str()).unwrap_or_default()
}

pub fn name(object: &DynamicObject) -> &str {
    object.metadata.name.as_deref().unwrap_or_default()
}

/// Whether the object belongs to a Gateway API bundle: one of its CRDs, or the policy that guards them.
pub fn of_gateway_api(object: &DynamicObject) -> bool {
    let guarded = match kind(object) {
        "CustomResourceDefinition" => object.data["spec"]["group"].as_str().unwrap_or_default(),
        "ValidatingAdmissionPolicy" | "ValidatingAdmissionPolicyBinding" => name(object),
        _ => return false,
    };
    ["gateway.networking.k8s.io", "gateway.networking.x-k8s.io"].iter().any(|group| guarded.ends_with(group))
}

/// Whether other objects can only be applied after this one.
pub fn comes_first(object: &DynamicObject) -> bool {
    matches!(kind(object), "Namespace" | "CustomResourceDefinition")
}

/// Makes the containers of a workload use the images that were loaded into the node: without pulling, and without a
/// digest, because an image from an archive or a local build has another digest than upstream's.
pub fn use_loaded_images(object: &mut DynamicObject) {
    let template = match kind(object) {
        "Deployment" | "DaemonSet" | "StatefulSet" | "Job" => "/spec/template/spec",
        "Pod" => "/spec",
        _ => return,
    };
    let Some(spec) = object.data.pointer_mut(template) else { return };
    for list in ["containers", "initContainers"] {
        for container in spec[list].as_array_mut().into_iter().flatten() {
            if let Some(image) = container["image"].as_str() {
                let tagged = without_digest(image).to_owned();
                container["image"] = json!(tagged);
            }
            container["imagePullPolicy"] = json!("IfNotPresent");
        }
    }
}

/// The image's name with its tag. A name that has only a digest is unchanged.
fn without_digest(image: &str) -> &str {
    match image.split_once('@') {
        Some((name, _)) if name.rsplit('/').next().unwrap_or_default().contains(':') => name,
        _ => image,
    }
}

/// Sets a variable of a Deployment's first container, and replaces its old value or source.
pub fn set_env(deployment: &mut DynamicObject, name: &str, value: &str) {
    let wanted = json!({"name": name, "value": value});
    let container = &mut deployment.data["spec"]["template"]["spec"]["containers"][0];
    match container["env"].as_array_mut() {
        Some(list) => match list.iter_mut().find(|entry| entry["name"] == name) {
            Some(entry) => *entry = wanted,
            None => list.push(wanted),
        },
        None => container["env"] = Value::Array(vec![wanted]),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const TEXT: &str = r"
# Only a comment.
---
apiVersion: apiextensions.k8s.io/v1
kind: CustomResourceDefinition
metadata: {name: tlsroutes.gateway.networking.k8s.io}
spec: {group: gateway.networking.k8s.io}
---
apiVersion: apiextensions.k8s.io/v1
kind: CustomResourceDefinition
metadata: {name: envoyproxies.gateway.envoyproxy.io}
spec: {group: gateway.envoyproxy.io}
---
apiVersion: admissionregistration.k8s.io/v1
kind: ValidatingAdmissionPolicy
metadata: {name: safe-upgrades.gateway.networking.k8s.io}
spec: {}
---
apiVersion: apps/v1
kind: Deployment
metadata: {name: d}
spec:
  template:
    spec:
      containers:
        - {name: a, image: 'reg:5000/x:1@sha256:00', imagePullPolicy: Always, env: [{name: A, value: '1'}, {name: B, valueFrom: {}}]}
      initContainers: [{name: b, image: 'reg:5000/x@sha256:00'}]
";

    #[test]
    fn a_bundle_differs_from_an_implementations_own_crds() {
        let objects = parse("t", TEXT).expect("sound");
        let bundle: Vec<_> = objects.iter().filter(|object| of_gateway_api(object)).map(name).collect();
        assert_eq!(bundle, ["tlsroutes.gateway.networking.k8s.io", "safe-upgrades.gateway.networking.k8s.io"]);
        assert_eq!(objects.iter().filter(|object| comes_first(object)).count(), 2);
    }

    #[test]
    fn a_kustomization_is_passed_over() {
        let file = tempfile::NamedTempFile::new().expect("a file");
        fs::write(file.path(), format!("{TEXT}\n---\nresources:\n- a.yaml\n")).expect("written");
        let path = Utf8Path::from_path(file.path()).expect("UTF-8");
        let objects = || Source::read(path).expect("a file").objects();
        assert_eq!(objects().expect("sound").len(), 4);
        fs::write(file.path(), format!("{TEXT}\n---\nspec: {{}}\n")).expect("written");
        assert!(objects().is_err(), "another document without a kind is a mistake");
    }

    #[test]
    fn a_workload_takes_what_was_loaded() {
        let mut deployment = parse("t", TEXT).expect("sound").pop().expect("the last");
        use_loaded_images(&mut deployment);
        let spec = &deployment.data["spec"]["template"]["spec"];
        assert_eq!(spec["containers"][0]["image"], "reg:5000/x:1");
        assert_eq!(spec["containers"][0]["imagePullPolicy"], "IfNotPresent");
        assert_eq!(spec["initContainers"][0]["image"], "reg:5000/x@sha256:00", "there is no tag to fall back on");
    }

    #[test]
    fn a_variable_is_set_whatever_it_was() {
        let mut deployment = parse("t", TEXT).expect("sound").pop().expect("the last");
        for (name, value) in [("B", "*"), ("C", "3")] {
            set_env(&mut deployment, name, value);
        }
        let env = &deployment.data["spec"]["template"]["spec"]["containers"][0]["env"];
        assert_eq!(
            *env,
            json!([{"name": "A", "value": "1"}, {"name": "B", "value": "*"}, {"name": "C", "value": "3"}])
        );
    }
}
