//! How long scenarios took over several attempts, and where the time went.

use model::{Report, ScenarioResult, Spread};
use std::fmt::Write;

/// A table of all scenarios that ran, the longest first, with the part of their time that they waited for the lab.
pub fn times(report: &Report) -> String {
    let mut rows: Vec<(&ScenarioResult, Spread, f64)> = report.scenarios.iter().filter_map(row).collect();
    rows.sort_by(|(_, a, _), (_, b, _)| b.median.total_cmp(&a.median));
    let width = rows.iter().map(|(result, ..)| result.id().len()).max().unwrap_or(0).max("scenario".len());
    let mut text = format!("\n{:width$}  {:<26}  waiting  attempts\n", "scenario", "seconds");
    for (result, spread, waiting) in rows {
        let flaky = if result.flaky { ", flaky" } else { "" };
        let (seconds, percent) = (spread.to_string(), waiting * 100.0);
        // Writing to a String cannot fail.
        let _ =
            writeln!(text, "{:width$}  {seconds:<26}  {percent:>5.0} %  {}{flaky}", result.id(), result.attempts.len());
    }
    text
}

/// The times of a scenario without waiting for others, and the part of them that it waited for the lab.
fn row(result: &ScenarioResult) -> Option<(&ScenarioResult, Spread, f64)> {
    let ran = || result.attempts.iter().filter(|attempt| attempt.verdict.ran()).map(|attempt| attempt.timeline);
    let spread = Spread::of(ran().map(|time| time.seconds))?;
    let (all, waited) = ran().fold((0.0, 0.0), |(all, waited), time| (all + time.seconds, waited + time.waited));
    Some((result, spread, if all > 0.0 { waited / all } else { 0.0 }))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fake::{info, result};
    use model::{Attempt, LabFacts, Timeline, Verdict};

    #[test]
    fn the_longest_scenario_comes_first_and_one_that_did_not_run_not_at_all() {
        let mut report = crate::suite::new_report("run".into(), LabFacts::from(&info()), None);
        let attempt = |seconds: f64| Attempt {
            timeline: Timeline { seconds, waited: seconds / 2.0, ..Timeline::default() },
            ..result("any", Verdict::Passed).attempts[0].clone()
        };
        for (name, times) in [("short", vec![1.0, 3.0, 2.0]), ("long", vec![9.0])] {
            let attempts = times.into_iter().map(attempt).collect();
            report.scenarios.push(model::ScenarioResult { attempts, ..result(name, Verdict::Passed) });
        }
        report.scenarios.push(result("skipped", Verdict::Skipped { reason: "r".into() }));
        let text = times(&report);
        let lines: Vec<&str> = text.lines().skip(2).collect();
        assert_eq!(
            lines,
            ["long      9.0 s (9.0 to 9.0)             50 %  1", "short     2.0 s (1.0 to 3.0)             50 %  3"]
        );
    }
}
