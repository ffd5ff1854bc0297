//! Formats many runs as one Markdown table of the scenarios that do not end alike on all labs.

use super::columns::{Matrix, NOTHING};
use model::{Report, ScenarioResult, Verdict};
use std::collections::BTreeSet;

/// The table, and how many scenarios it leaves out because they ended alike.
pub fn differences(reports: &[Report]) -> String {
    let matrix = Matrix::of(reports);
    let rows = matrix.rows(|result| result.sabotage.is_none().then_some(&result.name));
    let (mut alike, mut differing) = (Vec::new(), Vec::new());
    for (name, cells) in rows {
        let cells: Vec<String> = cells.iter().map(|results| cell(results)).collect();
        // A scenario that was not run on one of the labs says nothing about it.
        let kinds: BTreeSet<&String> = cells.iter().filter(|cell| *cell != NOTHING).collect();
        match kinds.len() {
            0 | 1 => alike.push(name.as_str()),
            _ => differing.push((format!("[{name}](../scenarios/{name}/scenario.yaml)"), cells)),
        }
    }
    let rest = format!("{} further scenarios ended alike wherever they were run: {}.\n", alike.len(), alike.join(", "));
    if differing.is_empty() {
        return format!("No scenario ended in different ways.\n\n{rest}");
    }
    format!("{}\n{rest}\n{}", matrix.grid(&["scenario"], &differing), matrix.runs())
}

/// How one scenario ended on one lab. Unlike in the whole catalogue, the cause is shown, because it may be what differs.
fn cell(results: &[&ScenarioResult]) -> String {
    let words: BTreeSet<String> = results.iter().map(|result| word(result)).collect();
    match words.len() {
        0 => NOTHING.to_owned(),
        1 => words.into_iter().collect(),
        _ => words.into_iter().collect::<Vec<_>>().join(" or "),
    }
}

fn word(result: &ScenarioResult) -> String {
    match &result.verdict {
        Verdict::Failed(failure) => format!("**failed: {}**", failure.cause),
        Verdict::ExpectedFailure { failure, .. } => format!("deviation: {}", failure.cause),
        _ if result.is_bad() => format!("**{}**", result.word()),
        _ => result.word().to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use model::sample::{failure, report, result};

    fn on(version: &str, scenarios: Vec<ScenarioResult>) -> Report {
        let mut report = report(scenarios);
        report.run = format!("{version}-{:?}", report.scenarios.first().map(|first| first.word()));
        report.lab.versions.insert(report.lab.gateway.clone(), format!("{version}, somewhere"));
        report
    }

    #[test]
    fn only_scenarios_that_end_differently_are_shown_and_the_versions_are_in_their_order() {
        let deviation = || Verdict::ExpectedFailure { link: "l".into(), failure: failure() };
        let page = differences(&[
            on("3.7.15", vec![result("weights", Verdict::Passed), result("nested", Verdict::Passed)]),
            on("3.7.5", vec![result("weights", Verdict::Passed), result("nested", deviation())]),
            on("3.6.4", vec![result("nested", Verdict::Failed(failure())), result("new", Verdict::Passed)]),
        ]);
        let head = "| scenario | local, traefik 3.6.4, stand-in | local, traefik 3.7.5, stand-in | local, traefik 3.7.15, stand-in |";
        assert!(page.contains(head), "{page}");
        assert!(page.contains("| **failed: route-missing** | deviation: route-missing | passed |\n"), "{page}");
        assert!(page.contains("2 further scenarios ended alike wherever they were run: new, weights."), "{page}");
        assert!(!page.contains("scenarios/weights"), "{page}");
    }

    #[test]
    fn two_runs_of_one_lab_that_differ_are_a_difference_and_none_is_said_so() {
        let runs = [
            on("3.6.4", vec![result("a", Verdict::Passed)]),
            on("3.6.4", vec![result("a", Verdict::Failed(failure()))]),
        ];
        // Within one column, both words are shown. There is nothing to compare it with.
        assert!(differences(&runs).starts_with("No scenario ended in different ways."));
        let other = on("3.6.7", vec![result("a", Verdict::Passed)]);
        let page = differences(&[runs[0].clone(), runs[1].clone(), other]);
        assert!(page.contains("| **failed: route-missing** or passed | passed |"), "{page}");
    }
}
