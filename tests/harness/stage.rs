//! The state that runs scenarios for tests. libtest-mimic parses the arguments and prints: each of its tests waits for
//! the result of one scenario.

use super::lease::Lease;
use cli::{Cli, LabVerb, RunOutput, ScenarioVerb, Verb};
use host::Progress;
use libtest_mimic::{Arguments, Completion, Conclusion, Failed, FormatSetting, Trial};
use model::{Exit, LabFacts, Report, ScenarioResult, UpOptions, Verdict};
use runner::report::{Console, GithubLog, ReportFolder};
use runner::{History, Runner, RunnerOptions, Stop, SuiteOptions, Task, View, session, suite};
use std::process::ExitCode;
use std::sync::mpsc::{Receiver, Sender, channel};
use std::sync::{Mutex, PoisonError};
use std::thread;
use std::time::Instant;
use tokio::runtime::Runtime;

pub type TestResult = Result<Completion, Failed>;

/// It exists if there is at least one scenario to run.
pub struct Stage {
    runtime: Runtime,
    runner: Runner,
    stop: Stop,
    pub folder: ReportFolder,
    pub facts: LabFacts,
    options: SuiteOptions,
    pub console: Console,
    /// Prints groups and annotations, if `LAB_OUTPUT` asks for them.
    github: Option<GithubLog>,
    /// Prints our own lines, with times and reasons, instead of libtest-mimic's.
    pub own_lines: bool,
    start: Instant,
}

/// A test that waits for its result, and the sender of that result.
pub fn trial(name: &str) -> (Trial, Sender<TestResult>) {
    let (sender, receiver) = channel();
    let receiver: Mutex<Receiver<TestResult>> = Mutex::new(receiver);
    let trial = Trial::ignorable_test(name, move || {
        let receiver = receiver.lock().unwrap_or_else(PoisonError::into_inner);
        receiver.recv().unwrap_or_else(|_| Err(Failed::from("the run ended before this scenario did")))
    });
    (trial, sender)
}

/// Brings the lab up if it is needed, runs `play` on it beside the tests that wait for its results, and prints.
pub fn run(mut args: Arguments, trials: Vec<Trial>, count: usize, play: impl FnOnce(&Stage) + Send) -> ExitCode {
    let width = trials.iter().map(|trial| trial.name().chars().count()).max().unwrap_or(0);
    let own_lines = !args.quiet && args.logfile.is_none() && matches!(args.format, None | Some(FormatSetting::Pretty));
    let (stage, lease) = match Stage::prepare(width, own_lines, args.test_threads) {
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
    // Each test only waits, so all of them can run at the same time.
    args.test_threads = Some(count);
    let conclusion = thread::scope(|scope| {
        let suite = scope.spawn(|| play(&stage));
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

impl Stage {
    fn prepare(
        width: usize,
        own_lines: bool,
        threads: Option<usize>,
    ) -> Result<(Self, Lease), Box<dyn std::error::Error>> {
        // The settings come from the same variables as those of `lab up`.
        let Verb::Lab(LabVerb::Up(up)) = Cli::read_from(["e2e", "lab", "up"])?.verb else {
            return Err("internal error: the command line does not accept `lab up`".into());
        };
        let options = UpOptions::from(&up);
        let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build()?;
        let (lab, lease) = runtime.block_on(Lease::begin(options, Progress::stderr()))?;
        runtime.block_on(lab.check())?;
        if own_lines {
            println!("{}", session::lab_line(&lab));
        }
        let stop = Stop::default();
        runtime.block_on(async { stop.on_signals(None, |line| eprintln!("{line}")) })?;
        runtime.block_on(async { stop.when_gone(&lab.dir.info()) });
        let name = runner::new_run();
        let Verb::Scenario(ScenarioVerb::Run(run)) = Cli::read_from(["e2e", "scenario", "run"])?.verb else {
            return Err("internal error: the command line does not accept `scenario run`".into());
        };
        let github = (run.output == RunOutput::Github).then(|| GithubLog::new(&name));
        let history = History::below(&lab.dir.reports());
        let folder = ReportFolder::create(&lab.dir.reports(), &name)?;
        let facts = LabFacts::from(&lab.info);
        let defaults = SuiteOptions::on(lab.info.kind);
        let options = SuiteOptions { jobs: threads.unwrap_or(defaults.jobs), history, ..defaults };
        let deviations = session::known_deviations(&facts);
        // Progress is plain lines, because the lines of tests are printed between them.
        let runner_options = RunnerOptions { deviations, view: View::plain(), ..RunnerOptions::default() };
        let runner = Runner::new(lab, folder.clone(), runner_options, stop.clone())?;
        for line in runtime.block_on(runner.sweep())? {
            eprintln!("{line}");
        }
        let (console, start) = (Console::plain(width), Instant::now());
        Ok((Self { runtime, runner, stop, folder, facts, options, console, own_lines, start, github }, lease))
    }

    /// Runs the tasks, and calls `shown` with each result.
    pub fn play(&self, tasks: Vec<Task>, shown: impl FnMut(&ScenarioResult)) -> Option<Report> {
        let run = self.folder.path().file_name().unwrap_or_default().to_owned();
        let report = suite::new_report(run, self.facts.clone(), None);
        let ran = suite::run(&self.runner, tasks, &self.options, &self.stop, report, &self.folder, shown);
        match self.runtime.block_on(ran) {
            Ok(report) => Some(report),
            Err(error) => {
                eprintln!("error: {error}");
                None
            }
        }
    }

    /// The result of a test that is one scenario.
    pub fn test_result(&self, result: &ScenarioResult) -> TestResult {
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

    /// The line in the form of `cargo test`, with the time and the reason, and what failed.
    pub fn text(&self, name: &str, result: &ScenarioResult) -> String {
        let line = self.line(name, result);
        match &self.github {
            Some(log) => log.scenario(&line, result),
            None => line + &self.console.block(result),
        }
    }

    fn line(&self, name: &str, result: &ScenarioResult) -> String {
        let word = match &result.verdict {
            _ if result.is_bad() || result.cleanup_failed.is_some() => "FAILED".to_owned(),
            Verdict::Skipped { reason } => format!("ignored, {reason}"),
            Verdict::Unsupported { feature } => format!("ignored, unsupported: the gateway does not claim {feature}"),
            Verdict::ExpectedFailure { link, .. } => format!("ok, expected failure: {link}"),
            _ => "ok".to_owned(),
        };
        let time = if result.verdict.ran() { format!(" ({:.1} s)", result.seconds) } else { String::new() };
        format!("test {name} ... {word}{time}")
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
