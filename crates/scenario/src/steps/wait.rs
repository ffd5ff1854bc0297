//! `wait`: waits for a condition or a field of an object, or until it is gone.

use super::{Access, Causes, NamedObject, StepDefinition, Touches};
use crate::Span;
use crate::lint::{Context, exactly_one, kind};
use model::suggest;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::Value;

/// Waits for a condition in the object's status, in each parent of a route, or in each listener of a Gateway. If there
/// are several conditions of the type, all must have the expected status. Write exactly one of `condition`, `field` and
/// `gone`.
#[derive(Clone, Debug, Deserialize, JsonSchema, Serialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub struct Wait {
    /// The object's kind, such as `TLSRoute`.
    pub kind: String,
    /// The object's name. `*` means every object of this kind in the namespace, at least one.
    pub name: String,
    /// Default: the scenario's namespace.
    pub namespace: Option<String>,
    /// The condition's type, such as `Accepted`.
    pub condition: Option<String>,
    /// The condition's status, in quotes: `"True"`, `"False"` or `"Unknown"`. Default: `"True"`.
    pub status: Option<String>,
    /// The condition's reason. Default: any.
    pub reason: Option<String>,
    /// Instead of a condition: wait until this field exists. A JSON pointer such as `/status/addresses/0/value`.
    pub field: Option<String>,
    /// With `field`: wait until it has this value. Default: any.
    pub equals: Option<Value>,
    /// Instead of a condition: wait until the object is gone. Default: false.
    #[serde(default)]
    pub gone: bool,
    /// The deadline. There is no default, because a wait without a deadline can hang.
    pub within: Span,
}

impl StepDefinition for Wait {
    fn default_within() -> Option<Span> {
        None
    }

    fn within(&self) -> Option<Span> {
        Some(self.within)
    }

    fn set_within(&mut self, within: Span) {
        self.within = within;
    }

    fn summary(&self) -> String {
        let (kind, name) = (&self.kind, &self.name);
        match self.condition.as_ref().or(self.field.as_ref()) {
            Some(awaited) => format!("{kind} {name}: {awaited}"),
            None => format!("{kind} {name} is gone"),
        }
    }

    fn client(&self) -> Option<&str> {
        None
    }

    fn topic(&self) -> Option<&str> {
        None
    }

    fn touches(&self) -> Touches<'_> {
        Touches::Nothing
    }

    fn causes(&self) -> Causes {
        Causes::effect("a wait fails with `condition-unmet`")
    }

    fn check(&self, context: &mut Context<'_>, at: &str) {
        let ways = usize::from(self.condition.is_some()) + usize::from(self.field.is_some()) + usize::from(self.gone);
        exactly_one(
            context,
            "scenario::wait",
            at,
            ways,
            "waits for",
            "`condition: Accepted`, `field: /status/...` or `gone: true`",
        );
        for (key, is_set, needs) in [
            ("status", self.status.is_some(), "condition"),
            ("reason", self.reason.is_some(), "condition"),
            ("equals", self.equals.is_some(), "field"),
        ] {
            let fits = if needs == "condition" { self.condition.is_some() } else { self.field.is_some() };
            if is_set && !fits && ways == 1 {
                let message = format!("`{key}` has no effect without `{needs}`");
                context.error(
                    "scenario::wait",
                    &format!("{at}/{key}"),
                    message,
                    "has no effect here",
                    &format!("remove it, or add `{needs}`"),
                );
            }
        }
        if let Some(field) = self.field.as_ref().filter(|field| !field.starts_with('/')) {
            let message = format!("`{field}` is not a JSON pointer");
            context.error(
                "scenario::wait",
                &format!("{at}/field"),
                message,
                "not a JSON pointer",
                &format!("begin with a slash and separate the names with slashes: `/{}`", field.replace('.', "/")),
            );
        }
        if let Some(status) =
            self.status.as_ref().filter(|status| !matches!(status.as_str(), "True" | "False" | "Unknown"))
        {
            let message = format!("a condition's status is never `{status}`");
            context.error(
                "scenario::wait",
                &format!("{at}/status"),
                message,
                "unknown status",
                "write `\"True\"`, `\"False\"` or `\"Unknown\"`, in quotes",
            );
        }
        if self.within == Span::seconds(0) {
            context.error(
                "scenario::within",
                &format!("{at}/within"),
                "the wait has a deadline of zero".into(),
                "zero",
                "a route is usually accepted within 30s, and a Kafka cluster is usually ready within 2m",
            );
        }
        let (Some(condition), Some(known)) = (&self.condition, kind(&self.kind)) else { return };
        if known.conditions.is_empty() {
            let message = format!("a {} has no conditions, so it never becomes `{condition}`", self.kind);
            context.error(
                "scenario::condition",
                &format!("{at}/condition"),
                message,
                "never comes",
                "wait for a `field`, or for `gone: true`",
            );
        } else if !known.conditions.contains(&condition.as_str()) {
            let message = format!("a {} never has the condition `{condition}`", self.kind);
            let all = format!("it has {}", suggest::all_of(known.conditions.iter().copied()));
            let help = match suggest::nearest(condition, known.conditions.iter().copied()) {
                Some(near) => format!("did you mean `{near}`? ({all})"),
                None => all,
            };
            context.error("scenario::condition", &format!("{at}/condition"), message, "never comes", &help);
        }
    }

    fn object(&self) -> Option<NamedObject<'_>> {
        Some(NamedObject {
            key: "name",
            kind: &self.kind,
            name: &self.name,
            namespace: self.namespace.as_deref(),
            access: Access::Reads,
        })
    }
}
