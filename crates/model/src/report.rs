//! The one model of results. Every view (console, JSON, JUnit) is made from it and from nothing else.

use crate::cause::Cause;
use crate::failure::Failure;
use crate::{KafkaProvider, LabInfo, LabKind};
use camino::Utf8PathBuf;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// The version of `report.json`. It increases when a reader of the old version would misread the new one.
pub const SCHEMA: u32 = 1;

/// One run of scenarios.
#[derive(Clone, Debug, Deserialize, Serialize)]
#[serde(rename_all = "kebab-case")]
pub struct Report {
    pub schema: u32,
    /// The name of the run and of its folder.
    pub run: String,
    /// When the run started: RFC 3339, in UTC.
    pub started: String,
    /// Wall time, so far or in total.
    pub seconds: f64,
    pub lab: LabFacts,
    /// The seed of the order, if it was shuffled.
    pub seed: Option<u64>,
    /// What was to be run, and how. Reports of earlier versions lack it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub plan: Option<Plan>,
    /// Why the run ended early.
    pub interrupted: Option<String>,
    /// In the order in which they ended. With sabotage, one row for each sabotage.
    pub scenarios: Vec<ScenarioResult>,
}

impl Report {
    /// The scenarios that `--rerun-failed` repeats: those that failed, were flaky or were not cleaned up.
    pub fn to_rerun(&self) -> Vec<String> {
        let again = |result: &&ScenarioResult| result.is_bad() || result.cleanup_failed.is_some();
        let mut names: Vec<_> = self.scenarios.iter().filter(again).map(|result| result.name.clone()).collect();
        names.sort();
        names.dedup();
        names
    }
}

/// What a run was asked for. `scenario run --replay` asks for the same again.
#[derive(Clone, Debug, Deserialize, PartialEq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub struct Plan {
    /// The identifiers of the results, in the order in which they were to start in the first round. Some of them may have started
    /// later, because not every scenario can run beside every other.
    pub order: Vec<String>,
    /// Whether the sabotages were run instead of the scenarios themselves.
    pub sabotage: bool,
    /// The number of scenarios at the same time.
    pub jobs: usize,
    /// The number of scenarios with a Kafka cluster of their own at the same time.
    pub own_clusters: usize,
    /// How often each scenario was to run.
    pub repeat: u32,
    pub fail_fast: bool,
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
    /// What identifies the bytes of a part, where it is known: the sha256 of a file or a folder, the id of an image. Reports
    /// of earlier versions lack it.
    #[serde(default)]
    pub checksums: BTreeMap<String, String>,
}

impl From<&LabInfo> for LabFacts {
    fn from(info: &LabInfo) -> Self {
        Self {
            name: info.name.clone(),
            kind: info.kind,
            gateway: info.gateway.name.clone(),
            kafka: info.kafka,
            versions: info.versions.clone(),
            checksums: info.checksums.clone(),
        }
    }
}

impl LabFacts {
    /// The version of a part, without its origin. `None` if it does not start with a digit.
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
    /// The scenario does not apply here, or not yet.
    Skipped {
        reason: String,
    },
    /// The gateway declares that it does not support a required feature.
    Unsupported {
        feature: String,
    },
    /// The scenario failed as the gateway's list of known deviations predicts. Older reports call it `known-deviation`.
    #[serde(alias = "known-deviation")]
    ExpectedFailure {
        link: String,
        failure: Failure,
    },
    /// The scenario is listed as a known deviation, and passed: the list must be changed. Older reports call it
    /// `deviation-gone`.
    #[serde(alias = "deviation-gone")]
    UnexpectedPass {
        link: String,
        /// The cause that the list names, if any.
        expected: Option<Cause>,
    },
}

impl Verdict {
    /// Whether it makes the run fail.
    pub fn is_bad(&self) -> bool {
        matches!(self, Self::Failed(_) | Self::UnexpectedPass { .. })
    }

    /// Whether anything was attempted.
    pub fn ran(&self) -> bool {
        !matches!(self, Self::Skipped { .. } | Self::Unsupported { .. })
    }

    /// The word that every view shows.
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

/// One scenario in one run, with all of its attempts.
#[derive(Clone, Debug, Deserialize, Serialize)]
#[serde(rename_all = "kebab-case")]
pub struct ScenarioResult {
    pub name: String,
    pub title: String,
    pub links: Vec<String>,
    /// Set on a row about one sabotage. There, passed means that the scenario went red as demanded.
    pub sabotage: Option<SabotageRow>,
    pub verdict: Verdict,
    /// What could not be cleaned up, independent of the verdict.
    pub cleanup_failed: Option<String>,
    /// Whether it passed in one attempt and failed in another.
    pub flaky: bool,
    /// Those of the attempt that gave the verdict.
    pub seconds: f64,
    /// Those of the attempt that gave the verdict.
    pub steps: Vec<StepResult>,
    /// Every attempt, in order. There is one without `--repeat`.
    pub attempts: Vec<Attempt>,
}

impl ScenarioResult {
    /// The unique name of the row in the report.
    pub fn id(&self) -> String {
        match &self.sabotage {
            Some(row) => format!("{} / {}", self.name, row.name),
            None => self.name.clone(),
        }
    }

    /// The words that every view shows. A sabotage is described by how the scenario reacted, because "passed" would
    /// read as the opposite of what happened.
    pub fn word(&self) -> &'static str {
        match (&self.sabotage, &self.verdict) {
            _ if self.flaky => "flaky",
            (Some(_), Verdict::Passed) => "red as demanded",
            (Some(row), Verdict::Failed(_)) if row.red.is_none() => "green although sabotaged",
            (Some(_), Verdict::Failed(_)) => "red otherwise",
            (_, verdict) => verdict.word(),
        }
    }

    /// The folder with the evidence that was collected at the failure.
    pub fn diagnostics(&self) -> Option<&Utf8PathBuf> {
        self.attempts.iter().rev().find_map(|attempt| attempt.diagnostics.as_ref())
    }

    /// Whether it makes the run fail. [`Self::cleanup_failed`] reports a failed cleanup separately.
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
    /// How the scenario failed. Absent if it stayed green.
    pub red: Option<Failure>,
}

/// One attempt at a scenario.
#[derive(Clone, Debug, Deserialize, Serialize)]
#[serde(rename_all = "kebab-case")]
pub struct Attempt {
    pub verdict: Verdict,
    pub cleanup_failed: Option<String>,
    /// Empty if nothing was attempted.
    pub namespace: String,
    pub diagnostics: Option<Utf8PathBuf>,
    pub timeline: Timeline,
}

/// Where an attempt's time went, in seconds.
#[derive(Clone, Copy, Debug, Default, Deserialize, PartialEq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub struct Timeline {
    /// From the start of the run to the start of the attempt.
    pub started: f64,
    /// Waiting for an exclusive listener or for other scenarios; not part of `seconds`.
    pub queued: f64,
    /// The attempt's wall time, cleanup included.
    pub seconds: f64,
    /// The part of it spent waiting for the API server, the gateway and Kafka.
    pub waited: f64,
    /// The part of it spent on cleanup.
    pub cleanup: f64,
}

/// One step of an attempt.
#[derive(Clone, Debug, Deserialize, PartialEq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub struct StepResult {
    /// The step's keyword, with `#2` for the second of its kind.
    pub label: String,
    pub line: u64,
    /// What the step does, in a few words.
    pub summary: String,
    /// Seconds since the start of the attempt.
    pub started: f64,
    pub seconds: f64,
    /// The part of it spent waiting for the API server, the gateway and Kafka.
    pub waited: f64,
    pub outcome: StepOutcome,
    /// What the step found, such as the number of messages and the largest gap.
    pub evidence: Vec<String>,
    /// Set for a step that stopped the load generator.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub workload: Option<LoadFigures>,
    /// Set for a step that diagnosed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub diagnosis: Option<DiagnosisFigures>,
}

/// What a diagnosis named, and how long it took.
#[derive(Clone, Debug, Deserialize, PartialEq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub struct DiagnosisFigures {
    /// The causes in the order of the findings. Empty if nothing was found.
    pub causes: Vec<Cause>,
    /// The time of the last walk alone, reading the cluster included.
    pub seconds: f64,
    /// The number of walks. A change takes a moment until the gateway has applied it.
    pub walks: u32,
}

/// The result of a load generator, in figures.
#[derive(Clone, Debug, Deserialize, PartialEq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub struct LoadFigures {
    /// Messages that Kafka acknowledged.
    pub acked: u64,
    /// How many of these were never consumed.
    pub lost: u64,
    pub duplicates: u64,
    /// The longest time between two acknowledgements, in seconds, without the time in which the machine stood still.
    pub largest_gap: f64,
    /// How long the machine itself stood still, in seconds. Reports of earlier versions lack it.
    #[serde(default)]
    pub paused: f64,
    /// What was acknowledged when. Reports of earlier versions lack it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub timeline: Option<LoadTimeline>,
}

/// A load generator's acknowledgements over time. All times are in seconds.
#[derive(Clone, Debug, Deserialize, PartialEq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub struct LoadTimeline {
    /// When the load began, since the start of the attempt.
    pub started: f64,
    /// How much time each bin covers.
    pub width: f64,
    /// The messages that were acknowledged within each bin, one after the other.
    pub acked: Vec<u64>,
    /// The median time until the acknowledgement in each bin. `null` for an empty bin.
    pub median: Vec<Option<f64>>,
    /// The longest time until an acknowledgement in each bin.
    pub slowest: Vec<Option<f64>>,
    /// The longest times without any acknowledgement.
    pub gaps: Vec<LoadGap>,
}

/// A time without an acknowledgement, in seconds.
#[derive(Clone, Copy, Debug, Deserialize, PartialEq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub struct LoadGap {
    /// When it began, since the start of the load.
    pub at: f64,
    pub seconds: f64,
}

#[derive(Clone, Copy, Debug, Deserialize, Eq, PartialEq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum StepOutcome {
    Passed,
    Failed,
    /// Not executed, because an earlier step failed or the sabotage omitted it.
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
