//! `scenario run`

use camino::Utf8Path;
use cli::{RunArgs, RunOutput};
use lab::Lab;
use model::{Exit, LabDir, Report, paths};
use runner::report::ReportFolder;
use runner::{Chosen, Job, Replay, RunnerOptions, Selection, SessionOptions, SuiteOptions, View, session};
use scenario::Problem;
use std::error::Error;
use std::time::Duration;

/// Runs scenarios on the running lab. The chosen ones are linted before the lab is used.
///
/// # Errors
/// If no lab is up, or the reports cannot be written.
pub async fn run(args: &RunArgs) -> Result<Exit, Box<dyn Error>> {
    Ok(run_for_report(args).await?.map_or(Exit::Usage, |(exit, _report)| exit))
}

/// The same, with the report. `None` if nothing could be run as requested, which is printed.
pub async fn run_for_report(args: &RunArgs) -> Result<Option<(Exit, Report)>, Box<dyn Error>> {
    let shard = match args.shard.as_deref().map(str::parse).transpose() {
        Ok(shard) => shard,
        Err(error) => {
            eprintln!("error: --shard: {error}");
            return Ok(None);
        }
    };
    let mut selection = Selection { shard, ..Selection::of(&args.filters) };
    if args.rerun_failed {
        match ReportFolder::last(&LabDir::of(&args.name.name)?.reports()) {
            Ok(last) => selection.only = Some(last.to_rerun()),
            Err(error) => {
                eprintln!("error: {error}");
                return Ok(None);
            }
        }
    }
    let replay = match args.replay.as_deref().map(replayed).transpose() {
        Ok(replay) => replay,
        Err(problem) => {
            eprintln!("error: {}", model::visible(&problem));
            return Ok(None);
        }
    };
    if let Some(replay) = &replay {
        selection.only = Some(replay.scenarios());
    }
    let Some(jobs) = chosen(&selection) else { return Ok(None) };
    if let Some(Err(gone)) = replay.as_ref().map(|replay| replay.fits(&jobs)) {
        eprintln!("error: {}", model::visible(&gone.to_string()));
        return Ok(None);
    }
    let lab = Lab::open(&args.name.name).await?;
    lab.check().await?;
    // A sabotage appends its number to the name.
    let longest =
        jobs.iter().map(|job| job.name().chars().count()).max().unwrap_or(0) + if args.sabotage { 4 } else { 0 };
    let suite = SuiteOptions::on(lab.info.kind);
    let suite = SuiteOptions {
        jobs: args.jobs.unwrap_or(suite.jobs),
        shuffle: args.shuffle,
        repeat: args.repeat,
        fail_fast: args.fail_fast,
        ..suite
    };
    let options = SessionOptions {
        suite: replay.as_ref().map_or(suite.clone(), |replay| replay.options(suite)),
        runner: RunnerOptions {
            keep: args.keep,
            pause_on_failure: args.pause_on_failure,
            view: View::stderr(longest),
            ..RunnerOptions::default()
        },
        sabotage: args.sabotage,
        within: Some(Duration::from_secs(args.within)),
        github: args.output == RunOutput::Github,
        replay,
        part_of: None,
    };
    Ok(Some(session::run(lab, jobs, options).await?))
}

/// The run of this report, whose scenarios must still exist.
fn replayed(report: &Utf8Path) -> Result<Replay, String> {
    let replay = Replay::of(runner::report::read(report).map_err(|error| error.to_string())?);
    let names = scenario::names(&paths::scenarios()).into_iter().collect();
    replay.scenarios_in(&names).map_err(|gone| gone.to_string())?;
    Ok(replay)
}

/// The scenarios of the selection. `None` if they cannot be run as requested, which is printed.
pub(super) fn chosen(selection: &Selection) -> Option<Vec<Job>> {
    match selection.choose(scenario::load_all(&paths::scenarios())) {
        Ok(chosen) => fit_to_run(chosen),
        Err(error) => {
            // The text quotes names of folders.
            eprintln!("error: {}", model::visible(&error.to_string()));
            None
        }
    }
}

/// The chosen scenarios. If one of them is broken, prints why and returns `None`, because a run without it would look
/// like a pass. A broken folder that was not chosen is only mentioned.
fn fit_to_run(chosen: Chosen) -> Option<Vec<Job>> {
    let mut problems: Vec<Problem> = chosen.broken.into_iter().flat_map(|broken| broken.problems).collect();
    match scenario::errors(&chosen.folders) {
        Ok(found) => problems.extend(found),
        Err(problem) => problems.push(*problem),
    }
    for problem in &problems {
        eprintln!("{}", problem.for_terminal());
    }
    if !problems.is_empty() {
        let errors = if problems.len() == 1 { "1 error".to_owned() } else { format!("{} errors", problems.len()) };
        eprintln!(
            "no scenario was run, because the chosen ones have {errors}; `cargo xtask scenario lint` shows them again"
        );
        return None;
    }
    for name in &chosen.passed_over {
        eprintln!("{}", passed_over(name));
    }
    Some(chosen.folders.into_iter().map(Job::from).collect())
}

fn passed_over(name: &str) -> String {
    let name = model::visible(name);
    format!("scenario {name} is broken, but was not chosen; `cargo xtask scenario lint {name}` says why")
}

#[cfg(test)]
mod tests {
    use super::*;
    use scenario::{Broken, Folder, parse};
    use std::collections::BTreeMap;

    fn folder(text: &str) -> Result<Folder, Broken> {
        let rest = "title: T\nwhy: W\nkafka: {cluster: shared, listener: external}\n\
                    sabotage:\n  - {name: s, leave-out: create-topic, expect: {step: produce-and-consume, cause: unknown-topic}}\n";
        parse("scenarios/one".into(), &format!("name: one\n{rest}{text}"), BTreeMap::new())
    }

    fn jobs(loaded: Vec<Result<Folder, Broken>>) -> Option<usize> {
        let chosen = Selection::of(&["one".to_owned()]).choose(loaded).expect("it fits");
        fit_to_run(chosen).map(|jobs| jobs.len())
    }

    #[test]
    fn what_lint_refuses_is_not_run() {
        let steps = "- create-topic: {topic: t}\n- produce-and-consume: {topic: t, messages: 1}\n";
        assert_eq!(jobs(vec![folder(&format!("steps:\n{steps}"))]), Some(1));
        let wrong_topic = steps.replace("{topic: t}", "{topic: other}");
        assert_eq!(jobs(vec![folder(&format!("steps:\n{wrong_topic}"))]), None, "a rule of the linter");
        assert_eq!(jobs(vec![folder(&format!("stepz:\n{steps}"))]), None, "it cannot be read");
    }

    #[test]
    fn a_broken_folder_that_was_not_chosen_is_in_nobodys_way() {
        let steps = "steps:\n- create-topic: {topic: t}\n- produce-and-consume: {topic: t, messages: 1}\n";
        let half_written = parse("scenarios/half-written".into(), "nam: x\n", BTreeMap::new());
        assert_eq!(jobs(vec![folder(steps), half_written]), Some(1));
    }

    #[test]
    fn the_name_of_a_folder_does_nothing_to_a_terminal() {
        let text = passed_over("half\u{1b}[2Jwritten");
        assert!(text.starts_with("scenario half\\u{1b}[2Jwritten is broken") && !text.contains('\u{1b}'), "{text:?}");
    }
}
