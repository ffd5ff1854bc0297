//! `stop`: ends a workload and checks what became of it.

use super::{Causes, StepDefinition, Touches};
use crate::Span;
use crate::lint::Context;
use model::Cause;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// Ends a workload. Every acknowledged message must have been consumed.
#[derive(Clone, Debug, Deserialize, JsonSchema, Serialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub struct Stop {
    /// The workload that a `start` step began.
    pub producer: String,
    /// The workload goes on until this many messages are acknowledged, at most for `within`. Default: 1.
    pub acked: Option<u64>,
    /// The longest allowed time between two acknowledgements. Default: none is demanded; it is reported.
    pub largest_gap: Option<Span>,
    /// Demands that none of the workload's connections was cut and no message failed meanwhile. Default: false; what was
    /// met is reported.
    #[serde(default)]
    pub undisturbed: bool,
    /// Demands that at least one of the workload's connections was cut meanwhile, so that its return is proved. Default:
    /// false.
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
                "keep one: no connection may be cut, or one has to be",
            );
        }
    }
}
