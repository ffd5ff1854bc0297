//! Executes `stop`.

use super::{Execute, Outcome};
use crate::Context;
use model::{Cause, Failure, LoadFigures, LoadGap, LoadTimeline};
use probe::{Comparison, LoadResult};
use scenario::{Span, Stop};
use std::time::Duration;
use tokio::time::Instant;

impl Execute for Stop {
    async fn execute(&self, context: &mut Context<'_>) -> Outcome {
        let within = self.within.unwrap_or(Stop::WITHIN).0;
        let expected = format!("load generator {}: every acknowledged message consumed once", self.producer);
        let Some(workload) = context.workloads.remove(&self.producer) else {
            return Err(Failure::new(Cause::Content, expected, "no earlier `start` step started this load generator"));
        };
        let least = self.acked.unwrap_or(1);
        let started = context.clock.elapsed().saturating_sub(workload.age());
        let remaining = context.clock.waiting(acknowledged(|| workload.acked(), least, within)).await;
        match context.clock.waiting(workload.stop(remaining)).await {
            Ok(result) => {
                context.figures = Some(LoadFigures {
                    acked: result.acked,
                    lost: result.lost(),
                    duplicates: result.duplicates(),
                    largest_gap: result.largest_gap.as_secs_f64(),
                    paused: result.paused.as_secs_f64(),
                    timeline: Some(timeline(started, &result)),
                });
                check_load(self, &result, expected)
            }
            Err(error) => Err(Failure::new(Cause::Content, expected, error.to_string()).with_evidence(error.log)),
        }
    }
}

fn timeline(started: Duration, result: &LoadResult) -> LoadTimeline {
    let seconds = |time: Option<Duration>| time.map(|time| time.as_secs_f64());
    let probe::LoadTimeline { width, bins, gaps } = &result.timeline;
    LoadTimeline {
        started: started.as_secs_f64(),
        width: width.as_secs_f64(),
        acked: bins.iter().map(|bin| bin.acked).collect(),
        median: bins.iter().map(|bin| seconds(bin.median)).collect(),
        slowest: bins.iter().map(|bin| seconds(bin.slowest)).collect(),
        gaps: gaps.iter().map(|gap| LoadGap { at: gap.at.as_secs_f64(), seconds: gap.length.as_secs_f64() }).collect(),
    }
}

/// The consumer always gets this fraction of the time to catch up, even if the last message was acknowledged late.
const CATCH_UP: u32 = 6;

/// Lets the load generator run until `least` messages are acknowledged, at most for `within`. Returns the rest of
/// `within` for the consumer. Both share `within`, because a step that used it twice could run into the scenario's own
/// deadline.
async fn acknowledged(acked: impl Fn() -> u64, least: u64, within: Duration) -> Duration {
    let start = Instant::now();
    let enough = async {
        while acked() < least {
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
    };
    // Running out of time is not an error here. The caller checks the number of messages.
    let _ = tokio::time::timeout(within, enough).await;
    within.saturating_sub(start.elapsed()).max(within / CATCH_UP)
}

fn check_load(step: &Stop, result: &LoadResult, expected: String) -> Outcome {
    let mut evidence = vec![format!(
        "acknowledged {}, consumed {}, lost {}, duplicates {}, largest gap {}",
        result.acked,
        result.consumed,
        result.lost(),
        result.duplicates(),
        seconds(result.largest_gap)
    )];
    evidence.extend(result.largest_gaps.iter().map(|(id, gap)| format!("broker {id}: largest gap {}", seconds(*gap))));
    if !result.paused.is_zero() {
        evidence.push(format!("this machine stood still for {}, which is not counted", seconds(result.paused)));
    }
    evidence.extend(result.errors.iter().take(5).map(|error| format!("error during the load: {error}")));
    let failed = |expected: String, seen: String, evidence: Vec<String>| {
        Err(Failure::new(Cause::Content, expected, seen).with_evidence(evidence))
    };
    let least = step.acked.unwrap_or(1);
    if result.acked < least {
        // This comes before the comparison, because with too few messages the consumer had little time for the last
        // ones.
        let expected = format!("load generator {}: at least {least} messages acknowledged", step.producer);
        return failed(expected, format!("{} messages were acknowledged", result.acked), evidence);
    }
    if let Some(problem) = without_resent(result).problem() {
        return failed(expected, problem, evidence);
    }
    if step.undisturbed
        && let Some(first) = result.errors.first()
    {
        let expected = format!("load generator {}: no connection is cut and no message fails", step.producer);
        return failed(expected, summary(first, result.errors.len()), evidence);
    }
    if step.disturbed && result.errors.is_empty() {
        let expected = format!("load generator {}: a connection is cut and reconnects", step.producer);
        return failed(expected, "no connection was cut".to_owned(), evidence);
    }
    match step.largest_gap {
        Some(Span(allowed)) if result.largest_gap > allowed => {
            let expected = format!("load generator {}: no gap longer than {allowed:?}", step.producer);
            failed(expected, format!("the largest gap was {}", seconds(result.largest_gap)), evidence)
        }
        _ => Ok(evidence),
    }
}

/// The comparison without the messages that the client itself sent again. When a connection is cut while a partition changes its
/// leader, the new leader may refuse the producer's next number (`OutOfOrderSequence`), and the client then begins anew with what
/// was under way. A gateway carries bytes, and sends no message twice; so without a cut connection a duplicate is a fault.
fn without_resent(result: &LoadResult) -> Comparison {
    let cut = !result.errors.is_empty();
    let duplicates = if cut { 0 } else { result.comparison.duplicates };
    Comparison { duplicates, ..result.comparison.clone() }
}

fn summary(first: &str, all: usize) -> String {
    match all {
        1 => format!("1 error during the load: {first}"),
        all => format!("{all} errors during the load, the first: {first}"),
    }
}

fn seconds(time: Duration) -> String {
    format!("{:.2} s", time.as_secs_f64())
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeMap;

    fn result(comparison: Comparison) -> LoadResult {
        LoadResult {
            run: "r".into(),
            sent: 100,
            acked: 100,
            unacknowledged: 0,
            consumed: 100,
            comparison,
            largest_gap: Duration::from_millis(1500),
            largest_gaps: BTreeMap::from([(10, Duration::from_millis(1500))]),
            slowest_ack: Duration::from_millis(10),
            paused: Duration::ZERO,
            timeline: probe::LoadTimeline::default(),
            errors: vec!["broker 10: disconnected".into()],
            elapsed: Duration::from_secs(10),
        }
    }

    fn stop(text: &str) -> Stop {
        serde_saphyr::from_str(&format!("{{producer: steady{text}}}")).expect("a stop step")
    }

    fn seen(step: &Stop, comparison: Comparison) -> String {
        match check_load(step, &result(comparison), "w".into()) {
            Ok(evidence) => evidence.join("; "),
            Err(failure) => format!("failed: {}", failure.seen),
        }
    }

    #[tokio::test]
    async fn a_failed_load_leaves_the_consumer_only_a_fraction_of_the_time() {
        let within = Duration::from_millis(60);
        assert_eq!(acknowledged(|| 3, 6, within).await, within / CATCH_UP);
        assert!(acknowledged(|| 6, 6, Duration::from_secs(60)).await > Duration::from_secs(60) / CATCH_UP);
    }

    #[test]
    fn a_load_is_checked_for_loss_number_and_gap() {
        let fine = Comparison { wanted: 100, found: 100, ..Comparison::default() };
        let text = seen(&stop(""), fine.clone());
        assert!(text.contains("acknowledged 100, consumed 100, lost 0, duplicates 0, largest gap 1.50 s"), "{text}");
        assert!(text.contains("broker 10: largest gap 1.50 s"), "{text}");
        assert_eq!(seen(&stop(", acked: 101"), fine.clone()), "failed: 100 messages were acknowledged");
        assert_eq!(seen(&stop(", largest-gap: 1s"), fine.clone()), "failed: the largest gap was 1.50 s");
        assert!(!seen(&stop(", largest-gap: 2s"), fine.clone()).starts_with("failed"));
        let disturbed = seen(&stop(", undisturbed: true"), fine.clone());
        assert_eq!(disturbed, "failed: 1 error during the load: broker 10: disconnected");
        assert_eq!(summary("a", 2), "2 errors during the load, the first: a");
        assert!(!seen(&stop(", disturbed: true"), fine.clone()).starts_with("failed"));
        let calm = LoadResult { errors: Vec::new(), ..result(fine.clone()) };
        let Err(failure) = check_load(&stop(", disturbed: true"), &calm, "w".into()) else { panic!("nothing was cut") };
        assert_eq!(failure.seen, "no connection was cut");
        let twice = Comparison { duplicates: 1, ..fine.clone() };
        let evidence = seen(&stop(""), twice.clone());
        assert!(
            evidence.contains("duplicates 1") && !evidence.starts_with("failed"),
            "a connection was cut: {evidence}"
        );
        let calm = LoadResult { errors: Vec::new(), ..result(twice) };
        let failure = check_load(&stop(""), &calm, "w".into()).expect_err("nothing was cut");
        assert_eq!(failure.seen, "of 100 messages 100 came: 1 duplicate");
        let paused = LoadResult { paused: Duration::from_secs(6), ..result(fine) };
        let evidence = check_load(&stop(""), &paused, "w".into()).unwrap_or_default();
        assert_eq!(evidence[2], "this machine stood still for 6.00 s, which is not counted");
        let lost =
            Comparison { wanted: 100, found: 99, missing: 1, missing_examples: vec![7], ..Comparison::default() };
        assert!(seen(&stop(""), lost).starts_with("failed: of 100 messages 99 came: 1 missing"));
    }
}
