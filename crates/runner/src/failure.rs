//! Turns an error of the Kubernetes API into the failure of a step.

use model::{Cause, Failure};

/// The failure of a step that expected `expected` and got an error of the Kubernetes API.
pub fn kubernetes(expected: impl Into<String>, error: &kubeapi::Error) -> Failure {
    let expected = expected.into();
    match error {
        kubeapi::Error::TimedOut { object, wanted: condition, within, last, since_change } => {
            let expected = format!("{object}: {condition} within {within:?}");
            Failure::new(Cause::ConditionUnmet, expected, last.clone()).unchanged_for(*since_change)
        }
        kubeapi::Error::Failed { object, reason } => {
            Failure::new(Cause::ConditionUnmet, expected, format!("{object}: {reason}"))
        }
        kubeapi::Error::Refused { code: 500.., .. }
        | kubeapi::Error::Unreachable { .. }
        | kubeapi::Error::Silent { .. }
        | kubeapi::Error::NotUp { .. }
        | kubeapi::Error::Kubeconfig { .. }
        | kubeapi::Error::Answer { .. } => Failure::new(Cause::Unreachable, expected, host::with_causes(error)),
        kubeapi::Error::Refused { .. } | kubeapi::Error::Manifest { .. } | kubeapi::Error::UnknownKind { .. } => {
            Failure::new(Cause::ManifestRefused, expected, host::with_causes(error))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::time::Duration;

    #[test]
    fn a_timed_out_wait_keeps_what_was_last_seen() {
        let error = kubeapi::Error::TimedOut {
            object: "TLSRoute a/b".into(),
            wanted: "Accepted=True".into(),
            within: Duration::from_secs(30),
            last: "Accepted=False (NoMatchingListenerHostname)".into(),
            since_change: Duration::from_secs(29),
        };
        let failure = kubernetes("x", &error);
        assert_eq!(failure.cause, Cause::ConditionUnmet);
        assert_eq!(failure.wanted, "TLSRoute a/b: Accepted=True within 30s");
        assert_eq!(failure.seen, "Accepted=False (NoMatchingListenerHostname)");
        assert_eq!(failure.since_change, Some(29.0));
    }

    #[test]
    fn an_unknown_kind_is_a_refused_manifest() {
        let error = kubeapi::Error::UnknownKind { kind: "TLSRoute".into(), api_version: None };
        assert_eq!(kubernetes("apply", &error).cause, Cause::ManifestRefused);
    }
}
