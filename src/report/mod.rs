//! What a run found, apart from how it is shown: one model, and its views.

mod console;
mod exit;
mod folder;
mod json;
mod junit;
mod matrix;
mod model;
mod tally;

pub use crate::cli::Exit;
pub use console::Console;
pub use folder::ReportFolder;
pub use matrix::table;
pub use model::{
    Attempt, Failure, LabFacts, Report, SCHEMA, SabotageRow, ScenarioResult, StepOutcome, StepRef, StepResult,
    Timeline, Verdict, WorkloadFigures,
};
pub use tally::Tally;

#[cfg(test)]
pub(crate) use model::tests as model_tests;

use camino::Utf8PathBuf;

/// A report that cannot be written or read.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    #[error("cannot write {path}: {source}")]
    Write { path: Utf8PathBuf, source: std::io::Error },
    #[error("cannot read {path}: {source}")]
    Read { path: Utf8PathBuf, source: std::io::Error },
    #[error("there is no last run to take up again ({path}: {source}); run scenarios once without --rerun-failed")]
    NoLast { path: Utf8PathBuf, source: std::io::Error },
    #[error("{path} is not a report: {source}")]
    Parse { path: Utf8PathBuf, source: serde_json::Error },
    #[error("{path} has schema {found}, expected {expected}: it was written by another version of the lab; run again")]
    Schema { path: Utf8PathBuf, found: u32, expected: u32 },
    #[error("cannot put the report into JSON: {0}")]
    Json(#[from] serde_json::Error),
    #[error("cannot put the report into JUnit's XML: {0}")]
    Junit(#[from] quick_junit::SerializeError),
}
