//! `create-topic`: creates a topic.

use super::{Causes, StepDefinition, Touches, definition::client_or_default};
use crate::Span;
use crate::lint::{Context, at_least_one};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// Creates a topic.
#[derive(Clone, Debug, Deserialize, JsonSchema, Serialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub struct CreateTopic {
    /// The topic's name.
    pub topic: String,
    /// Default: 6.
    pub partitions: Option<u32>,
    /// Replicas of each partition. Default: 3. With `brokers`: one on each of them.
    pub replicas: Option<u32>,
    /// Puts the replicas on these brokers only, by node id. Default: the cluster chooses.
    pub brokers: Option<Vec<i32>>,
    /// Default: `default`.
    pub client: Option<String>,
    /// The deadline.
    pub within: Option<Span>,
}

impl CreateTopic {
    /// The default of `within`.
    pub const WITHIN: Span = Span::seconds(30);
}

impl StepDefinition for CreateTopic {
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
        self.topic.clone()
    }

    fn client(&self) -> Option<&str> {
        client_or_default(&self.client)
    }

    fn topic(&self) -> Option<&str> {
        None
    }

    fn touches(&self) -> Touches<'_> {
        Touches::Nothing
    }

    fn causes(&self) -> Causes {
        Causes::connection()
    }

    fn check(&self, context: &mut Context<'_>, at: &str) {
        at_least_one(context, &format!("{at}/partitions"), "partitions", self.partitions.map_or(1, u64::from));
        at_least_one(context, &format!("{at}/replicas"), "replicas", self.replicas.map_or(1, u64::from));
    }
}
