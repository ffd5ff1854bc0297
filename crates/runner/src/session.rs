//! A run of scenarios for a command: runs them, shows results and writes reports.

use super::suite::{self, SuiteOptions};
use super::{Deviation, Error, History, Job, Replay, Runner, RunnerOptions, Stop, Task, new_run};
use crate::report::{Console, GithubLog, ReportFolder};
use camino::Utf8Path;
use lab::Lab;
use lab::gateway::GatewayFixture;
use model::{Exit, LabFacts, Report, ScenarioResult, visible};
use std::time::Duration;

/// The options of a command.
#[derive(Clone, Debug)]
pub struct SessionOptions {
    pub suite: SuiteOptions,
    /// The deviations of the lab's gateway are added to these.
    pub runner: RunnerOptions,
    /// Run each sabotage of a scenario, instead of the scenario itself.
    pub sabotage: bool,
    /// The time limit of the whole run.
    pub within: Option<Duration>,
    /// The earlier run that this one repeats.
    pub replay: Option<Replay>,
    /// Print groups and annotations for GitHub Actions.
    pub github: bool,
    /// The signal of a command that runs several sessions, and handles Ctrl-C for all of them. `None`: the session itself does.
    pub part_of: Option<Stop>,
}

/// Runs the jobs on the lab, and prints a line on standard output for each. Returns the exit code and the report.
///
/// # Errors
/// If the reports cannot be written.
pub async fn run(lab: Lab, jobs: Vec<Job>, mut options: SessionOptions) -> Result<(Exit, Report), Error> {
    let reports = lab.dir.reports();
    let tasks = match &options.replay {
        Some(replay) => replay.tasks(tasks(jobs, replay.sabotage()))?,
        None => tasks(jobs, options.sabotage),
    };
    options.suite.history = options.replay.as_ref().map_or_else(|| History::below(&reports), Replay::history);
    let run = new_run();
    let folder = ReportFolder::create(&reports, &run)?;
    options.runner.deviations.extend(known_deviations(&LabFacts::from(&lab.info)));
    let stop = Stop::default();
    let view = options.runner.view.clone();
    let messages = view.clone();
    match &options.part_of {
        Some(whole) => {
            stop.follow(whole);
            stop.after(options.within);
        }
        None => stop.on_signals(options.within, move |line| messages.say(line))?,
    }
    let info = lab.dir.info();
    stop.when_gone(&info);
    let width = tasks.iter().map(|task| task.title().chars().count()).max().unwrap_or(0);
    let (console, plain) = (Console::stdout(width), Console::plain(width));
    println!("{}", lab_line(&lab));
    for line in options.replay.iter().flat_map(|replay| replay.introduction(&LabFacts::from(&lab.info))) {
        println!("{}", visible(&line));
    }
    if let Some(seed) = options.suite.shuffle {
        println!("order: --shuffle {seed}");
    }
    let github = options.github.then(|| GithubLog::new(&run));
    let report = suite::new_report(run, LabFacts::from(&lab.info), options.suite.shuffle);
    let keep = options.runner.keep;
    let runner = Runner::new(lab, folder.clone(), options.runner, stop.clone())?;
    for line in runner.sweep().await? {
        println!("{line}");
    }
    let repeat = usize::try_from(options.suite.repeat.max(1)).unwrap_or(1);
    let mut total = view.total(tasks.len() * repeat);
    let shown = |result: &ScenarioResult| {
        match &github {
            Some(log) => view.print(log.scenario(&plain.line(result), result)),
            None => view.print(console.scenario(result)),
        }
        total.count(result.is_bad() || result.cleanup_failed.is_some());
    };
    let report = suite::run(&runner, tasks, &options.suite, &stop, report, &folder, shown).await?;
    drop(total);
    if options.suite.repeat > 1 {
        println!();
        for result in &report.scenarios {
            println!("{}", console.line(result));
        }
    }
    if keep {
        println!("\n{}", kept_line(&report));
    }
    println!("{}", console.summary(&report, folder.path()));
    if let Some(annotation) = GithubLog::interrupted(&report).filter(|_| github.is_some()) {
        println!("{annotation}");
    }
    let exit = if lab_is_gone(&info) { Exit::Lab } else { Exit::of(&report) };
    Ok((exit, report))
}

/// Whether the lab went down during the run. Failures are then failures of the lab, not of scenarios.
fn lab_is_gone(info: &Utf8Path) -> bool {
    matches!(info.try_exists(), Ok(false))
}

/// The tasks: the scenarios themselves, or each of their sabotages.
fn tasks(jobs: Vec<Job>, sabotage: bool) -> Vec<Task> {
    if sabotage { jobs.iter().flat_map(Task::sabotages).collect() } else { jobs.into_iter().map(Task::plain).collect() }
}

/// The namespaces that `--keep` left, and how long they stay.
fn kept_line(report: &Report) -> String {
    let attempts = report.scenarios.iter().flat_map(|scenario| &scenario.attempts);
    let namespaces: Vec<_> = attempts.map(|one| one.namespace.as_str()).filter(|name| !name.is_empty()).collect();
    format!(
        "kept: {}; removed by `lab down`, or by the next run that needs the same exclusive listener",
        if namespaces.is_empty() { "nothing".to_owned() } else { namespaces.join(", ") }
    )
}

/// The deviations that the gateway's fixture lists for the version that runs. None if the gateway has no fixture.
pub fn known_deviations(lab: &LabFacts) -> Vec<Deviation> {
    let version = lab.version(&lab.gateway);
    GatewayFixture::load(&lab.gateway).map(|fixture| Deviation::of(&fixture, version)).unwrap_or_default()
}

/// A line that describes the lab.
pub fn lab_line(lab: &Lab) -> String {
    let facts = LabFacts::from(&lab.info);
    let version = |part: &str| facts.version(part).map(|version| format!(" {version}")).unwrap_or_default();
    format!(
        "{} lab {:?}: gateway {}{}, kafka{} ({})",
        facts.kind,
        facts.name,
        facts.gateway,
        version(&facts.gateway),
        version("kafka"),
        facts.kafka
    )
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Selection;
    use scenario::load_all;
    use std::collections::BTreeSet;

    /// A CI job sabotages a different third each time.
    #[test]
    fn each_sabotage_is_in_exactly_one_shard() {
        let titles = |shard: Option<&str>| -> Vec<String> {
            let shard = shard.map(|text| text.parse().expect("a shard"));
            let selection = Selection { shard, ..Selection::default() };
            let chosen = selection.choose(load_all(&model::paths::scenarios())).expect("all fit");
            let jobs = chosen.folders.into_iter().map(Job::from).collect();
            tasks(jobs, true).iter().map(Task::title).collect()
        };
        let all = titles(None);
        let parts: Vec<_> = ["1/3", "2/3", "3/3"].into_iter().map(|shard| titles(Some(shard))).collect();
        assert!(all.len() > 60, "{} sabotages", all.len());
        assert!(parts.iter().all(|part| part.len() * 6 > all.len()), "no part is nearly empty");
        assert_eq!(parts.iter().map(Vec::len).sum::<usize>(), all.len(), "none is in two parts");
        let (union, all): (BTreeSet<_>, BTreeSet<_>) =
            (parts.into_iter().flatten().collect(), all.into_iter().collect());
        assert_eq!(union, all);
    }
}
