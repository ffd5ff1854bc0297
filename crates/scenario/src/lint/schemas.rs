//! Validates manifests against the OpenAPI schemas of CRDs.

use super::context::Context;
use super::explain::{explain, near_misses};
use super::kinds::{Origin, kind};
use super::manifest::Object;
use crate::problem::{Problem, Source};
use crate::{Severity, tree};
use camino::{Utf8Path, Utf8PathBuf};
use jsonschema::Validator;
use model::suggest;
use serde_json::{Map, Value, json};
use std::collections::{BTreeMap, BTreeSet};

/// Schemas by group, kind and version.
#[derive(Debug, Default)]
pub struct Schemas {
    known: BTreeMap<(String, String, String), Version>,
}

#[derive(Debug)]
struct Version {
    served: bool,
    /// The schema as JSON Schema.
    schema: Value,
}

impl Schemas {
    /// Reads CustomResourceDefinitions from YAML texts, each with the name to show. Other objects are ignored.
    ///
    /// # Errors
    /// A text that is not YAML.
    pub fn from_texts<'a>(texts: impl IntoIterator<Item = (&'a str, &'a str)>) -> Result<Self, Box<Problem>> {
        let mut schemas = Self::default();
        for (name, text) in texts {
            for document in tree::documents(&Source::new(name, text), "scenario")? {
                schemas.add(&document.to_json());
            }
        }
        Ok(schemas)
    }

    /// The schemas on this machine: the stand-in's CRDs, and those of the Gateway API if a lab has downloaded them. A
    /// manifest without a schema gets a note.
    ///
    /// # Errors
    /// A file that is not YAML.
    pub fn at_hand() -> Result<Self, Box<Problem>> {
        let mut files = Vec::new();
        collect_files(&model::paths::fixtures().join("standin"), 0, &mut files);
        if let Ok(cache) = model::paths::cache() {
            collect_files(&cache.join("parts/gateway-api-crds"), 0, &mut files);
        }
        Self::from_files(&files)
    }

    /// Reads files, and the YAML files in folders. Files that cannot be read are ignored.
    ///
    /// # Errors
    /// A file that is not YAML.
    pub fn from_files(paths: &[Utf8PathBuf]) -> Result<Self, Box<Problem>> {
        let mut files = Vec::new();
        paths.iter().for_each(|path| collect_files(path, 0, &mut files));
        let texts: Vec<(Utf8PathBuf, String)> =
            files.into_iter().filter_map(|file| std::fs::read_to_string(&file).ok().map(|text| (file, text))).collect();
        Self::from_texts(texts.iter().map(|(file, text)| (file.as_str(), text.as_str())))
    }

    /// The number of known versions of kinds.
    pub fn len(&self) -> usize {
        self.known.len()
    }

    pub fn is_empty(&self) -> bool {
        self.known.is_empty()
    }

    fn add(&mut self, crd: &Value) {
        if crd["kind"] != "CustomResourceDefinition" {
            return;
        }
        let spec = &crd["spec"];
        let (Some(group), Some(kind)) = (spec["group"].as_str(), spec["names"]["kind"].as_str()) else { return };
        for version in spec["versions"].as_array().into_iter().flatten() {
            let Some(name) = version["name"].as_str() else { continue };
            let mut schema = convert(&version["schema"]["openAPIV3Schema"], true);
            allow_object_fields(&mut schema);
            let served = version["served"].as_bool().unwrap_or(true);
            self.known.insert((group.to_owned(), kind.to_owned(), name.to_owned()), Version { served, schema });
        }
    }

    pub(super) fn check(&self, context: &mut Context<'_>) {
        let (mut problems, mut unchecked) = (Vec::new(), BTreeSet::new());
        let mut validators: BTreeMap<(String, String), Option<Validator>> = BTreeMap::new();
        for object in &context.objects {
            let key = (object.group().to_owned(), object.kind.clone(), object.version().to_owned());
            let Some(version) = self.known.get(&key) else {
                if let Some(problem) = self.other_version(object) {
                    problems.push(problem);
                } else if !already_said(context, object) && unchecked.insert(key) {
                    problems.push(not_checked(object));
                }
                continue;
            };
            if !version.served {
                problems.extend(self.other_version(object));
            }
            let validator = validators
                .entry((object.api_version.clone(), object.kind.clone()))
                .or_insert_with(|| jsonschema::validator_for(&version.schema).ok());
            match validator {
                Some(validator) => {
                    let instance = object.node.to_json();
                    problems.extend(
                        validator.iter_errors(&instance).flat_map(|error| explain(object, &version.schema, &error)),
                    );
                }
                None => problems.push(not_checked(object)),
            }
            near_misses(object, &object.node, &version.schema, &mut problems);
        }
        problems.into_iter().for_each(|problem| context.push(problem));
    }

    /// Reports an API version that the kind's CRD does not serve.
    fn other_version(&self, object: &Object) -> Option<Problem> {
        let served: Vec<&str> = self
            .known
            .iter()
            .filter(|((group, kind, _), version)| group == object.group() && *kind == object.kind && version.served)
            .map(|((_, _, name), _)| name.as_str())
            .collect();
        let reported = kind(&object.kind).is_some_and(|kind| !kind.versions.contains(&object.version()));
        if served.is_empty() || reported {
            return None;
        }
        let message = format!("the CRD of {} does not serve `{}`", object.kind, object.api_version);
        let problem = Problem::error("scenario::api-version", &object.source, message)
            .at(object.node.place("/apiVersion"), "not served");
        Some(problem.help(format!("it serves {}", suggest::all_of(served))))
    }
}

/// Collects a YAML file, or the YAML files of a folder and its subfolders.
fn collect_files(path: &Utf8Path, depth: usize, files: &mut Vec<Utf8PathBuf>) {
    if path.is_dir() && depth < 4 {
        let Ok(entries) = path.read_dir_utf8() else { return };
        // A name that begins with a dot is a download in progress.
        let whole = entries.filter_map(Result::ok).filter(|entry| !entry.file_name().starts_with('.'));
        let mut entries: Vec<_> = whole.map(|entry| entry.path().to_owned()).collect();
        entries.sort();
        entries.iter().for_each(|entry| collect_files(entry, depth + 1, files));
    } else if path.extension() == Some("yaml") {
        files.push(path.to_owned());
    }
}

/// Whether the rules without schemas have already reported the kind or its version.
fn already_said(context: &Context<'_>, object: &Object) -> bool {
    match kind(&object.kind) {
        Some(kind) => kind.group != object.group() || !kind.versions.contains(&object.version()),
        None => !context.scenario.needs.kinds.contains(&object.kind),
    }
}

fn not_checked(object: &Object) -> Problem {
    let message = format!(
        "the fields of the {} are not checked: this machine has no schema for `{}`",
        object.kind, object.api_version
    );
    let problem = Problem::new(Severity::Note, "scenario::no-schema", &object.source, message);
    problem.at(object.node.place("/kind"), "not checked").help(match kind(&object.kind).map(|kind| kind.origin) {
        Some(Origin::GatewayApi) => {
            "run `cargo xtask lab up` once: it downloads the CRDs of the Gateway API, and the linter then uses them"
        }
        Some(Origin::Strimzi) => {
            "the stand-in has no CRD for this kind; Strimzi's CRD checks the object when the scenario runs with Strimzi"
        }
        Some(Origin::Kubernetes) => "the API server checks the object when the scenario runs",
        None => "the cluster that serves the kind checks the object when the scenario runs",
    })
}

/// Converts an OpenAPI v3 schema of a CRD to JSON Schema. An unknown field is an error, as with `kubectl apply
/// --validate=strict`. `strict` is off inside `oneOf` and its like, which only repeat a part of the fields.
fn convert(schema: &Value, strict: bool) -> Value {
    let Some(object) = schema.as_object() else { return schema.clone() };
    let mut result = Map::new();
    let flag = |key: &str| object.get(key) == Some(&Value::Bool(true));
    for (key, value) in object {
        let converted = match key.as_str() {
            "properties" => Value::Object(
                value
                    .as_object()
                    .into_iter()
                    .flatten()
                    .map(|(name, inner)| (name.clone(), convert(inner, strict)))
                    .collect(),
            ),
            "items" | "additionalProperties" => convert(value, strict),
            "not" => convert(value, false),
            "oneOf" | "anyOf" | "allOf" => {
                Value::Array(value.as_array().into_iter().flatten().map(|inner| convert(inner, false)).collect())
            }
            // In OpenAPI these are flags beside the limit. In JSON Schema they are the limit itself.
            "exclusiveMinimum" | "exclusiveMaximum" | "nullable" | "format" | "default" | "example" => continue,
            key if key.starts_with("x-kubernetes-") => continue,
            _ => value.clone(),
        };
        result.insert(key.clone(), converted);
    }
    if flag("x-kubernetes-int-or-string") {
        result.remove("anyOf");
        result.insert("type".into(), json!(["integer", "string"]));
    }
    if flag("nullable")
        && let Some(Value::String(kind)) = result.get("type").cloned()
    {
        result.insert("type".into(), json!([kind, "null"]));
    }
    let open = flag("x-kubernetes-preserve-unknown-fields") || flag("x-kubernetes-embedded-resource");
    if strict && !open && result.contains_key("properties") && !result.contains_key("additionalProperties") {
        result.insert("additionalProperties".into(), Value::Bool(false));
    }
    Value::Object(result)
}

/// Every object has these, whether or not its schema says so. Kubernetes itself validates `metadata`.
fn allow_object_fields(schema: &mut Value) {
    let Some(object) = schema.as_object_mut() else { return };
    if let Some(properties) = object.get_mut("properties").and_then(Value::as_object_mut) {
        properties.insert("apiVersion".into(), json!({"type": "string"}));
        properties.insert("kind".into(), json!({"type": "string"}));
        properties.insert("metadata".into(), json!({"type": "object"}));
    }
}
