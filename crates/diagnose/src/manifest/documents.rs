//! The objects of the given files, each with the place of its fields.

use super::files::Inputs;
use kube::api::{DynamicObject, ObjectMeta, TypeMeta};
use serde_json::Value;
use std::collections::BTreeMap;
use std::collections::btree_map::Entry;
use std::ops::Range;
use yaml::{Content, Node, Problem, Source, tree};

/// The kinds that rules look at, with their groups. An object of any other kind is passed over.
const KINDS: [(&str, &str); 10] = [
    ("gateway.networking.k8s.io", "TLSRoute"),
    ("gateway.networking.k8s.io", "TCPRoute"),
    ("gateway.networking.k8s.io", "Gateway"),
    ("gateway.networking.k8s.io", "ReferenceGrant"),
    ("gateway.networking.k8s.io", "BackendTLSPolicy"),
    ("kafka.strimzi.io", "Kafka"),
    ("kafka.strimzi.io", "KafkaNodePool"),
    ("", "Service"),
    ("", "Namespace"),
    ("", "Secret"),
];

/// An object of a file.
#[derive(Debug)]
pub(super) struct Document {
    pub source: Source,
    pub node: Node,
    /// The object without fields of wrong types in its metadata. Rules of the live diagnosis read it.
    pub object: DynamicObject,
    pub kind: &'static str,
    pub namespace: String,
    pub name: String,
    /// Whether the namespace is known. Otherwise it is the one that `kubectl apply` will use.
    pub placed: bool,
}

impl Document {
    /// `Kind namespace/name`.
    pub(super) fn title(&self) -> String {
        format!("{} {}", self.kind, self.key())
    }

    /// `namespace/name`.
    pub(super) fn key(&self) -> String {
        format!("{}/{}", self.namespace, self.name)
    }

    /// `file:line`.
    fn position(&self) -> String {
        format!("{}:{}", self.source.name(), self.source.line(self.node.head().start) + 1)
    }

    pub(super) fn spec(&self) -> &Value {
        &self.object.data["spec"]
    }

    /// The place of a field, or of its nearest parent that exists.
    pub(super) fn place(&self, pointer: &str) -> Range<usize> {
        self.node.place(pointer)
    }
}

/// Everything that the files contain.
#[derive(Debug, Default)]
pub(super) struct Documents {
    /// By kind, in the order of the files.
    all: BTreeMap<&'static str, Vec<Document>>,
    /// The place in `all`, by kind, namespace and name.
    by_key: BTreeMap<(&'static str, String, String), usize>,
    pub problems: Vec<Problem>,
    pub gaps: Vec<String>,
    /// The objects of all kinds.
    pub objects: usize,
    /// Whether every file could be read. Otherwise nothing is accused of being absent.
    pub complete: bool,
}

impl Documents {
    /// Reads the objects of the files. `namespace` is that of objects which name none.
    pub(super) fn read(inputs: Inputs, namespace: Option<&str>) -> Self {
        let mut documents = Self { problems: inputs.problems, ..Self::default() };
        for input in inputs.files {
            match tree::documents(&input.source, "manifest") {
                Ok(nodes) => {
                    for node in nodes {
                        documents.add(&input.source, node, namespace, input.named);
                    }
                }
                Err(problem) => documents.problems.push(*problem),
            }
        }
        documents.complete = documents.problems.is_empty();
        documents
    }

    /// The objects of a kind, in the order of the files.
    pub(super) fn of(&self, kind: &str) -> impl Iterator<Item = &Document> {
        self.all.get(kind).into_iter().flatten()
    }

    /// The Service with this name.
    pub(super) fn service(&self, namespace: &str, name: &str) -> Option<&Document> {
        let index = self.by_key.get(&("Service", namespace.to_owned(), name.to_owned()))?;
        self.all.get("Service")?.get(*index)
    }

    /// Adds an object. As with `kubectl apply`, it takes the place of one with the same name.
    fn replace(&mut self, document: Document) {
        let key = (document.kind, document.namespace.clone(), document.name.clone());
        let all = self.all.entry(document.kind).or_default();
        match self.by_key.entry(key) {
            Entry::Vacant(free) => {
                free.insert(all.len());
                all.push(document);
            }
            Entry::Occupied(known) => {
                let former = &mut all[*known.get()];
                self.gaps.push(format!(
                    "{} at {}, because the same object is again at {}",
                    former.title(),
                    former.position(),
                    document.position()
                ));
                *former = document;
            }
        }
    }

    fn add(&mut self, source: &Source, node: Node, namespace: Option<&str>, named: bool) {
        if matches!(node.content, Content::Null) {
            return;
        }
        let wrong = |message: String, place, help: &str| {
            Problem::error("manifest::object", source, message).at(place, "not a Kubernetes object").help(help)
        };
        let help = "every Kubernetes object is a mapping with `apiVersion`, `kind` and `metadata`";
        if !matches!(node.content, Content::Map(_)) {
            let message = format!("found {}, expected a Kubernetes object", node.describe());
            self.problems.push(wrong(message, node.span.clone(), help));
            return;
        }
        let word = |key: &str| node.get(key).and_then(Node::text);
        let (Some(version), Some(kind)) = (word("apiVersion"), word("kind")) else {
            let key = if word("apiVersion").is_none() { "apiVersion" } else { "kind" };
            let found = node.get(key).map_or_else(|| "nothing".to_owned(), Node::describe);
            let problem = wrong(format!("the object's `{key}`: found {found}, expected a string"), node.head(), help);
            if named {
                self.problems.push(problem);
            } else {
                let line = problem.position().map_or(0, |(line, _)| line);
                self.gaps.push(format!("{}:{line}, which is not a Kubernetes object", source.name()));
            }
            return;
        };
        if kind.ends_with("List")
            && let Some(Node { content: Content::List(items), .. }) = node.get("items")
        {
            for item in items.clone() {
                self.add(source, item, namespace, named);
            }
            return;
        }
        self.objects += 1;
        let group = version.split_once('/').map_or("", |(group, _)| group);
        let Some((_, kind)) = KINDS.iter().find(|known| **known == (group, kind)) else { return };
        let metadata = node.get("metadata");
        let of = |key: &str| metadata.and_then(|metadata| metadata.get(key));
        let Some(name) = of("name").and_then(Node::text).filter(|name| !name.is_empty()) else {
            let found = of("name").map_or_else(|| "nothing".to_owned(), Node::describe);
            let message = format!("the {kind}'s `metadata.name`: found {found}, expected a string");
            let place = node.place(if metadata.is_some() { "/metadata/name" } else { "/kind" });
            self.problems.push(wrong(message, place, "name the object; put a number in quotes"));
            return;
        };
        let own = of("namespace").and_then(Node::text).or(namespace).map(ToOwned::to_owned);
        let (name, placed) = (name.to_owned(), own.is_some());
        let own = if *kind == "Namespace" { String::new() } else { own.unwrap_or_else(|| "default".to_owned()) };
        let object = object(&node, version, kind, &own, &name);
        self.replace(Document { source: source.clone(), node, object, kind, namespace: own, name, placed });
    }
}

fn object(node: &Node, version: &str, kind: &str, namespace: &str, name: &str) -> DynamicObject {
    let mut data = node.to_json();
    let metadata = data.as_object_mut().and_then(|fields| fields.remove("metadata")).unwrap_or_default();
    let words = |field: &str| -> Option<BTreeMap<String, String>> {
        let fields = metadata[field].as_object()?;
        Some(fields.iter().filter_map(|(key, value)| Some((key.clone(), value.as_str()?.to_owned()))).collect())
    };
    DynamicObject {
        types: Some(TypeMeta { api_version: version.to_owned(), kind: kind.to_owned() }),
        metadata: ObjectMeta {
            name: Some(name.to_owned()),
            namespace: Some(namespace.to_owned()),
            labels: words("labels"),
            annotations: words("annotations"),
            ..ObjectMeta::default()
        },
        data,
    }
}
