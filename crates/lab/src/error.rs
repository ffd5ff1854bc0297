//! Why a lab cannot start, answer or stop.

use super::health;
use camino::Utf8PathBuf;
use model::{FileError, FolderError, LabKind, PathsError};

#[derive(Debug, thiserror::Error)]
pub enum Error {
    #[error("no lab named {name} is up; start it with `cargo xtask lab up{}`", health::named(name))]
    NotUp { name: String },
    #[error("the lab {name} cannot work: {}; {}", dead.join(", "), health::remedy(name))]
    Dead { name: String, dead: Vec<String> },
    #[error("the API server of the lab {name} is not ready: {says}; {}", health::remedy(name))]
    ApiServer { name: String, says: String },
    #[error(
        "interrupted; what was started keeps running. `cargo xtask lab up{0}` continues from there, and \
         `cargo xtask lab down{0}` removes it",
        health::named(name)
    )]
    Interrupted { name: String },
    #[error(transparent)]
    File(#[from] FileError),
    #[error(transparent)]
    Folder(#[from] FolderError),
    #[error(transparent)]
    Paths(#[from] PathsError),
    #[error("cannot read {path}, which another version of the lab may have written: {problem}; `cargo xtask lab down{}` removes it",
        path.parent().and_then(|lab| lab.file_name()).map(health::named).unwrap_or_default())]
    State { path: Utf8PathBuf, problem: String },
    #[error("the lab {name} is a {is} lab, not {wanted}; stop it with `lab down`, or choose another `--name`")]
    OtherLab { name: String, is: LabKind, wanted: LabKind },
    #[error(
        "the lab {name} is up on port base {is}, not {wanted} (`--port-base`, LAB_PORT_BASE); stop the lab first, omit the port base, or choose another `--name`"
    )]
    OtherPorts { name: String, is: u16, wanted: u16 },
    #[error(
        "the lab {name} is up with {part} {is}, not {wanted} (`--version`, LAB_VERSIONS); stop the lab first, omit the version, or choose another `--name`"
    )]
    OtherVersion { name: String, part: String, is: String, wanted: String },
    #[error(
        "`--version {part}=...`: this lab has no part {part}; its parts are {}. A gateway in a cluster runs from the images that its fixture pins",
        known.join(", ")
    )]
    NotAPart { part: String, known: Vec<String> },
    #[error("the lab could not obtain what it needs:\n{}", what.iter().map(|one| format!("* {one}")).collect::<Vec<_>>().join("\n"))]
    Missing { what: Vec<String> },
    #[error("`--lab existing` requires `--context NAME`, because no lab named {name} is up in a cluster of yours")]
    NoContext { name: String },
    #[error(
        "`--keep-state` requires a local lab, and the lab {name} runs in a cluster; without it, `lab down` removes what the lab created"
    )]
    KeepsNoState { name: String },
    #[error("no component or Pod named {wanted:?} has a log{}; these have one: {}",
        nearest.as_ref().map(|name| format!("; did you mean {name}?")).unwrap_or_default(), known.join(", "))]
    NoLog { wanted: String, nearest: Option<String>, known: Vec<String> },
    #[error("`--kafka strimzi` requires a cluster with nodes; use `--lab kind`, or `--kafka standin` on this lab")]
    StrimziOnLocal,
    #[error("the cluster has no GatewayClass {class}")]
    NoClass { class: String },
    #[error("{path}, line {line}: {problem}")]
    Fixture { path: Utf8PathBuf, line: usize, problem: String },
    #[error("the lab is up, but a client could not reach every broker: {summary}\n{}", evidence.iter().map(|e| format!("  - {e}")).collect::<Vec<_>>().join("\n"))]
    Proof { summary: String, evidence: Vec<String> },
    #[error("internal error: a background task of the lab panicked or was cancelled")]
    Task(#[from] tokio::task::JoinError),
    #[error(transparent)]
    Parts(#[from] artifacts::Error),
    #[error(transparent)]
    Kindlab(#[from] crate::backends::cluster::Error),
    #[error(transparent)]
    Local(#[from] crate::backends::local::Error),
    #[error(transparent)]
    Kube(#[from] kubeapi::Error),
    #[error(transparent)]
    Gateway(#[from] crate::gateway::FixtureError),
    #[error(transparent)]
    Standin(#[from] standin::Error),
    #[error(transparent)]
    Client(#[from] probe::ClientError),
}
