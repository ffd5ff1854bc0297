//! The trait that every step implements.

use super::{Causes, Touches};
use crate::Span;
use crate::lint::Context;
use std::time::Duration;

/// Everything about a step except its execution. Only methods that few steps need have a default, so that a new step
/// cannot forget the others.
pub(crate) trait StepDefinition {
    /// The default of `within`. `None` if the step has no deadline, or if the author must write it.
    fn default_within() -> Option<Span>
    where
        Self: Sized;

    /// The step's own deadline: the written one, or the default.
    fn within(&self) -> Option<Span>;

    /// Replaces the deadline, if the step has one that may be shortened.
    fn set_within(&mut self, within: Span);

    /// A summary of the step in a few words.
    fn summary(&self) -> String;

    /// The Kafka client that the step uses. `default` if the step names none, `None` if it uses none.
    fn client(&self) -> Option<&str>;

    /// The topic that the step needs.
    fn topic(&self) -> Option<&str>;

    /// What the step may disturb for other scenarios.
    fn touches(&self) -> Touches<'_>;

    /// The causes that the step can fail with.
    fn causes(&self) -> Causes;

    /// Runs the rules on this step alone. `at` is its place in `scenario.yaml`.
    fn check(&self, context: &mut Context<'_>, at: &str);

    /// The manifest that the step applies, and the key that names it.
    fn file(&self) -> Option<(&'static str, &str)> {
        None
    }

    /// The object that the step names.
    fn object(&self) -> Option<NamedObject<'_>> {
        None
    }

    /// The longest time that the step takes within its own deadline.
    fn longest(&self) -> Duration {
        self.within().map_or(Duration::from_secs(60), |within| within.0)
    }
}

/// The client of a step that always uses one.
pub(super) fn client_or_default(client: &Option<String>) -> Option<&str> {
    Some(client.as_deref().unwrap_or("default"))
}

/// An object that a step names.
#[derive(Clone, Copy, Debug)]
pub(crate) struct NamedObject<'a> {
    /// The key that holds the name.
    pub key: &'static str,
    pub kind: &'a str,
    pub name: &'a str,
    pub namespace: Option<&'a str>,
    pub access: Access,
}

/// What a step does with its object.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum Access {
    /// The object must exist.
    Reads,
    /// The object must exist, and the step changes or deletes it.
    Changes,
    /// The step creates the object, or replaces it.
    Writes,
}
