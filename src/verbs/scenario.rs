//! `scenario run`

use crate::cli::{Exit, RunArgs};
use crate::lab::Lab;
use crate::paths;
use crate::scenario::run::{Job, RunnerOptions, Selection, SessionOptions, SuiteOptions, session};
use crate::scenario::{self, Broken};
use std::error::Error;
use std::time::Duration;

/// Runs scenarios on the running lab.
///
/// # Errors
/// When no lab is up, nothing fits the filters, or the reports cannot be written.
pub async fn run(args: &RunArgs) -> Result<Exit, Box<dyn Error>> {
    let Some(jobs) = jobs() else { return Ok(Exit::Usage) };
    let shard = match args.shard.as_deref().map(str::parse).transpose() {
        Ok(shard) => shard,
        Err(error) => {
            eprintln!("error: --shard: {error}");
            return Ok(Exit::Usage);
        }
    };
    let lab = Lab::open(&args.name.name).await?;
    lab.check().await?;
    let suite = SuiteOptions::default();
    let options = SessionOptions {
        selection: Selection { shard, ..Selection::of(&args.filters) },
        suite: SuiteOptions {
            jobs: args.jobs.unwrap_or(suite.jobs),
            shuffle: args.shuffle,
            repeat: args.repeat,
            fail_fast: args.fail_fast,
        },
        runner: RunnerOptions { keep: args.keep, pause_on_failure: args.pause_on_failure, ..RunnerOptions::default() },
        rerun_failed: args.rerun_failed,
        sabotage: args.sabotage,
        within: Some(Duration::from_secs(args.within)),
    };
    let (exit, _report) = session::run(lab, jobs, options).await?;
    Ok(exit)
}

/// Every scenario, or `None` after saying what is wrong with one: a run that leaves one out would look like a pass.
fn jobs() -> Option<Vec<Job>> {
    let (mut jobs, mut broken) = (Vec::new(), false);
    for one in scenario::load_all(&paths::scenarios()) {
        match one {
            Ok(folder) => jobs.push(Job::from(folder)),
            Err(Broken { problems, .. }) => {
                broken = true;
                for problem in problems {
                    eprintln!("{}", problem.render(110, false));
                }
            }
        }
    }
    (!broken).then_some(jobs)
}
