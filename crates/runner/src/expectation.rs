//! Turns the end of a scenario into a verdict: known deviations, sabotage and repeated attempts.

use lab::gateway::{Expected, GatewayFixture, Topic};
use model::{Cause, Failure, SabotageRow, ScenarioResult, Verdict};
use scenario::{Sabotage, Scenario};

/// A scenario that is known to fail with a gateway. The gateway's fixture lists it.
#[derive(Clone, Debug)]
pub struct Deviation {
    pub scenario: String,
    /// `None` means any cause.
    pub cause: Option<Cause>,
    /// A link to the upstream issue or to the specification.
    pub link: String,
}

impl Deviation {
    /// The scenarios that the fixture of this gateway lists for this version of it.
    pub fn of(fixture: &GatewayFixture, version: Option<&str>) -> Vec<Self> {
        let affecting = fixture.deviations.iter().filter(|deviation| deviation.affects(version));
        let failing = affecting.filter(|deviation| deviation.expected == Expected::Failed);
        failing
            .filter_map(|deviation| match &deviation.topic {
                Topic::Scenario(scenario) => {
                    Some(Self { scenario: scenario.clone(), cause: deviation.cause, link: deviation.link.clone() })
                }
                Topic::Topic(_) => None,
            })
            .collect()
    }
}

/// Applies known deviations to a verdict. A failure with another cause than the known one stays a failure.
pub fn with_deviations(verdict: Verdict, scenario: &str, deviations: &[Deviation]) -> Verdict {
    let mut known = deviations.iter().filter(|deviation| deviation.scenario == scenario).peekable();
    let Some(first) = known.peek().copied() else { return verdict };
    match verdict {
        Verdict::Passed => Verdict::UnexpectedPass { link: first.link.clone(), expected: first.cause },
        Verdict::Failed(failure) => {
            match known.find(|deviation| deviation.cause.is_none_or(|cause| cause == failure.cause)) {
                Some(deviation) => Verdict::ExpectedFailure { link: deviation.link.clone(), failure },
                None => Verdict::Failed(failure),
            }
        }
        other => other,
    }
}

/// Checks a sabotaged run: it must fail at the step and for the cause that the sabotage names.
pub fn sabotaged(scenario: &Scenario, sabotage: &Sabotage, ended: Verdict) -> (SabotageRow, Verdict) {
    let expect = &sabotage.expect;
    let mut row = SabotageRow {
        name: sabotage.name.clone(),
        step: scenario.step_called(&expect.step),
        cause: expect.cause,
        mentions: expect.mentions.clone(),
        red: ended.failure().cloned(),
    };
    let words = expect.mentions.as_ref().map(|text| format!(", mentioning `{text}`")).unwrap_or_default();
    let step = scenario.step_called(&expect.step);
    let expected = format!("red at {step} for {}{words}", expect.cause);
    let verdict = match ended {
        Verdict::Failed(failure) => match wrongly_red(&step, sabotage, &failure) {
            None => Verdict::Passed,
            Some(how) => {
                let seen = format!("{how}: {}", failure.seen);
                Verdict::Failed(Failure { wanted: expected, seen, ..failure })
            }
        },
        Verdict::Passed => Verdict::Failed(Failure::new(
            Cause::NotRefused,
            expected,
            "green: the scenario does not notice the sabotage",
        )),
        untried => {
            row.red = None;
            untried
        }
    };
    (row, verdict)
}

fn wrongly_red(expected: &str, sabotage: &Sabotage, failure: &Failure) -> Option<String> {
    let expect = &sabotage.expect;
    let step = failure.step.as_ref().map_or("the preparation", |step| step.label.as_str());
    if expected != step {
        return Some(format!("red at {step}"));
    }
    if failure.cause != expect.cause {
        return Some(format!("red for {}", failure.cause));
    }
    match &expect.mentions {
        Some(text) if !failure.mentions(text) => Some(format!("red without mentioning `{text}`")),
        _ => None,
    }
}

/// Merges an attempt into the earlier ones. The first bad verdict stays. Good and bad attempts together are flaky.
pub fn merge(earlier: &mut ScenarioResult, later: ScenarioResult) {
    let mixed = earlier.verdict.is_bad() != later.verdict.is_bad();
    earlier.flaky |= later.flaky || (mixed && earlier.verdict.ran() && later.verdict.ran());
    // An attempt that was stopped does not change the result of earlier ones.
    if !earlier.verdict.is_bad() && (later.verdict.ran() || !earlier.verdict.ran()) {
        earlier.verdict = later.verdict;
        earlier.seconds = later.seconds;
        earlier.steps = later.steps;
        earlier.sabotage = later.sabotage;
    }
    earlier.cleanup_failed = earlier.cleanup_failed.take().or(later.cleanup_failed);
    earlier.attempts.extend(later.attempts);
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fake::{result, scenario};
    use model::StepRef;

    fn failure(label: &str, cause: Cause) -> Failure {
        Failure {
            step: Some(StepRef { label: label.into(), file: "scenario.yaml".into(), line: 3 }),
            cause,
            wanted: "messages".into(),
            seen: "no route".into(),
            since_change: None,
            evidence: vec!["broker-11.kafka.test is not routed".into()],
        }
    }

    fn sabotaged(sabotage: &Sabotage, ended: Verdict) -> (SabotageRow, Verdict) {
        super::sabotaged(&scenario("steps: [{produce-and-consume: {topic: t, messages: 1}}]\n"), sabotage, ended)
    }

    fn sabotage() -> Sabotage {
        let text = "sabotage:\n  - name: s\n    leave-out: apply\n    \
                    expect: {step: produce-and-consume, cause: route-missing, mentions: broker-11}\n";
        scenario(text).sabotage[0].value.clone()
    }

    #[test]
    fn a_failure_at_the_step_for_the_cause_with_the_text_passes_a_sabotage() {
        let red = Verdict::Failed(failure("produce-and-consume", Cause::RouteMissing));
        let (row, verdict) = sabotaged(&sabotage(), red);
        assert_eq!(verdict, Verdict::Passed);
        assert!(row.red.is_some(), "the row shows how it was red");
    }

    #[test]
    fn any_other_end_of_a_sabotage_is_a_failure() {
        let seen = |ended| match sabotaged(&sabotage(), ended).1 {
            Verdict::Failed(failure) => failure.seen,
            other => panic!("{other:?}"),
        };
        assert_eq!(seen(Verdict::Passed), "green: the scenario does not notice the sabotage");
        assert!(seen(Verdict::Failed(failure("wait", Cause::RouteMissing))).starts_with("red at wait: "));
        let other_cause = failure("produce-and-consume", Cause::Timeout);
        assert!(seen(Verdict::Failed(other_cause)).starts_with("red for timeout: "));
        let mut silent = failure("produce-and-consume", Cause::RouteMissing);
        silent.evidence.clear();
        assert!(seen(Verdict::Failed(silent)).contains("without mentioning `broker-11`"));
        let mut early = failure("x", Cause::RouteMissing);
        early.step = None;
        assert!(seen(Verdict::Failed(early)).starts_with("red at the preparation"));
    }

    #[test]
    fn a_sabotage_of_a_skipped_scenario_is_skipped() {
        let skipped = Verdict::Skipped { reason: "r".into() };
        assert_eq!(sabotaged(&sabotage(), skipped.clone()).1, skipped);
    }

    #[test]
    fn a_known_deviation_is_shown_as_such_and_its_end_is_reported() {
        let known =
            [Deviation { scenario: "fake".into(), cause: Some(Cause::UnknownSni), link: "https://x.test".into() }];
        let verdict_for = |verdict| with_deviations(verdict, "fake", &known);
        let same = failure("refuse", Cause::UnknownSni);
        assert!(
            matches!(verdict_for(Verdict::Failed(same)), Verdict::ExpectedFailure { link, .. } if link == "https://x.test")
        );
        assert!(matches!(
            verdict_for(Verdict::Passed),
            Verdict::UnexpectedPass { expected: Some(Cause::UnknownSni), .. }
        ));
        assert!(matches!(verdict_for(Verdict::Failed(failure("refuse", Cause::Timeout))), Verdict::Failed(_)));
        assert_eq!(with_deviations(Verdict::Passed, "another", &known), Verdict::Passed);
    }

    #[test]
    fn a_pass_after_a_failure_is_flaky_and_fails() {
        let red = || result("a", Verdict::Failed(failure("wait", Cause::Timeout)));
        let green = || result("a", Verdict::Passed);
        for (first, second) in [(red(), green()), (green(), red())] {
            let mut merged = first;
            merge(&mut merged, second);
            assert!(merged.flaky && merged.is_bad() && merged.verdict.is_bad(), "{merged:?}");
            merge(&mut merged, green());
            assert!(merged.flaky && merged.verdict.is_bad() && merged.attempts.len() == 3);
        }
        let mut steady = red();
        merge(&mut steady, red());
        assert!(!steady.flaky && steady.is_bad(), "red twice is not flaky");
        let mut good = green();
        merge(&mut good, green());
        merge(&mut good, result("a", Verdict::Skipped { reason: "Ctrl-C".into() }));
        assert!(good.verdict == Verdict::Passed && !good.is_bad(), "{good:?}");
    }
}
