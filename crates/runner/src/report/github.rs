//! The log of a job of GitHub Actions: a group for each scenario, and an annotation for each failure.

use super::Console;
use camino::Utf8PathBuf;
use model::{Report, ScenarioResult, StepOutcome, Verdict, visible};
use std::fmt::Write as _;

/// Formats results as workflow commands.
#[derive(Clone, Debug)]
pub struct GithubLog {
    /// The word that turns commands on again after a scenario's own text. Nobody who writes such a text can know it.
    resume: String,
}

impl GithubLog {
    /// `run` is the unique name of the run.
    pub fn new(run: &str) -> Self {
        Self { resume: format!("resume-{run}") }
    }

    /// A folded group with the steps and the block of a scenario, and then its annotations. `line` becomes the group's title.
    pub fn scenario(&self, line: &str, result: &ScenarioResult) -> String {
        let mut text = format!("::group::{}\n::stop-commands::{}\n", data(line), self.resume);
        for step in &result.steps {
            let outcome = match step.outcome {
                StepOutcome::Passed => "passed",
                StepOutcome::Failed => "failed",
                StepOutcome::NotRun => "not run",
            };
            let said = visible(&step.summary);
            // Writing to a String cannot fail.
            let _ = writeln!(text, "{outcome:<8} {:>6.1} s  {} {said}", step.seconds, visible(&step.label));
        }
        let block = Console::plain(0).block(result);
        if !block.is_empty() {
            text += block.trim_start_matches('\n');
            text.push('\n');
        }
        let _ = write!(text, "::{}::\n::endgroup::", self.resume);
        for annotation in annotations(result) {
            let _ = write!(text, "\n{annotation}");
        }
        text
    }

    /// The annotation of a run that ended early.
    pub fn interrupted(report: &Report) -> Option<String> {
        let reason = report.interrupted.as_ref()?;
        Some(format!("::error title=The run ended early::{}", data(reason)))
    }
}

fn annotations(result: &ScenarioResult) -> Vec<String> {
    let mut found = Vec::new();
    let failure = result.verdict.failure().filter(|_| result.is_bad());
    if let Some(failure) = failure {
        let (file, line) = match &failure.step {
            Some(step) => (step.file.clone(), step.line),
            None => (file(result), 1),
        };
        let cause = failure.cause;
        let message = format!(
            "last seen: {}\nwanted: {}\ncause: {cause} ({}, {})",
            failure.seen,
            failure.wanted,
            cause.number(),
            cause.page()
        );
        found.push(error(&file, line, &format!("{}: {}: {cause}", result.id(), result.word()), &message));
    } else if let Verdict::UnexpectedPass { link, .. } = &result.verdict {
        let message = format!("a failure was expected ({link}); remove the deviation from the gateway's fixture");
        found.push(error(&file(result), 1, &format!("{}: {}", result.id(), result.word()), &message));
    } else if result.is_bad() {
        found.push(error(
            &file(result),
            1,
            &format!("{}: {}", result.id(), result.word()),
            "it failed in another attempt",
        ));
    }
    if let Some(problem) = &result.cleanup_failed {
        found.push(error(&file(result), 1, &format!("{}: cleanup failed", result.id()), problem));
    }
    found
}

/// A scenario's folder has its name.
fn file(result: &ScenarioResult) -> Utf8PathBuf {
    Utf8PathBuf::from("scenarios").join(&result.name).join("scenario.yaml")
}

fn error(file: &Utf8PathBuf, line: u64, title: &str, message: &str) -> String {
    format!("::error file={},line={line},title={}::{}", property(file.as_str()), property(title), data(message))
}

/// The text of a command. GitHub replaces these three sequences.
fn data(text: &str) -> String {
    visible(&text.replace('\r', "\n")).replace('%', "%25").replace('\n', "%0A")
}

/// A property of a command, where two more characters have a meaning.
fn property(text: &str) -> String {
    data(text).replace(':', "%3A").replace(',', "%2C")
}

#[cfg(test)]
mod tests {
    use super::*;
    use model::StepResult;
    use model::sample::{failure, report, result};

    fn log(result: &ScenarioResult) -> Vec<String> {
        let text = GithubLog::new("run-1").scenario(&Console::plain(0).line(result), result);
        text.lines().map(str::to_owned).collect()
    }

    #[test]
    fn a_failure_is_an_annotation_at_the_step_that_failed() {
        let lines = log(&result("native-tlsroute", Verdict::Failed(failure())));
        assert!(lines[0].starts_with("::group::failed            native-tlsroute"), "{lines:#?}");
        assert_eq!(
            lines.last().map(String::as_str),
            Some(
                "::error file=scenarios/native-tlsroute/scenario.yaml,line=17,title=native-tlsroute%3A failed%3A route-missing::\
                 last seen: no TLSRoute leads to broker-11.kafka.test:9092%0Awanted: 300 messages through every broker%0A\
                 cause: route-missing (KGL005, docs/causes/route-missing.md)"
            )
        );
        assert!(lines.iter().any(|line| line.contains("evidence   broker 11 advertises")), "{lines:#?}");
    }

    #[test]
    fn a_good_scenario_is_only_a_group_with_its_steps() {
        let mut good = result("fine", Verdict::Passed);
        good.steps = vec![StepResult {
            label: "probe".into(),
            line: 9,
            summary: "broker-10 answers".into(),
            started: 0.0,
            seconds: 1.5,
            waited: 1.0,
            outcome: StepOutcome::Passed,
            evidence: Vec::new(),
            workload: None,
            diagnosis: None,
        }];
        assert_eq!(
            log(&good),
            [
                "::group::passed            fine     4.0 s",
                "::stop-commands::resume-run-1",
                "passed      1.5 s  probe broker-10 answers",
                "::resume-run-1::",
                "::endgroup::",
            ]
        );
    }

    #[test]
    fn texts_from_outside_are_no_commands_and_stay_in_one_line() {
        let mut failed = failure();
        failed.seen = "100 %: a, b\r\n::error::forged\n##[add-path]x".into();
        let mut result = result("a,b:c", Verdict::Failed(failed));
        result.cleanup_failed = Some("left\nbehind".into());
        let lines = log(&result);
        let (stop, resume) = (
            lines.iter().position(|line| line == "::stop-commands::resume-run-1"),
            lines.iter().position(|line| line == "::resume-run-1::"),
        );
        let inside = stop.zip(resume).expect("the group's text is between the two");
        for (number, line) in lines.iter().enumerate() {
            let ours = line.starts_with("::group::")
                || line.starts_with("::error file=scenarios/")
                || ["::endgroup::", "::stop-commands::resume-run-1", "::resume-run-1::"].contains(&line.as_str());
            assert!(ours || (inside.0..inside.1).contains(&number), "line {number} is not ours: {line}");
        }
        let errors: Vec<_> = lines.iter().filter(|line| line.starts_with("::error")).collect();
        assert_eq!(errors.len(), 2, "{lines:#?}");
        assert!(
            errors[0].contains(",title=a%2Cb%3Ac%3A failed%3A route-missing::last seen: 100 %25: a, b%0A"),
            "{errors:#?}"
        );
        assert!(errors[1].ends_with("title=a%2Cb%3Ac%3A cleanup failed::left%0Abehind"), "{errors:#?}");
    }

    #[test]
    fn what_is_no_failure_has_no_annotation() {
        let known = Verdict::ExpectedFailure { link: "https://example.test/1".into(), failure: failure() };
        for verdict in [Verdict::Passed, Verdict::Skipped { reason: "r".into() }, known] {
            assert!(!log(&result("a", verdict)).iter().any(|line| line.starts_with("::error")));
        }
        let gone = Verdict::UnexpectedPass { link: "https://example.test/1".into(), expected: None };
        assert!(
            log(&result("a", gone))
                .iter()
                .any(|line| line.starts_with("::error file=scenarios/a/scenario.yaml,line=1,"))
        );
        let mut early = report(Vec::new());
        assert_eq!(GithubLog::interrupted(&early), None);
        early.interrupted = Some("Ctrl-C".into());
        assert_eq!(GithubLog::interrupted(&early).as_deref(), Some("::error title=The run ended early::Ctrl-C"));
    }
}
