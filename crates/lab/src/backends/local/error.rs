//! Why the local lab cannot start or stop.

use crate::gateway::FixtureError;
use camino::Utf8PathBuf;
use model::FileError;
use model::paths::PathsError;
use std::io;
use std::net::SocketAddr;
use std::time::Duration;

/// Why processes of the local lab cannot run or cannot be stopped.
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
    #[error("{component} exited ({how}){}; the end of {log}:\n{tail}",
        words.as_ref().map(|words| format!("; the reason: {words}")).unwrap_or_default())]
    ExitedEarly { component: String, how: String, words: Option<String>, log: Utf8PathBuf, tail: String },
    #[error("{component} (process {pid}) is still running {after:?} after it was killed")]
    StillRunning { component: String, pid: u32, after: Duration },
    #[error("{component} is not running")]
    NotRunning { component: String },
    #[error("port {} of {} is in use{}; free it, or choose other ports with `--port-base`", address.port(), address.ip(),
        holder.as_ref().map(|h| format!(" by {h}")).unwrap_or_default())]
    PortBusy { address: SocketAddr, holder: Option<String> },
    #[error("port {} is in use{} {}, but the lab's brokers need it at {}; {}", address.port(),
        holder.as_ref().map(|h| format!(" by {h}")).unwrap_or_default(),
        if *everywhere { "on every address of this machine" } else { "there" }, address.ip(),
        if *everywhere { "stop that program, or let it listen on only one address, such as 127.0.0.1" }
        else { "stop that program, or choose another `--name`: each lab has its own addresses" })]
    AddressBusy { address: SocketAddr, holder: Option<String>, everywhere: bool },
    #[error(
        "{path} has only {free} MB free, but a local lab needs {needed} MB; free some space, or set LAB_STATE to a folder on another disk"
    )]
    DiskFull { path: Utf8PathBuf, free: u64, needed: u64 },
    #[error("cannot listen on {address}")]
    Listen {
        address: SocketAddr,
        #[source]
        source: io::Error,
    },
    #[error("{component} did not become ready within {within:?}; last seen: {last}; the end of {log}:\n{tail}")]
    NotReady { component: String, within: Duration, last: String, log: Utf8PathBuf, tail: String },
    #[error("cannot create {what}")]
    Certificate {
        what: String,
        #[source]
        source: rcgen::Error,
    },
    #[error("cannot use the kubeconfig {path}")]
    Kubeconfig {
        path: Utf8PathBuf,
        #[source]
        source: Box<dyn std::error::Error + Send + Sync>,
    },
    #[error(transparent)]
    Kube(#[from] kubeapi::Error),
    #[error(transparent)]
    Fixture(#[from] FixtureError),
    #[error("the gateway {gateway} requires a cluster: use `--lab kind`, or `--gateway {}` on the local lab", known.join("` or `--gateway "))]
    NotLocal { gateway: String, known: Vec<String> },
    #[error("unknown gateway {gateway:?}; the local lab runs {}", known.join(", "))]
    NoGateway { gateway: String, known: Vec<String> },
}
