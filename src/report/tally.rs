//! Counts over a report.

use super::{Report, Timeline, Verdict};

/// How many scenarios ended how.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub struct Tally {
    pub passed: usize,
    /// Sabotages that turned their scenario red as they should.
    pub red_as_demanded: usize,
    pub failed: usize,
    pub skipped: usize,
    pub unsupported: usize,
    pub known_deviations: usize,
    /// Counted among the failed ones too.
    pub flaky: usize,
    /// Beside any of the others.
    pub cleanup_failed: usize,
}

impl Tally {
    pub fn of(report: &Report) -> Self {
        let mut tally = Self::default();
        for scenario in &report.scenarios {
            tally.flaky += usize::from(scenario.flaky);
            tally.cleanup_failed += usize::from(scenario.cleanup_failed.is_some());
            match &scenario.verdict {
                _ if scenario.is_bad() => tally.failed += 1,
                Verdict::Skipped { .. } => tally.skipped += 1,
                Verdict::Unsupported { .. } => tally.unsupported += 1,
                Verdict::KnownDeviation { .. } => tally.known_deviations += 1,
                Verdict::Passed if scenario.sabotage.is_some() => tally.red_as_demanded += 1,
                _ => tally.passed += 1,
            }
        }
        tally
    }
}

impl Report {
    /// The runner's own share of the scenarios' wall time, 0 to 1.
    pub fn overhead(&self) -> f64 {
        let lines = self.scenarios.iter().flat_map(|scenario| &scenario.attempts).map(|attempt| attempt.timeline);
        let (own, all) = lines.fold((0.0, 0.0), |(own, all), line: Timeline| (own + line.own(), all + line.seconds));
        if all > 0.0 { own / all } else { 0.0 }
    }
}
