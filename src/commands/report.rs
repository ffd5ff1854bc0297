//! `report table`

use camino::{Utf8Path, Utf8PathBuf};
use model::{Exit, visible};
use runner::report::{Error, differences, table as page};
use std::fs;

/// The page for these runs. A file that is not a report is a usage error.
///
/// # Errors
/// If the page cannot be written.
pub fn table(reports: &[Utf8PathBuf], only_differences: bool, write: Option<&Utf8Path>) -> Result<Exit, Error> {
    let mut read = Vec::new();
    for path in reports {
        match runner::report::read(path) {
            Ok(report) => read.push(report),
            Err(error) => {
                let error = error.to_string();
                let error = visible(&error);
                eprintln!(
                    "error: {error}; expected the report.json of a run, whose path `scenario run` prints at its end"
                );
                return Ok(Exit::Usage);
            }
        }
    }
    let text = if only_differences { differences(&read) } else { page(&read) };
    match write {
        Some(path) => fs::write(path, text).map_err(|source| Error::Write { path: path.to_owned(), source })?,
        // Reports contain texts of scenarios, brokers and gateways.
        None => print!("{}", visible(&text)),
    }
    Ok(Exit::Passed)
}
