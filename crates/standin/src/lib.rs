//! The stand-in for Strimzi's operator: a controller that implements Kafka, KafkaNodePool, KafkaTopic and KafkaUser
//! resources, under the names that Strimzi uses.

mod acl_requests;
mod acls;
mod admin;
mod authorities;
mod certs;
mod cluster;
mod config;
mod context;
mod exposure;
mod keystores;
mod listener_status;
pub mod model;
pub mod names;
mod node_objects;
mod objects;
mod pods;
mod pools;
mod reach;
mod reconcile;
mod routes;
mod run;
mod scram;
mod status;
mod strict;
mod sweep;
mod topics;
mod users;
mod wire;

pub use node_objects::Placement;
pub use reach::Reach;
pub use run::{crds, run};

/// The target of the stand-in's log lines, for RUST_LOG.
pub(crate) const LOG: &str = "stand-in";

/// A step of the stand-in that failed. It is retried.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    #[error(transparent)]
    Kube(#[from] kubeapi::Error),
    #[error(transparent)]
    Certificate(#[from] certs::CertError),
    #[error(transparent)]
    Broker(#[from] reach::ReachError),
    #[error("cannot serialise an object: {0}")]
    Write(#[from] serde_json::Error),
    #[error(transparent)]
    Refused(#[from] strict::Refusal),
    #[error("the system's random source failed")]
    Random,
    #[error("{0}")]
    Waiting(String),
}

impl From<admin::AdminError> for Error {
    fn from(error: admin::AdminError) -> Self {
        Self::Broker(error.into())
    }
}
