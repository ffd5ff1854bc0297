//! Turns the errors of a CRD's schema into problems with a place and a plain message.

use super::manifest::Object;
use crate::problem::Problem;
use crate::tree;
use crate::tree::Content;
use jsonschema::ValidationError;
use jsonschema::error::{TypeKind, ValidationErrorKind};
use model::suggest;
use serde_json::Value;

/// Warns of keys that an open schema accepts but that look like a misspelt key of the schema. Otherwise only the
/// operator would notice them.
pub(super) fn near_misses(object: &Object, node: &tree::Node, schema: &Value, problems: &mut Vec<Problem>) {
    match &node.content {
        Content::Map(entries) => {
            let Some(known) = schema["properties"].as_object() else { return };
            let open = schema.get("additionalProperties").is_none();
            for entry in entries {
                if let Some(inner) = known.get(&entry.key) {
                    near_misses(object, &entry.value, inner, problems);
                } else if let Some(near) = suggest::nearest(&entry.key, known.keys().map(String::as_str))
                    && open
                    && node.entry(near).is_none()
                {
                    let message = format!("the schema of {} has no field `{}` here", object.kind, entry.key);
                    let problem = Problem::warning("scenario::unknown-field", &object.source, message);
                    problems.push(
                        problem.at(entry.span.clone(), "probably misspelt").help(format!("did you mean `{near}`?")),
                    );
                }
            }
        }
        Content::List(items) => items.iter().for_each(|item| near_misses(object, item, &schema["items"], problems)),
        _ => {}
    }
}

/// Turns one error of the validator into a problem.
pub(super) fn explain(object: &Object, schema: &Value, error: &ValidationError<'_>) -> Vec<Problem> {
    let pointer = error.instance_path().to_string();
    let field = field_name(&pointer);
    let found = at(object, &pointer);
    let one = |code, message: String, pointer: &str, label: &str| {
        Problem::error(code, &object.source, message).at(object.node.place(pointer), label)
    };
    let kind = &object.kind;
    let problem = match error.kind() {
        ValidationErrorKind::AdditionalProperties { unexpected } => {
            let holder = parent_schema(schema, &error.schema_path().to_string());
            let known: Vec<&str> =
                holder["properties"].as_object().into_iter().flatten().map(|(name, _)| name.as_str()).collect();
            return unexpected
                .iter()
                .map(|name| {
                    let place = key_place(object, &pointer, name);
                    let what = if field.is_empty() { format!("a {kind}") } else { format!("`{field}` of a {kind}") };
                    Problem::error("scenario::unknown-field", &object.source, format!("{what} has no field `{name}`"))
                        .at(place, "unknown field")
                        .help(suggest::advice(name, known.iter().copied()))
                })
                .collect();
        }
        ValidationErrorKind::Required { property } => {
            let name = property.as_str().unwrap_or_default();
            let what = if field.is_empty() { format!("the {kind}") } else { format!("`{field}` of the {kind}") };
            let pointer = if pointer.is_empty() { "/kind" } else { &pointer };
            one("scenario::missing-field", format!("{what} has no `{name}`"), pointer, &format!("needs `{name}`"))
                .help("the CRD requires it")
        }
        ValidationErrorKind::Type { kind: expected } => {
            let expected = match expected {
                TypeKind::Single(kind) => kind.to_string(),
                TypeKind::Multiple(kinds) => kinds.iter().map(|kind| kind.to_string()).collect::<Vec<_>>().join(" or "),
            };
            one(
                "scenario::wrong-type",
                format!("`{field}`: found {found}, expected {}", in_words(&expected)),
                &pointer,
                "wrong type",
            )
        }
        ValidationErrorKind::Enum { options } => {
            let words: Vec<&str> = options.as_array().into_iter().flatten().filter_map(Value::as_str).collect();
            let instance = error.instance().as_str().unwrap_or_default().to_owned();
            one("scenario::unknown-word", format!("`{field}` cannot be {found}"), &pointer, "unknown value")
                .help(suggest::advice(&instance, words))
        }
        ValidationErrorKind::Pattern { pattern } => one(
            "scenario::pattern",
            format!("`{field}`: {found} does not match the expected pattern"),
            &pointer,
            "does not match",
        )
        .help(format!("the CRD requires the pattern {pattern}")),
        _ => {
            let text = error.to_string();
            one("scenario::schema", format!("`{field}`: {text}"), &pointer, "refused by the CRD's schema")
        }
    };
    vec![problem]
}

fn in_words(kind: &str) -> &str {
    match kind {
        "string" => "a string",
        "integer" => "a whole number",
        "number" => "a number",
        "boolean" => "`true` or `false`",
        "array" => "a list",
        "object" => "a mapping",
        other => other,
    }
}

/// `/spec/rules/0/backendRefs` as `spec.rules[0].backendRefs`.
fn field_name(pointer: &str) -> String {
    let mut name = String::new();
    for step in pointer.split('/').skip(1) {
        if step.parse::<usize>().is_ok() {
            name.extend(["[", step, "]"]);
        } else {
            if !name.is_empty() {
                name.push('.');
            }
            name.push_str(&step.replace("~1", "/").replace("~0", "~"));
        }
    }
    name
}

fn node_at<'a>(object: &'a Object, pointer: &str) -> Option<&'a tree::Node> {
    pointer.split('/').skip(1).try_fold(&object.node, |node, step| match &node.content {
        Content::Map(_) => node.get(&step.replace("~1", "/").replace("~0", "~")),
        Content::List(items) => step.parse::<usize>().ok().and_then(|index| items.get(index)),
        _ => None,
    })
}

fn at(object: &Object, pointer: &str) -> String {
    node_at(object, pointer).map_or_else(|| "nothing".to_owned(), tree::Node::describe)
}

fn key_place(object: &Object, pointer: &str, key: &str) -> std::ops::Range<usize> {
    node_at(object, pointer)
        .and_then(|node| node.entry(key))
        .map_or_else(|| object.node.place(pointer), |entry| entry.span.clone())
}

fn parent_schema<'a>(schema: &'a Value, path: &str) -> &'a Value {
    let parent = path.rsplit_once('/').map_or("", |(parent, _)| parent);
    schema.pointer(parent).unwrap_or(&Value::Null)
}
