//! The formats of a report, all generated from `model::Report`.

mod attachments;
mod causes;
mod console;
mod folder;
mod github;
mod json;
mod junit;
mod paced;
mod times;

pub use console::Console;
pub use folder::ReportFolder;
pub use github::GithubLog;
pub use json::{read, text as json};
pub use junit::text as junit;
pub use paced::Paced;
pub use times::times;

use camino::Utf8PathBuf;

/// A report that cannot be written or read.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    #[error("cannot write {path}: {source}")]
    Write { path: Utf8PathBuf, source: std::io::Error },
    #[error("cannot read {path}: {source}")]
    Read { path: Utf8PathBuf, source: std::io::Error },
    #[error("there is no last run to repeat ({path}: {source}); run scenarios once without `--rerun-failed`")]
    NoLast { path: Utf8PathBuf, source: std::io::Error },
    #[error("{path} is not a report: {source}")]
    Parse { path: Utf8PathBuf, source: serde_json::Error },
    #[error(
        "{path} has schema {found}, expected {expected}: another version of the lab wrote it; run the scenarios
    # again"
    )]
    Schema { path: Utf8PathBuf, found: u32, expected: u32 },
    #[error("cannot serialize the report as JSON: {0}")]
    Json(#[from] serde_json::Error),
    #[error("cannot make the report's page: {0}")]
    Page(#[from] report_views::PageError),
    #[error("cannot serialize the report as JUnit XML: {0}")]
    Junit(#[from] quick_junit::SerializeError),
}
