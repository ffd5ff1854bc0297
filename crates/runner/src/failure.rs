//! What went wrong in a step, before it is known which step it was.

use model::{Cause, Failure, StepRef};
use std::time::Duration;

/// A step that did not do what it had to.
#[derive(Clone, Debug, PartialEq)]
pub struct StepFailure {
    pub cause: Cause,
    pub wanted: String,
    /// The last thing seen.
    pub seen: String,
    pub evidence: Vec<String>,
    /// How long what was seen had not changed.
    pub since_change: Option<Duration>,
}

impl StepFailure {
    pub fn new(cause: Cause, wanted: impl Into<String>, seen: impl Into<String>) -> Self {
        Self { cause, wanted: wanted.into(), seen: seen.into(), evidence: Vec::new(), since_change: None }
    }

    pub fn with_evidence(mut self, evidence: impl IntoIterator<Item = String>) -> Self {
        self.evidence.extend(evidence);
        self
    }

    /// A failure of the Kubernetes API while `wanted` was wanted.
    pub fn kube(wanted: impl Into<String>, error: &kubeapi::Error) -> Self {
        let wanted = wanted.into();
        match error {
            kubeapi::Error::TimedOut { object, wanted: condition, within, last, since_change } => Self {
                cause: Cause::ConditionUnmet,
                wanted: format!("{object}: {condition} within {within:?}"),
                seen: last.clone(),
                evidence: Vec::new(),
                since_change: Some(*since_change),
            },
            kubeapi::Error::Failed { object, reason } => {
                Self::new(Cause::ConditionUnmet, wanted, format!("{object}: {reason}"))
            }
            kubeapi::Error::Refused { code: 500.., .. }
            | kubeapi::Error::Unreachable { .. }
            | kubeapi::Error::Silent { .. }
            | kubeapi::Error::NotUp { .. }
            | kubeapi::Error::Kubeconfig { .. }
            | kubeapi::Error::Answer { .. } => Self::new(Cause::Unreachable, wanted, with_causes(error)),
            kubeapi::Error::Refused { .. } | kubeapi::Error::Manifest { .. } | kubeapi::Error::UnknownKind { .. } => {
                Self::new(Cause::ManifestRefused, wanted, with_causes(error))
            }
        }
    }

    /// The same for the report, with the step that it was.
    pub fn at(self, step: Option<StepRef>) -> Failure {
        Failure {
            step,
            cause: self.cause,
            wanted: self.wanted,
            seen: self.seen,
            since_change: self.since_change.map(|since| since.as_secs_f64()),
            evidence: self.evidence,
        }
    }
}

/// An error with everything below it, since the API server's own words are the deepest.
pub(crate) fn with_causes(error: &kubeapi::Error) -> String {
    host::with_causes(error)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_timed_out_wait_keeps_what_was_last_seen() {
        let error = kubeapi::Error::TimedOut {
            object: "TLSRoute a/b".into(),
            wanted: "Accepted=True".into(),
            within: Duration::from_secs(30),
            last: "Accepted=False (NoMatchingListenerHostname)".into(),
            since_change: Duration::from_secs(29),
        };
        let failure = StepFailure::kube("x", &error);
        assert_eq!(failure.cause, Cause::ConditionUnmet);
        assert_eq!(failure.wanted, "TLSRoute a/b: Accepted=True within 30s");
        assert_eq!(failure.seen, "Accepted=False (NoMatchingListenerHostname)");
        assert_eq!(failure.since_change, Some(Duration::from_secs(29)));
    }

    #[test]
    fn an_unknown_kind_is_a_refused_manifest() {
        let error = kubeapi::Error::UnknownKind { kind: "TLSRoute".into(), api_version: None };
        assert_eq!(StepFailure::kube("apply", &error).cause, Cause::ManifestRefused);
    }
}
