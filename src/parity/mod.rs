//! How the stand-in and Strimzi compare: what each made of the same `Kafka` resource, as facts that can be laid side by
//! side.

mod compare;
mod differences;
mod facts;
mod gather;
mod table;

pub use compare::{Comparison, Row, compare};
pub use differences::Differences;
pub use facts::Snapshot;
pub use table::table;

use camino::Utf8PathBuf;
use std::io;

/// What keeps a snapshot from being taken or compared.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    #[error("cannot {what} {path}")]
    File {
        what: &'static str,
        path: Utf8PathBuf,
        #[source]
        source: io::Error,
    },
    #[error("{path}: {problem}")]
    Content { path: Utf8PathBuf, problem: String },
    #[error(transparent)]
    Lab(#[from] crate::lab::Error),
    #[error(transparent)]
    Kube(#[from] crate::kube::Error),
}

impl Error {
    pub(crate) fn file(what: &'static str, path: impl Into<Utf8PathBuf>) -> impl FnOnce(io::Error) -> Self {
        let path = path.into();
        move |source| Self::File { what, path, source }
    }
}
