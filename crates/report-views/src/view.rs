//! The data of the page: what the template shows, ready to be printed.

use super::attachments::{Attachments, Excerpt, Part, parts};
use super::lanes::{Bar, lanes};
use super::under_load::{UnderLoad, under_load};
use model::{Failure, Report, ScenarioResult, StepOutcome, StepResult, Verdict};
use serde::Serialize;
use std::collections::BTreeMap;
use std::error::Error;

/// The verdicts by severity: what a reader looks for comes first.
pub const STATES: [&str; 6] = ["failed", "flaky", "unexpected", "expected", "passed", "skipped"];

#[derive(Serialize)]
pub struct View {
    pub run: String,
    pub started: String,
    pub seconds: f64,
    pub lab: String,
    pub seed: Option<u64>,
    pub interrupted: Option<String>,
    pub versions: Vec<Version>,
    pub counts: Vec<(&'static str, usize)>,
    pub bars: Vec<Bar>,
    pub lanes: usize,
    pub results: Vec<Row>,
}

#[derive(Serialize)]
pub struct Row {
    pub anchor: usize,
    pub id: String,
    pub title: String,
    pub links: Vec<String>,
    pub state: &'static str,
    pub word: &'static str,
    pub seconds: f64,
    /// A skipped scenario's reason, or a known deviation's link.
    pub remark: Option<String>,
    pub failure: Option<Reason>,
    pub cleanup_failed: Option<String>,
    pub pictures: Vec<Drawing>,
    pub manifests: Vec<Excerpt>,
    pub logs: Vec<Excerpt>,
    pub steps: Vec<Step>,
    pub load: Vec<UnderLoad>,
    pub attempts: usize,
    pub diagnostics: Option<String>,
}

/// The version of a part, where the part comes from, and what identifies its bytes.
#[derive(Serialize)]
pub struct Version {
    pub part: String,
    pub version: String,
    pub origin: String,
    pub checksum: Option<String>,
}

/// The path of one client.
#[derive(Serialize)]
pub struct Drawing {
    pub client: String,
    pub parts: Vec<Part>,
}

/// A failure, with its cause's number and page.
#[derive(Serialize)]
pub struct Reason {
    pub step: Option<String>,
    pub cause: String,
    pub number: String,
    pub page: String,
    pub wanted: String,
    pub seen: String,
    pub evidence: Vec<String>,
}

#[derive(Serialize)]
pub struct Step {
    pub label: String,
    pub line: u64,
    pub summary: String,
    pub outcome: &'static str,
    pub seconds: f64,
    /// In percent of the attempt.
    pub left: f64,
    pub width: f64,
    pub evidence: Vec<String>,
}

impl View {
    /// # Errors
    /// If a plot cannot be drawn, which has no reason.
    pub fn of(
        report: &Report,
        mut attached: impl FnMut(&ScenarioResult) -> Attachments,
    ) -> Result<Self, Box<dyn Error>> {
        let (bars, lanes) = lanes(report);
        let rows = report.scenarios.iter().enumerate().map(|(anchor, one)| row(anchor, one, attached(one)));
        let mut results = rows.collect::<Result<Vec<_>, _>>()?;
        let rank = |state: &str| STATES.iter().position(|one| *one == state);
        results.sort_by(|one, other| (rank(one.state), &one.id).cmp(&(rank(other.state), &other.id)));
        let counts = STATES.map(|state| (state, results.iter().filter(|row| row.state == state).count()));
        Ok(Self {
            run: report.run.clone(),
            started: report.started.clone(),
            seconds: report.seconds,
            lab: format!("{} lab, {}, {}", report.lab.kind, report.lab.gateway, report.lab.kafka),
            seed: report.seed,
            interrupted: report.interrupted.clone(),
            versions: report.lab.versions.iter().map(|part| version(part, &report.lab.checksums)).collect(),
            counts: counts.into_iter().filter(|(_, count)| *count > 0).collect(),
            bars,
            lanes,
            results,
        })
    }
}

/// The group in which the page shows a result. A scenario that was not cleaned up counts as failed.
pub fn state(result: &ScenarioResult) -> &'static str {
    match &result.verdict {
        _ if result.flaky => "flaky",
        _ if result.cleanup_failed.is_some() => "failed",
        Verdict::Passed => "passed",
        Verdict::Failed(_) => "failed",
        Verdict::ExpectedFailure { .. } => "expected",
        Verdict::UnexpectedPass { .. } => "unexpected",
        Verdict::Skipped { .. } | Verdict::Unsupported { .. } => "skipped",
    }
}

fn version((part, text): (&String, &String), checksums: &BTreeMap<String, String>) -> Version {
    let (version, origin) = text.split_once(", ").unwrap_or((text, ""));
    let checksum = checksums.get(part).cloned();
    Version { part: part.clone(), version: version.to_owned(), origin: origin.to_owned(), checksum }
}

fn row(anchor: usize, result: &ScenarioResult, attached: Attachments) -> Result<Row, Box<dyn Error>> {
    let drawn = attached.pictures.into_iter();
    let remark = match &result.verdict {
        Verdict::Skipped { reason } => Some(reason.clone()),
        Verdict::Unsupported { feature } => Some(format!("the gateway does not claim {feature}")),
        Verdict::ExpectedFailure { link, .. } => Some(format!("known: {link}")),
        Verdict::UnexpectedPass { link, .. } => Some(format!("this deviation is gone: {link}")),
        Verdict::Passed | Verdict::Failed(_) => None,
    };
    Ok(Row {
        anchor,
        id: result.id(),
        title: result.title.clone(),
        links: result.links.clone(),
        state: state(result),
        word: result.word(),
        seconds: result.seconds,
        remark,
        failure: result.verdict.failure().map(reason),
        cleanup_failed: result.cleanup_failed.clone(),
        pictures: drawn.map(|one| Drawing { client: one.client, parts: parts(&one.text) }).collect(),
        manifests: attached.manifests,
        logs: attached.logs,
        steps: result.steps.iter().map(|one| step(one, result.seconds)).collect(),
        load: under_load(&result.steps)?,
        attempts: result.attempts.len(),
        diagnostics: result.diagnostics().map(ToString::to_string),
    })
}

fn reason(failure: &Failure) -> Reason {
    Reason {
        step: failure.step.as_ref().map(|step| format!("{} at {}:{}", step.label, step.file, step.line)),
        cause: failure.cause.to_string(),
        number: failure.cause.number(),
        page: failure.cause.page(),
        wanted: failure.wanted.clone(),
        seen: failure.seen.clone(),
        evidence: failure.evidence.clone(),
    }
}

fn step(step: &StepResult, whole: f64) -> Step {
    let whole = whole.max(step.started + step.seconds).max(f64::MIN_POSITIVE);
    Step {
        label: step.label.clone(),
        line: step.line,
        summary: step.summary.clone(),
        outcome: match step.outcome {
            StepOutcome::Passed => "passed",
            StepOutcome::Failed => "failed",
            StepOutcome::NotRun => "not run",
        },
        seconds: step.seconds,
        left: 100.0 * step.started / whole,
        width: 100.0 * step.seconds / whole,
        evidence: step.evidence.clone(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use model::sample::{failure, report, result};

    #[test]
    fn what_failed_comes_first_and_everything_is_counted() {
        let mut dirty = result("dirty", Verdict::Passed);
        dirty.cleanup_failed = Some("a namespace stays".into());
        let view = View::of(
            &report(vec![
                result("b", Verdict::Passed),
                result("s", Verdict::Skipped { reason: "no engine".into() }),
                result("k", Verdict::ExpectedFailure { link: "https://example.com".into(), failure: failure() }),
                dirty,
                result("f", Verdict::Failed(failure())),
            ]),
            |_| Attachments::default(),
        )
        .expect("a view");
        let order: Vec<_> = view.results.iter().map(|row| (row.id.as_str(), row.state)).collect();
        assert_eq!(order, [("dirty", "failed"), ("f", "failed"), ("k", "expected"), ("b", "passed"), ("s", "skipped")]);
        assert_eq!(view.counts, [("failed", 2), ("expected", 1), ("passed", 1), ("skipped", 1)]);
        assert_eq!(view.results[4].remark.as_deref(), Some("no engine"));
        assert_eq!(view.results[1].anchor, 4, "the anchor is the place in the report");
    }

    #[test]
    fn a_step_is_placed_within_its_attempt() {
        let late = StepResult {
            label: "probe".into(),
            line: 27,
            summary: "broker-10".into(),
            started: 2.0,
            seconds: 4.0,
            waited: 4.0,
            outcome: StepOutcome::Failed,
            evidence: Vec::new(),
            workload: None,
            diagnosis: None,
        };
        let placed = step(&late, 8.0);
        assert_eq!((placed.left, placed.width), (25.0, 50.0));
    }
}
