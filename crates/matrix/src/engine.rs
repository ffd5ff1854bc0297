//! Runs one combination after another, each on a fresh lab that is taken down in any case.

use super::{Combination, Error, Folder};
use model::{Exit, Report};
use report_views::Absent;
use runner::Stop;

/// Brings labs up, runs the scenarios on them, and takes them down. Errors are sentences for a column of the matrix.
pub trait Labs {
    /// Why there can be no such lab, as far as that can be seen without starting it.
    fn obstacle(&self, combination: &Combination) -> impl Future<Output = Option<String>>;
    fn up(&self, lab: &str, combination: &Combination) -> impl Future<Output = Result<(), String>>;
    /// Runs the scenarios on the lab that is up. A report is a result whatever is in it.
    fn run(&self, lab: &str) -> impl Future<Output = Result<Report, String>>;
    /// It is not an error if there is no such lab.
    fn down(&self, lab: &str) -> impl Future<Output = Result<(), String>>;
    /// Shows a line to the user.
    fn say(&self, line: &str);
}

/// What became of the combinations.
#[derive(Debug, Default)]
pub struct Outcome {
    pub reports: Vec<Report>,
    pub absent: Vec<Absent>,
    /// Labs that did not come up, or went down during a run.
    pub broken: usize,
    /// Labs that could not be taken down.
    pub left: usize,
    /// Whether something is missing because the user or a time limit ended it.
    pub interrupted: bool,
}

impl Outcome {
    /// The lab's own failure decides first, then failed scenarios, then what was left behind.
    pub fn exit(&self) -> Exit {
        let ended = |wanted: Exit| self.reports.iter().any(|report| Exit::of(report) == wanted);
        if self.broken > 0 {
            Exit::Lab
        } else if self.interrupted || ended(Exit::Failed) {
            Exit::Failed
        } else if self.left > 0 || ended(Exit::Cleanup) {
            Exit::Cleanup
        } else {
            Exit::Passed
        }
    }
}

/// How a combination ended that has no complete report.
enum End {
    Broken(String),
    Interrupted(String),
}

/// Runs every combination that the folder has no report of. `prefix` begins the names of the labs. After a signal, the
/// combination that runs ends and its lab is taken down, and no other begins.
///
/// # Errors
/// If the folder cannot be read or written.
pub async fn run(
    folder: &Folder,
    combinations: &[Combination],
    prefix: &str,
    labs: &impl Labs,
    stop: &Stop,
) -> Result<Outcome, Error> {
    let mut outcome = Outcome::default();
    for (index, combination) in combinations.iter().enumerate() {
        let name = combination.name();
        let place = format!("{} of {}: {name}", index + 1, combinations.len());
        if let Some(report) = folder.finished(combination)? {
            labs.say(&format!("{place}: finished earlier, run {}", report.run));
            outcome.reports.push(report);
            continue;
        }
        if let Some(reason) = stop.reason() {
            outcome.interrupted = true;
            outcome.absent.push(combination.absent("not run", format!("the matrix was ended by {reason}")));
            continue;
        }
        if let Some(reason) = labs.obstacle(combination).await {
            labs.say(&format!("{place}: skipped, because {reason}"));
            outcome.absent.push(combination.absent("skipped", reason));
            continue;
        }
        labs.say(&place);
        let lab = format!("{prefix}-{}", index + 1);
        let ended = on_a_fresh_lab(labs, &lab, combination, stop).await;
        if let Err(problem) = labs.down(&lab).await {
            labs.say(&format!("cannot take the lab {lab} down: {problem}; try `cargo xtask lab down --name {lab}`"));
            outcome.left += 1;
        }
        match ended {
            Ok(report) => {
                folder.keep(combination, &report)?;
                outcome.reports.push(report);
            }
            Err(End::Interrupted(reason)) => {
                outcome.interrupted = true;
                outcome.absent.push(combination.absent("not finished", reason));
            }
            Err(End::Broken(reason)) => {
                labs.say(&format!("{place}: the lab failed: {reason}"));
                outcome.broken += 1;
                outcome.absent.push(combination.absent("lab failed", reason));
            }
        }
    }
    Ok(outcome)
}

/// The report of a lab that was not there before. A report that lacks scenarios because the run ended early is none.
async fn on_a_fresh_lab(labs: &impl Labs, lab: &str, combination: &Combination, stop: &Stop) -> Result<Report, End> {
    let failed = |problem: String| match stop.reason() {
        Some(reason) => End::Interrupted(format!("the matrix was ended by {reason}")),
        None => End::Broken(problem),
    };
    // A call that was killed may have left its lab, with the objects of half a run.
    labs.down(lab).await.map_err(failed)?;
    labs.up(lab, combination).await.map_err(failed)?;
    let report = labs.run(lab).await.map_err(failed)?;
    match &report.interrupted {
        Some(reason) => Err(End::Interrupted(format!("the run ended early: {reason}"))),
        None => Ok(report),
    }
}

#[cfg(test)]
#[path = "engine_tests.rs"]
mod tests;
