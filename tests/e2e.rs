//! Runs every folder below `scenarios/` as a test: `cargo test --test e2e [-- FILTER]`.
//!
//! It uses the running lab (`LAB_NAME`), or brings one up (`LAB`) and takes it down at the end. Under nextest each test
//! is a process of its own. The first one brings the lab up, and the lab stays.

use cli::{Cli, LabVerb, Verb};
use host::Progress;
use lab::Lab;
use libtest_mimic::{Arguments, Completion, Failed, FormatSetting, Trial};
use model::{Exit, LabDir, LabFacts, Report, RunStats, ScenarioResult, UpOptions, Verdict, paths};
use runner::report::{Console, ReportFolder};
use runner::{Executor, Job, Runner, RunnerOptions, Stop, Task, View, session, suite};
use std::fs::{self, File};
use std::process::ExitCode;
use std::sync::{Arc, Mutex, OnceLock, PoisonError};
use std::time::Instant;
use tokio::runtime::Runtime;

// As in `src/main.rs`: this process resolves the lab's names.
probe::define_getaddrinfo!();

/// The state that all tests of this process share. It exists if at least one test runs.
struct Stage {
    runtime: Runtime,
    runner: Runner,
    stop: Stop,
    folder: ReportFolder,
    report: Mutex<Report>,
    console: Console,
    /// Prints our own lines, with times and reasons, instead of libtest-mimic's.
    own_lines: bool,
    start: Instant,
}

type Shared = Arc<OnceLock<Stage>>;

fn main() -> ExitCode {
    let mut args = Arguments::from_args();
    let shared = Shared::default();
    let loaded = scenario::load_all(&paths::scenarios());
    let trials: Vec<Trial> = loaded.iter().map(|one| trial(one, &shared)).collect();
    let runs = |trial: &Trial| !args.is_filtered_out(trial) && !args.is_ignored(trial);
    let count = trials.iter().filter(|trial| runs(trial)).count();
    if args.list || count == 0 {
        return libtest_mimic::run(&args, trials).exit_code();
    }
    let chosen = loaded.iter().zip(&trials).filter(|(_, trial)| runs(trial)).map(|(one, _)| one);
    if !fit_to_run(chosen) {
        return Exit::Usage.into();
    }
    let width = trials.iter().map(|trial| trial.name().chars().count()).max().unwrap_or(0);
    let own_lines = !args.quiet && args.logfile.is_none() && matches!(args.format, None | Some(FormatSetting::Pretty));
    let (stage, lease) = match stage(width, own_lines) {
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
    let stage = shared.get_or_init(|| stage);
    let conclusion = libtest_mimic::run(&args, trials);
    if own_lines {
        let word = if conclusion.has_failed() { "FAILED" } else { "ok" };
        println!(
            "\ntest result: {word}. {} passed; {} failed; {} ignored; {} filtered out; finished in {:.2}s",
            conclusion.num_passed,
            conclusion.num_failed,
            conclusion.num_ignored,
            conclusion.num_filtered_out,
            stage.start.elapsed().as_secs_f64()
        );
        println!("reports: {}", stage.folder.path());
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
fn fit_to_run<'a>(chosen: impl Iterator<Item = &'a Result<scenario::Folder, scenario::Broken>>) -> bool {
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

fn trial(loaded: &Result<scenario::Folder, scenario::Broken>, shared: &Shared) -> Trial {
    match loaded {
        Ok(folder) => {
            let (name, shared) = (folder.name().to_owned(), shared.clone());
            let job = Job::from(folder.clone());
            Trial::ignorable_test(name, move || match shared.get() {
                Some(stage) => stage.test(&job),
                None => Err(Failed::from("there is no lab")),
            })
        }
        Err(broken) => {
            // A selected broken scenario would already have ended the run.
            let said = broken.to_string();
            Trial::test(broken.name.clone(), move || Err(Failed::from(said.clone())))
        }
    }
}

impl Stage {
    fn test(&self, job: &Job) -> Result<Completion, Failed> {
        let task = Task::plain(job.clone());
        let result = self.runtime.block_on(self.runner.run(&task));
        if self.own_lines {
            println!("{}", self.line(&result));
        }
        let written = self.record(result.clone());
        let text = self.console.scenario(&result);
        match (&result.verdict, &result.cleanup_failed, self.stop.reason()) {
            (_, _, Some(reason)) => Err(Failed::from(format!("{reason}: {text}"))),
            _ if result.is_bad() => Err(Failed::from(text)),
            (_, Some(_), _) => Err(Failed::from(text)),
            _ if written.is_err() => Err(Failed::from("could not write the report")),
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

    fn record(&self, result: ScenarioResult) -> Result<(), runner::report::Error> {
        let mut report = self.report.lock().unwrap_or_else(PoisonError::into_inner);
        suite::add(&mut report, result);
        report.seconds = self.start.elapsed().as_secs_f64();
        report.interrupted = self.stop.reason();
        self.folder.write(&report).inspect_err(|error| {
            eprintln!("error: {error} ({} scenarios done)", RunStats::of(&report).passed);
        })
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

fn stage(width: usize, own_lines: bool) -> Result<(Stage, Lease), Box<dyn std::error::Error>> {
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
    let folder = ReportFolder::create(&lab.dir.reports(), &name)?;
    let report = suite::new_report(name, LabFacts::from(&lab.info), None);
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
        report: Mutex::new(report),
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
