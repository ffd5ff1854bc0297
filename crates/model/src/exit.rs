//! The exit codes of the process.

use crate::{Report, RunStats};

/// An exit code.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Exit {
    /// Every scenario passed, or was skipped with a reason.
    Passed = 0,
    /// A scenario failed, was flaky or passed unexpectedly, or the run was interrupted.
    Failed = 1,
    /// The command line or a scenario's folder is invalid.
    Usage = 2,
    /// The lab itself failed.
    Lab = 3,
    /// Cleanup failed, and nothing worse happened.
    Cleanup = 4,
}

impl From<Exit> for std::process::ExitCode {
    fn from(exit: Exit) -> Self {
        Self::from(exit as u8)
    }
}

impl Exit {
    pub fn of(report: &Report) -> Self {
        let stats = RunStats::of(report);
        if stats.failed > 0 || report.interrupted.is_some() {
            Self::Failed
        } else if stats.cleanup_failed > 0 {
            Self::Cleanup
        } else {
            Self::Passed
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sample::{failure, report, result};
    use crate::{ScenarioResult, Verdict};

    fn code(scenarios: Vec<ScenarioResult>) -> u8 {
        Exit::of(&report(scenarios)) as u8
    }

    #[test]
    fn the_worst_scenario_decides() {
        let skipped = result("s", Verdict::Skipped { reason: "not here".into() });
        let known = result("k", Verdict::ExpectedFailure { link: "l".into(), failure: failure() });
        let failed = result("f", Verdict::Failed(failure()));
        let mut unclean = result("u", Verdict::Passed);
        unclean.cleanup_failed = Some("a namespace stayed".into());
        let mut flaky = result("y", Verdict::Passed);
        flaky.flaky = true;

        assert_eq!(code(vec![]), 0);
        assert_eq!(code(vec![result("p", Verdict::Passed), skipped, known]), 0);
        assert_eq!(code(vec![result("p", Verdict::Passed), unclean.clone()]), 4);
        assert_eq!(code(vec![unclean, failed]), 1, "a failure is worse than a failed cleanup");
        assert_eq!(code(vec![flaky]), 1);
        let gone = Verdict::UnexpectedPass { link: "l".into(), expected: Some(crate::cause::Cause::UnknownSni) };
        assert_eq!(code(vec![result("g", gone)]), 1);
    }

    #[test]
    fn an_interrupted_run_is_never_green() {
        let mut cut = report(vec![result("p", Verdict::Passed)]);
        cut.interrupted = Some("Ctrl-C".into());
        assert_eq!(Exit::of(&cut), Exit::Failed);
    }
}
