//! Changes to an object that is there, as steps and sabotage describe them.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::Value;

/// Changes an object, as `kubectl patch` does. Exactly one of `merge` and `json`.
#[derive(Clone, Debug, Deserialize, JsonSchema, Serialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub struct Patch {
    /// The object's kind, such as `TLSRoute`.
    pub kind: String,
    /// The object's name.
    pub name: String,
    /// Default: the scenario's namespace.
    pub namespace: Option<String>,
    /// The fields to change, and `null` for those to remove. A text that is one variable with a number, such as
    /// `"${gateway.port}"`, becomes that number.
    pub merge: Option<Value>,
    /// Changes at single places, done in this order: for an item of a list, where `merge` would have to repeat the list.
    pub json: Option<Vec<JsonChange>>,
}

/// One operation of a JSON patch (RFC 6902).
#[derive(Clone, Debug, Deserialize, JsonSchema, Serialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub struct JsonChange {
    /// What is done.
    pub op: JsonOp,
    /// Where: a JSON pointer, such as `/spec/listeners/0/hostname`; `/-` at its end is the place after a list's last item.
    pub path: String,
    /// With `move` and `copy`: the place that the value comes from.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub from: Option<String>,
    /// With `add`, `replace` and `test`: the value. A text that is one variable with a number becomes that number.
    #[serde(default, deserialize_with = "present", skip_serializing_if = "Option::is_none")]
    pub value: Option<Value>,
}

/// What a JSON patch can do.
#[derive(Clone, Copy, Debug, Deserialize, Eq, JsonSchema, PartialEq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum JsonOp {
    /// Adds a field or an item of a list.
    Add,
    /// Removes what is there.
    Remove,
    /// Replaces what is there.
    Replace,
    /// Moves what is at `from`.
    Move,
    /// Copies what is at `from`.
    Copy,
    /// Demands that the value is there; otherwise nothing is changed and the step fails.
    Test,
}

/// A key that is there has a value, even if that is `null`.
fn present<'de, D: serde::Deserializer<'de>>(deserializer: D) -> Result<Option<Value>, D::Error> {
    Value::deserialize(deserializer).map(Some)
}
