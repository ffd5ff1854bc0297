//! Plain data that all crates share: the state on disk, ports, causes, verdicts, the report, and templates with their
//! variables.

mod cause;
#[cfg(test)]
mod cause_docs;
#[rustfmt::skip]
mod cause_list;
mod exit;
mod failure;
mod file_error;
mod lab_dir;
mod lab_info;
mod listener;
pub mod paths;
pub mod regular_file;
mod report;
mod run_stats;
pub mod sample;
mod spread;
pub mod strimzi;
pub mod suggest;
mod up_options;
pub mod vars;
mod version_numbers;
mod visible;

pub use cause::{Cause, Severity};
pub use exit::Exit;
pub use failure::{Failure, StepRef};
pub use file_error::FileError;
pub use lab_dir::{FolderError, LabDir};
pub use lab_info::{GatewayReach, KafkaProvider, LabInfo, LabKind, Ports, SharedCluster};
pub use listener::{FORMER_WORDS, Listener};
pub use paths::PathsError;
pub use report::{
    Attempt, DiagnosisFigures, LabFacts, LoadFigures, LoadGap, LoadTimeline, Plan, Report, SCHEMA, SabotageRow,
    ScenarioResult, StepOutcome, StepResult, Timeline, Verdict,
};
pub use run_stats::RunStats;
pub use spread::Spread;
pub use up_options::{UpOptions, UserCluster};
pub use version_numbers::version_numbers;
pub use visible::{excerpt, visible};
