//! `start`: starts a load generator, which runs during the next steps.

use super::{Causes, StepDefinition, Touches, definition::client_or_default};
use crate::Span;
use crate::lint::{Context, at_least_one};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// A load generator: a producer, and a consumer that reads its messages.
#[derive(Clone, Debug, Deserialize, JsonSchema, Serialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub struct Start {
    /// The name of the load generator. `stop` uses it.
    pub producer: String,
    /// A topic that a `create-topic` step or a KafkaTopic created.
    pub topic: String,
    /// Messages per second. Default: 100.
    pub rate: Option<u32>,
    /// Instead of `rate`: the time between two messages. The connections are idle in between.
    pub every: Option<Span>,
    /// Default: `default`.
    pub client: Option<String>,
}

impl StepDefinition for Start {
    fn default_within() -> Option<Span> {
        None
    }

    fn within(&self) -> Option<Span> {
        None
    }

    fn set_within(&mut self, _: Span) {}

    fn summary(&self) -> String {
        format!("{} to {}", self.producer, self.topic)
    }

    fn client(&self) -> Option<&str> {
        client_or_default(&self.client)
    }

    fn topic(&self) -> Option<&str> {
        Some(&self.topic)
    }

    fn touches(&self) -> Touches<'_> {
        Touches::Nothing
    }

    fn causes(&self) -> Causes {
        Causes::connection()
    }

    fn check(&self, context: &mut Context<'_>, at: &str) {
        if self.rate.is_some() && self.every.is_some() {
            context.error(
                "scenario::rate",
                &format!("{at}/every"),
                "the load generator has both `rate` and `every`".into(),
                "one too many",
                "keep `rate` for many messages per second, or `every` for single messages with pauses",
            );
        }
        at_least_one(context, &format!("{at}/rate"), "rate", self.rate.map_or(1, u64::from));
    }
}
