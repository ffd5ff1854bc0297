//! `consume`: consumes what a `produce` step wrote.

use super::{Causes, ProduceConsume, StepDefinition, Touches, definition::client_or_default};
use crate::Span;
use crate::lint::Context;
use serde::{Deserialize, Serialize};
use std::ops::Deref;

/// Messages out.
#[derive(Clone, Debug, Deserialize, Serialize)]
#[serde(transparent)]
pub struct Consume(pub ProduceConsume);

impl Deref for Consume {
    type Target = ProduceConsume;

    fn deref(&self) -> &ProduceConsume {
        &self.0
    }
}

impl StepDefinition for Consume {
    fn default_within() -> Option<Span> {
        Some(ProduceConsume::WITHIN)
    }

    fn within(&self) -> Option<Span> {
        Some(self.within.unwrap_or(ProduceConsume::WITHIN))
    }

    fn set_within(&mut self, within: Span) {
        self.0.within = Some(within);
    }

    fn summary(&self) -> String {
        self.0.summary()
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
        ProduceConsume::causes()
    }

    fn check(&self, context: &mut Context<'_>, at: &str) {
        self.0.check(context, at);
    }
}
