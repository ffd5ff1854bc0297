//! How the stand-in and Strimzi differ: what each creates from the same `Kafka` resource, as facts that can be
//! compared.

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
use model::FileError;

/// Why a snapshot cannot be taken or compared.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    #[error(transparent)]
    File(#[from] FileError),
    #[error("{path}: {problem}")]
    Content { path: Utf8PathBuf, problem: String },
    #[error(transparent)]
    Lab(#[from] lab::Error),
    #[error(transparent)]
    Kube(#[from] kubeapi::Error),
}
