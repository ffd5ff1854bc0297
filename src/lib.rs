//! An end-to-end test harness and a reproducible lab for Kafka behind the Kubernetes Gateway API.
//!
//! Two labs, one set of scenarios. Where to start reading: `ARCHITECTURE.md`.

pub mod broken_pipe;
pub mod cause;
pub mod cli;
pub mod paths;
pub mod regular_file;
pub mod scenario;

#[cfg(feature = "lab")]
pub mod client;
#[cfg(feature = "lab")]
pub mod diagnose;
#[cfg(feature = "lab")]
pub mod file_error;
#[cfg(feature = "lab")]
pub mod gateway;
#[cfg(feature = "lab")]
pub mod journal;
#[cfg(feature = "lab")]
pub mod kindlab;
#[cfg(feature = "lab")]
pub mod kube;
#[cfg(feature = "lab")]
pub mod lab;
#[cfg(feature = "lab")]
pub mod local;
#[cfg(feature = "lab")]
pub mod parity;
#[cfg(feature = "lab")]
pub mod parts;
#[cfg(feature = "lab")]
pub mod progress;
#[cfg(feature = "lab")]
pub mod report;
#[cfg(feature = "lab")]
pub mod standin;
#[cfg(feature = "lab")]
pub mod verbs;
