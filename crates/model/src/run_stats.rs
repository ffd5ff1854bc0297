//! Counts over a report.

use super::{Report, Verdict};

/// The number of scenarios for each result.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub struct RunStats {
    pub passed: usize,
    /// Sabotages that turned their scenario red, as they should.
    pub red_as_demanded: usize,
    pub failed: usize,
    pub skipped: usize,
    pub unsupported: usize,
    pub expected_failures: usize,
    /// Also counted as failed.
    pub flaky: usize,
    /// Also counted under one of the others.
    pub cleanup_failed: usize,
}

impl RunStats {
    pub fn of(report: &Report) -> Self {
        let mut tally = Self::default();
        for scenario in &report.scenarios {
            tally.flaky += usize::from(scenario.flaky);
            tally.cleanup_failed += usize::from(scenario.cleanup_failed.is_some());
            match &scenario.verdict {
                _ if scenario.is_bad() => tally.failed += 1,
                Verdict::Skipped { .. } => tally.skipped += 1,
                Verdict::Unsupported { .. } => tally.unsupported += 1,
                Verdict::ExpectedFailure { .. } => tally.expected_failures += 1,
                Verdict::Passed if scenario.sabotage.is_some() => tally.red_as_demanded += 1,
                _ => tally.passed += 1,
            }
        }
        tally
    }
}
