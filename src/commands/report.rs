//! `report open | diff | table`

use camino::{Utf8Path, Utf8PathBuf};
use cli::NameArgs;
use model::{Exit, LabDir, Report, visible};
use report_views::{differences, table as page};
use runner::report::{Error, ReportFolder};
use std::error;
use std::fs;
use std::time::Duration;

/// How long a desktop may take to start its browser.
const OPEN: Duration = Duration::from_secs(10);

/// Prints the path of the last run's page, and opens it where a program for that is installed.
///
/// # Errors
/// If there is no last run.
pub fn open(name: &NameArgs) -> Result<(), Box<dyn error::Error>> {
    let reports = LabDir::of(&name.name)?.reports();
    let last = ReportFolder::last(&reports)?;
    let path = reports.join(&last.run).join("report.html");
    println!("{path}");
    let program = if cfg!(target_os = "macos") { "open" } else { "xdg-open" };
    let command = duct::cmd!(program, path.as_str()).stdin_null().stdout_null().stderr_null();
    // Without a desktop there is no such program, and the path is all that a person needs.
    let _ = host::command::run(&command, OPEN, |_| {});
    Ok(())
}

/// Prints what changed. A file that is not a report is a usage error.
pub fn diff(before: &Utf8Path, after: &Utf8Path) -> Exit {
    let (Some(before), Some(after)) = (readable(before), readable(after)) else { return Exit::Usage };
    print!("{}", visible(&report_views::difference(&before, &after)));
    Exit::Passed
}

/// The report, or an error on standard error.
pub(super) fn readable(path: &Utf8Path) -> Option<Report> {
    match runner::report::read(path) {
        Ok(report) => Some(report),
        Err(error) => {
            eprintln!(
                "error: {}; expected the report.json of a run, whose path `scenario run` prints at its end",
                visible(&error.to_string())
            );
            None
        }
    }
}

/// The page for these runs. A file that is not a report is a usage error.
///
/// # Errors
/// If the page cannot be written.
pub fn table(reports: &[Utf8PathBuf], only_differences: bool, write: Option<&Utf8Path>) -> Result<Exit, Error> {
    let Some(read) = reports.iter().map(|path| readable(path)).collect::<Option<Vec<_>>>() else {
        return Ok(Exit::Usage);
    };
    let text = if only_differences { differences(&read) } else { page(&read) };
    match write {
        Some(path) => fs::write(path, text).map_err(|source| Error::Write { path: path.to_owned(), source })?,
        // Reports contain texts of scenarios, brokers and gateways.
        None => print!("{}", visible(&text)),
    }
    Ok(Exit::Passed)
}
