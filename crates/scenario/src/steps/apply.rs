//! `apply`: applies a manifest.

use super::{Causes, StepDefinition, Touches};
use crate::Span;
use crate::lint::Context;
use serde::{Deserialize, Serialize};

/// A file in the scenario's folder.
#[derive(Clone, Debug, Deserialize, Serialize)]
#[serde(transparent)]
pub struct Apply(pub String);

impl StepDefinition for Apply {
    fn default_within() -> Option<Span> {
        None
    }

    fn within(&self) -> Option<Span> {
        None
    }

    fn set_within(&mut self, _: Span) {}

    fn summary(&self) -> String {
        self.0.clone()
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

    fn check(&self, _: &mut Context<'_>, _: &str) {}

    fn file(&self) -> Option<(&'static str, &str)> {
        Some(("", &self.0))
    }
}
