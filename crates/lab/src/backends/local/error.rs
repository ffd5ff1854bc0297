//! What keeps the local lab from coming up or going down.

use crate::gateway::FixtureError;
use camino::Utf8PathBuf;
use model::FileError;
use model::paths::PathsError;
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
    #[error("{component} ended ({how}){}; the end of {log}:\n{tail}",
        words.as_ref().map(|words| format!(", and this is why: {words}")).unwrap_or_default())]
    ExitedEarly { component: String, how: String, words: Option<String>, log: Utf8PathBuf, tail: String },
    #[error("{component} (process {pid}) still runs {after:?} after it was killed")]
    StillRunning { component: String, pid: u32, after: Duration },
    #[error("{component} does not run")]
    NotRunning { component: String },
    #[error("port {} of {} is taken{}; free it, or choose others with `--port-base`", address.port(), address.ip(),
        holder.as_ref().map(|h| format!(" by {h}")).unwrap_or_default())]
    PortBusy { address: SocketAddr, holder: Option<String> },
    #[error("port {} is taken{} {}, and the lab's brokers need it at {}; {}", address.port(),
        holder.as_ref().map(|h| format!(" by {h}")).unwrap_or_default(),
        if *everywhere { "on every address of this machine" } else { "there" }, address.ip(),
        if *everywhere { "end that program, or let it listen on one address only, such as 127.0.0.1" }
        else { "end that program, or choose another `--name`, whose lab has other addresses" })]
    AddressBusy { address: SocketAddr, holder: Option<String>, everywhere: bool },
    #[error(
        "only {free} MB are free at {path}, and a local lab needs {needed} MB; make room, or set LAB_STATE to a folder on another disk"
    )]
    DiskFull { path: Utf8PathBuf, free: u64, needed: u64 },
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
    Kube(#[from] kubeapi::Error),
    #[error(transparent)]
    Fixture(#[from] FixtureError),
    #[error("the gateway {gateway} runs in a cluster only: use `--lab kind`, or on local `--gateway {}`", known.join("` or `--gateway "))]
    NotLocal { gateway: String, known: Vec<String> },
    #[error("there is no gateway {gateway:?}; on local: {}", known.join(", "))]
    NoGateway { gateway: String, known: Vec<String> },
}
