//! The methods of every step.

use super::{Step, Touches};
use crate::Span;
use std::time::Duration;

impl Step {
    /// The Kafka client that the step uses. `default` if the step names none, `None` if it uses none.
    pub fn client(&self) -> Option<&str> {
        self.definition().client()
    }

    /// The topic that the step needs.
    pub fn topic(&self) -> Option<&str> {
        self.definition().topic()
    }

    /// A summary of the step in a few words.
    pub fn summary(&self) -> String {
        self.definition().summary()
    }

    /// What the step may disturb for other scenarios.
    pub fn touches(&self) -> Touches<'_> {
        self.definition().touches()
    }

    /// The step's own deadline: the written one, or the default.
    pub fn within(&self) -> Option<Span> {
        self.definition().within()
    }

    /// The longest time that the step takes within its own deadline.
    pub fn longest(&self) -> Duration {
        self.definition().longest()
    }

    /// The step with a deadline of at most `most`. A step without a deadline stays as it is.
    pub fn shortened(&self, most: Span) -> Self {
        let mut step = self.clone();
        if let Some(own) = self.within() {
            step.definition_mut().set_within(own.min(most));
        }
        step
    }
}
