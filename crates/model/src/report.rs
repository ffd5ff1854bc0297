//! The one model of results. Every view (console, JSON, JUnit) is made from it and from nothing else.

use crate::cause::Cause;
use crate::failure::Failure;
use crate::{KafkaProvider, LabInfo, LabKind};
use camino::Utf8PathBuf;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// The version of `report.json`. It grows when a reader of the old one would misread the new one.
pub const SCHEMA: u32 = 1;

/// One run of scenarios.
#[derive(Clone, Debug, Deserialize, Serialize)]
#[serde(rename_all = "kebab-case")]
pub struct Report {
    pub schema: u32,
    /// The run's name, and its folder's.
    pub run: String,
    /// When it started, RFC 3339 in UTC.
    pub started: String,
    /// Wall time so far, or in all.
    pub seconds: f64,
    pub lab: LabFacts,
    /// The order's seed, when it was shuffled.
    pub seed: Option<u64>,
    /// Why the run ended before its end.
    pub interrupted: Option<String>,
    /// In the order of their ends. With sabotage, a row for each sabotage.
    pub scenarios: Vec<ScenarioResult>,
}

impl Report {
    /// The names of the scenarios that `--rerun-failed` takes up again: what failed, was flaky or was left unclean.
    pub fn to_rerun(&self) -> Vec<String> {
        let again = |result: &&ScenarioResult| result.is_bad() || result.cleanup_failed.is_some();
        let mut names: Vec<_> = self.scenarios.iter().filter(again).map(|result| result.name.clone()).collect();
        names.sort();
        names.dedup();
        names
    }
}

/// Where the run took place.
#[derive(Clone, Debug, Deserialize, Serialize)]
#[serde(rename_all = "kebab-case")]
pub struct LabFacts {
    pub name: String,
    pub kind: LabKind,
    pub gateway: String,
    pub kafka: KafkaProvider,
    pub versions: BTreeMap<String, String>,
}

impl From<&LabInfo> for LabFacts {
    fn from(info: &LabInfo) -> Self {
        Self {
            name: info.name.clone(),
            kind: info.kind,
            gateway: info.gateway.name.clone(),
            kafka: info.kafka,
            versions: info.versions.clone(),
        }
    }
}

impl LabFacts {
    /// A part's version, without where it came from; nothing where it does not start with a digit.
    pub fn version(&self, part: &str) -> Option<&str> {
        let version = self.versions.get(part)?.split([',', ' ']).next()?;
        Some(version).filter(|version| version.starts_with(|c: char| c.is_ascii_digit()))
    }
}

/// How a scenario ended.
#[derive(Clone, Debug, Deserialize, PartialEq, Serialize)]
#[serde(tag = "state", rename_all = "kebab-case")]
pub enum Verdict {
    Passed,
    Failed(Failure),
    /// It makes no sense here, or not yet.
    Skipped {
        reason: String,
    },
    /// The gateway says that it lacks this.
    Unsupported {
        feature: String,
    },
    /// It failed as the gateway's list of known deviations says. Reports used to call it `known-deviation`.
    #[serde(alias = "known-deviation")]
    ExpectedFailure {
        link: String,
        failure: Failure,
    },
    /// It is listed as a known deviation, and passed: the list must be changed. Reports used to call it `deviation-gone`.
    #[serde(alias = "deviation-gone")]
    UnexpectedPass {
        link: String,
        /// The cause that it used to fail for, where the list says one.
        expected: Option<Cause>,
    },
}

impl Verdict {
    /// Whether the run cannot be green with it.
    pub fn is_bad(&self) -> bool {
        matches!(self, Self::Failed(_) | Self::UnexpectedPass { .. })
    }

    /// Whether anything was tried at all.
    pub fn ran(&self) -> bool {
        !matches!(self, Self::Skipped { .. } | Self::Unsupported { .. })
    }

    /// The word that stands for it in every view.
    pub fn word(&self) -> &'static str {
        match self {
            Self::Passed => "passed",
            Self::Failed(_) => "failed",
            Self::Skipped { .. } => "skipped",
            Self::Unsupported { .. } => "unsupported",
            Self::ExpectedFailure { .. } => "expected-failure",
            Self::UnexpectedPass { .. } => "unexpected-pass",
        }
    }

    pub fn failure(&self) -> Option<&Failure> {
        match self {
            Self::Failed(failure) | Self::ExpectedFailure { failure, .. } => Some(failure),
            Self::Passed | Self::Skipped { .. } | Self::Unsupported { .. } | Self::UnexpectedPass { .. } => None,
        }
    }
}

/// One scenario in one run, all attempts together.
#[derive(Clone, Debug, Deserialize, Serialize)]
#[serde(rename_all = "kebab-case")]
pub struct ScenarioResult {
    pub name: String,
    pub title: String,
    pub links: Vec<String>,
    /// Set on a row that is about one sabotage: there, passed means that the scenario went red as demanded.
    pub sabotage: Option<SabotageRow>,
    pub verdict: Verdict,
    /// What could not be cleaned up, beside whatever the verdict is.
    pub cleanup_failed: Option<String>,
    /// It passed in one attempt and failed in another.
    pub flaky: bool,
    /// Of the attempt that the verdict is from.
    pub seconds: f64,
    /// Of the attempt that the verdict is from.
    pub steps: Vec<StepResult>,
    /// Every attempt, in order; one without `--repeat`.
    pub attempts: Vec<Attempt>,
}

impl ScenarioResult {
    /// A name of its own in the report.
    pub fn id(&self) -> String {
        match &self.sabotage {
            Some(row) => format!("{} / {}", self.name, row.name),
            None => self.name.clone(),
        }
    }

    /// The words that stand for the result in every view. A sabotage is told by how the scenario took it, since there
    /// "passed" would read as the opposite of what happened.
    pub fn word(&self) -> &'static str {
        match (&self.sabotage, &self.verdict) {
            _ if self.flaky => "flaky",
            (Some(_), Verdict::Passed) => "red as demanded",
            (Some(row), Verdict::Failed(_)) if row.red.is_none() => "green although sabotaged",
            (Some(_), Verdict::Failed(_)) => "red otherwise",
            (_, verdict) => verdict.word(),
        }
    }

    /// The folder with what was collected when it failed.
    pub fn diagnostics(&self) -> Option<&Utf8PathBuf> {
        self.attempts.iter().rev().find_map(|attempt| attempt.diagnostics.as_ref())
    }

    /// Whether the run cannot be green with it; a failed cleanup is told apart by [`Self::cleanup_failed`].
    pub fn is_bad(&self) -> bool {
        self.flaky || self.verdict.is_bad()
    }
}

/// What a sabotage demanded.
#[derive(Clone, Debug, Deserialize, PartialEq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub struct SabotageRow {
    pub name: String,
    pub step: String,
    pub cause: Cause,
    pub mentions: Option<String>,
    /// How the scenario failed; absent when it stayed green.
    pub red: Option<Failure>,
}

/// One attempt at a scenario.
#[derive(Clone, Debug, Deserialize, Serialize)]
#[serde(rename_all = "kebab-case")]
pub struct Attempt {
    pub verdict: Verdict,
    pub cleanup_failed: Option<String>,
    /// Empty when nothing was tried.
    pub namespace: String,
    pub diagnostics: Option<Utf8PathBuf>,
    pub timeline: Timeline,
}

/// Where an attempt's time went, in seconds.
#[derive(Clone, Copy, Debug, Default, Deserialize, PartialEq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub struct Timeline {
    /// From the run's start to the attempt's.
    pub started: f64,
    /// Waiting for an exclusive listener or for other scenarios; not part of `seconds`.
    pub queued: f64,
    /// The attempt's wall time, cleanup included.
    pub seconds: f64,
    /// Of these, waiting for the API server, the gateway and Kafka.
    pub waited: f64,
    /// Of these, cleaning up.
    pub cleanup: f64,
}

/// One step of an attempt.
#[derive(Clone, Debug, Deserialize, PartialEq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub struct StepResult {
    /// Its keyword, with `#2` for the second of its kind.
    pub label: String,
    pub line: u64,
    /// What it does, in a few words.
    pub summary: String,
    /// Seconds from the attempt's start.
    pub started: f64,
    pub seconds: f64,
    /// Of these, waiting for the API server, the gateway and Kafka.
    pub waited: f64,
    pub outcome: StepOutcome,
    /// What it found, such as the number of messages and the largest gap.
    pub evidence: Vec<String>,
    /// Of a step that ended a workload.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub workload: Option<LoadFigures>,
}

/// What became of a workload, in figures.
#[derive(Clone, Copy, Debug, Deserialize, PartialEq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub struct LoadFigures {
    /// Messages that Kafka acknowledged.
    pub acked: u64,
    /// Of these, how many were never consumed.
    pub lost: u64,
    pub duplicates: u64,
    /// The longest time between two acknowledgements, in seconds.
    pub largest_gap: f64,
}

#[derive(Clone, Copy, Debug, Deserialize, Eq, PartialEq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum StepOutcome {
    Passed,
    Failed,
    /// An earlier step failed, or the sabotage left it out.
    NotRun,
}

#[cfg(test)]
mod tests {
    use super::*;

    use crate::sample::failure;

    #[test]
    fn a_report_reads_back_as_it_was_written() {
        let verdicts = [
            Verdict::Passed,
            Verdict::Failed(failure()),
            Verdict::Skipped { reason: "r".into() },
            Verdict::Unsupported { feature: "TCPRoute".into() },
            Verdict::ExpectedFailure { link: "l".into(), failure: failure() },
            Verdict::UnexpectedPass { link: "l".into(), expected: Some(Cause::UnknownSni) },
        ];
        for verdict in verdicts {
            let text = serde_json::to_string(&verdict).expect("it serializes");
            assert_eq!(serde_json::from_str::<Verdict>(&text).expect(&text), verdict);
            assert!(text.contains(&format!("\"state\":\"{}\"", verdict.word())), "{text}");
        }
    }

    #[test]
    fn a_report_with_the_old_words_is_still_read() {
        let gone = r#"{"state":"deviation-gone","link":"l","expected":null}"#;
        let gone = serde_json::from_str::<Verdict>(gone).expect("it was valid");
        assert_eq!(gone, Verdict::UnexpectedPass { link: "l".into(), expected: None });
        let known = Verdict::ExpectedFailure { link: "l".into(), failure: failure() };
        let text = serde_json::to_string(&known).expect("it serializes").replace("expected-failure", "known-deviation");
        assert_eq!(serde_json::from_str::<Verdict>(&text).expect(&text), known);
    }
}
