//! One scenario, from its needs to its cleanup.

use super::attempt;
use super::clock::Clock;
use super::live::Line;
use super::locks::{LockGuard, Locks};
use super::record::Record;
use super::suite::Executor;
use super::{
    Context, Deviation, Error, Isolation, Stop, Task, View, cleanup, diagnostics, exclusive_listener, expectation,
    needs, pause,
};
use crate::report::ReportFolder;
use camino::Utf8PathBuf;
use lab::Lab;
use model::{Attempt, Cause, Failure, SabotageRow, ScenarioResult, StepResult, Timeline, Verdict};
use scenario::{Library, Sabotage};
use std::time::{Duration, Instant};
use tokio::sync::{Mutex, OnceCell};

/// How single scenarios are run.
#[derive(Clone, Debug, Default)]
pub struct RunnerOptions {
    /// Leave everything in place.
    pub keep: bool,
    /// Wait for Enter before the cleanup of a failed scenario.
    pub pause_on_failure: bool,
    /// What the gateway is known to do otherwise.
    pub deviations: Vec<Deviation>,
    /// Shows what runs. By default nothing is shown.
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
    /// One pause at a time: there is one terminal.
    pausing: Mutex<()>,
    /// Whether the Java client can be run, once a scenario wants it.
    java: OnceCell<Result<(), String>>,
}

type Claimed = (Vec<LockGuard>, Option<(String, LockGuard)>);

/// How an attempt ended, before it is put into a result.
struct AttemptOutcome {
    verdict: Verdict,
    /// With this run's values for its variables, once they are known.
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
    /// When the folder of the lab's locks cannot be made.
    pub fn new(lab: Lab, folder: ReportFolder, options: RunnerOptions, stop: Stop) -> Result<Self, Error> {
        let locks = Locks::of(&lab.dir).map_err(|source| Error::Locks { dir: lab.dir.path().to_owned(), source })?;
        Ok(Self {
            lab,
            folder,
            options,
            stop,
            locks,
            start: Instant::now(),
            pausing: Mutex::default(),
            java: OnceCell::new(),
        })
    }

    /// Undoes what earlier runs left that were killed; what was kept on purpose stays. One line for each, with whatever
    /// could not be undone.
    ///
    /// # Errors
    /// When their records cannot be read.
    pub async fn sweep(&self) -> Result<Vec<String>, Error> {
        let mut lines = Vec::new();
        let found = Record::abandoned(&self.lab.dir, |state| !state.kept);
        let found = found.map_err(|source| Error::Records { dir: self.lab.dir.path().to_owned(), source })?;
        for record in found.records {
            let namespace = record.state.namespace.clone();
            let problem = cleanup::after(&self.lab, record).await;
            let problem = problem.map(|problem| format!(", but {problem}")).unwrap_or_default();
            lines.push(format!("undone what {namespace} left, whose run was killed{problem}"));
        }
        Ok(lines)
    }

    /// Why there is nothing to run.
    async fn untried(&self, task: &Task) -> Option<Verdict> {
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
        if scenario.clients.values().any(|client| client.library == Some(Library::Java))
            && let Err(reason) = self.java.get_or_init(needs::java).await
        {
            return Some(Verdict::Skipped { reason: format!("requires the Java client: {reason}") });
        }
        if self.deviates(task) && task.sabotage.is_some() {
            let reason = "with a known deviation of this gateway there is no green to sabotage".to_owned();
            return Some(Verdict::Skipped { reason });
        }
        self.stop.reason().map(|reason| Verdict::Skipped { reason: format!("not started: {reason}") })
    }

    /// Whether the gateway is known to do otherwise than the scenario demands.
    fn deviates(&self, task: &Task) -> bool {
        self.options.deviations.iter().any(|deviation| deviation.scenario == task.job.name())
    }

    /// The right to run, and the exclusive listener where the scenario claims one.
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
            claimed = claimed => claimed.map_err(|error| Verdict::Failed(Failure::new(Cause::Unknown, "a turn", format!("the lab's locks: {error}")))),
            reason = self.stop.raised() => Err(Verdict::Skipped { reason: format!("not started: {reason}") }),
        }
    }

    /// One of the exclusive listeners, if possible one at which nothing was kept. Routes of an earlier run would serve its names too, so
    /// they have to go first.
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
                self.options
                    .view
                    .say(format!("removing {namespace}, left by an earlier run: this run needs listener {listener}"));
                if let Some(problem) = cleanup::after(&self.lab, record).await {
                    self.options.view.say(format!("  {problem}"));
                }
            }
            if found.held == 0 {
                break;
            }
            // Another process is just undoing it.
            tokio::time::sleep(Duration::from_millis(200)).await;
        }
        if let Err(name) = exclusive_listener::vacant(&self.lab, listener).await {
            self.options.view.say(format!("the gateway still serves {name}, although its routes are deleted"));
        }
        Ok((listener.to_owned(), guard))
    }

    async fn attempt(&self, task: &Task) -> AttemptOutcome {
        let started = self.start.elapsed().as_secs_f64();
        let not_tried = |verdict| {
            let timeline = Timeline { started, ..Timeline::default() };
            AttemptOutcome { timeline, ..AttemptOutcome::new(self.decide(task, task.sabotage(), verdict)) }
        };
        if let Some(verdict) = self.untried(task).await {
            return not_tried(verdict);
        }
        let line = self.options.view.begin(task);
        line.step("waits for its turn");
        let queued = Instant::now();
        let (_isolation, listener) = match self.claim(task).await {
            Ok(claimed) => claimed,
            Err(verdict) => return not_tried(verdict),
        };
        let queued = queued.elapsed().as_secs_f64();
        let clock = Clock::default();
        let mut outcome = self.tried(task, &clock, line, listener).await;
        outcome.timeline = Timeline {
            started,
            queued,
            seconds: clock.elapsed().as_secs_f64(),
            waited: clock.waited().as_secs_f64(),
            cleanup: outcome.timeline.cleanup,
        };
        outcome
    }

    async fn tried(
        &self,
        task: &Task,
        clock: &Clock,
        line: Line,
        listener: Option<(String, LockGuard)>,
    ) -> AttemptOutcome {
        let mut context = match Context::new(&self.lab, &task.job, clock, line, listener).await {
            Ok(context) => context,
            Err(failure) => {
                return AttemptOutcome::new(self.decide(task, task.sabotage(), Verdict::Failed(failure)));
            }
        };
        let sabotage = task.sabotage().map(|sabotage| context.resolve(sabotage).unwrap_or_else(|_| sabotage.clone()));
        let mut steps = Vec::new();
        let ended = attempt::steps(&mut context, task, &self.stop, &mut steps).await;
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
            outcome.diagnostics = diagnostics::collect(&context, &folder, failure).await;
            if self.options.pause_on_failure {
                let _turn = self.pausing.lock().await;
                self.options.view.show(false);
                clock.waiting(pause::pause(&context, failure, &self.stop)).await;
                self.options.view.show(true);
            }
        }
        if self.stop.reason().is_some() && self.lab_is_gone() {
            // Whatever the run made went with the lab.
            return outcome;
        }
        if self.options.keep {
            let kept = context.journal.keep();
            outcome.cleanup_failed = kept
                .err()
                .map(|error| format!("could not mark the run as kept, so the next run will delete it: {error}"));
        } else {
            let begun = Instant::now();
            context.line.step("cleans up");
            outcome.cleanup_failed = cleanup::cleanup(context).await;
            outcome.timeline.cleanup = begun.elapsed().as_secs_f64();
        }
        outcome
    }

    /// Whether the lab went down meanwhile, and the cluster with it. A cluster of the user's own stays.
    fn lab_is_gone(&self) -> bool {
        self.lab.backend.owns_cluster() && matches!(self.lab.dir.info().try_exists(), Ok(false))
    }

    /// What the end of the steps means: the one place where a verdict is decided.
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
    /// What a gateway does wrong may be felt by all: an Envoy that refuses a listener's configuration takes no change for
    /// other routes either, until the cause is gone.
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
