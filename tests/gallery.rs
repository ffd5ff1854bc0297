//! Makes every fault of `fixtures/gallery` on a lab, and checks that `diagnose` names it: `cargo test --test gallery [--
//! FILTER]`.
//!
//! It chooses the lab as `cargo test --test e2e` does. The table of the results is in the report's folder, as `gallery.md`
//! and `gallery.json`; with UPDATE_DOCS=1, a run of the whole gallery writes it to `docs/gallery.md` too.

#[path = "gallery/docs.rs"]
mod docs;
mod harness;
#[path = "gallery/table.rs"]
mod table;

use harness::stage::{self, Stage, TestResult};
use libtest_mimic::{Arguments, Completion, Failed, Trial};
use model::{Exit, ScenarioResult, StepOutcome, StepResult, Verdict, paths};
use runner::{Job, Task};
use scenario::gallery::{Entry, Gallery, Group, read, reasons};
use std::collections::BTreeMap;
use std::process::ExitCode;
use std::sync::mpsc::Sender;
use table::{Row, Table};

// As in `src/main.rs`: this process resolves the lab's names.
probe::define_getaddrinfo!();

fn main() -> ExitCode {
    let args = Arguments::from_args();
    let root = paths::fixtures().join("gallery");
    let gallery = read(&root);
    for problem in &gallery.problems {
        eprintln!("{}", problem.for_terminal());
    }
    if !gallery.problems.is_empty() {
        return Exit::Usage.into();
    }
    let reasons = match reasons(&root) {
        Ok(reasons) => reasons,
        Err(error) => {
            eprintln!("error: {error}");
            return Exit::Usage.into();
        }
    };
    let names: Vec<String> = gallery.entries().into_iter().map(title).collect();
    let (trials, senders): (Vec<Trial>, Vec<Sender<TestResult>>) = names.iter().map(|name| stage::trial(name)).unzip();
    let runs = |trial: &Trial| !args.is_filtered_out(trial) && !args.is_ignored(trial);
    let chosen: Vec<String> = trials.iter().filter(|trial| runs(trial)).map(|trial| trial.name().to_owned()).collect();
    if args.list || chosen.is_empty() {
        return libtest_mimic::run(&args, trials).exit_code();
    }
    let whole = chosen.len() == names.len();
    let groups = only(gallery, &chosen);
    let senders: BTreeMap<_, _> = names.into_iter().zip(senders).collect();
    stage::run(args, trials, chosen.len(), |stage| {
        let table = play(stage, &groups, senders);
        table.write(stage.folder.path());
        if whole && std::env::var_os("UPDATE_DOCS").is_some() {
            docs::write(&table, &reasons);
        }
    })
}

/// The name of a case's test.
fn title(entry: &Entry) -> String {
    format!("{}/{}", entry.shelf, entry.name)
}

/// The groups that have one of the chosen cases. The cases of a group share a cluster, so all of them run.
fn only(gallery: Gallery, chosen: &[String]) -> Vec<Group> {
    let wanted = |group: &Group| group.entries.iter().any(|entry| chosen.contains(&title(entry)));
    gallery.groups.into_iter().filter(wanted).collect()
}

/// Runs the groups, and sends the result of each case to its test.
fn play(stage: &Stage, groups: &[Group], mut senders: BTreeMap<String, Sender<TestResult>>) -> Table {
    let mut table = Table::new(&stage.facts);
    let tasks = groups
        .iter()
        .map(|group| Task::plain(Job::new(group.path.clone(), group.scenario.clone()).with_file(group.file)));
    stage.play(tasks.collect(), |result: &ScenarioResult| {
        let Some(group) = groups.iter().find(|group| group.scenario.name == result.name) else { return };
        for entry in &group.entries {
            let row = Row::of(entry, step(result, entry));
            let test = test_result(stage, result, entry);
            if stage.own_lines {
                println!("{}", line(stage, result, entry, &row, &test));
            }
            if let Some(sender) = senders.remove(&title(entry)) {
                // Sending only fails if libtest-mimic has already stopped the test.
                let _ = sender.send(test);
            }
            table.push(row);
        }
    });
    table
}

/// The step that diagnosed the case.
fn step<'a>(result: &'a ScenarioResult, entry: &Entry) -> Option<&'a StepResult> {
    result.steps.iter().find(|step| step.label == entry.name)
}

/// A case passes if its own step did. A failed cleanup is a failure of all cases of the group.
fn test_result(stage: &Stage, result: &ScenarioResult, entry: &Entry) -> TestResult {
    match step(result, entry).map(|step| step.outcome) {
        Some(StepOutcome::Passed) if result.cleanup_failed.is_none() => Ok(Completion::Completed),
        Some(StepOutcome::NotRun) if !matches!(result.verdict, Verdict::Skipped { .. }) => {
            Err(Failed::from(format!("it was not reached:{}", stage.console.block(result))))
        }
        _ => stage.test_result(result),
    }
}

fn line(stage: &Stage, result: &ScenarioResult, entry: &Entry, row: &Row, test: &TestResult) -> String {
    match test {
        Ok(_) if result.verdict.ran() => {
            let found = if row.found.is_empty() { "no finding".to_owned() } else { row.found.join(", ") };
            let seconds = row.seconds.unwrap_or_default();
            format!("test {} ... ok: {found} in {seconds:.1} s ({:.1} s in all)", title(entry), result.seconds)
        }
        _ => stage.text(&title(entry), result),
    }
}
