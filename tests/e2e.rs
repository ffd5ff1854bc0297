//! Runs every folder below `scenarios/` as a test: `cargo test --test e2e [-- FILTER]`.
//!
//! It uses the running lab (`LAB_NAME`), or brings one up (`LAB`) and takes it down at the end. Under nextest each test
//! is a process of its own. The first one brings the lab up, and the lab stays.
//!
//! The scheduler is the one of `scenario run`. `--test-threads` says how many scenarios run at the same time.

mod harness;

use harness::stage::{self, Stage, TestResult};
use libtest_mimic::{Arguments, Trial};
use model::{Exit, ScenarioResult, paths};
use runner::{Job, Task};
use std::collections::BTreeMap;
use std::process::ExitCode;
use std::sync::mpsc::Sender;

// As in `src/main.rs`: this process resolves the lab's names.
probe::define_getaddrinfo!();

type Loaded = Result<scenario::Folder, scenario::Broken>;

fn main() -> ExitCode {
    let args = Arguments::from_args();
    let loaded = scenario::load_all(&paths::scenarios());
    let (trials, senders): (Vec<Trial>, Vec<Sender<TestResult>>) =
        loaded.iter().map(|one| stage::trial(name(one))).unzip();
    let runs: Vec<bool> = trials.iter().map(|trial| !args.is_filtered_out(trial) && !args.is_ignored(trial)).collect();
    let count = runs.iter().filter(|runs| **runs).count();
    if args.list || count == 0 {
        return libtest_mimic::run(&args, trials).exit_code();
    }
    let chosen: Vec<_> = loaded.iter().zip(&runs).filter(|(_, runs)| **runs).map(|(one, _)| one).collect();
    if !fit_to_run(chosen.iter().copied()) {
        return Exit::Usage.into();
    }
    let tasks = chosen.into_iter().filter_map(|one| one.as_ref().ok()).map(|one| Task::plain(Job::from(one.clone())));
    let tasks: Vec<Task> = tasks.collect();
    let senders = loaded.iter().map(|one| name(one).to_owned()).zip(senders).collect();
    stage::run(args, trials, count, |stage| play(stage, tasks, senders))
}

/// Runs the scenarios, and sends each result to its test.
fn play(stage: &Stage, tasks: Vec<Task>, mut senders: BTreeMap<String, Sender<TestResult>>) {
    stage.play(tasks, |result: &ScenarioResult| {
        if stage.own_lines {
            println!("{}", stage.text(&result.name, result));
        }
        if let Some(sender) = senders.remove(&result.name) {
            // Sending only fails if libtest-mimic has already stopped the test.
            let _ = sender.send(stage.test_result(result));
        }
    });
}

/// Lints the selected scenarios before a lab is brought up.
fn fit_to_run<'a>(chosen: impl Iterator<Item = &'a Loaded>) -> bool {
    let (mut folders, mut problems) = (Vec::new(), Vec::new());
    for one in chosen {
        match one {
            Ok(folder) => folders.push(folder),
            Err(broken) => problems.extend(broken.problems.clone()),
        }
    }
    match scenario::errors(folders) {
        Ok(found) => problems.extend(found),
        Err(problem) => problems.push(*problem),
    }
    for problem in &problems {
        eprintln!("{}", problem.for_terminal());
    }
    problems.is_empty()
}

fn name(loaded: &Loaded) -> &str {
    match loaded {
        Ok(folder) => folder.name(),
        Err(broken) => &broken.name,
    }
}
