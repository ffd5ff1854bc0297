use super::*;
use crate::selection::tests::selection;
use camino::Utf8Path;
use model::sample::{failure, report, result};
use model::{LabKind, Verdict};
use std::cell::RefCell;

/// Labs that only write down what was asked of them, and play what their field for it says.
#[derive(Default)]
struct Fake {
    calls: RefCell<Vec<String>>,
    /// The gateways for which there is no lab.
    obstacles: Vec<&'static str>,
    /// The labs that do not come up.
    up_fails: Vec<&'static str>,
    /// The labs on which the user presses Ctrl-C during the run.
    interrupts: Vec<&'static str>,
    down_fails: bool,
    verdict: Option<Verdict>,
    stop: Stop,
}

impl Fake {
    fn note(&self, what: &str, lab: &str) {
        self.calls.borrow_mut().push(format!("{what} {lab}"));
    }

    fn calls(&self) -> Vec<String> {
        self.calls.take()
    }
}

impl Labs for Fake {
    async fn obstacle(&self, combination: &Combination) -> Option<String> {
        self.obstacles.contains(&combination.gateway.as_str()).then(|| "no container engine answers".to_owned())
    }

    async fn up(&self, lab: &str, _combination: &Combination) -> Result<(), String> {
        self.note("up", lab);
        if self.up_fails.contains(&lab) { Err("a port is busy".into()) } else { Ok(()) }
    }

    async fn run(&self, lab: &str) -> Result<Report, String> {
        self.note("run", lab);
        let mut report = report(vec![result("weights", self.verdict.clone().unwrap_or(Verdict::Passed))]);
        report.run = format!("run-on-{lab}");
        if self.interrupts.contains(&lab) {
            self.stop.raise("Ctrl-C");
            report.interrupted = self.stop.reason();
        }
        Ok(report)
    }

    async fn down(&self, lab: &str) -> Result<(), String> {
        // The lab of an earlier call is removed first, which is of no interest when there is none.
        let up = self.calls.borrow().iter().any(|call| *call == format!("up {lab}"));
        if !up {
            return Ok(());
        }
        self.note("down", lab);
        if self.down_fails { Err("a process stays".into()) } else { Ok(()) }
    }

    fn say(&self, _line: &str) {}
}

/// Three combinations on labs m-1, m-2 and m-3.
async fn run_in(path: &Utf8Path, fake: &Fake) -> Outcome {
    let selection = selection(&["traefik", "contour", "istio"], &[LabKind::Local], &[]);
    let combinations = selection.combinations(|_| false).expect("they fit");
    let folder = Folder::open(path, &selection).expect("made");
    super::run(&folder, &combinations, "m", fake, &fake.stop).await.expect("it can be written")
}

fn folder() -> (tempfile::TempDir, camino::Utf8PathBuf) {
    let dir = tempfile::tempdir().expect("a folder");
    let path = Utf8Path::from_path(dir.path()).expect("UTF-8").to_owned();
    (dir, path)
}

#[tokio::test]
async fn each_combination_has_a_fresh_lab_and_a_finished_one_is_not_run_again() {
    let (_held, path) = folder();
    let fake = Fake::default();
    let outcome = run_in(&path, &fake).await;
    let once = |lab: &str| ["up", "run", "down"].map(|what| format!("{what} {lab}"));
    assert_eq!(fake.calls(), [once("m-1"), once("m-2"), once("m-3")].concat());
    assert_eq!((outcome.reports.len(), outcome.exit()), (3, Exit::Passed));
    let again = run_in(&path, &fake).await;
    assert!(fake.calls().is_empty(), "everything is finished");
    assert_eq!((again.reports.len(), again.exit()), (3, Exit::Passed));
}

#[tokio::test]
async fn an_interrupted_matrix_takes_its_lab_down_and_continues_where_it_was() {
    let (_held, path) = folder();
    let fake = Fake { interrupts: vec!["m-2"], ..Fake::default() };
    let outcome = run_in(&path, &fake).await;
    assert_eq!(fake.calls().last().map(String::as_str), Some("down m-2"), "nothing begins after Ctrl-C");
    assert_eq!((outcome.reports.len(), outcome.exit()), (1, Exit::Failed), "an interrupted run is never green");
    let words: Vec<_> = outcome.absent.iter().map(|absent| absent.word).collect();
    assert_eq!(words, ["not finished", "not run"]);
    let again = Fake::default();
    assert_eq!(run_in(&path, &again).await.reports.len(), 3);
    assert_eq!(again.calls()[0], "up m-2", "the half of it is run again, and the first is not");
}

#[tokio::test]
async fn a_lab_that_does_not_come_up_is_taken_down_and_tried_again_next_time() {
    let (_held, path) = folder();
    let fake = Fake { up_fails: vec!["m-1"], ..Fake::default() };
    let outcome = run_in(&path, &fake).await;
    assert_eq!(fake.calls()[..3], ["up m-1", "down m-1", "up m-2"]);
    assert_eq!((outcome.reports.len(), outcome.exit()), (2, Exit::Lab));
    assert_eq!((outcome.absent[0].word, outcome.absent[0].reason.as_str()), ("lab failed", "a port is busy"));
    let again = Fake::default();
    assert_eq!(run_in(&path, &again).await.exit(), Exit::Passed);
    assert_eq!(again.calls(), ["up m-1", "run m-1", "down m-1"]);
}

#[tokio::test]
async fn what_cannot_be_run_is_a_column_with_its_reason() {
    let (_held, path) = folder();
    let fake = Fake { obstacles: vec!["contour"], ..Fake::default() };
    let outcome = run_in(&path, &fake).await;
    assert_eq!((outcome.reports.len(), outcome.exit()), (2, Exit::Passed));
    let absent = &outcome.absent[0];
    assert_eq!((absent.gateway.as_str(), absent.word), ("contour", "skipped"));
    assert_eq!(absent.reason, "no container engine answers");
    assert!(!fake.calls().iter().any(|call| call.contains("m-2")));
}

#[tokio::test]
async fn the_worst_combination_decides_the_exit_code() {
    let exit = async |fake: Fake| run_in(&folder().1, &fake).await.exit();
    let failed = || Some(Verdict::Failed(failure()));
    assert_eq!(exit(Fake { verdict: failed(), ..Fake::default() }).await, Exit::Failed);
    let gone = Verdict::UnexpectedPass { link: "l".into(), expected: None };
    assert_eq!(exit(Fake { verdict: Some(gone), ..Fake::default() }).await, Exit::Failed);
    assert_eq!(exit(Fake { down_fails: true, ..Fake::default() }).await, Exit::Cleanup);
    assert_eq!(exit(Fake { down_fails: true, verdict: failed(), ..Fake::default() }).await, Exit::Failed);
    assert_eq!(exit(Fake { up_fails: vec!["m-3"], verdict: failed(), ..Fake::default() }).await, Exit::Lab);
}
