//! Runs one scenario: checks its needs, runs its steps and cleans up.

use super::attempt;
use super::clock::Clock;
use super::live::Line;
use super::locks::{LockGuard, Locks};
use super::other_clients::OtherClients;
use super::record::Record;
use super::secrets::Secrets;
use super::suite::Executor;
use super::{
    Context, Deviation, Error, Isolation, Stop, Task, View, cleanup, diagnostics, exclusive_listener, expectation,
    needs, pause,
};
use crate::report::ReportFolder;
use camino::Utf8PathBuf;
use lab::Lab;
use model::{Attempt, Cause, Failure, SabotageRow, ScenarioResult, StepResult, Timeline, Verdict};
use scenario::Sabotage;
use std::time::{Duration, Instant};
use tokio::sync::Mutex;

/// Options for running a scenario.
#[derive(Clone, Debug, Default)]
pub struct RunnerOptions {
    /// Skip the cleanup.
    pub keep: bool,
    /// Wait for Enter before the cleanup of a failed scenario.
    pub pause_on_failure: bool,
    /// The known deviations of the gateway.
    pub deviations: Vec<Deviation>,
    /// Shows progress. The default shows nothing.
    pub view: View,
}

/// Runs scenarios on a lab.
pub struct Runner {
    lab: Lab,
    folder: ReportFolder,
    options: RunnerOptions,
    stop: Stop,
    locks: Locks,
    start: Instant,
    /// Only one pause at a time, because there is one terminal.
    pausing: Mutex<()>,
    other_clients: OtherClients,
}

type Claimed = (Vec<LockGuard>, Option<(String, LockGuard)>);

/// The outcome of an attempt, from which the result is built.
struct AttemptOutcome {
    verdict: Verdict,
    /// The sabotage, with this run's values of its variables if they are known.
    sabotage: Option<SabotageRow>,
    steps: Vec<StepResult>,
    namespace: String,
    diagnostics: Option<Utf8PathBuf>,
    cleanup_failed: Option<String>,
    timeline: Timeline,
}

impl AttemptOutcome {
    fn new((sabotage, verdict): (Option<SabotageRow>, Verdict)) -> Self {
        Self {
            verdict,
            sabotage,
            steps: Vec::new(),
            namespace: String::new(),
            diagnostics: None,
            cleanup_failed: None,
            timeline: Timeline::default(),
        }
    }
}

impl Runner {
    /// # Errors
    /// If the folder of the lab's locks cannot be created.
    pub fn new(lab: Lab, folder: ReportFolder, options: RunnerOptions, stop: Stop) -> Result<Self, Error> {
        let locks = Locks::of(&lab.dir, lab.info.kind)
            .map_err(|source| Error::Locks { dir: lab.dir.path().to_owned(), source })?;
        Ok(Self {
            lab,
            folder,
            options,
            stop,
            locks,
            start: Instant::now(),
            pausing: Mutex::default(),
            other_clients: OtherClients::default(),
        })
    }

    /// Cleans up after runs that were killed, but not after kept runs. Returns one line for each, with its problems.
    ///
    /// # Errors
    /// If the records cannot be read.
    pub async fn sweep(&self) -> Result<Vec<String>, Error> {
        let mut lines = Vec::new();
        let found = Record::abandoned(&self.lab.dir, |state| !state.kept);
        let found = found.map_err(|source| Error::Records { dir: self.lab.dir.path().to_owned(), source })?;
        for record in found.records {
            let namespace = record.state.namespace.clone();
            let problem = cleanup::cleanup_after(&self.lab, record).await;
            let problem = problem.map(|problem| format!(", but {problem}")).unwrap_or_default();
            lines.push(format!("cleaned up after {namespace}, whose run was killed{problem}"));
        }
        Ok(lines)
    }

    /// The verdict of a task that need not run.
    async fn verdict_without_run(&self, task: &Task) -> Option<Verdict> {
        let scenario = &task.job.scenario;
        if let Some(verdict) = needs::unmet(scenario, &self.lab.info) {
            return Some(verdict);
        }
        for kind in &scenario.needs.kinds {
            if self.lab.catalog.kind(kind, None).await.is_err() {
                return Some(Verdict::Skipped {
                    reason: format!("requires the kind {kind}, which this cluster does not serve"),
                });
            }
        }
        if scenario.needs.network_policies
            && let Err(reason) = needs::network_policies(&self.lab.catalog).await
        {
            return Some(Verdict::Skipped { reason });
        }
        for library in scenario.clients.values().filter_map(|client| client.library) {
            if let Some(Err(reason)) = self.other_clients.get(library, &self.lab).await {
                return Some(Verdict::Skipped { reason: format!("requires {}: {reason}", library.name()) });
            }
        }
        if self.deviates(task) && task.sabotage.is_some() {
            let reason =
                "the scenario already fails on this gateway (a known deviation), so its sabotage proves nothing"
                    .to_owned();
            return Some(Verdict::Skipped { reason });
        }
        self.stop.reason().map(|reason| Verdict::Skipped { reason: format!("not started: {reason}") })
    }

    /// Whether the scenario is a known deviation of the gateway.
    fn deviates(&self, task: &Task) -> bool {
        self.options.deviations.iter().any(|deviation| deviation.scenario == task.job.name())
    }

    /// Acquires the right to run, and the exclusive listener if the scenario uses one.
    async fn claim(&self, task: &Task) -> Result<Claimed, Verdict> {
        let claimed = async {
            let isolation = self.locks.isolation(self.isolation(task)).await?;
            let listener = match task.job.scenario.kafka.listener.filter(|listener| listener.is_exclusive()) {
                Some(kind) => Some(self.listener(exclusive_listener::claimable(&self.lab.info.shared, kind)).await?),
                None => None,
            };
            std::io::Result::Ok((isolation, listener))
        };
        tokio::select! {
            claimed = claimed => claimed.map_err(|error| Verdict::Failed(Failure::new(Cause::Unknown, "a lock of the lab", error.to_string()))),
            reason = self.stop.raised() => Err(Verdict::Skipped { reason: format!("not started: {reason}") }),
        }
    }

    /// Claims one of the exclusive listeners, if possible one without a kept run. Objects of an earlier run at this
    /// listener are removed first, because their routes would serve the same names.
    async fn listener(&self, listeners: &[String]) -> std::io::Result<(String, LockGuard)> {
        let kept = Record::abandoned(&self.lab.dir, |state| state.kept)?.records;
        let kept: Vec<_> = kept.into_iter().filter_map(|record| record.state.listener.clone()).collect();
        let mut listeners = listeners.to_vec();
        listeners.sort_by_key(|listener| kept.contains(listener));
        let (listener, guard) = self.locks.one_of(&listeners).await?;
        loop {
            let found = Record::abandoned(&self.lab.dir, |state| state.listener.as_deref() == Some(listener))?;
            for record in found.records {
                let namespace = &record.state.namespace;
                self.options.view.say(format!(
                    "removing {namespace}, which an earlier run left: this run needs the listener {listener}"
                ));
                if let Some(problem) = cleanup::cleanup_after(&self.lab, record).await {
                    self.options.view.say(format!("  {problem}"));
                }
            }
            if found.held == 0 {
                break;
            }
            // Another process is cleaning it up.
            tokio::time::sleep(Duration::from_millis(200)).await;
        }
        if let Err(name) = exclusive_listener::vacant(&self.lab, listener).await {
            self.options.view.say(format!("the gateway still serves {name}, although its routes are deleted"));
        }
        Ok((listener.to_owned(), guard))
    }

    async fn attempt(&self, task: &Task) -> AttemptOutcome {
        let started = self.start.elapsed().as_secs_f64();
        let not_run = |verdict| {
            let timeline = Timeline { started, ..Timeline::default() };
            AttemptOutcome { timeline, ..AttemptOutcome::new(self.decide(task, task.sabotage(), verdict)) }
        };
        if let Some(verdict) = self.verdict_without_run(task).await {
            return not_run(verdict);
        }
        let line = self.options.view.begin(task);
        line.step("waiting for its turn");
        let queued = Instant::now();
        let (_isolation, listener) = match self.claim(task).await {
            Ok(claimed) => claimed,
            Err(verdict) => return not_run(verdict),
        };
        let queued = queued.elapsed().as_secs_f64();
        let clock = Clock::default();
        let mut outcome = self.run_steps(task, &clock, line, listener).await;
        outcome.timeline = Timeline {
            started,
            queued,
            seconds: clock.elapsed().as_secs_f64(),
            waited: clock.waited().as_secs_f64(),
            cleanup: outcome.timeline.cleanup,
        };
        outcome
    }

    async fn run_steps(
        &self,
        task: &Task,
        clock: &Clock,
        line: Line,
        listener: Option<(String, LockGuard)>,
    ) -> AttemptOutcome {
        let mut context = match Context::new(&self.lab, &self.other_clients, &task.job, clock, line, listener).await {
            Ok(context) => context,
            Err(failure) => {
                let ended = Secrets::written_in(&task.job.scenario).hide_in_verdict(Verdict::Failed(failure));
                return AttemptOutcome::new(self.decide(task, task.sabotage(), ended));
            }
        };
        let sabotage = task.sabotage().map(|sabotage| context.resolve(sabotage).unwrap_or_else(|_| sabotage.clone()));
        let mut steps = Vec::new();
        let patience = self.deviates(task).then_some(attempt::KNOWN_TO_FAIL);
        let ended = attempt::steps(&mut context, task, patience, &self.stop, &mut steps).await;
        if ended != Verdict::Passed {
            clock.waiting(context.learn_secrets()).await;
        }
        let ended = context.secrets.hide_in_verdict(ended);
        steps.iter_mut().for_each(|step| context.secrets.hide_in_step(step));
        let mut outcome = AttemptOutcome {
            steps,
            namespace: context.namespace.clone(),
            ..AttemptOutcome::new(self.decide(task, sabotage.as_ref(), ended))
        };
        if outcome.verdict.is_bad()
            && let Some(failure) = outcome.verdict.failure()
        {
            let folder = self.folder.scenario(&task.slug());
            context.line.step("collecting diagnostics");
            outcome.diagnostics = Box::pin(diagnostics::collect(&context, &folder, failure)).await;
            if self.options.pause_on_failure {
                let _turn = self.pausing.lock().await;
                self.options.view.show(false);
                clock.waiting(pause::pause(&context, failure, &self.stop)).await;
                self.options.view.show(true);
            }
        }
        if self.stop.reason().is_some() && self.lab_is_gone() {
            // The run's objects disappeared with the lab.
            return outcome;
        }
        if self.options.keep {
            let kept = context.journal.keep();
            outcome.cleanup_failed = kept
                .err()
                .map(|error| format!("could not mark the run as kept, so the next run will delete it: {error}"));
        } else {
            let begun = Instant::now();
            context.line.step("cleaning up");
            let secrets = context.secrets.clone();
            outcome.cleanup_failed = cleanup::cleanup(context).await.map(|problem| secrets.hide(&problem));
            outcome.timeline.cleanup = begun.elapsed().as_secs_f64();
        }
        outcome
    }

    /// Whether the lab went down during the run, with its cluster. A user's own cluster stays.
    fn lab_is_gone(&self) -> bool {
        self.lab.backend.owns_cluster() && matches!(self.lab.dir.info().try_exists(), Ok(false))
    }

    /// Turns the end of the steps into a verdict. Verdicts are decided only here.
    fn decide(&self, task: &Task, sabotage: Option<&Sabotage>, ended: Verdict) -> (Option<SabotageRow>, Verdict) {
        match sabotage {
            Some(sabotage) => {
                let (row, verdict) = expectation::sabotaged(&task.job.scenario, sabotage, ended);
                (Some(row), verdict)
            }
            None => (None, expectation::with_deviations(ended, task.job.name(), &self.options.deviations)),
        }
    }
}

impl Executor for Runner {
    /// A deviation can affect other scenarios. For example, while Envoy refuses a listener's configuration, it takes no
    /// changes for other routes either.
    fn isolation(&self, task: &Task) -> Isolation {
        if self.deviates(task) { Isolation::Exclusive } else { Isolation::of(&task.job.scenario, task.sabotage()) }
    }

    async fn run(&self, task: &Task) -> ScenarioResult {
        let outcome = self.attempt(task).await;
        let scenario = &task.job.scenario;
        ScenarioResult {
            name: scenario.name.clone(),
            title: scenario.title.clone(),
            links: scenario.links.clone(),
            sabotage: outcome.sabotage,
            cleanup_failed: outcome.cleanup_failed.clone(),
            flaky: false,
            seconds: outcome.timeline.seconds,
            steps: outcome.steps,
            attempts: vec![Attempt {
                verdict: outcome.verdict.clone(),
                cleanup_failed: outcome.cleanup_failed,
                namespace: outcome.namespace,
                diagnostics: outcome.diagnostics,
                timeline: outcome.timeline,
            }],
            verdict: outcome.verdict,
        }
    }
}

#[cfg(test)]
#[path = "runner_tests.rs"]
mod tests;

#[cfg(test)]
#[path = "written_tests.rs"]
mod written_tests;
