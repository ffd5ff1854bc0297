//! A failure, from the place where it is noticed to the report: one type all the way.

use crate::cause::Cause;
use camino::Utf8PathBuf;
use serde::{Deserialize, Serialize};
use std::time::Duration;

/// What was wanted, what was seen instead, and why.
#[derive(Clone, Debug, Deserialize, PartialEq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub struct Failure {
    /// Absent when it failed before its first step.
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

    /// The same failure with more evidence.
    pub fn with_evidence(mut self, evidence: impl IntoIterator<Item = String>) -> Self {
        self.evidence.extend(evidence);
        self
    }

    /// The same failure, and how long what was seen had not changed.
    pub fn unchanged_for(self, time: Duration) -> Self {
        Self { since_change: Some(time.as_secs_f64()), ..self }
    }

    /// The same failure, in this step.
    pub fn at(self, step: StepRef) -> Self {
        Self { step: Some(step), ..self }
    }

    /// Whether `text` stands anywhere in what the failure says.
    pub fn mentions(&self, text: &str) -> bool {
        [&self.wanted, &self.seen].into_iter().chain(&self.evidence).any(|said| said.contains(text))
    }
}

/// A step of a scenario, and where it is written.
#[derive(Clone, Debug, Deserialize, PartialEq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub struct StepRef {
    /// Its keyword, with `#2` for the second of its kind.
    pub label: String,
    pub file: Utf8PathBuf,
    pub line: u64,
}
