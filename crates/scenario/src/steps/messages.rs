//! The fields that `produce`, `consume` and `produce-and-consume` share.

use super::Causes;
use crate::Span;
use crate::lint::{Context, at_least_one};
use model::Cause;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// Defines a step that is [`ProduceConsume`] under a keyword of its own. The number says how many times it may use its
/// deadline.
macro_rules! messages_step {
    ($(#[$doc:meta])* $name:ident, $halves:literal) => {
        $(#[$doc])*
        #[derive(Clone, Debug, serde::Deserialize, serde::Serialize)]
        #[serde(transparent)]
        pub struct $name(pub super::ProduceConsume);

        impl std::ops::Deref for $name {
            type Target = super::ProduceConsume;

            fn deref(&self) -> &super::ProduceConsume {
                &self.0
            }
        }

        impl super::StepDefinition for $name {
            fn default_within() -> Option<crate::Span> {
                Some(super::ProduceConsume::WITHIN)
            }

            fn within(&self) -> Option<crate::Span> {
                Some(self.0.within.unwrap_or(super::ProduceConsume::WITHIN))
            }

            fn set_within(&mut self, within: crate::Span) {
                self.0.within = Some(within);
            }

            fn summary(&self) -> String {
                self.0.summary()
            }

            fn client(&self) -> Option<&str> {
                super::definition::client_or_default(&self.0.client)
            }

            fn topic(&self) -> Option<&str> {
                Some(&self.0.topic)
            }

            fn touches(&self) -> super::Touches<'_> {
                super::Touches::Nothing
            }

            fn causes(&self) -> super::Causes {
                super::ProduceConsume::causes()
            }

            fn check(&self, context: &mut crate::lint::Context<'_>, at: &str) {
                self.0.check(context, at);
            }

            fn longest(&self) -> std::time::Duration {
                self.0.within.unwrap_or(super::ProduceConsume::WITHIN).0 * $halves
            }
        }
    };
}
pub(super) use messages_step;

/// The messages of a step.
#[derive(Clone, Debug, Deserialize, JsonSchema, Serialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub struct ProduceConsume {
    /// A topic that a `create-topic` step or a KafkaTopic created.
    pub topic: String,
    /// The number of messages.
    pub messages: u32,
    /// Default: `default`.
    pub client: Option<String>,
    /// Requires that each broker of the cluster acknowledges messages under its own advertised name. Default: false.
    #[serde(default)]
    pub every_broker: bool,
    /// Use only partitions that these brokers lead, by node id. Default: all.
    pub brokers: Option<Vec<i32>>,
    /// The deadline.
    pub within: Option<Span>,
}

impl ProduceConsume {
    /// The default of `within`.
    pub const WITHIN: Span = Span::seconds(30);

    pub(super) fn summary(&self) -> String {
        format!("{} messages, {}", self.messages, self.topic)
    }

    pub(super) fn causes() -> Causes {
        Causes::connection().and(&[Cause::Content])
    }

    pub(super) fn check(&self, context: &mut Context<'_>, at: &str) {
        at_least_one(context, &format!("{at}/messages"), "messages", u64::from(self.messages));
        if self.brokers.as_ref().is_some_and(Vec::is_empty) {
            context.error(
                "scenario::brokers",
                &format!("{at}/brokers"),
                "`brokers` names no broker".into(),
                "empty",
                "remove it to use every partition",
            );
        }
        if self.every_broker && self.brokers.is_some() {
            context.error(
                "scenario::brokers",
                &format!("{at}/brokers"),
                "`every-broker` and `brokers` exclude each other".into(),
                "one too many",
                "keep `every-broker` to require all brokers, or `brokers` to use some",
            );
        }
    }
}
