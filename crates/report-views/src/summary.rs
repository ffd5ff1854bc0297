//! A few lines of Markdown, for the summary of a CI job.

use super::view::{STATES, state};
use model::{Report, ScenarioResult};
use std::fmt::Write as _;

/// The verdicts in one line, and a row for each result that makes the run fail.
pub fn summary(report: &Report) -> String {
    let count = |wanted: &str| report.scenarios.iter().filter(|result| state(result) == wanted).count();
    let counts: Vec<_> = STATES
        .into_iter()
        .filter_map(|state| Some(count(state)).filter(|count| *count > 0).map(|count| format!("{count} {state}")))
        .collect();
    let lab = &report.lab;
    let mut text = format!(
        "### {}\n\n{} lab, {}, {}; {:.0} s\n",
        if counts.is_empty() { "nothing ran".to_owned() } else { counts.join(", ") },
        lab.kind,
        cell(&lab.gateway),
        lab.kafka,
        report.seconds
    );
    if let Some(reason) = &report.interrupted {
        let _ = writeln!(text, "\nThe run ended early: {}", cell(reason));
    }
    let bad: Vec<_> =
        report.scenarios.iter().filter(|result| result.is_bad() || result.cleanup_failed.is_some()).collect();
    if !bad.is_empty() {
        text += "\n| scenario | | cause | seen |\n|---|---|---|---|\n";
        for result in bad {
            text += &row(result);
        }
    }
    text
}

fn row(result: &ScenarioResult) -> String {
    let failure = result.verdict.failure();
    let cause = failure.map_or(String::new(), |failure| format!("{} ({})", failure.cause, failure.cause.number()));
    let seen =
        failure.map(|failure| failure.seen.clone()).or_else(|| result.cleanup_failed.clone()).unwrap_or_default();
    format!("| {} | {} | {cause} | {} |\n", cell(&result.id()), result.word(), cell(&seen))
}

/// Text in one cell of a table, without markup of its own.
pub(crate) fn cell(text: &str) -> String {
    let line = text.split_whitespace().collect::<Vec<_>>().join(" ");
    line.chars().fold(String::new(), |mut cell, char| {
        if matches!(char, '|' | '<' | '>' | '*' | '_' | '`' | '[' | ']' | '\\') {
            cell.push('\\');
        }
        cell.push(char);
        cell
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use model::Verdict;
    use model::sample::{failure, report, result};

    #[test]
    fn only_what_makes_the_run_fail_has_a_row() {
        let mut failed = failure();
        failed.seen = "a | b\n<script>".into();
        let text = summary(&report(vec![
            result("good", Verdict::Passed),
            result("red", Verdict::Failed(failed)),
            result("known", Verdict::ExpectedFailure { link: "l".into(), failure: failure() }),
        ]));
        assert!(text.starts_with("### 1 failed, 1 expected, 1 passed\n"), "{text}");
        assert!(text.contains("| red | failed | "), "{text}");
        assert!(text.contains(r"a \| b \<script\>"), "{text}");
        assert!(!text.contains("| good") && !text.contains("| known"), "{text}");
    }

    #[test]
    fn a_run_without_results_says_so() {
        assert!(summary(&report(Vec::new())).starts_with("### nothing ran\n"));
    }
}
