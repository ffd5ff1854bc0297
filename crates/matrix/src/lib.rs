//! The catalogue on each combination of gateway, version, lab and operator. [`run`] brings up one lab after another and keeps the
//! report of each in a [`Folder`], so that an interrupted matrix continues; [`Pages`] shows all of them; [`Finding`] compares
//! what the docs say of an implementation with what was seen.

mod combination;
mod engine;
mod findings;
mod folder;
mod labs;
mod pages;
mod selection;

pub use combination::Combination;
pub use engine::{Labs, Outcome, run};
pub use findings::{Finding, contradictions};
pub use folder::Folder;
pub use labs::{FreshLabs, LabSettings};
pub use pages::Pages;
pub use selection::Selection;

use camino::Utf8PathBuf;
use model::FileError;

/// Why a matrix cannot be run, or its pages cannot be written. A combination that fails is a column instead.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    #[error(
        "{path} holds the matrix of another selection: {differences}; give another `--folder`, or the same arguments to continue it"
    )]
    OtherSelection { path: Utf8PathBuf, differences: String },
    #[error("{path} is not the selection of a matrix: {problem}; give another `--folder`")]
    NotASelection { path: Utf8PathBuf, problem: String },
    #[error("another `cargo xtask matrix` uses {path}; wait for it, or give another {option}")]
    Busy { path: Utf8PathBuf, option: &'static str },
    #[error("{source}; remove the file to run its combination again")]
    Kept { source: runner::report::Error },
    #[error(transparent)]
    Report(#[from] runner::report::Error),
    #[error(transparent)]
    File(#[from] FileError),
    #[error(transparent)]
    Paths(#[from] model::PathsError),
    #[error("cannot make the matrix's page: {0}")]
    Page(#[from] report_views::PageError),
    #[error("cannot write a report as YAML: {0}")]
    Yaml(#[from] report_views::YamlError),
}
