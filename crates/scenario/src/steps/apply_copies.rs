//! `apply-copies`: applies a manifest many times, each time with another number.

use super::{Causes, StepDefinition, Touches};
use crate::Span;
use crate::lint::{Context, at_least_one};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use std::time::Duration;

/// Beside 295 routes that came at once, another Gateway was not programmed within 30 s.
const MANY: u32 = 100;

/// Applies a manifest `copies` times. In it, `${copy}` is the number of the copy, from 1, so that each has names of its own.
#[derive(Clone, Debug, Deserialize, JsonSchema, Serialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub struct ApplyCopies {
    /// A file in the scenario's folder.
    pub file: String,
    /// The number of copies.
    pub copies: u32,
}

impl StepDefinition for ApplyCopies {
    fn default_within() -> Option<Span> {
        None
    }

    fn within(&self) -> Option<Span> {
        None
    }

    fn set_within(&mut self, _: Span) {}

    fn summary(&self) -> String {
        format!("{}, {} copies", self.file, self.copies)
    }

    fn client(&self) -> Option<&str> {
        None
    }

    fn topic(&self) -> Option<&str> {
        None
    }

    fn touches(&self) -> Touches<'_> {
        if self.copies >= MANY { Touches::Gateway("keeps every Gateway's controller busy") } else { Touches::Nothing }
    }

    fn causes(&self) -> Causes {
        Causes::manifest()
    }

    fn check(&self, context: &mut Context<'_>, at: &str) {
        at_least_one(context, &format!("{at}/copies"), "copies", u64::from(self.copies));
    }

    fn file(&self) -> Option<(&'static str, &str)> {
        Some(("/file", &self.file))
    }

    /// Half a second for each copy, because each is two requests to the API server.
    fn longest(&self) -> Duration {
        Duration::from_secs(60 + u64::from(self.copies) / 2)
    }
}
