//! Runs many scenarios: in parallel if possible, in rounds if they are repeated, with a report on disk meanwhile.

use super::isolation::{self, Isolation};
use super::order::{self, History};
use super::select::shuffle;
use super::{Error, Stop, Task, expectation, ident, machine};
use crate::report::{Paced, ReportFolder};
use futures::StreamExt;
use futures::stream::FuturesUnordered;
use model::{LabFacts, LabKind, Plan, Report, SCHEMA, ScenarioResult, Verdict};
use std::future::Future;
use std::time::{Duration, Instant};

/// Runs one task. It never fails: the result contains every error.
pub trait Executor {
    /// Which tasks may run at the same time as this one.
    fn isolation(&self, task: &Task) -> Isolation {
        Isolation::of(&task.job.scenario, task.sabotage())
    }

    /// Runs the task. The result has one attempt.
    fn run(&self, task: &Task) -> impl Future<Output = ScenarioResult>;
}

/// With three, two processors had a load of 48 on kind, where deadlines begin to measure the machine.
const JOBS_PER_PROCESSOR: usize = 2;

/// How often a crowded machine is looked at again.
const LOOK_AGAIN: Duration = Duration::from_secs(1);

/// Options for running a suite.
#[derive(Clone, Debug)]
pub struct SuiteOptions {
    /// The number of tasks at the same time.
    pub jobs: usize,
    /// The number of tasks at the same time that may have a Kafka cluster of their own.
    pub own_clusters: usize,
    /// Whether this machine is so busy that nothing more should start beside what runs.
    pub crowded: fn() -> bool,
    /// The seed of the order. `None` runs the longest first, by `history`.
    pub shuffle: Option<u64>,
    /// An earlier run on this lab, if there was one.
    pub history: History,
    /// How often each task runs, at least once.
    pub repeat: u32,
    /// Start no more tasks after the first bad result.
    pub fail_fast: bool,
}

impl SuiteOptions {
    /// The defaults for a lab of this kind.
    pub fn on(kind: LabKind) -> Self {
        // Scenarios wait most of their time, so that several share a processor.
        let processors = std::thread::available_parallelism().map_or(2, usize::from);
        let jobs = processors * JOBS_PER_PROCESSOR;
        Self {
            jobs,
            own_clusters: machine::own_clusters(kind),
            crowded: machine::crowded,
            shuffle: None,
            history: History::default(),
            repeat: 1,
            fail_fast: false,
        }
    }
}

/// An empty report.
pub fn new_report(run: String, lab: LabFacts, seed: Option<u64>) -> Report {
    Report {
        schema: SCHEMA,
        run,
        started: ident::now(),
        seconds: 0.0,
        lab,
        seed,
        plan: None,
        interrupted: None,
        scenarios: Vec::new(),
    }
}

/// Runs `tasks`, and writes the report into `folder` again and again. Calls `shown` with the result of each attempt.
///
/// # Errors
/// If the report cannot be written. The run stops then, because nobody could read its result.
pub async fn run(
    executor: &impl Executor,
    tasks: Vec<Task>,
    options: &SuiteOptions,
    stop: &Stop,
    mut report: Report,
    folder: &ReportFolder,
    mut shown: impl FnMut(&ScenarioResult),
) -> Result<Report, Error> {
    let start = Instant::now();
    let mut paced = Paced::new(folder);
    'rounds: for round in 0..options.repeat.max(1) {
        let mut this_round: Vec<_> = tasks.iter().map(|task| Task { round, ..task.clone() }).collect();
        if let Some(seed) = options.shuffle {
            // The order differs in each round, and the seed determines all of them.
            shuffle(&mut this_round, seed.wrapping_add(u64::from(round)));
        }
        let mut pending: Vec<_> = this_round.into_iter().map(|task| (executor.isolation(&task), task)).collect();
        if options.shuffle.is_none() {
            pending = order::arrange(pending, &options.history);
        }
        if round == 0 {
            report.plan = Some(plan(&pending, options));
            paced.write(&report)?;
        }
        let mut running = FuturesUnordered::new();
        let mut isolations: Vec<Isolation> = Vec::new();
        loop {
            let mut held_back = false;
            while stop.reason().is_none() {
                // What runs alone is never held back, so that a machine that others keep busy finishes too.
                held_back = !isolations.is_empty() && !pending.is_empty() && (options.crowded)();
                if held_back {
                    break;
                }
                let waiting: Vec<_> = pending.iter().map(|(isolation, _)| *isolation).collect();
                let Some(index) = isolation::next(&waiting, &isolations, options.jobs, options.own_clusters) else {
                    break;
                };
                let (isolation, task) = pending.remove(index);
                isolations.push(isolation);
                running.push(async move { (isolation, executor.run(&task).await) });
            }
            let finished = if held_back {
                let Ok(finished) = tokio::time::timeout(LOOK_AGAIN, running.next()).await else { continue };
                finished
            } else {
                running.next().await
            };
            let Some((isolation, result)) = finished else { break };
            if let Some(place) = isolations.iter().position(|one| *one == isolation) {
                isolations.swap_remove(place);
            }
            shown(&result);
            if options.fail_fast && result.is_bad() {
                stop.raise(format!("--fail-fast: {} failed", result.id()));
            }
            add(&mut report, result);
            report.seconds = start.elapsed().as_secs_f64();
            report.interrupted = stop.reason();
            paced.write(&report)?;
        }
        if let Some(reason) = stop.reason() {
            // A round that did not start does not change the result of a scenario from an earlier round.
            for (_, task) in pending {
                let result = not_started(&task, &reason);
                if !report.scenarios.iter().any(|earlier| earlier.id() == result.id()) {
                    shown(&result);
                    add(&mut report, result);
                }
            }
            break 'rounds;
        }
    }
    report.seconds = start.elapsed().as_secs_f64();
    report.interrupted = stop.reason();
    folder.write(&report)?;
    folder.write_pages(&report)?;
    Ok(report)
}

/// What the run was asked for. `pending` are the tasks of the first round.
fn plan(pending: &[(Isolation, Task)], options: &SuiteOptions) -> Plan {
    Plan {
        order: pending.iter().map(|(_, task)| task.title()).collect(),
        sabotage: pending.iter().any(|(_, task)| task.sabotage.is_some()),
        jobs: options.jobs,
        own_clusters: options.own_clusters,
        repeat: options.repeat.max(1),
        fail_fast: options.fail_fast,
    }
}

/// The result of a task that never started.
fn not_started(task: &Task, reason: &str) -> ScenarioResult {
    let verdict = Verdict::Skipped { reason: format!("not started: {reason}") };
    let scenario = &task.job.scenario;
    ScenarioResult {
        name: scenario.name.clone(),
        title: scenario.title.clone(),
        links: scenario.links.clone(),
        sabotage: task.sabotage().map(|sabotage| expectation::sabotaged(scenario, sabotage, verdict.clone()).0),
        verdict,
        cleanup_failed: None,
        flaky: false,
        seconds: 0.0,
        steps: Vec::new(),
        attempts: Vec::new(),
    }
}

/// Merges an attempt's result into the result of the same scenario.
pub fn add(report: &mut Report, result: ScenarioResult) {
    match report.scenarios.iter_mut().find(|earlier| row(earlier) == row(&result)) {
        Some(earlier) => expectation::merge(earlier, result),
        None => report.scenarios.push(result),
    }
}

/// What `ScenarioResult::id` is made of. Every new result is compared with all earlier ones.
fn row(result: &ScenarioResult) -> (&str, Option<&str>) {
    (&result.name, result.sabotage.as_ref().map(|sabotage| sabotage.name.as_str()))
}

#[cfg(test)]
#[path = "suite_tests.rs"]
mod tests;
