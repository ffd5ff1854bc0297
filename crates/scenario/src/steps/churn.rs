//! `churn`: applies and deletes a manifest many times.

use super::{Causes, StepDefinition, Touches};
use crate::Span;
use crate::lint::{Context, at_least_one};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use std::time::Duration;

/// Applies a manifest and deletes it, `times` times, without waiting in between.
#[derive(Clone, Debug, Deserialize, JsonSchema, Serialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub struct Churn {
    /// A file in the scenario's folder.
    pub file: String,
    /// The number of rounds.
    pub times: u32,
}

impl StepDefinition for Churn {
    fn default_within() -> Option<Span> {
        None
    }

    fn within(&self) -> Option<Span> {
        None
    }

    fn set_within(&mut self, _: Span) {}

    fn summary(&self) -> String {
        format!("{} {} times", self.file, self.times)
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
        Causes::manifest()
    }

    fn check(&self, context: &mut Context<'_>, at: &str) {
        at_least_one(context, &format!("{at}/times"), "times", u64::from(self.times));
    }

    fn file(&self) -> Option<(&'static str, &str)> {
        Some(("/file", &self.file))
    }

    /// Two seconds for each round, because each sends many requests to the API server.
    fn longest(&self) -> Duration {
        Duration::from_secs(60 + 2 * u64::from(self.times))
    }
}
