//! A failure, as one type from the place where it is noticed to the report.

use crate::cause::Cause;
use camino::Utf8PathBuf;
use serde::{Deserialize, Serialize};
use std::time::Duration;

/// What was expected, what was seen instead, and why.
#[derive(Clone, Debug, Deserialize, PartialEq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub struct Failure {
    /// Absent if the scenario failed before its first step.
    pub step: Option<StepRef>,
    pub cause: Cause,
    pub wanted: String,
    /// The last thing seen.
    pub seen: String,
    /// Seconds between the last change of what was seen and the deadline.
    pub since_change: Option<f64>,
    pub evidence: Vec<String>,
}

impl Failure {
    pub fn new(cause: Cause, wanted: impl Into<String>, seen: impl Into<String>) -> Self {
        Self { step: None, cause, wanted: wanted.into(), seen: seen.into(), since_change: None, evidence: Vec::new() }
    }

    /// Adds evidence.
    pub fn with_evidence(mut self, evidence: impl IntoIterator<Item = String>) -> Self {
        self.evidence.extend(evidence);
        self
    }

    /// Records for how long the last observation did not change.
    pub fn unchanged_for(self, time: Duration) -> Self {
        Self { since_change: Some(time.as_secs_f64()), ..self }
    }

    /// Records the step that failed.
    pub fn at(self, step: StepRef) -> Self {
        Self { step: Some(step), ..self }
    }

    /// Whether any text of the failure contains `text`.
    pub fn mentions(&self, text: &str) -> bool {
        [&self.wanted, &self.seen].into_iter().chain(&self.evidence).any(|said| said.contains(text))
    }
}

/// A step of a scenario, and its place in the file.
#[derive(Clone, Debug, Deserialize, PartialEq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub struct StepRef {
    /// Its keyword, with `#2` for the second of its kind.
    pub label: String,
    pub file: Utf8PathBuf,
    pub line: u64,
}
