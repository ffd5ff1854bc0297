//! What failed, by its cause: a few lines that fit on one screen, whatever the number of failures.

use model::{Report, ScenarioResult, Verdict, excerpt};
use std::collections::BTreeMap;

/// How many causes are shown. Each takes two lines.
const CAUSES: usize = 6;
/// The narrowest terminal that the lines must fit.
const WIDTH: usize = 60;
const INDENT: &str = "    ";

/// A cause, and the results that it explains.
#[derive(Debug, Eq, PartialEq)]
pub struct Explained {
    pub cause: String,
    /// In one line.
    pub results: String,
}

/// The causes, the most frequent first, and how many more there are.
pub fn by_cause(report: &Report) -> (Vec<Explained>, usize) {
    let mut causes: BTreeMap<String, Vec<String>> = BTreeMap::new();
    for result in &report.scenarios {
        for cause in causes_of(result) {
            causes.entry(cause).or_default().push(result.id());
        }
    }
    let mut causes: Vec<_> = causes.into_iter().collect();
    causes.sort_by_key(|(_, results)| std::cmp::Reverse(results.len()));
    let more = causes.len().saturating_sub(CAUSES);
    let shown = causes.into_iter().take(CAUSES);
    (shown.map(|(cause, results)| Explained { cause, results: line(&results) }).collect(), more)
}

fn causes_of(result: &ScenarioResult) -> Vec<String> {
    let mut causes = Vec::new();
    if result.is_bad() {
        causes.push(match (&result.verdict, result.verdict.failure()) {
            (_, Some(failure)) => format!("{} ({})", failure.cause, failure.cause.number()),
            (Verdict::UnexpectedPass { .. }, None) => result.verdict.word().to_owned(),
            (_, None) => result.word().to_owned(),
        });
    }
    if result.cleanup_failed.is_some() {
        causes.push("cleanup-failed".to_owned());
    }
    causes
}

/// As many names as fit in a line, and the number of the others.
fn line(names: &[String]) -> String {
    let mut line = String::from(INDENT);
    for (place, name) in names.iter().enumerate() {
        let rest = names.len() - place;
        let name = excerpt(name, WIDTH - INDENT.len() - " and 1000 more".len() - "...".len());
        let comma = if place == 0 { "" } else { ", " };
        let room = if rest == 1 { 0 } else { " and 1000 more".len() };
        if place > 0 && line.chars().count() + comma.len() + name.chars().count() + room > WIDTH {
            return format!("{line} and {rest} more");
        }
        line.push_str(comma);
        line.push_str(&name);
    }
    line
}

#[cfg(test)]
mod tests {
    use super::*;
    use model::Cause;
    use model::sample::{failure, report, result};

    #[test]
    fn the_most_frequent_cause_comes_first() {
        let other = model::Failure { cause: Cause::Timeout, ..failure() };
        let mut unclean = result("unclean", Verdict::Passed);
        unclean.cleanup_failed = Some("x".into());
        let (causes, more) = by_cause(&report(vec![
            result("a", Verdict::Failed(other)),
            result("b", Verdict::Failed(failure())),
            result("fine", Verdict::Passed),
            result("c", Verdict::Failed(failure())),
            result("known", Verdict::ExpectedFailure { link: "l".into(), failure: failure() }),
            result("gone", Verdict::UnexpectedPass { link: "l".into(), expected: None }),
            unclean,
        ]));
        let shown: Vec<_> = causes.iter().map(|one| (one.cause.as_str(), one.results.trim())).collect();
        let timeout = format!("timeout ({})", Cause::Timeout.number());
        assert_eq!(
            shown,
            [
                ("route-missing (KGL005)", "b, c"),
                ("cleanup-failed", "unclean"),
                (timeout.as_str(), "a"),
                ("unexpected-pass", "gone"),
            ]
        );
        assert_eq!(more, 0);
    }

    #[test]
    fn many_failures_still_fit_on_one_screen_of_60_columns() {
        let causes = Cause::ALL.iter().take(9).copied().enumerate();
        let results = causes.flat_map(|(place, cause)| {
            let failed = move |number: usize| {
                let name = format!("a-scenario-with-a-name-that-is-rather-long-{place}-{number}");
                result(&name, Verdict::Failed(model::Failure { cause, ..failure() }))
            };
            (0..40).map(failed)
        });
        let (causes, more) = by_cause(&report(results.collect()));
        assert_eq!((causes.len(), more), (6, 3));
        for one in &causes {
            assert!(one.cause.chars().count() <= WIDTH && one.results.chars().count() <= WIDTH, "{one:?}");
            assert!(one.results.ends_with(" and 39 more"), "{one:?}");
        }
    }
}
