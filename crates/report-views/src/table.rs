//! Formats many runs as one Markdown page: scenarios by lab and gateway, load figures and sabotages.

use super::columns::{Matrix, NOTHING};
use model::{Report, ScenarioResult, Verdict};
use std::collections::BTreeSet;

/// The page for these runs. Several runs on the same kind of lab all count.
pub fn table(reports: &[Report]) -> String {
    let matrix = Matrix::of(reports);
    let mut page = String::from(
        "# The catalogue, and how it went\n\n\
         Written by `cargo xtask report table REPORT... --write docs/catalogue.md` from the runs at its end. Each row is a \
         folder under `scenarios/`;\nits first lines say why it matters and where it comes from.\n\n\
         - **passed**, with *n of m* when it ran more than once in these runs.\n\
         - **flaky**: it passed in some runs and failed in others, which counts as a failure.\n\
         - **deviation**: the implementation is known to do otherwise, which its `fixtures/gateways/NAME/gateway.yaml` \
         says with the link; when that\n  ends, the run fails until the data are updated.\n\
         - **skipped**, **unsupported**: with the reason, below.\n\
         - **-**: not among these runs.\n\n\
         What was found in implementations is in [findings](findings).\n",
    );
    for section in [matrix.verdicts(), matrix.workloads(), matrix.sabotages(), matrix.reasons(), matrix.runs()] {
        page.push_str(&section);
    }
    page
}

impl Matrix<'_> {
    fn verdicts(&self) -> String {
        let rows = self.rows(|result| result.sabotage.is_none().then_some((&result.name, &result.title)));
        let row = |((name, title), cells): ((&String, &String), Vec<Vec<&ScenarioResult>>)| {
            let start = format!("[{name}](../scenarios/{name}/scenario.yaml) | {title}");
            (start, cells.iter().map(|results| cell(results)).collect())
        };
        let rows: Vec<_> = rows.into_iter().map(row).collect();
        format!("\n## Verdicts\n\n{}", self.grid(&["scenario", "what holds"], &rows))
    }

    fn workloads(&self) -> String {
        let loaded = |result: &ScenarioResult| result.steps.iter().any(|step| step.workload.is_some());
        let rows = self.rows(|result| (result.sabotage.is_none() && loaded(result)).then_some(&result.name));
        if rows.is_empty() {
            return String::new();
        }
        let row = |(name, cells): (&String, Vec<Vec<&ScenarioResult>>)| {
            (name.clone(), cells.iter().map(|results| load(results)).collect())
        };
        let rows: Vec<_> = rows.into_iter().map(row).collect();
        format!(
            "\n## Under load\n\nAcknowledged messages that were lost, over all runs, and the largest gap between two \
             acknowledgements: the median of the runs and the worst.\n\n{}",
            self.grid(&["scenario"], &rows)
        )
    }

    fn sabotages(&self) -> String {
        let rows = self.rows(|result| Some((&result.name, &result.sabotage.as_ref()?.name)));
        if rows.is_empty() {
            return String::new();
        }
        let row = |((name, sabotage), cells): ((&String, &String), Vec<Vec<&ScenarioResult>>)| {
            (format!("{name} | {sabotage}"), cells.iter().map(|results| cell(results)).collect())
        };
        let rows: Vec<_> = rows.into_iter().map(row).collect();
        format!(
            "\n## Sabotage\n\nEach change must turn its scenario red, at the step and for the cause that it names: *red as \
             demanded* is that; *green although sabotaged* and *red otherwise* are faults of the scenario.\n\n{}",
            self.grid(&["scenario", "sabotage"], &rows)
        )
    }

    fn reasons(&self) -> String {
        let mut reasons = BTreeSet::new();
        for result in self.reports.iter().flat_map(|report| &report.scenarios) {
            match &result.verdict {
                Verdict::Skipped { reason } if result.sabotage.is_none() => {
                    reasons.insert(format!("- `{}`: {reason}.\n", result.name));
                }
                Verdict::Unsupported { feature } => {
                    reasons.insert(format!("- `{}`: the gateway does not claim {feature}.\n", result.name));
                }
                _ => {}
            }
        }
        if reasons.is_empty() {
            return String::new();
        }
        format!("\n## Skipped, and why\n\n{}", reasons.into_iter().collect::<String>())
    }
}

/// The cell for all results of one scenario on one kind of lab. Skipped results count only if there are no others.
fn cell(results: &[&ScenarioResult]) -> String {
    let ran: Vec<_> = results.iter().filter(|result| result.verdict.ran()).collect();
    let Some(last) = ran.last().copied().or(results.last()).copied() else { return NOTHING.to_owned() };
    let (good, tried) = attempts(&ran);
    if ran.iter().any(|result| result.flaky) || (good > 0 && good < tried) {
        let did = if last.sabotage.is_some() { "as demanded" } else { "passed" };
        return format!("**flaky, {good} of {tried} {did}**");
    }
    let same = ran.iter().filter(|result| result.word() == last.word()).count();
    let word = match &last.verdict {
        Verdict::ExpectedFailure { link, .. } => format!("[deviation]({link})"),
        Verdict::Failed(failure) => format!("{}: {}", last.word(), failure.cause),
        Verdict::UnexpectedPass { .. } => "unexpected pass".to_owned(),
        _ => last.word().to_owned(),
    };
    let text = if ran.len() > 1 { format!("{word}, {same} of {}", ran.len()) } else { word };
    if last.is_bad() || same < ran.len() { format!("**{text}**") } else { text }
}

/// The number of good attempts, and of all attempts.
pub(crate) fn attempts(ran: &[&&ScenarioResult]) -> (usize, usize) {
    let of_result = |result: &&&ScenarioResult| {
        let tried = result.attempts.iter().filter(|attempt| attempt.verdict.ran());
        let (good, bad): (Vec<_>, Vec<_>) = tried.partition(|attempt| !attempt.verdict.is_bad());
        match good.len() + bad.len() {
            0 => (usize::from(!result.is_bad()), 1),
            all => (good.len(), all),
        }
    };
    ran.iter().map(of_result).fold((0, 0), |(good, all), (one, more)| (good + one, all + more))
}

/// The cell for the load figures of one scenario on one kind of lab.
fn load(results: &[&ScenarioResult]) -> String {
    let figures: Vec<_> =
        results.iter().flat_map(|result| &result.steps).filter_map(|step| step.workload.as_ref()).collect();
    let mut gaps: Vec<_> = figures.iter().map(|one| one.largest_gap).collect();
    gaps.sort_by(f64::total_cmp);
    let (Some(median), Some(worst)) = (gaps.get(gaps.len() / 2), gaps.last()) else { return NOTHING.to_owned() };
    let lost: u64 = figures.iter().map(|one| one.lost).sum();
    let acked: u64 = figures.iter().map(|one| one.acked).sum();
    format!("{lost} of {acked} lost in {}; gap {median:.2} s, {worst:.2} s", runs(figures.len()))
}

fn runs(count: usize) -> String {
    if count == 1 { "1 run".to_owned() } else { format!("{count} runs") }
}

#[cfg(test)]
mod tests {
    use super::*;
    use model::sample::{failure, report, result};
    use model::{KafkaProvider, LoadFigures, StepOutcome, StepResult};

    fn loaded(gap: f64) -> ScenarioResult {
        let figures = LoadFigures { acked: 100, lost: 0, duplicates: 0, largest_gap: gap, paused: 0.0, timeline: None };
        let step = StepResult {
            label: "stop".into(),
            line: 9,
            summary: "steady".into(),
            started: 0.0,
            seconds: 1.0,
            waited: 1.0,
            outcome: StepOutcome::Passed,
            evidence: Vec::new(),
            workload: Some(figures),
            diagnosis: None,
        };
        ScenarioResult { steps: vec![step], ..result("churn", Verdict::Passed) }
    }

    #[test]
    fn runs_of_one_lab_share_a_column_and_others_have_their_own() {
        let skipped = || result("oauth", Verdict::Skipped { reason: "no server".into() });
        let first = report(vec![result("weights", Verdict::Passed), skipped(), loaded(0.5)]);
        let mut second = report(vec![result("weights", Verdict::Failed(failure())), skipped(), loaded(2.0)]);
        let mut kind =
            report(vec![result("weights", Verdict::ExpectedFailure { link: "l".into(), failure: failure() })]);
        second.run = "second".into();
        kind.run = "third".into();
        kind.lab.kafka = KafkaProvider::Strimzi;
        kind.lab.versions.insert("strimzi".into(), "1.1.0".into());
        // The third is met twice, by its own name and by the link to the last run.
        let page = table(&[first, second, kind.clone(), kind]);

        assert!(
            page.contains("| what holds | local, traefik 3.7.15, stand-in | local, traefik 3.7.15, strimzi 1.1.0 |")
        );
        assert!(page.contains("| what weights shows | **flaky, 1 of 2 passed** | [deviation](l) |"), "{page}");
        assert!(page.contains("| what oauth shows | skipped | - |"), "{page}");
        assert!(page.contains("| churn | 0 of 200 lost in 2 runs; gap 2.00 s, 2.00 s |\n"), "{page}");
        assert_eq!(page.matches("- `oauth`: no server.").count(), 1);
        assert_eq!(page.matches("| third | ").count(), 1, "a run counts once: {page}");
    }

    #[test]
    fn a_flaky_scenario_is_never_shown_as_passed() {
        let attempt = |verdict| result("weights", verdict).attempts.remove(0);
        let attempts = [Verdict::Failed(failure()), Verdict::Passed, Verdict::Passed].map(attempt).to_vec();
        let flaky = ScenarioResult { flaky: true, attempts, ..result("weights", Verdict::Failed(failure())) };
        let page = table(&[report(vec![flaky])]);
        assert!(page.contains("| what weights shows | **flaky, 2 of 3 passed** |"), "{page}");
        let steady = table(&[report(vec![result("weights", Verdict::Failed(failure()))])]);
        assert!(steady.contains("| **failed: route-missing** |"), "{steady}");
    }

    #[test]
    fn a_sabotage_is_red_or_not() {
        let row = model::SabotageRow {
            name: "no route".into(),
            step: "produce".into(),
            cause: model::Cause::RouteMissing,
            mentions: None,
            red: None,
        };
        let red = ScenarioResult { sabotage: Some(row.clone()), ..result("weights", Verdict::Passed) };
        let green = ScenarioResult { sabotage: Some(row), ..result("tcp", Verdict::Failed(failure())) };
        let page = table(&[report(vec![red, green])]);
        assert!(page.contains("| weights | no route | red as demanded |"), "{page}");
        assert!(page.contains("| tcp | no route | **green although sabotaged: route-missing** |"), "{page}");
        assert!(!page.contains("../scenarios/weights"), "a sabotage is not a verdict of its scenario: {page}");
    }
}
