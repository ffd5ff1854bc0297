//! Runs the stages one after the other, and stops at the first that fails.

use super::child;
use super::interrupt::Interrupt;
use super::stage::{STAGES, Stage, select, shown};
use super::table::{Outcome, Row, seconds, table};
use cli::CiArgs;
use model::{Exit, paths};
use std::io;
use std::process::ExitCode;
use std::time::{Instant, SystemTime};

/// A lab with its own name, so that the user's lab is neither used nor stopped.
const LAB_NAME: (&str, &str) = ("LAB_NAME", "ci");

/// Variables that the user's shell may have set for another kind of lab.
const CHOICES: [&str; 3] = ["LAB", "LAB_GATEWAY", "LAB_KAFKA"];

/// Why a stage did not pass.
#[derive(Debug, thiserror::Error)]
enum Failure {
    #[error("`{command}` ended with {code}")]
    Command { command: String, code: i32 },
    #[error("interrupted by signal {signal}")]
    Interrupted { signal: usize },
    #[error("cannot run `{command}`: {source}")]
    Start { command: String, source: io::Error },
    #[error("cannot create a temporary folder: {0}")]
    Scratch(io::Error),
}

impl Failure {
    /// The exit code of the command itself. A signal counts as in a shell.
    fn code(&self) -> u8 {
        match self {
            Self::Interrupted { signal } => u8::try_from(128 + signal).unwrap_or(Exit::Failed as u8),
            Self::Command { code, .. } => u8::try_from(*code).unwrap_or(Exit::Failed as u8),
            Self::Start { .. } | Self::Scratch(_) => Exit::Lab as u8,
        }
    }
}

pub fn ci(args: &CiArgs) -> ExitCode {
    if args.list {
        let all: Vec<String> = STAGES.iter().map(Stage::to_string).collect();
        print!("{}", all.join("\n"));
        return Exit::Passed.into();
    }
    let stages = match select(&args.stages) {
        Ok(stages) => stages,
        Err(error) => {
            eprintln!("error: {error}");
            return Exit::Usage.into();
        }
    };
    match Interrupt::watch() {
        Ok(interrupt) => ExitCode::from(run(&stages, !args.stages.is_empty(), &interrupt)),
        Err(error) => {
            eprintln!("error: cannot handle Ctrl-C, so a lab could be left running: {error}");
            Exit::Lab.into()
        }
    }
}

/// Runs these stages and stops at the first that fails. A stage that the user named must run, so that a skip does not
/// look like a pass.
fn run(stages: &[&'static Stage], by_name: bool, interrupt: &Interrupt) -> u8 {
    let mut rows: Vec<Row> = Vec::new();
    let (mut exit, mut stopped, mut lab) = (Exit::Passed as u8, false, false);
    let day = day_of(SystemTime::now());
    for stage in stages {
        let outcome = if stopped {
            Outcome::NotReached
        } else if let Some(reason) = stage.needs.missing() {
            println!("\n==== {}: skipped, {reason}", stage.name);
            if by_name {
                exit = Exit::Lab as u8;
            }
            Outcome::Skipped(reason)
        } else if let Some(reason) = stage.turn.filter(|turn| !by_name && *turn != day % DAYS).map(|_| OTHER_DAY) {
            println!("\n==== {}: skipped, {reason}", stage.name);
            Outcome::Skipped(reason)
        } else {
            println!("\n==== {}", stage.name);
            lab |= stage.lab;
            let start = Instant::now();
            let result = commands(stage, interrupt);
            let time = start.elapsed();
            println!("==== {}: {}", stage.name, seconds(time).trim_start());
            match result {
                Ok(()) => Outcome::Passed(time),
                Err(failure) => {
                    eprintln!("error: the stage {} failed: {failure}", stage.name);
                    exit = failure.code();
                    stopped = true;
                    Outcome::Failed(time)
                }
            }
        };
        rows.push(Row { stage: stage.name, outcome });
    }
    if lab && !clean_up(exit, interrupt) && exit == Exit::Passed as u8 {
        exit = Exit::Cleanup as u8;
    }
    println!("\n{}", table(&rows));
    exit
}

fn commands(stage: &Stage, interrupt: &Interrupt) -> Result<(), Failure> {
    let scratch = tempfile::tempdir().map_err(Failure::Scratch)?;
    let scratch = scratch.path().to_string_lossy();
    let shard = shard_of(day_of(SystemTime::now()));
    for command in stage.commands {
        let arguments: Vec<String> =
            command.iter().map(|argument| argument.replace("{scratch}", &scratch).replace("{shard}", &shard)).collect();
        let code = cargo(stage.env, &arguments, interrupt)?;
        if let Some(signal) = interrupt.seen() {
            return Err(Failure::Interrupted { signal });
        }
        if code != 0 {
            return Err(Failure::Command { command: shown(stage.env, arguments.iter().map(String::as_str)), code });
        }
    }
    Ok(())
}

fn cargo(env: &[(&str, &str)], arguments: &[String], interrupt: &Interrupt) -> Result<i32, Failure> {
    let text = shown(env, arguments.iter().map(String::as_str));
    println!("$ {text}");
    let mut command = crate::cargo::cargo();
    for choice in CHOICES {
        command.env_remove(choice);
    }
    command.args(arguments).current_dir(paths::repo()).envs([LAB_NAME]).envs(env.iter().copied());
    let code = command.spawn().and_then(|mut child| child::wait(&mut child, interrupt));
    code.map_err(|source| Failure::Start { command: text, source })
}

/// Stops the lab in any case. After a failure, it first prints the lab's status.
fn clean_up(exit: u8, interrupt: &Interrupt) -> bool {
    let lab = |verb: &str| {
        interrupt.forget();
        cargo(&[], &["xtask".to_owned(), "lab".to_owned(), verb.to_owned()], interrupt)
    };
    println!("\n==== the end of the lab");
    if exit != Exit::Passed as u8 && interrupt.seen().is_none() {
        // The output is only for people. The error has been reported, and a stopped lab has no status.
        let _ = lab("status");
    }
    match lab("down") {
        Ok(0) => true,
        Ok(code) => {
            eprintln!("error: the lab is still there: `cargo xtask lab down --name {}` exited with {code}", LAB_NAME.1);
            false
        }
        Err(failure) => {
            eprintln!("error: the lab is still there: {failure}");
            false
        }
    }
}

/// Why a stage does not run today.
const OTHER_DAY: &str = "it runs on every third day: name it to run it today";
/// In so many days everything has run.
const DAYS: u64 = 3;

fn day_of(now: SystemTime) -> u64 {
    now.duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default().as_secs() / 86_400
}

/// Three days in a row cover all scenarios.
fn shard_of(day: u64) -> String {
    format!("{}/{DAYS}", day % DAYS + 1)
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::time::Duration;

    #[test]
    fn three_days_in_a_row_are_all_shards() {
        let on = |day: u64| shard_of(day_of(SystemTime::UNIX_EPOCH + Duration::from_secs(day * 86_400 + 3600)));
        assert_eq!([on(20_000), on(20_001), on(20_002)], ["3/3", "1/3", "2/3"]);
    }

    #[test]
    fn three_days_in_a_row_run_every_stage() {
        let runs = |stage: &Stage, day: u64| stage.turn.is_none_or(|turn| turn == day % DAYS);
        let on = |day| STAGES.iter().filter(move |stage| runs(stage, day)).map(|stage| stage.name);
        let all: std::collections::BTreeSet<_> = (20_000..20_000 + DAYS).flat_map(on).collect();
        assert_eq!(all.len(), STAGES.len());
        assert!((20_000..20_000 + DAYS).all(|day| on(day).count() < STAGES.len()), "each leaves one out");
    }
}
