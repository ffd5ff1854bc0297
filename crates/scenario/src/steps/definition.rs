//! What every step has to say about itself.

use super::{Causes, Touches};
use crate::Span;
use crate::lint::Context;
use std::time::Duration;

/// What a step is, apart from its execution. No method has a default that a new step could forget to replace, but for
/// those that only a few steps need.
pub(crate) trait StepDefinition {
    /// The deadline of a step that does not write one. `None`: the step has no deadline, or has to write it.
    fn default_within() -> Option<Span>
    where
        Self: Sized;

    /// The step's own deadline: as written, or its default.
    fn within(&self) -> Option<Span>;

    /// Replaces the deadline, where the step has one that may be shortened.
    fn set_within(&mut self, within: Span);

    /// What the step is about, in a few words, for people.
    fn summary(&self) -> String;

    /// The Kafka client that the step uses; `default` where it names none, nothing where it uses none.
    fn client(&self) -> Option<&str>;

    /// The topic that the step needs.
    fn topic(&self) -> Option<&str>;

    /// What the step may disturb for other scenarios.
    fn touches(&self) -> Touches<'_>;

    /// The causes that the step can fail with.
    fn causes(&self) -> Causes;

    /// The rules on the step by itself. `at` is its place in `scenario.yaml`.
    fn check(&self, context: &mut Context<'_>, at: &str);

    /// The manifest that the step applies, and the key that names it.
    fn file(&self) -> Option<(&'static str, &str)> {
        None
    }

    /// The object that the step names.
    fn object(&self) -> Option<NamedObject<'_>> {
        None
    }

    /// The longest that the step takes when it keeps its own deadline.
    fn longest(&self) -> Duration {
        self.within().map_or(Duration::from_secs(60), |within| within.0)
    }
}

/// The client of a step that has to use one.
pub(super) fn client_or_default(client: &Option<String>) -> Option<&str> {
    Some(client.as_deref().unwrap_or("default"))
}

/// An object as a step names it.
#[derive(Clone, Copy, Debug)]
pub(crate) struct NamedObject<'a> {
    /// The key that holds the name.
    pub key: &'static str,
    pub kind: &'a str,
    pub name: &'a str,
    pub namespace: Option<&'a str>,
    pub access: Access,
}

/// What a step does with the object that it names.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum Access {
    /// The object has to be there.
    Reads,
    /// The object has to be there, and is changed or deleted.
    Changes,
    /// The step creates the object, or replaces it.
    Writes,
}
