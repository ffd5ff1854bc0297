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
        let mut stats = Self::default();
        for scenario in &report.scenarios {
            stats.flaky += usize::from(scenario.flaky);
            stats.cleanup_failed += usize::from(scenario.cleanup_failed.is_some());
            match &scenario.verdict {
                _ if scenario.is_bad() => stats.failed += 1,
                Verdict::Skipped { .. } => stats.skipped += 1,
                Verdict::Unsupported { .. } => stats.unsupported += 1,
                Verdict::ExpectedFailure { .. } => stats.expected_failures += 1,
                Verdict::Passed if scenario.sabotage.is_some() => stats.red_as_demanded += 1,
                _ => stats.passed += 1,
            }
        }
        stats
    }
}
