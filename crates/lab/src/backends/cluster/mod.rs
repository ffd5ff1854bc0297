//! A gateway and an operator in a Kubernetes cluster: what KIND labs and labs in a user's cluster share.

pub mod gateway;
pub mod images;
pub mod strimzi;

mod applied;
mod error;
pub mod fingerprint;
pub(super) mod gateway_api;
mod install;
mod lab;
mod manifests;
mod podlist;
mod spec;
pub(super) mod state;
mod values;

pub use error::Error;
pub use images::{Image, RequiredImage};
pub use podlist::{PodLine, is_of_the_lab, line as pod_line, log, logs_of, pods_of};
pub use spec::{ClusterHandle, ClusterSpec, PartFiles, wanted_parts};
pub use values::NODE_PORTS;

pub(super) use spec::{GATEWAY_API, KIND};
pub(super) use values::Values;

pub(super) use applied::Applied;
pub(super) use install::Installer;
pub(crate) use install::has_condition as conditions_seen;
pub(super) use lab::{open, shared_ready, start_agent};
