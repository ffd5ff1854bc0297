//! `patch`: changes an existing object. Sabotage uses the same fields.

use super::{Access, Causes, NamedObject, StepDefinition, Touches};
use crate::Span;
use crate::lint::{Context, exactly_one};
use model::suggest;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::Value;

/// Changes an object, as `kubectl patch` does. Write exactly one of `merge` and `json`.
#[derive(Clone, Debug, Deserialize, JsonSchema, Serialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub struct Patch {
    /// The object's kind, such as `TLSRoute`.
    pub kind: String,
    /// The object's name.
    pub name: String,
    /// Default: the scenario's namespace.
    pub namespace: Option<String>,
    /// The fields to change, with `null` for fields to remove. A string that is one numeric variable, such as
    /// `"${gateway.port}"`, becomes a number.
    pub merge: Option<Value>,
    /// A list of JSON patch operations, which are applied in this order. They can change one item of a list, while
    /// `merge` must repeat the list.
    pub json: Option<Vec<JsonChange>>,
}

/// One operation of a JSON patch (RFC 6902).
#[derive(Clone, Debug, Deserialize, JsonSchema, Serialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub struct JsonChange {
    /// The operation.
    pub op: JsonOp,
    /// The place: a JSON pointer, such as `/spec/listeners/0/hostname`. `/-` at its end means after the last item of a
    /// list.
    pub path: String,
    /// With `move` and `copy`: the place that the value comes from.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub from: Option<String>,
    /// With `add`, `replace` and `test`: the value. A string that is one numeric variable becomes a number.
    #[serde(default, deserialize_with = "present", skip_serializing_if = "Option::is_none")]
    pub value: Option<Value>,
}

/// The operations of a JSON patch.
#[derive(Clone, Copy, Debug, Deserialize, Eq, JsonSchema, PartialEq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum JsonOp {
    /// Adds a field, or an item of a list.
    Add,
    /// Removes the value at `path`.
    Remove,
    /// Replaces the value at `path`.
    Replace,
    /// Moves the value from `from` to `path`.
    Move,
    /// Copies the value from `from` to `path`.
    Copy,
    /// Requires that `path` has this value. Otherwise the step changes nothing and fails.
    Test,
}

/// Keeps an explicit `null` apart from a missing key.
fn present<'de, D: serde::Deserializer<'de>>(deserializer: D) -> Result<Option<Value>, D::Error> {
    Value::deserialize(deserializer).map(Some)
}

impl StepDefinition for Patch {
    fn default_within() -> Option<Span> {
        None
    }

    fn within(&self) -> Option<Span> {
        None
    }

    fn set_within(&mut self, _: Span) {}

    fn summary(&self) -> String {
        format!("{} {}", self.kind, self.name)
    }

    fn client(&self) -> Option<&str> {
        None
    }

    fn topic(&self) -> Option<&str> {
        None
    }

    fn touches(&self) -> Touches<'_> {
        Touches::Object {
            kind: &self.kind,
            name: &self.name,
            namespace: self.namespace.as_deref(),
            verb: "changes the cluster",
        }
    }

    fn causes(&self) -> Causes {
        Causes::manifest()
    }

    fn check(&self, context: &mut Context<'_>, at: &str) {
        let ways = usize::from(self.merge.is_some()) + usize::from(self.json.is_some());
        exactly_one(context, "scenario::patch", at, ways, "changes", "`merge: {...}` or `json: [...]`");
        for (index, change) in self.json.iter().flatten().enumerate() {
            let at = format!("{at}/json/{index}");
            let places = [("path", Some(&change.path)), ("from", change.from.as_ref())];
            for (key, place) in places.into_iter().filter_map(|(key, place)| Some((key, place?))) {
                if !place.starts_with('/') {
                    let message = format!("`{place}` is not a JSON pointer");
                    let help = format!("begin with a slash and separate the names with slashes: `/{}`", slashes(place));
                    context.error("scenario::patch", &format!("{at}/{key}"), message, "not a JSON pointer", &help);
                }
            }
            let word = suggest::word(&change.op);
            let needs = match change.op {
                JsonOp::Add | JsonOp::Replace | JsonOp::Test => "value",
                JsonOp::Move | JsonOp::Copy => "from",
                JsonOp::Remove => "",
            };
            for (key, is_set) in [("value", change.value.is_some()), ("from", change.from.is_some())] {
                if is_set && key != needs {
                    let message = format!("`{key}` has no effect with `op: {word}`");
                    context.error(
                        "scenario::patch",
                        &format!("{at}/{key}"),
                        message,
                        "has no effect here",
                        "remove it",
                    );
                } else if !is_set && key == needs {
                    let message = format!("`op: {word}` needs `{key}`");
                    let help = if key == "value" {
                        "write the new value"
                    } else {
                        "write the place that the value comes from"
                    };
                    context.error("scenario::patch", &format!("{at}/op"), message, &format!("needs `{key}`"), help);
                }
            }
        }
    }

    fn object(&self) -> Option<NamedObject<'_>> {
        Some(NamedObject {
            key: "name",
            kind: &self.kind,
            name: &self.name,
            namespace: self.namespace.as_deref(),
            access: Access::Changes,
        })
    }
}

/// Converts `.spec.listeners` (kubectl) and `$.spec.listeners` (JSONPath) to the form of a JSON pointer.
fn slashes(place: &str) -> String {
    place.trim_start_matches(['$', '.']).replace('.', "/")
}
