//! Tests whole attempts on a lab whose API server runs within the test.

use super::*;
use crate::fake::scenario;
use crate::{Job, Task};
use camino::Utf8Path;
use http::Method;
use kubeapi::testing::{Answer, ApiServer, Asked, Store, status};
use model::StepOutcome;
use tempfile::TempDir;

/// A scenario's folder with one Pod that is ready and one that never will be, and a runner for it.
pub(super) struct Stage {
    server: ApiServer,
    pub(super) runner: Runner,
    pub(super) folder: TempDir,
    stop: Stop,
    _held: lab::testing::KeepAlive,
}

impl Stage {
    pub(super) fn new(
        options: RunnerOptions,
        refuse: impl Fn(&Asked) -> Option<Answer> + Send + Sync + 'static,
    ) -> Self {
        let folder = tempfile::tempdir().expect("a folder");
        for (file, ready) in [("ready", "True"), ("unready", "False")] {
            let pod = format!(
                "apiVersion: v1\nkind: Pod\nmetadata: {{name: {file}}}\n\
                 status: {{conditions: [{{type: Ready, status: '{ready}'}}]}}\n"
            );
            std::fs::write(folder.path().join(format!("{file}.yaml")), pod).expect("written");
        }
        let server = Store::server(refuse);
        let (folder_of_lab, lab) = lab::testing::lab_on("runner", server.catalog.clone());
        let reports = ReportFolder::create(&lab.dir.reports(), "run").expect("made");
        let stop = Stop::default();
        let runner = Runner::new(lab, reports, options, stop.clone()).expect("a runner");
        Self { server, runner, folder, stop, _held: folder_of_lab }
    }

    pub(super) async fn run(&self, sabotage: Option<usize>, lines: &str) -> ScenarioResult {
        let path = Utf8Path::from_path(self.folder.path()).expect("UTF-8");
        let task = Task { sabotage, ..Task::plain(Job::new(path, scenario(lines))) };
        self.runner.run(&task).await
    }

    /// The changes in order, such as `PATCH pods/ready`.
    fn changes(&self) -> Vec<String> {
        let asked = self.server.asked().into_iter().filter(|one| one.method != Method::GET);
        asked
            .map(|one| {
                let words: Vec<&str> = one.path.split('/').collect();
                let kind = words[words.len() - 2];
                let name = if kind == "namespaces" { "fake" } else { words[words.len() - 1] };
                format!("{} {kind}/{name}", one.method)
            })
            .collect()
    }

    fn records(&self) -> Vec<bool> {
        let found = Record::abandoned(&self.runner.lab.dir, |_| true).expect("readable");
        found.records.into_iter().map(|record| record.state.kept).collect()
    }
}

fn nothing_refused(_: &Asked) -> Option<Answer> {
    None
}

fn outcomes(result: &ScenarioResult) -> Vec<(&str, StepOutcome)> {
    result.steps.iter().map(|step| (step.label.as_str(), step.outcome)).collect()
}

const STEPS: &str = "steps:\n  \
    - apply: ready.yaml\n  \
    - wait: {kind: Pod, name: ready, condition: Ready, within: 1s}\n  \
    - apply: unready.yaml\n";

#[tokio::test(start_paused = true)]
async fn steps_run_in_order_and_are_undone_in_reverse() {
    let stage = Stage::new(RunnerOptions::default(), nothing_refused);
    let result = stage.run(None, STEPS).await;
    assert_eq!(result.verdict, Verdict::Passed);
    assert_eq!(
        outcomes(&result),
        [("apply", StepOutcome::Passed), ("wait", StepOutcome::Passed), ("apply#2", StepOutcome::Passed)]
    );
    assert_eq!(
        stage.changes(),
        [
            "PATCH namespaces/fake",
            "PATCH pods/ready",
            "PATCH pods/unready",
            "DELETE pods/unready",
            "DELETE pods/ready",
            "DELETE namespaces/fake",
        ]
    );
    assert!(stage.records().is_empty(), "nothing is left to undo");
}

#[tokio::test(start_paused = true)]
async fn no_step_runs_after_a_failed_one() {
    let stage = Stage::new(RunnerOptions::default(), nothing_refused);
    let steps = "steps:\n  \
        - apply: unready.yaml\n  \
        - wait: {kind: Pod, name: unready, condition: Ready, within: 2s}\n  \
        - apply: ready.yaml\n";
    let result = stage.run(None, steps).await;
    assert_eq!(
        outcomes(&result),
        [("apply", StepOutcome::Passed), ("wait", StepOutcome::Failed), ("apply#2", StepOutcome::NotRun)]
    );
    let Verdict::Failed(failure) = &result.verdict else { panic!("{:?}", result.verdict) };
    assert_eq!(failure.cause, Cause::ConditionUnmet);
    assert_eq!(
        failure.step.as_ref().map(|step| (step.label.as_str(), step.line)),
        Some(("wait", 8)),
        "the test adds five lines before it"
    );
    assert!(!stage.changes().contains(&"PATCH pods/ready".to_owned()));
    assert_eq!(stage.changes().last().map(String::as_str), Some("DELETE namespaces/fake"), "the run is cleaned up");
    let folder = result.attempts[0].diagnostics.as_ref().expect("collected");
    let first = std::fs::read_to_string(folder.join("failure.txt")).expect("readable");
    assert!(first.contains("condition-unmet"), "{first}");
}

#[tokio::test(start_paused = true)]
async fn a_sabotage_makes_its_change_and_a_failure_counts_as_a_pass() {
    let sabotage = "sabotage:\n  \
        - {name: the Pod is gone, delete: {kind: Pod, name: ready}, expect: {step: wait, cause: condition-unmet}}\n  \
        - {name: the Pod is never made, leave-out: apply, expect: {step: wait, cause: condition-unmet}}\n  \
        - {name: a change of something else, apply: unready.yaml, expect: {step: wait, cause: condition-unmet}}\n";
    let lines = format!("{STEPS}{sabotage}");
    let stage = Stage::new(RunnerOptions::default(), nothing_refused);
    for (index, first) in [StepOutcome::Passed, StepOutcome::NotRun].into_iter().enumerate() {
        let result = stage.run(Some(index), &lines).await;
        assert_eq!(result.verdict, Verdict::Passed, "sabotage {index} is noticed");
        assert!(result.sabotage.as_ref().is_some_and(|row| row.red.is_some()), "{:?}", result.sabotage);
        assert_eq!(
            outcomes(&result),
            [("apply", first), ("wait", StepOutcome::Failed), ("apply#2", StepOutcome::NotRun)]
        );
    }
    let unnoticed = stage.run(Some(2), &lines).await;
    let failure = unnoticed.verdict.failure().expect("green although sabotaged");
    assert!(failure.seen.starts_with("green: "), "{}", failure.seen);
}

#[tokio::test(start_paused = true)]
async fn a_failed_cleanup_does_not_change_the_verdict() {
    let stage = Stage::new(RunnerOptions::default(), |asked| {
        let namespace = asked.method == Method::DELETE
            && asked.path.contains("/namespaces/fake-")
            && !asked.path.contains("/pods/");
        namespace.then(|| Answer::Json(403, status(403, "Forbidden", "not yours")))
    });
    let result = stage.run(None, STEPS).await;
    assert_eq!(result.verdict, Verdict::Passed);
    assert!(
        result.cleanup_failed.as_ref().is_some_and(|text| text.contains("not yours")),
        "{:?}",
        result.cleanup_failed
    );
    assert_eq!(stage.changes().iter().filter(|one| one.starts_with("DELETE pods/")).count(), 2, "the rest is undone");
}

#[tokio::test(start_paused = true)]
async fn a_kept_run_stays_and_its_record_says_so() {
    let stage = Stage::new(RunnerOptions { keep: true, ..RunnerOptions::default() }, nothing_refused);
    let result = stage.run(None, STEPS).await;
    assert_eq!((result.verdict, result.cleanup_failed), (Verdict::Passed, None));
    assert!(stage.changes().iter().all(|one| one.starts_with("PATCH")), "{:?}", stage.changes());
    assert_eq!(stage.records(), [true]);
}

#[tokio::test(start_paused = true)]
async fn a_run_that_is_stopped_is_skipped_and_cleaned_up() {
    let stage = Stage::new(RunnerOptions::default(), nothing_refused);
    let stop = stage.stop.clone();
    let steps = "steps:\n  - apply: ready.yaml\n  - wait: {kind: Pod, name: another, condition: Ready, within: 1m}\n";
    let (result, ()) = tokio::join!(stage.run(None, steps), async move {
        tokio::time::sleep(Duration::from_secs(5)).await;
        stop.raise("Ctrl-C".to_owned());
    });
    assert_eq!(result.verdict, Verdict::Skipped { reason: "stopped during step wait: Ctrl-C".to_owned() });
    assert_eq!(stage.changes().last().map(String::as_str), Some("DELETE namespaces/fake"));
    let later = stage.run(None, STEPS).await;
    assert_eq!(later.verdict, Verdict::Skipped { reason: "not started: Ctrl-C".to_owned() });
    assert_eq!(later.steps, [], "it was not begun");
}

#[tokio::test(start_paused = true)]
async fn the_scenarios_deadline_ends_a_step_with_a_longer_one() {
    let stage = Stage::new(RunnerOptions::default(), nothing_refused);
    let steps = "within: 3s\nsteps:\n  - wait: {kind: Pod, name: another, condition: Ready, within: 1m}\n";
    let result = stage.run(None, steps).await;
    let failure = result.verdict.failure().expect("late");
    assert_eq!((failure.cause, failure.wanted.as_str()), (Cause::Timeout, "all steps within 3s"));
}

#[tokio::test(start_paused = true)]
async fn a_known_deviation_is_not_sabotaged_and_runs_alone() {
    let known = Deviation { scenario: "fake".into(), cause: None, link: "https://example.test/1".into() };
    let stage = Stage::new(RunnerOptions { deviations: vec![known], ..RunnerOptions::default() }, nothing_refused);
    let sabotage = "sabotage: [{name: s, leave-out: apply, expect: {step: wait, cause: condition-unmet}}]\n";
    let sabotaged = stage.run(Some(0), &format!("{STEPS}{sabotage}")).await;
    assert!(matches!(&sabotaged.verdict, Verdict::Skipped { reason } if reason.contains("known deviation")));
    assert_eq!(stage.changes(), Vec::<String>::new(), "it was not begun");
    let plain = stage.run(None, STEPS).await;
    assert!(matches!(&plain.verdict, Verdict::UnexpectedPass { .. }), "{:?}", plain.verdict);
    let task = Task::plain(Job::new("/x", scenario(STEPS)));
    assert_eq!(stage.runner.isolation(&task), Isolation::Exclusive);
}

#[tokio::test(start_paused = true)]
async fn a_probe_waits_less_where_the_gateway_is_known_to_fail() {
    let probe = "steps: [{probe: {sni: broker-11.kafka.test, expect: {broker: 11}}}]\n";
    let known = Deviation { scenario: "fake".into(), cause: None, link: "https://example.test/1".into() };
    for (deviations, least, most) in [(vec![known], 8, 20), (Vec::new(), 25, 40)] {
        let stage = Stage::new(RunnerOptions { deviations, ..RunnerOptions::default() }, nothing_refused);
        let start = tokio::time::Instant::now();
        let result = stage.run(None, probe).await;
        assert!(result.verdict.failure().is_some(), "nothing listens there: {:?}", result.verdict);
        let step = start.elapsed().as_secs();
        assert!((least..most).contains(&step), "{step} s, expected {least} to {most}");
    }
}
