//! The engine-free lab: a control plane, a gateway and brokers as ordinary processes of the user, on loopback only.

pub mod agent;
pub mod classes;
pub mod control_plane;
pub mod down;
pub mod gateway;
pub mod namespaces;
pub mod net;
pub mod node;
pub mod ports;
pub mod process;
pub mod services;
pub mod status;

mod files;
mod journal;
mod listening;
#[cfg(test)]
mod trial;

pub use net::Net;
pub use node::{JvmRuntime, NodeConfig};

use crate::file_error::FileError;
use crate::gateway::FixtureError;
use crate::paths::PathsError;
use camino::Utf8PathBuf;
use std::io;
use std::net::SocketAddr;
use std::time::Duration;

/// What keeps the local lab's processes from running, or from being stopped.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    #[error("the local lab needs Linux with /proc and pidfd ({lacks}); `--lab kind` runs wherever Docker does")]
    Unsupported { lacks: String },
    #[error(transparent)]
    File(#[from] FileError),
    #[error(transparent)]
    Paths(#[from] PathsError),
    #[error("{component}: cannot run {program}")]
    Spawn {
        component: String,
        program: Utf8PathBuf,
        #[source]
        source: io::Error,
    },
    #[error("{component} ended at once ({how}); the end of {log}:\n{tail}")]
    ExitedEarly { component: String, how: String, log: Utf8PathBuf, tail: String },
    #[error("{component} (process {pid}) still runs {after:?} after it was killed")]
    StillRunning { component: String, pid: u32, after: Duration },
    #[error("{component} does not run")]
    NotRunning { component: String },
    #[error("port {} of {} is taken{}; free it, or choose others with `--port-base`", address.port(), address.ip(),
        holder.as_ref().map(|h| format!(" by {h}")).unwrap_or_default())]
    PortBusy { address: SocketAddr, holder: Option<String> },
    #[error("cannot listen at {address}")]
    Listen {
        address: SocketAddr,
        #[source]
        source: io::Error,
    },
    #[error("{component} did not become ready within {within:?}; last seen: {last}; the end of {log}:\n{tail}")]
    NotReady { component: String, within: Duration, last: String, log: Utf8PathBuf, tail: String },
    #[error("cannot make {what}")]
    Certificate {
        what: String,
        #[source]
        source: rcgen::Error,
    },
    #[error("the kubeconfig {path} cannot be used")]
    Kubeconfig {
        path: Utf8PathBuf,
        #[source]
        source: Box<dyn std::error::Error + Send + Sync>,
    },
    #[error(transparent)]
    Kube(#[from] crate::kube::Error),
    #[error(transparent)]
    Fixture(#[from] FixtureError),
    #[error("the gateway {gateway} has no `labs.local` in its gateway.yaml: it runs on kind only")]
    NotLocal { gateway: String },
}
