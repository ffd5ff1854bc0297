//! `sleep`: waits for a fixed time.

use super::{Causes, StepDefinition, Touches};
use crate::Span;
use crate::lint::Context;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// A longer sleep would make the scenario depend on time instead of a condition.
const LONGEST: Span = Span::seconds(60);

/// A fixed time.
#[derive(Clone, Debug, Deserialize, JsonSchema, Serialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub struct Sleep {
    /// How long the step waits.
    pub r#for: Span,
    /// Why the step cannot wait for a condition instead.
    pub because: String,
}

impl StepDefinition for Sleep {
    fn default_within() -> Option<Span> {
        None
    }

    fn within(&self) -> Option<Span> {
        Some(self.r#for)
    }

    fn set_within(&mut self, _: Span) {}

    fn summary(&self) -> String {
        format!("{}: {}", self.r#for, self.because)
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
        Causes::only(&[], "a sleep never fails: expect another step")
    }

    fn check(&self, context: &mut Context<'_>, at: &str) {
        if self.because.trim().is_empty() {
            context.error(
                "scenario::reason",
                &format!("{at}/because"),
                "`because` gives no reason".into(),
                "empty",
                "write why the step cannot wait for a condition instead",
            );
        }
        if self.r#for > LONGEST {
            let message = format!("the sleep of {} is too long, expected at most {LONGEST}", self.r#for);
            context.error(
                "scenario::sleep",
                &format!("{at}/for"),
                message,
                "too long",
                "wait for a condition instead, or shorten the timeout that the step waits for",
            );
        }
    }
}
