//! `delete`: deletes an object and waits until it is gone.

use super::{Access, Causes, NamedObject, StepDefinition, Touches};
use crate::Span;
use crate::lint::Context;
use model::Cause;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// An object.
#[derive(Clone, Debug, Deserialize, JsonSchema, Serialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub struct Target {
    /// The object's kind, such as `TLSRoute`.
    pub kind: String,
    /// The object's name.
    pub name: String,
    /// Default: the scenario's namespace.
    pub namespace: Option<String>,
}

impl StepDefinition for Target {
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
            verb: "deletes the cluster",
        }
    }

    fn causes(&self) -> Causes {
        const DELETE: [Cause; 4] = [Cause::ManifestRefused, Cause::ConditionUnmet, Cause::Timeout, Cause::Unknown];
        Causes::only(&DELETE, "it fails with `manifest-refused`")
    }

    fn check(&self, _: &mut Context<'_>, _: &str) {}

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
