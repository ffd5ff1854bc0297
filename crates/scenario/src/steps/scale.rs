//! `scale`: changes the number of brokers of a node pool.

use super::{Access, Causes, NamedObject, StepDefinition, Touches};
use crate::Span;
use crate::lint::Context;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// A new number of brokers.
#[derive(Clone, Debug, Deserialize, JsonSchema, Serialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub struct Scale {
    /// The KafkaNodePool.
    pub pool: String,
    /// The new number of brokers.
    pub replicas: u32,
    /// The deadline.
    pub within: Option<Span>,
}

impl Scale {
    /// The default of `within`.
    pub const WITHIN: Span = Span::seconds(120);
}

impl StepDefinition for Scale {
    fn default_within() -> Option<Span> {
        Some(Self::WITHIN)
    }

    fn within(&self) -> Option<Span> {
        Some(self.within.unwrap_or(Self::WITHIN))
    }

    fn set_within(&mut self, within: Span) {
        self.within = Some(within);
    }

    fn summary(&self) -> String {
        format!("{} to {}", self.pool, self.replicas)
    }

    fn client(&self) -> Option<&str> {
        None
    }

    fn topic(&self) -> Option<&str> {
        None
    }

    fn touches(&self) -> Touches<'_> {
        Touches::Cluster("scales a node pool")
    }

    fn causes(&self) -> Causes {
        Causes::effect("it fails with `condition-unmet`")
    }

    fn check(&self, _: &mut Context<'_>, _: &str) {}

    fn object(&self) -> Option<NamedObject<'_>> {
        Some(NamedObject {
            key: "pool",
            kind: "KafkaNodePool",
            name: &self.pool,
            namespace: None,
            access: Access::Reads,
        })
    }
}
