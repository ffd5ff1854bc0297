//! A run of scenarios as a command does it: choose, run, show, report.

use super::suite::{self, SuiteOptions};
use super::{Deviation, Error, Job, Runner, RunnerOptions, Selection, Stop, Task, new_run};
use crate::gateway::GatewayFixture;
use crate::lab::Lab;
use crate::report::{Console, Exit, LabFacts, Report, ReportFolder};
use std::time::Duration;

/// What a command can ask for.
#[derive(Clone, Debug, Default)]
pub struct SessionOptions {
    pub selection: Selection,
    pub suite: SuiteOptions,
    /// Without deviations: those of the lab's gateway are added.
    pub runner: RunnerOptions,
    /// Only what was red or left unclean in the last run.
    pub rerun_failed: bool,
    /// Each scenario once per sabotage, instead of as it stands.
    pub sabotage: bool,
    /// For the whole run.
    pub within: Option<Duration>,
}

/// Runs the chosen ones of `jobs` on the lab, with a line on standard output for each, and tells how it went.
///
/// # Errors
/// When nothing fits the selection, or the reports cannot be written.
pub async fn run(lab: Lab, jobs: Vec<Job>, mut options: SessionOptions) -> Result<(Exit, Report), Error> {
    let reports = lab.dir.reports();
    if options.rerun_failed {
        options.selection.only = Some(ReportFolder::last(&reports)?.to_rerun());
    }
    let chosen = options.selection.choose(jobs)?;
    let tasks: Vec<Task> = if options.sabotage {
        chosen.iter().flat_map(Task::sabotages).collect()
    } else {
        chosen.into_iter().map(Task::plain).collect()
    };
    let run = new_run();
    let folder = ReportFolder::create(&reports, &run)?;
    options.runner.deviations.extend(known_deviations(&lab.info.gateway.name));
    let stop = Stop::default();
    stop.on_signals(options.within)?;
    let console = Console::stdout(tasks.iter().map(|task| task.title().chars().count()).max().unwrap_or(0));
    println!("{}", lab_line(&lab));
    if let Some(seed) = options.suite.shuffle {
        println!("order: --shuffle {seed}");
    }
    let report = suite::new_report(run, LabFacts::from(&lab.info), options.suite.shuffle);
    let keep = options.runner.keep;
    let runner = Runner::new(lab, folder.clone(), options.runner, stop.clone())?;
    for line in runner.sweep().await? {
        println!("{line}");
    }
    let shown = |result: &_| println!("{}", console.scenario(result));
    let report = suite::run(&runner, tasks, &options.suite, &stop, report, &folder, shown).await?;
    if options.suite.repeat > 1 {
        println!();
        for result in &report.scenarios {
            println!("{}", console.line(result));
        }
    }
    if keep {
        println!("\n{}", kept(&report));
    }
    println!("{}", console.summary(&report, folder.path()));
    Ok((Exit::of(&report), report))
}

/// Where to look for what `--keep` left, and how long it stays.
fn kept(report: &Report) -> String {
    let attempts = report.scenarios.iter().flat_map(|scenario| &scenario.attempts);
    let namespaces: Vec<_> = attempts.map(|one| one.namespace.as_str()).filter(|name| !name.is_empty()).collect();
    format!(
        "kept: {}; until `lab down`, or until a run needs the same listener to itself",
        if namespaces.is_empty() { "nothing".to_owned() } else { namespaces.join(", ") }
    )
}

/// What the gateway's fixture lists; a gateway without one has none.
pub fn known_deviations(gateway: &str) -> Vec<Deviation> {
    GatewayFixture::load(gateway).map(|fixture| Deviation::of(&fixture)).unwrap_or_default()
}

/// Which lab the scenarios run on, in a line.
pub fn lab_line(lab: &Lab) -> String {
    let facts = LabFacts::from(&lab.info);
    let version = |part: &str| facts.version(part).map(|version| format!(" {version}")).unwrap_or_default();
    format!(
        "lab {}: {}, gateway {}{}, kafka{} ({})",
        facts.name,
        facts.kind_word(),
        facts.gateway,
        version(&facts.gateway),
        version("kafka"),
        facts.kafka_word()
    )
}
