//! The causes that a step can fail with. The rules on sabotage use them.

use model::Cause;

/// The causes of one step.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Causes {
    /// Whether the step can fail with every cause of a failed connection.
    connection: bool,
    without: &'static [Cause],
    more: &'static [Cause],
    /// The help for a user who expects a cause that is not one of these.
    pub help: &'static str,
}

/// Causes that a failed connection never has.
const NO_CONNECTION: [Cause; 4] = [Cause::NotRefused, Cause::ManifestRefused, Cause::ConditionUnmet, Cause::Content];

const CONNECTION_HELP: &str =
    "it fails with the cause of a failed connection, such as `route-missing` or `certificate-name`";

impl Causes {
    /// Only these causes.
    pub(super) const fn only(causes: &'static [Cause], help: &'static str) -> Self {
        Self { connection: false, without: &[], more: causes, help }
    }

    /// The causes of a failed connection.
    pub(super) const fn connection() -> Self {
        Self { connection: true, without: &[], more: &[], help: CONNECTION_HELP }
    }

    /// The causes of a step that writes objects.
    pub(super) const fn manifest() -> Self {
        Self::only(&[Cause::ManifestRefused, Cause::Unknown], "it fails with `manifest-refused`")
    }

    /// The causes of a step that changes something and waits until the change takes effect.
    pub(super) const fn effect(help: &'static str) -> Self {
        Self::only(&[Cause::ConditionUnmet, Cause::Timeout, Cause::ManifestRefused, Cause::Unknown], help)
    }

    pub(super) const fn and(self, more: &'static [Cause]) -> Self {
        Self { more, ..self }
    }

    pub(super) const fn without(self, without: &'static [Cause]) -> Self {
        Self { without, ..self }
    }

    pub(super) const fn help(self, help: &'static str) -> Self {
        Self { help, ..self }
    }

    pub(crate) fn contains(&self, cause: Cause) -> bool {
        let connection = self.connection && !NO_CONNECTION.contains(&cause) && !self.without.contains(&cause);
        connection || self.more.contains(&cause)
    }
}
