//! What ran beside what: each scenario gets the first lane that is free when it starts.

use model::Report;
use serde::Serialize;

/// A bar of the timeline, in percent of the run.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Bar {
    pub id: String,
    /// The place of the result in the page.
    pub anchor: usize,
    pub state: &'static str,
    pub lane: usize,
    pub left: f64,
    pub width: f64,
    pub seconds: f64,
}

/// The bars of everything that ran, in the order of their starts, and the number of lanes.
pub fn lanes(report: &Report) -> (Vec<Bar>, usize) {
    let mut spans: Vec<_> = report
        .scenarios
        .iter()
        .enumerate()
        .flat_map(|(anchor, result)| {
            let ran = result.attempts.iter().filter(|attempt| attempt.verdict.ran());
            ran.map(move |attempt| {
                (anchor, result, attempt.timeline.started + attempt.timeline.queued, attempt.timeline.seconds)
            })
        })
        .collect();
    spans.sort_by(|one, other| one.2.total_cmp(&other.2));
    let whole = spans.iter().map(|span| span.2 + span.3).fold(report.seconds, f64::max).max(f64::MIN_POSITIVE);
    let mut free_from: Vec<f64> = Vec::new();
    let bars = spans.into_iter().map(|(anchor, result, start, seconds)| {
        let lane = free_from.iter().position(|free| *free <= start).unwrap_or_else(|| {
            free_from.push(0.0);
            free_from.len() - 1
        });
        free_from[lane] = start + seconds;
        Bar {
            id: result.id(),
            anchor,
            state: super::view::state(result),
            lane,
            left: 100.0 * start / whole,
            width: 100.0 * seconds / whole,
            seconds,
        }
    });
    let bars: Vec<_> = bars.collect();
    (bars, free_from.len())
}

#[cfg(test)]
mod tests {
    use super::*;
    use model::Verdict;
    use model::sample::{report, result};

    #[test]
    fn what_runs_at_the_same_time_has_different_lanes() {
        let at = |name: &str, started: f64, seconds: f64| {
            let mut result = result(name, Verdict::Passed);
            result.attempts[0].timeline.started = started;
            result.attempts[0].timeline.queued = 0.0;
            result.attempts[0].timeline.seconds = seconds;
            result
        };
        let mut report = report(vec![at("b", 5.0, 5.0), at("a", 0.0, 10.0), at("c", 10.0, 10.0)]);
        report.seconds = 20.0;
        let (bars, count) = lanes(&report);
        let placed: Vec<_> = bars.iter().map(|bar| (bar.id.as_str(), bar.lane, bar.left, bar.width)).collect();
        assert_eq!(placed, [("a", 0, 0.0, 50.0), ("b", 1, 25.0, 25.0), ("c", 0, 50.0, 50.0)]);
        assert_eq!((count, bars[0].anchor), (2, 1), "the anchor is the place in the report");
    }

    #[test]
    fn a_run_in_which_nothing_ran_has_no_lane() {
        let skipped = result("a", Verdict::Skipped { reason: "r".into() });
        assert_eq!(lanes(&report(vec![skipped])), (Vec::new(), 0));
    }
}
