//! The Kubernetes API as the lab uses it: resources of any kind, applied from YAML and waited for by watch.

mod catalog;
mod conditions;
mod connect;
mod deadline;
mod definitions;
mod objects;
mod pods;
mod ports;
mod ready;
pub mod testing;
mod wait;
mod wait_all;

pub use catalog::{Catalog, Kind};
pub use conditions::{conditions, gateway_addresses, parents};
pub use connect::{connect, server, wait_ready};
pub use deadline::{ANSWER_WITHIN, NoAnswer, client};
pub use definitions::established;
pub use objects::{MANAGER, ObjectRef, applied, apply, delete, parse_manifests};
pub use pods::{pod_is_ready, pod_object_is_ready};
pub use ports::target_port;
pub use ready::ready;
pub use wait::{ConditionState, wait_for};
pub use wait_all::wait_for_all;

use std::time::Duration;

/// A request to the API server that failed, or a wait that ended without its condition.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The server answered with an error: 4xx if the request is at fault, 5xx if the server is.
    #[error("the API server {} {what}: {message} ({code} {reason})", if *code < 500 { "refused to" } else { "failed to" })]
    Refused { what: String, code: u16, reason: String, message: String },
    #[error("cannot reach the API server to {what}")]
    Unreachable {
        what: String,
        #[source]
        source: Box<kube::Error>,
    },
    /// The server accepted the connection and did not answer.
    #[error("the API server did not answer within {within:?} when asked to {what}")]
    Silent { what: String, within: Duration },
    #[error("cannot read the answer of the API server to the request to {what}")]
    Answer {
        what: String,
        #[source]
        source: Box<kube::Error>,
    },
    #[error("cannot use the context {context:?} of {kubeconfig}")]
    Kubeconfig {
        kubeconfig: String,
        context: String,
        #[source]
        source: Box<dyn std::error::Error + Send + Sync>,
    },
    #[error("the API server of {what} did not answer within {within:?}; the last attempt: {last}")]
    NotUp { what: String, within: Duration, last: String },
    /// `place` is the file, with the line if it is known.
    #[error("{place} is not a Kubernetes object: {problem}")]
    Manifest { place: String, problem: String },
    #[error("the API server does not serve the kind {kind}{}", api_version.as_ref().map(|v| format!(" in {v}")).unwrap_or_default())]
    UnknownKind { kind: String, api_version: Option<String> },
    #[error(
        "timed out after {within:?} waiting for {object}: expected {wanted}; for the last {:.1} s it was: {last}",
        since_change.as_secs_f64()
    )]
    TimedOut { object: String, wanted: String, within: Duration, last: String, since_change: Duration },
    #[error("{object}: {reason}")]
    Failed { object: String, reason: String },
}

impl Error {
    /// For `map_err`: describes a failed request. `what` completes the sentence "the API server refused to ...".
    pub fn request(what: impl Into<String>) -> impl FnOnce(kube::Error) -> Self {
        let what = what.into();
        move |source| match source {
            kube::Error::Api(status) => Self::Refused {
                what,
                code: status.code,
                message: status.message.trim().to_owned(),
                reason: if status.reason.is_empty() { "without a reason".to_owned() } else { status.reason.clone() },
            },
            kube::Error::Service(inner) => match inner.downcast_ref::<NoAnswer>() {
                Some(late) => Self::Silent { what, within: late.within },
                None => Self::Unreachable { what, source: Box::new(kube::Error::Service(inner)) },
            },
            source @ kube::Error::HyperError(_) => Self::Unreachable { what, source: Box::new(source) },
            source => Self::Answer { what, source: Box::new(source) },
        }
    }
}
