use super::*;
use crate::fake::{info, result, scenario};
use crate::{Job, Replay};
use model::{Cause, Exit, Failure, LabKind, Verdict};
use std::collections::BTreeMap;
use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

/// An executor that returns given verdicts and records its calls.
#[derive(Default)]
struct Fake {
    /// Verdicts by name, one per round. The last one repeats. Other names pass.
    verdicts: BTreeMap<&'static str, Vec<Verdict>>,
    order: Mutex<Vec<String>>,
    running: AtomicUsize,
    most: AtomicUsize,
    alone: Mutex<Vec<usize>>,
    takes: Duration,
}

impl Executor for Fake {
    async fn run(&self, task: &Task) -> ScenarioResult {
        let name = task.job.name();
        self.order.lock().expect("unpoisoned").push(name.to_owned());
        let now = self.running.fetch_add(1, Ordering::SeqCst) + 1;
        self.most.fetch_max(now, Ordering::SeqCst);
        tokio::time::sleep(self.takes.max(Duration::from_millis(5))).await;
        if self.isolation(task) == Isolation::Exclusive {
            self.alone.lock().expect("unpoisoned").push(self.running.load(Ordering::SeqCst));
        }
        self.running.fetch_sub(1, Ordering::SeqCst);
        let verdict = self.verdicts.get(name).and_then(|all| all.get(task.round as usize).or(all.last()));
        result(name, verdict.cloned().unwrap_or(Verdict::Passed))
    }
}

fn red() -> Verdict {
    Verdict::Failed(Failure {
        step: None,
        cause: Cause::Timeout,
        wanted: "w".into(),
        seen: "s".into(),
        since_change: None,
        evidence: Vec::new(),
    })
}

fn tasks(names: &[&str]) -> Vec<Task> {
    names.iter().map(|name| Task::plain(Job::new("/x", scenario(&format!("name: {name}\n"))))).collect()
}

/// Options that do not depend on how busy this machine is.
fn quiet() -> SuiteOptions {
    SuiteOptions { crowded: || false, ..SuiteOptions::on(LabKind::Kind) }
}

async fn run_all(fake: &Fake, tasks: Vec<Task>, options: &SuiteOptions, stop: &Stop) -> Report {
    let dir = tempfile::tempdir().expect("a folder");
    let folder = ReportFolder::create(camino::Utf8Path::from_path(dir.path()).expect("UTF-8"), "run").expect("made");
    let report = new_report("run".into(), LabFacts::from(&info()), options.shuffle);
    let report = run(fake, tasks, options, stop, report, &folder, |_| ()).await.expect("written");
    let written = crate::report::read(&folder.path().join("report.json")).expect("it reads back");
    assert_eq!(written.scenarios.len(), report.scenarios.len());
    report
}

#[tokio::test]
async fn tasks_run_in_parallel_up_to_the_limit() {
    let fake = Fake::default();
    let options = SuiteOptions { jobs: 3, ..quiet() };
    let report = run_all(&fake, tasks(&["a", "b", "c", "d", "e", "f"]), &options, &Stop::default()).await;
    assert_eq!(report.scenarios.len(), 6);
    assert_eq!(fake.most.load(Ordering::SeqCst), 3);
    assert_eq!(Exit::of(&report), Exit::Passed);
}

#[tokio::test]
async fn a_scenario_that_restarts_the_gateway_runs_alone() {
    let fake = Fake::default();
    let mut all = tasks(&["a", "b", "c"]);
    let alone = scenario("name: restarts\nsteps: [{restart: {gateway: true}}]\n");
    all.insert(1, Task::plain(Job::new("/x", alone)));
    let options = SuiteOptions { jobs: 4, ..quiet() };
    run_all(&fake, all, &options, &Stop::default()).await;
    assert_eq!(*fake.alone.lock().expect("unpoisoned"), [1]);
    assert_eq!(fake.most.load(Ordering::SeqCst), 3);
}

#[tokio::test]
async fn a_crowded_machine_runs_one_task_after_the_other() {
    let fake = Fake::default();
    let options = SuiteOptions { jobs: 3, crowded: || true, ..SuiteOptions::on(LabKind::Kind) };
    let report = run_all(&fake, tasks(&["a", "b", "c"]), &options, &Stop::default()).await;
    assert_eq!((report.scenarios.len(), fake.most.load(Ordering::SeqCst)), (3, 1));
}

#[tokio::test(start_paused = true)]
async fn a_machine_that_was_crowded_is_looked_at_again() {
    static LOOKS: AtomicUsize = AtomicUsize::new(0);
    let fake = Fake { takes: Duration::from_secs(60), ..Fake::default() };
    let options = SuiteOptions {
        jobs: 3,
        crowded: || LOOKS.fetch_add(1, Ordering::SeqCst) < 5,
        ..SuiteOptions::on(LabKind::Kind)
    };
    run_all(&fake, tasks(&["a", "b"]), &options, &Stop::default()).await;
    assert_eq!(fake.most.load(Ordering::SeqCst), 2, "the second starts while the first runs");
    assert!(LOOKS.load(Ordering::SeqCst) < 10, "one look a second");
}

#[tokio::test]
async fn a_seed_repeats_the_orders_and_rounds_differ() {
    let names = ["a", "b", "c", "d", "e", "f", "g", "h"];
    let mut orders = Vec::new();
    for _ in 0..2 {
        let fake = Fake::default();
        let options = SuiteOptions { jobs: 1, shuffle: Some(7), repeat: 2, ..quiet() };
        run_all(&fake, tasks(&names), &options, &Stop::default()).await;
        orders.push(fake.order.into_inner().expect("unpoisoned"));
    }
    assert_eq!(orders[0], orders[1]);
    assert_eq!(orders[0].len(), 16);
    assert_ne!(orders[0][..8], orders[0][8..]);
    assert_ne!(orders[0][..8], names.map(String::from), "this seed happens to change the order");
}

#[tokio::test]
async fn a_replay_starts_everything_in_the_same_order() {
    let names = ["a", "b", "c", "d", "e", "f"];
    for shuffle in [None, Some(7)] {
        let first = Fake::default();
        // As if an earlier run had found these times.
        let history = History::in_order(&["d", "a", "f", "b", "e", "c"].map(String::from));
        let options = SuiteOptions { jobs: 1, shuffle, history, repeat: 2, fail_fast: true, ..quiet() };
        let report = run_all(&first, tasks(&names), &options, &Stop::default()).await;
        let first = first.order.into_inner().expect("unpoisoned");
        assert_eq!(report.plan.as_ref().map(|plan| plan.order.as_slice()), Some(&first[..6]));

        let (again, replay) = (Fake::default(), Replay::of(report));
        let options = SuiteOptions { history: replay.history(), ..replay.options(quiet()) };
        assert_eq!((options.jobs, options.repeat, options.fail_fast), (1, 2, true));
        let more = tasks(&["a", "b", "c", "d", "e", "f", "new"]);
        run_all(&again, replay.tasks(more).expect("all exist"), &options, &Stop::default()).await;
        assert_eq!(again.order.into_inner().expect("unpoisoned"), first, "{shuffle:?}");
    }
}

#[tokio::test]
async fn a_pass_in_a_later_round_is_flaky_and_fails_the_run() {
    let fake = Fake {
        verdicts: BTreeMap::from([("shaky", vec![red(), Verdict::Passed]), ("bad", vec![red()])]),
        ..Fake::default()
    };
    let options = SuiteOptions { jobs: 2, repeat: 3, ..quiet() };
    let report = run_all(&fake, tasks(&["bad", "good", "shaky"]), &options, &Stop::default()).await;
    let flaky = |name: &str| report.scenarios.iter().find(|one| one.name == name).map(|one| one.flaky);
    assert_eq!((flaky("bad"), flaky("good"), flaky("shaky")), (Some(false), Some(false), Some(true)));
    assert!(report.scenarios.iter().all(|one| one.attempts.len() == 3));
    assert_eq!(Exit::of(&report), Exit::Failed);
}

#[tokio::test]
async fn fail_fast_starts_nothing_more() {
    let fake = Fake { verdicts: BTreeMap::from([("b", vec![red()])]), ..Fake::default() };
    let options = SuiteOptions { jobs: 1, fail_fast: true, ..quiet() };
    let report = run_all(&fake, tasks(&["a", "b", "c", "d"]), &options, &Stop::default()).await;
    assert_eq!(*fake.order.lock().expect("unpoisoned"), ["a", "b"]);
    assert_eq!(report.interrupted.as_deref(), Some("--fail-fast: b failed"));
    let verdict = |name: &str| report.scenarios.iter().find(|one| one.name == name).map(|one| one.verdict.clone());
    for name in ["c", "d"] {
        let reason = "not started: --fail-fast: b failed".to_owned();
        assert_eq!(verdict(name), Some(Verdict::Skipped { reason }), "the report contains every selected task");
    }
}

#[tokio::test]
async fn a_stopped_run_keeps_its_results() {
    let fake = Fake::default();
    let stop = Stop::default();
    let dir = tempfile::tempdir().expect("a folder");
    let folder = ReportFolder::create(camino::Utf8Path::from_path(dir.path()).expect("UTF-8"), "run").expect("made");
    let report = new_report("run".into(), LabFacts::from(&info()), None);
    let options = SuiteOptions { jobs: 1, ..quiet() };
    let mut lines = Vec::new();
    let after_the_first = |result: &ScenarioResult| {
        stop.raise("Ctrl-C");
        lines.push((result.name.clone(), result.verdict.clone()));
    };
    let all = tasks(&["a", "b"]);
    let report = run(&fake, all, &options, &stop, report, &folder, after_the_first).await.expect("written");
    let not_started = Verdict::Skipped { reason: "not started: Ctrl-C".into() };
    assert_eq!(lines, [("a".to_owned(), Verdict::Passed), ("b".to_owned(), not_started)], "each is shown");
    assert_eq!(report.scenarios.len(), 2);
    assert_eq!(Exit::of(&report), Exit::Failed, "half a run is not green");
    assert!(folder.path().join("junit.xml").is_file());
}
