//! Reads the objects of a manifest, with their places.

use crate::problem::{Problem, Source};
use crate::tree;
use crate::tree::{Content, Node};
use model::vars;
use model::vars::{Filled, Variables};

/// One object of a manifest. Its tree has sample values in place of variables. Its places are those in the file on
/// disk.
#[derive(Debug)]
pub(crate) struct Object {
    pub file: String,
    pub source: Source,
    pub api_version: String,
    pub kind: String,
    pub name: String,
    pub namespace: Option<String>,
    pub node: Node,
}

impl Object {
    pub(super) fn group(&self) -> &str {
        self.api_version.split_once('/').map_or("", |(group, _)| group)
    }

    pub(super) fn version(&self) -> &str {
        self.api_version.rsplit('/').next().unwrap_or_default()
    }
}

/// Reads a manifest. Appends its valid objects to `objects` and its errors to `problems`.
pub(super) fn read(
    file: &str,
    source: &Source,
    samples: &Variables,
    objects: &mut Vec<Object>,
    problems: &mut Vec<Problem>,
) {
    // A text with a wrong variable is seldom valid YAML. Another rule reports the variable.
    if !vars::scan(source.text()).1.is_empty() {
        return;
    }
    let filled = Filled::new(source.text(), samples);
    // Errors are shown in the file on disk, which has the same lines.
    let shown = Source::new("", &filled.text);
    let documents = match tree::documents(&shown, "scenario") {
        Ok(documents) => documents,
        Err(problem) => {
            problems.push(problem.moved(source, |at| filled.original(at)));
            return;
        }
    };
    let before = objects.len();
    for mut node in documents {
        relocate(&mut node, &filled);
        if matches!(node.content, Content::Null) {
            continue;
        }
        match object(file, source, node) {
            Ok(object) => objects.push(object),
            Err(problem) => problems.push(*problem),
        }
    }
    if objects.len() == before && problems.is_empty() {
        problems.push(
            Problem::warning("scenario::empty-manifest", source, format!("{file} contains no object"))
                .help("remove the file, or add an object"),
        );
    }
}

fn object(file: &str, source: &Source, node: Node) -> Result<Object, Box<Problem>> {
    let wrong = |code, message: String, place, label: &str, help: &str| {
        Box::new(Problem::error(code, source, message).at(place, label).help(help))
    };
    if !matches!(node.content, Content::Map(_)) {
        let message = format!("found {}, expected a Kubernetes object", node.describe());
        let help = "write a mapping with `apiVersion`, `kind` and `metadata`";
        return Err(wrong("scenario::manifest-object", message, node.span.clone(), "not an object", help));
    }
    let word = |key: &str| match node.get(key).map(|value| (value.text(), value)) {
        Some((Some(text), _)) if !text.is_empty() => Ok(text.to_owned()),
        found => {
            let what = found.map_or_else(|| "nothing".to_owned(), |(_, value)| value.describe());
            let message = format!("the object's `{key}`: found {what}, expected a string");
            let help = "every Kubernetes object needs `apiVersion`, `kind` and `metadata.name`";
            let place = node.place(&format!("/{key}"));
            let place = if node.entry(key).is_some() { place } else { node.head() };
            Err(wrong("scenario::manifest-object", message, place, "in this object", help))
        }
    };
    let api_version = word("apiVersion")?;
    let kind = word("kind")?;
    let metadata = node.get("metadata");
    let name = match metadata.and_then(|metadata| metadata.get("name")).map(|name| &name.content) {
        Some(Content::Text(name)) if !name.is_empty() => name.clone(),
        Some(Content::Number(number)) => {
            let message = format!("the {kind}'s `metadata.name`: found the number {number}, expected a string");
            let place = node.place("/metadata/name");
            return Err(wrong("scenario::manifest-name", message, place, "a number", "put it in quotes"));
        }
        _ => {
            let message = format!("the {kind} has no `metadata.name`");
            let place = node.place(if metadata.is_some() { "/metadata" } else { "/kind" });
            let help = "`generateName` is not enough: the lab applies, waits for and deletes objects by name";
            return Err(wrong("scenario::manifest-name", message, place, "without a name", help));
        }
    };
    let namespace = metadata.and_then(|metadata| metadata.get("namespace")).and_then(Node::text).map(ToOwned::to_owned);
    Ok(Object { file: file.to_owned(), source: source.clone(), api_version, kind, name, namespace, node })
}

fn relocate(node: &mut Node, filled: &Filled) {
    let place = |span: &std::ops::Range<usize>| filled.original(span.start)..filled.original(span.end);
    node.span = place(&node.span);
    match &mut node.content {
        Content::List(items) => items.iter_mut().for_each(|item| relocate(item, filled)),
        Content::Map(entries) => {
            for entry in entries {
                entry.span = place(&entry.span);
                relocate(&mut entry.value, filled);
            }
        }
        _ => {}
    }
}
