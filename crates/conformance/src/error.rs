//! Why the conformance tests gave no answer.

use camino::Utf8PathBuf;
use std::time::Duration;

#[derive(Debug, thiserror::Error)]
pub enum Error {
    #[error(transparent)]
    Parts(#[from] artifacts::Error),

    #[error(transparent)]
    Lab(#[from] lab::Error),

    #[error(transparent)]
    File(#[from] model::FileError),

    #[error("{path}: {problem}; expected the list of conformance tests, as the lab's checkout has it")]
    Known { path: Utf8PathBuf, problem: String },

    #[error(
        "the conformance tests need a kind lab, and lab {name:?} is {kind}: they run Pods of their own, and create and \
             delete namespaces that a user's cluster might have; start one with `cargo xtask lab up --lab kind`"
    )]
    NoPods { name: String, kind: model::LabKind },

    #[error(
        "the gateway {gateway:?} gives its Gateways no address of their own, which the conformance tests ask for; use a \
             gateway whose `labs.kind.gateways` is `separate`"
    )]
    SharedAddress { gateway: String },

    #[error("the conformance tests did not end within {within:?}; the last lines of {log}:\n{tail}")]
    TimedOut { within: Duration, log: Utf8PathBuf, tail: String },

    #[error("the conformance tests ended without one verdict; the last lines of {log}:\n{tail}")]
    NoVerdict { log: Utf8PathBuf, tail: String },

    #[error("the image of the echo server cannot be written: {0}")]
    Image(#[source] std::io::Error),

    #[error("the conformance tests cannot be started: {0}")]
    Start(#[source] std::io::Error),

    #[error("a task of this process ended early: {0}")]
    Task(#[from] tokio::task::JoinError),
}
