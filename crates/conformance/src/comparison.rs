//! The suite's verdicts beside the scenarios'.

use super::known::{Known, KnownTest};
use super::outcome::{Outcome, TestVerdict};
use model::{ScenarioResult, Verdict};

/// One test of the suite, and what our scenarios say of the same.
#[derive(Clone, Debug, PartialEq)]
pub struct Row {
    pub test: String,
    pub theirs: Option<TestVerdict>,
    /// Scenario and verdict, in the words of the report.
    pub ours: Vec<(String, String)>,
    pub agreement: Agreement,
}

#[derive(Clone, Debug, Eq, PartialEq)]
pub enum Agreement {
    /// Both pass, or both fail.
    Same,
    /// They pass and we fail, as the implementation is known to: a finding with this link.
    KnownDeviation(String),
    /// Nobody has explained it.
    Different,
    /// One of the two has no verdict, for this reason.
    NotCompared(String),
}

/// All rows, in the order of the list.
#[derive(Clone, Debug, PartialEq)]
pub struct Comparison {
    pub rows: Vec<Row>,
}

impl Comparison {
    /// Compares. `results` are those of one gateway, the newest first; the first of a name counts.
    pub fn of(known: &Known, outcomes: &[Outcome], results: &[ScenarioResult]) -> Self {
        let row = |(test, what): (&String, &KnownTest)| {
            let theirs = outcomes.iter().find(|one| one.name == *test).map(|one| one.verdict);
            let results: Vec<_> = scenarios(what)
                .iter()
                .map(|name| (name, results.iter().find(|one| one.sabotage.is_none() && one.name == *name)))
                .collect();
            let ours = results.iter().map(|(name, result)| {
                ((*name).clone(), result.map_or("not run", |result| result.verdict.word()).to_owned())
            });
            let verdicts: Vec<_> = results.iter().filter_map(|(_, result)| Some(&(*result)?.verdict)).collect();
            Row { test: test.clone(), theirs, ours: ours.collect(), agreement: agreement(theirs, what, &verdicts) }
        };
        Self { rows: known.tests.iter().map(row).collect() }
    }

    /// How many differences nobody has explained.
    pub fn different(&self) -> usize {
        self.rows.iter().filter(|row| row.agreement == Agreement::Different).count()
    }
}

fn scenarios(what: &KnownTest) -> &[String] {
    match what {
        KnownTest::Scenarios(names) => names,
        KnownTest::None(_) => &[],
    }
}

fn agreement(theirs: Option<TestVerdict>, what: &KnownTest, ours: &[&Verdict]) -> Agreement {
    if let KnownTest::None(reason) = what {
        return Agreement::NotCompared(reason.clone());
    }
    let theirs_passed = match theirs {
        Some(TestVerdict::Passed) => true,
        Some(TestVerdict::Failed) => false,
        Some(TestVerdict::Skipped) => return Agreement::NotCompared("the suite skipped it".to_owned()),
        None => return Agreement::NotCompared("this version of the suite does not have it".to_owned()),
    };
    let link = ours.iter().find_map(|verdict| match verdict {
        Verdict::ExpectedFailure { link, .. } => Some(link.clone()),
        _ => None,
    });
    let failed = ours.iter().any(|verdict| matches!(verdict, Verdict::Failed(_)));
    let passed = ours.iter().any(|verdict| matches!(verdict, Verdict::Passed));
    match (theirs_passed, failed, link, passed) {
        (true, false, None, true) | (false, true, _, _) | (false, _, Some(_), _) => Agreement::Same,
        (true, false, Some(link), _) => Agreement::KnownDeviation(link),
        (true, true, ..) | (false, false, None, true) => Agreement::Different,
        (_, false, None, false) => Agreement::NotCompared("none of the scenarios ran".to_owned()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use model::sample::failure;

    fn scenario() -> KnownTest {
        KnownTest::Scenarios(vec!["one".into()])
    }

    #[test]
    fn both_sides_agree_when_both_pass_or_both_fail() {
        let (failed, known) = (
            Verdict::Failed(failure()),
            Verdict::ExpectedFailure { link: "https://example.com/1".into(), failure: failure() },
        );
        let of = |theirs, ours: &[&Verdict]| agreement(Some(theirs), &scenario(), ours);
        assert_eq!(of(TestVerdict::Passed, &[&Verdict::Passed]), Agreement::Same);
        assert_eq!(of(TestVerdict::Failed, &[&failed]), Agreement::Same);
        assert_eq!(of(TestVerdict::Failed, &[&known, &Verdict::Passed]), Agreement::Same);
        assert_eq!(of(TestVerdict::Passed, &[&failed, &Verdict::Passed]), Agreement::Different);
        assert_eq!(of(TestVerdict::Failed, &[&Verdict::Passed]), Agreement::Different);
        assert_eq!(
            of(TestVerdict::Passed, &[&Verdict::Passed, &known]),
            Agreement::KnownDeviation("https://example.com/1".into())
        );
        assert_eq!(of(TestVerdict::Passed, &[&failed, &known]), Agreement::Different, "one failure is not explained");
    }

    #[test]
    fn without_a_verdict_on_both_sides_there_is_nothing_to_compare() {
        let skipped = Verdict::Skipped { reason: "r".into() };
        let none = KnownTest::None("no client notices".into());
        for (theirs, what, ours) in [
            (Some(TestVerdict::Skipped), scenario(), &Verdict::Passed),
            (None, scenario(), &Verdict::Passed),
            (Some(TestVerdict::Passed), scenario(), &skipped),
            (Some(TestVerdict::Passed), none, &Verdict::Passed),
        ] {
            let agreement = agreement(theirs, &what, &[ours]);
            assert!(matches!(agreement, Agreement::NotCompared(_)), "{theirs:?} {what:?} {ours:?}: {agreement:?}");
        }
    }
}
