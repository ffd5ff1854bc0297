//! The causes that a step can fail with, for the rules on sabotage.

use model::Cause;

/// The causes of one step.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Causes {
    /// Whether every cause of a failed connection is among them.
    connection: bool,
    without: &'static [Cause],
    more: &'static [Cause],
    /// What a user should expect instead of a cause that is not among them.
    pub help: &'static str,
}

/// Causes that no connection fails with.
const NO_CONNECTION: [Cause; 4] = [Cause::NotRefused, Cause::ManifestRefused, Cause::ConditionUnmet, Cause::Content];

const CONNECTION_HELP: &str =
    "it fails with the cause of a failed connection, such as `route-missing` or `certificate-name`";

impl Causes {
    /// These and no others.
    pub(super) const fn only(causes: &'static [Cause], help: &'static str) -> Self {
        Self { connection: false, without: &[], more: causes, help }
    }

    /// Those of a failed connection.
    pub(super) const fn connection() -> Self {
        Self { connection: true, without: &[], more: &[], help: CONNECTION_HELP }
    }

    /// Those of a step that writes objects.
    pub(super) const fn manifest() -> Self {
        Self::only(&[Cause::ManifestRefused, Cause::Unknown], "it fails with `manifest-refused`")
    }

    /// Those of a step that changes something and waits until it has taken effect.
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
