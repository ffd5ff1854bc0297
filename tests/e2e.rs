//! Runs every folder below `scenarios/` as a test: `cargo test --test e2e [-- FILTER]`.
//!
//! It uses the running lab (`LAB_NAME`), or brings one up (`LAB`) and takes it down at the end. Under nextest each test
//! is a process of its own. The first one brings the lab up, and the lab stays.
//!
//! The scheduler is the one of `scenario run`. libtest-mimic parses the arguments and prints: each of its tests waits for
//! the result of one scenario. `--test-threads` says how many scenarios run at the same time.

use cli::{Cli, LabVerb, Verb};
use host::Progress;
use lab::Lab;
use libtest_mimic::{Arguments, Completion, Conclusion, Failed, FormatSetting, Trial};
use model::{Exit, LabDir, LabFacts, ScenarioResult, UpOptions, Verdict, paths};
use runner::report::{Console, ReportFolder};
use runner::{History, Job, Runner, RunnerOptions, Stop, SuiteOptions, Task, View, session, suite};
use std::collections::BTreeMap;
use std::fs::{self, File};
use std::process::ExitCode;
use std::sync::mpsc::{Receiver, Sender, channel};
use std::sync::{Mutex, PoisonError};
use std::thread;
use std::time::Instant;
use tokio::runtime::Runtime;

// As in `src/main.rs`: this process resolves the lab's names.
probe::define_getaddrinfo!();

type TestResult = Result<Completion, Failed>;

/// The state that runs the scenarios. It exists if there is at least one to run.
struct Stage {
    runtime: Runtime,
    runner: Runner,
    stop: Stop,
    folder: ReportFolder,
    facts: LabFacts,
    options: SuiteOptions,
    console: Console,
    /// Prints our own lines, with times and reasons, instead of libtest-mimic's.
    own_lines: bool,
    start: Instant,
}

fn main() -> ExitCode {
    let mut args = Arguments::from_args();
    let loaded = scenario::load_all(&paths::scenarios());
    let (trials, senders): (Vec<Trial>, Vec<Sender<TestResult>>) = loaded.iter().map(trial).unzip();
    let runs: Vec<bool> = trials.iter().map(|trial| !args.is_filtered_out(trial) && !args.is_ignored(trial)).collect();
    let count = runs.iter().filter(|runs| **runs).count();
    if args.list || count == 0 {
        return libtest_mimic::run(&args, trials).exit_code();
    }
    let chosen: Vec<_> = loaded.iter().zip(&runs).filter(|(_, runs)| **runs).map(|(one, _)| one).collect();
    if !fit_to_run(chosen.iter().copied()) {
        return Exit::Usage.into();
    }
    let width = trials.iter().map(|trial| trial.name().chars().count()).max().unwrap_or(0);
    let own_lines = !args.quiet && args.logfile.is_none() && matches!(args.format, None | Some(FormatSetting::Pretty));
    let (stage, lease) = match stage(width, own_lines, args.test_threads) {
        Ok(staged) => staged,
        Err(error) => {
            eprintln!("error: {error}");
            return Exit::Lab.into();
        }
    };
    if own_lines {
        args.logfile = Some("/dev/null".to_owned());
        println!("\nrunning {count} test{}", if count == 1 { "" } else { "s" });
    }
    let tasks = chosen.into_iter().filter_map(|one| one.as_ref().ok()).map(|one| Task::plain(Job::from(one.clone())));
    let tasks: Vec<Task> = tasks.collect();
    let senders = loaded.iter().map(name).zip(senders).collect();
    // Each test only waits, so all of them can run at the same time.
    args.test_threads = Some(count);
    let conclusion = thread::scope(|scope| {
        let suite = scope.spawn(|| stage.run(tasks, senders));
        let conclusion = libtest_mimic::run(&args, trials);
        // If the suite panicked, the remaining tests have already failed.
        let _ = suite.join();
        conclusion
    });
    if own_lines {
        stage.print_conclusion(&conclusion);
    }
    match stage.runtime.block_on(lease.end()) {
        Ok(()) => conclusion.exit_code(),
        Err(error) => {
            eprintln!("error: could not take the lab down: {error}");
            if conclusion.has_failed() { conclusion.exit_code() } else { Exit::Cleanup.into() }
        }
    }
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

type Loaded = Result<scenario::Folder, scenario::Broken>;

fn name(loaded: &Loaded) -> String {
    match loaded {
        Ok(folder) => folder.name().to_owned(),
        Err(broken) => broken.name.clone(),
    }
}

/// A test that waits for its result, and the sender of that result.
fn trial(loaded: &Loaded) -> (Trial, Sender<TestResult>) {
    let (sender, receiver) = channel();
    let receiver: Mutex<Receiver<TestResult>> = Mutex::new(receiver);
    let trial = Trial::ignorable_test(name(loaded), move || {
        let receiver = receiver.lock().unwrap_or_else(PoisonError::into_inner);
        receiver.recv().unwrap_or_else(|_| Err(Failed::from("the run ended before this scenario did")))
    });
    (trial, sender)
}

impl Stage {
    /// Runs the scenarios, and sends each result to its test.
    fn run(&self, tasks: Vec<Task>, mut senders: BTreeMap<String, Sender<TestResult>>) {
        let run = self.folder.path().file_name().unwrap_or_default().to_owned();
        let report = suite::new_report(run, self.facts.clone(), None);
        let shown = |result: &ScenarioResult| {
            if self.own_lines {
                println!("{}", self.line(result));
            }
            if let Some(sender) = senders.remove(&result.name) {
                // Sending only fails if libtest-mimic has already stopped the test.
                let _ = sender.send(self.test_result(result));
            }
        };
        let ran = suite::run(&self.runner, tasks, &self.options, &self.stop, report, &self.folder, shown);
        if let Err(error) = self.runtime.block_on(ran) {
            eprintln!("error: {error}");
        }
    }

    fn test_result(&self, result: &ScenarioResult) -> TestResult {
        let text = self.console.scenario(result);
        match (&result.verdict, &result.cleanup_failed, self.stop.reason()) {
            (_, _, Some(reason)) => Err(Failed::from(format!("{reason}: {text}"))),
            _ if result.is_bad() => Err(Failed::from(text)),
            (_, Some(_), _) => Err(Failed::from(text)),
            (Verdict::Skipped { reason }, ..) => Ok(Completion::ignored_with(reason)),
            (Verdict::Unsupported { feature }, ..) => {
                Ok(Completion::ignored_with(format!("unsupported: the gateway does not claim {feature}")))
            }
            _ => Ok(Completion::Completed),
        }
    }

    /// The line in the form of `cargo test`, with the time and the reason.
    fn line(&self, result: &ScenarioResult) -> String {
        let word = match &result.verdict {
            _ if result.is_bad() || result.cleanup_failed.is_some() => "FAILED".to_owned(),
            Verdict::Skipped { reason } => format!("ignored, {reason}"),
            Verdict::Unsupported { feature } => format!("ignored, unsupported: the gateway does not claim {feature}"),
            Verdict::ExpectedFailure { link, .. } => format!("ok, expected failure: {link}"),
            _ => "ok".to_owned(),
        };
        let time = if result.verdict.ran() { format!(" ({:.1} s)", result.seconds) } else { String::new() };
        format!("test {} ... {word}{time}{}", result.name, self.console.block(result))
    }

    fn print_conclusion(&self, conclusion: &Conclusion) {
        let word = if conclusion.has_failed() { "FAILED" } else { "ok" };
        println!(
            "\ntest result: {word}. {} passed; {} failed; {} ignored; {} filtered out; finished in {:.2}s",
            conclusion.num_passed,
            conclusion.num_failed,
            conclusion.num_ignored,
            conclusion.num_filtered_out,
            self.start.elapsed().as_secs_f64()
        );
        println!("reports: {}", self.folder.path());
    }
}

/// Keeps the lab while it is in use. Takes it down if this process brought it up and nobody else uses it.
struct Lease {
    dir: LabDir,
    name: String,
    fresh: bool,
    used: File,
    progress: Progress,
}

impl Lease {
    async fn end(self) -> Result<(), lab::Error> {
        if !self.fresh {
            return Ok(());
        }
        if nextest() {
            println!("the lab {} stays up for the other tests; run `cargo xtask lab down` to take it down", self.name);
            return Ok(());
        }
        // Another process that holds this lock still runs scenarios on the lab.
        if self.used.unlock().and_then(|()| self.used.try_lock().map_err(Into::into)).is_err() {
            println!(
                "the lab {} stays up because others use it; run `cargo xtask lab down` to take it down",
                self.name
            );
            return Ok(());
        }
        lab::down(&self.dir, &self.name, &self.progress).await
    }
}

/// Under nextest each test is a process of its own, and no process knows whether it is the last.
fn nextest() -> bool {
    std::env::var_os("NEXTEST").is_some()
}

fn stage(width: usize, own_lines: bool, threads: Option<usize>) -> Result<(Stage, Lease), Box<dyn std::error::Error>> {
    // The settings come from the same variables as those of `lab up`.
    let Verb::Lab(LabVerb::Up(up)) = Cli::read_from(["e2e", "lab", "up"])?.verb else {
        return Err("internal error: the command line does not accept `lab up`".into());
    };
    let options = UpOptions::from(&up);
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build()?;
    let progress = Progress::stderr();
    let (lab, lease) = runtime.block_on(lease(options, progress))?;
    runtime.block_on(lab.check())?;
    if own_lines {
        println!("{}", session::lab_line(&lab));
    }
    let stop = Stop::default();
    runtime.block_on(async { stop.on_signals(None, |line| eprintln!("{line}")) })?;
    runtime.block_on(async { stop.when_gone(&lab.dir.info()) });
    let name = runner::new_run();
    let history = History::below(&lab.dir.reports());
    let folder = ReportFolder::create(&lab.dir.reports(), &name)?;
    let facts = LabFacts::from(&lab.info);
    let defaults = SuiteOptions::default();
    let options = SuiteOptions { jobs: threads.unwrap_or(defaults.jobs), history, ..defaults };
    let deviations = session::known_deviations(&lab.info.gateway.name);
    // Progress is plain lines, because the lines of tests are printed between them.
    let runner_options = RunnerOptions { deviations, view: View::plain(), ..RunnerOptions::default() };
    let runner = Runner::new(lab, folder.clone(), runner_options, stop.clone())?;
    for line in runtime.block_on(runner.sweep())? {
        eprintln!("{line}");
    }
    let stage = Stage {
        runtime,
        runner,
        stop,
        folder,
        facts,
        options,
        console: Console::plain(width),
        own_lines,
        start: Instant::now(),
    };
    Ok((stage, lease))
}

/// Opens the running lab, or brings one up. If several processes need a lab at the same time, only one brings it up.
async fn lease(options: UpOptions, progress: Progress) -> Result<(Lab, Lease), Box<dyn std::error::Error>> {
    let dir = LabDir::of(&options.name)?;
    if let Some(parent) = dir.path().parent() {
        fs::create_dir_all(parent)?;
    }
    let turn = File::create(dir.path().with_extension("e2e-turn"))?;
    turn.lock()?;
    let used = File::create(dir.path().with_extension("e2e-used"))?;
    used.lock_shared()?;
    let name = options.name.clone();
    let ensured = lab::ensure(&options, &progress).await;
    turn.unlock()?;
    let ensured = ensured?;
    Ok((ensured.lab, Lease { dir, name, fresh: ensured.fresh, used, progress }))
}
