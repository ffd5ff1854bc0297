//! Runs the steps of one attempt in order, each under its own deadline and the scenario's.

use super::{Context, Stop, Task, steps};
use model::{Cause, Failure, StepOutcome, StepRef, StepResult, Verdict};
use scenario::{Sabotage, Scenario, Span, Step, StepItem};
use serde_saphyr::Spanned;
use std::time::Duration;
use tokio::time::{Instant, sleep_until};

/// How long a probe waits where the gateway is known to fail the scenario. Routes are served within two seconds or never, and
/// the usual 30 s would only be waited out.
pub const KNOWN_TO_FAIL: Span = Span::seconds(10);

/// Runs all steps, and records the result of each. With `patience`, no probe waits longer than that.
pub async fn steps(
    context: &mut Context<'_>,
    task: &Task,
    patience: Option<Span>,
    stop: &Stop,
    done: &mut Vec<StepResult>,
) -> Verdict {
    let scenario = &task.job.scenario;
    let deadline = Instant::now() + scenario.within.0;
    if let Err(failure) = context.create_namespace().await {
        return Verdict::Failed(failure);
    }
    let mut ended = Verdict::Passed;
    for (index, step) in scenario.steps.iter().enumerate() {
        let label = scenario.step_name(index);
        let left_out = task.sabotage().and_then(|one| scenario.find_step(one.leave_out.as_ref()?)) == Some(index);
        if left_out || ended != Verdict::Passed {
            done.push(row(step, &label, context.clock.elapsed()));
            continue;
        }
        let place = StepRef { label: label.clone(), file: task.job.file(), line: step.referenced.line() };
        if let Some(sabotage) = task.sabotage().filter(|one| runs_before(scenario, one, index))
            && let Err(failure) = steps::sabotage(context, sabotage).await
        {
            let place = StepRef { label: "sabotage".to_owned(), ..place };
            ended = Verdict::Failed(failure.at(place));
            done.push(row(step, &label, context.clock.elapsed()));
            continue;
        }
        context.line.step(describe(context, &step.value, &label));
        let mut result = row(step, &label, context.clock.elapsed());
        let to_fail = task.sabotage().filter(|one| scenario.find_step(&one.expect.step) == Some(index));
        let patience = patience.filter(|_| matches!(*step.value, Step::Probe(_) | Step::ProbeTcp(_)));
        let most = to_fail.and_then(|one| one.expect.within).or(patience);
        let shorter = most.map(|most| step.value.shortened(most));
        let (began, waited) = (context.clock.elapsed(), context.clock.waited());
        let outcome =
            bounded(context, shorter.as_ref().unwrap_or(&step.value), stop, deadline, scenario.within.0).await;
        result.seconds = (context.clock.elapsed() - began).as_secs_f64();
        result.waited = (context.clock.waited() - waited).as_secs_f64();
        result.workload = context.figures.take();
        result.diagnosis = context.diagnosis.take();
        match outcome {
            Bounded::Done(Ok(evidence)) => {
                result.outcome = StepOutcome::Passed;
                result.evidence = evidence;
            }
            Bounded::Done(Err(failure)) => {
                result.outcome = StepOutcome::Failed;
                result.evidence.clone_from(&failure.evidence);
                ended = Verdict::Failed(failure.at(place));
            }
            Bounded::Stopped(reason) => {
                ended = Verdict::Skipped { reason: format!("stopped during step {label}: {reason}") }
            }
        }
        done.push(result);
    }
    ended
}

enum Bounded {
    Done(steps::Outcome),
    Stopped(String),
}

async fn bounded(context: &mut Context<'_>, step: &Step, stop: &Stop, deadline: Instant, within: Duration) -> Bounded {
    let limit = steps::limit(step);
    let step_deadline = Instant::now() + limit;
    let late =
        |expected: String| Bounded::Done(Err(Failure::new(Cause::Timeout, expected, "the step had not finished")));
    tokio::select! {
        outcome = steps::execute(context, step) => Bounded::Done(outcome),
        reason = stop.raised() => Bounded::Stopped(reason),
        () = sleep_until(deadline) => late(format!("all steps within {within:?}")),
        () = sleep_until(step_deadline) => late(format!("the step within {limit:?}")),
    }
}

/// Whether the sabotage must run before the step with this index.
fn runs_before(scenario: &Scenario, sabotage: &Sabotage, index: usize) -> bool {
    let before = sabotage.before.as_ref().unwrap_or(&sabotage.expect.step);
    sabotage.leave_out.is_none() && scenario.find_step(before) == Some(index)
}

/// The progress line of a step, with this run's values of its variables.
fn describe(context: &Context<'_>, step: &Step, label: &str) -> String {
    let summary = context.resolve(step).map_or_else(|_| step.summary(), |step| step.summary());
    format!("{label} {summary}")
}

fn row(step: &Spanned<StepItem>, label: &str, started: Duration) -> StepResult {
    StepResult {
        label: label.to_owned(),
        line: step.referenced.line(),
        summary: step.value.summary(),
        started: started.as_secs_f64(),
        seconds: 0.0,
        waited: 0.0,
        outcome: StepOutcome::NotRun,
        evidence: Vec::new(),
        workload: None,
        diagnosis: None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fake::scenario;

    #[test]
    fn a_sabotage_runs_before_the_step_that_it_names() {
        let wait = "{wait: {kind: K, name: n, gone: true, within: 1s}}";
        let steps = format!("steps: [{wait}, {wait}, {{id: traffic, produce: {{topic: t, messages: 1}}}}]\n");
        let sabotages = scenario(&format!(
            "{steps}sabotage:\n  \
             - {{name: a, apply: x.yaml, expect: {{step: produce, cause: timeout}}}}\n  \
             - {{name: b, apply: x.yaml, before: 'wait#2', expect: {{step: traffic, cause: timeout}}}}\n  \
             - {{name: c, apply: x.yaml, before: traffic, expect: {{step: traffic, cause: timeout}}}}\n  \
             - {{name: d, leave-out: wait, expect: {{step: produce, cause: timeout}}}}\n",
        ));
        let before: Vec<Vec<usize>> = sabotages
            .sabotage
            .iter()
            .map(|one| (0..3).filter(|index| runs_before(&sabotages, &one.value, *index)).collect())
            .collect();
        assert_eq!(before, [vec![2], vec![1], vec![2], vec![]]);
    }
}
