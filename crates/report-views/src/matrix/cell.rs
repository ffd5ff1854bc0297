//! One cell of the matrix: how one scenario ended in one column.

use crate::table::attempts;
use crate::view::state;
use model::{Cause, Failure, ScenarioResult, Verdict};
use serde::Serialize;

/// What a deviation is, compared with the list in the gateway's folder.
#[derive(Clone, Copy, Debug, Eq, PartialEq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Deviation {
    /// It is listed.
    Known,
    /// It is not listed.
    New,
    /// It is listed, but the scenario passed.
    Gone,
}

impl Deviation {
    pub fn word(self) -> &'static str {
        match self {
            Self::Known => "known",
            Self::New => "new",
            Self::Gone => "gone",
        }
    }
}

/// How a scenario ended. Several runs of one column share a cell.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Cell {
    /// The group of the verdict, as in a run's own page, or `nothing`.
    pub state: &'static str,
    pub word: String,
    pub cause: Option<Cause>,
    pub deviation: Option<Deviation>,
    /// Where the deviation was reported or decided.
    pub link: Option<String>,
    /// What was wanted and what was seen, or the reason why it did not run.
    pub wanted: Option<String>,
    pub seen: Option<String>,
}

impl Cell {
    /// The cell of these results. What did not run counts only if nothing ran.
    pub fn of(results: &[&ScenarioResult]) -> Self {
        let ran: Vec<_> = results.iter().filter(|result| result.verdict.ran()).collect();
        let Some(last) = ran.last().copied().or(results.last()) else { return Self::nothing() };
        let (good, tried) = attempts(&ran);
        let flaky = ran.iter().any(|result| result.flaky) || (good > 0 && good < tried);
        let failed = ran.iter().rev().find_map(|result| result.verdict.failure());
        let (deviation, link) = match &last.verdict {
            _ if flaky => (failed.map(|_| Deviation::New), None),
            Verdict::Failed(_) => (Some(Deviation::New), None),
            Verdict::ExpectedFailure { link, .. } => (Some(Deviation::Known), Some(link.clone())),
            Verdict::UnexpectedPass { link, .. } => (Some(Deviation::Gone), Some(link.clone())),
            Verdict::Passed | Verdict::Skipped { .. } | Verdict::Unsupported { .. } => (None, None),
        };
        let failure = if flaky { failed } else { last.verdict.failure() };
        let unclean = ran.iter().rev().find_map(|result| result.cleanup_failed.as_ref());
        Self {
            state: match () {
                () if flaky => "flaky",
                () if unclean.is_some() => "failed",
                () => state(last),
            },
            word: if flaky { format!("flaky, {good} of {tried} passed") } else { word(last, unclean.is_some()) },
            cause: failure.map(|failure| failure.cause),
            deviation,
            link,
            wanted: failure.map(|failure| failure.wanted.clone()),
            seen: seen(&last.verdict, failure).or_else(|| unclean.map(|problem| format!("not cleaned up: {problem}"))),
        }
    }

    pub fn nothing() -> Self {
        let word = "-".to_owned();
        Self { state: "nothing", word, cause: None, deviation: None, link: None, wanted: None, seen: None }
    }

    /// Whether a reader needs more than the cell itself.
    pub fn has_note(&self) -> bool {
        !matches!(self.state, "passed" | "skipped" | "nothing")
    }
}

fn word(result: &ScenarioResult, unclean: bool) -> String {
    let word = match &result.verdict {
        Verdict::ExpectedFailure { .. } => "failed",
        Verdict::UnexpectedPass { .. } => "passed",
        verdict => verdict.word(),
    };
    if unclean { format!("{word}, not cleaned up") } else { word.to_owned() }
}

fn seen(verdict: &Verdict, failure: Option<&Failure>) -> Option<String> {
    match verdict {
        Verdict::Skipped { reason } => Some(reason.clone()),
        Verdict::Unsupported { feature } => Some(format!("the gateway does not claim {feature}")),
        _ => failure.map(|failure| failure.seen.clone()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use model::sample::{failure, result};

    #[test]
    fn a_deviation_is_known_new_or_gone() {
        let known = Verdict::ExpectedFailure { link: "l".into(), failure: failure() };
        let gone = Verdict::UnexpectedPass { link: "l".into(), expected: None };
        let cases = [
            (Verdict::Passed, "passed", "passed", None),
            (Verdict::Failed(failure()), "failed", "failed", Some(Deviation::New)),
            (known, "expected", "failed", Some(Deviation::Known)),
            (gone, "unexpected", "passed", Some(Deviation::Gone)),
            (Verdict::Skipped { reason: "r".into() }, "skipped", "skipped", None),
        ];
        for (verdict, state, word, deviation) in cases {
            let cell = Cell::of(&[&result("a", verdict)]);
            assert_eq!((cell.state, cell.word.as_str(), cell.deviation), (state, word, deviation));
        }
        assert_eq!(Cell::of(&[]), Cell::nothing());
    }

    #[test]
    fn what_passed_once_and_failed_once_is_not_shown_as_passed() {
        let (good, bad) = (result("a", Verdict::Passed), result("a", Verdict::Failed(failure())));
        let cell = Cell::of(&[&bad, &good]);
        assert_eq!((cell.state, cell.word.as_str()), ("flaky", "flaky, 1 of 2 passed"));
        assert_eq!((cell.cause, cell.deviation), (Some(failure().cause), Some(Deviation::New)));
        let skipped = result("a", Verdict::Skipped { reason: "r".into() });
        assert_eq!(Cell::of(&[&good, &skipped]).state, "passed", "a run that skipped it says nothing");
    }

    #[test]
    fn what_was_not_cleaned_up_is_not_shown_as_passed() {
        let mut dirty = result("a", Verdict::Passed);
        dirty.cleanup_failed = Some("a namespace stays".into());
        let cell = Cell::of(&[&dirty]);
        assert_eq!((cell.state, cell.word.as_str()), ("failed", "passed, not cleaned up"));
        assert_eq!(cell.seen.as_deref(), Some("not cleaned up: a namespace stays"));
    }
}
