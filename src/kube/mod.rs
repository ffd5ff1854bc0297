//! The Kubernetes API as the lab uses it: any resource by kind, applied from YAML, waited for by watch.

mod catalog;
mod conditions;
mod definitions;
mod objects;
mod ports;
mod wait;
mod wait_all;

pub use catalog::{Catalog, Kind};
pub use conditions::conditions;
pub use definitions::established;
pub use objects::{MANAGER, ObjectRef, apply, delete, parse_manifests};
pub use ports::target_port;
pub use wait::{Progressed, wait_for};
pub use wait_all::wait_for_all;

use std::time::Duration;

/// A request to the API server that failed, or a wait that ended without its condition.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    #[error("the API server refused to {what}")]
    Request {
        what: String,
        #[source]
        source: Box<kube::Error>,
    },
    #[error("document {document} of {file} is not a Kubernetes object: {problem}")]
    Manifest { file: String, document: usize, problem: String },
    #[error("the API server knows no kind {kind}{}", api_version.as_ref().map(|v| format!(" in {v}")).unwrap_or_default())]
    UnknownKind { kind: String, api_version: Option<String> },
    #[error("{object}: wanted {wanted} within {within:?}; last seen after {since_change:?} without a change: {last}")]
    TimedOut { object: String, wanted: String, within: Duration, last: String, since_change: Duration },
    #[error("{object}: {reason}")]
    Failed { object: String, reason: String },
}

impl Error {
    pub(crate) fn request(what: impl Into<String>) -> impl FnOnce(kube::Error) -> Self {
        let what = what.into();
        move |source| Self::Request { what, source: Box::new(source) }
    }
}
