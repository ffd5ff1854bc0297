//! `stop`: stops a load generator and checks its messages.

use super::{Causes, StepDefinition, Touches};
use crate::Span;
use crate::lint::Context;
use model::Cause;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// Stops a load generator. Every acknowledged message must have been consumed, and once unless a connection was cut.
#[derive(Clone, Debug, Deserialize, JsonSchema, Serialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub struct Stop {
    /// The load generator that a `start` step started.
    pub producer: String,
    /// The load generator runs until this many messages are acknowledged, at most for `within`. Default: 1.
    pub acked: Option<u64>,
    /// The longest allowed time between two acknowledgements. Default: no limit. The report shows the longest time.
    pub largest_gap: Option<Span>,
    /// Requires that no connection of the load generator was cut and no message failed. Default: false. The report
    /// shows cut connections and failed messages.
    #[serde(default)]
    pub undisturbed: bool,
    /// Requires that at least one connection of the load generator was cut, so that the test proves a reconnect.
    /// Default: false.
    #[serde(default)]
    pub disturbed: bool,
    /// The deadline for the consumer to catch up.
    pub within: Option<Span>,
}

impl Stop {
    /// The default of `within`.
    pub const WITHIN: Span = Span::seconds(30);
}

impl StepDefinition for Stop {
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
        self.producer.clone()
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
        Causes::connection().and(&[Cause::Content])
    }

    fn check(&self, context: &mut Context<'_>, at: &str) {
        if self.undisturbed && self.disturbed {
            context.error(
                "scenario::disturbed",
                &format!("{at}/disturbed"),
                "`undisturbed` and `disturbed` exclude each other".into(),
                "one too many",
                "keep one: either no connection may be cut, or at least one must be",
            );
        }
    }
}
