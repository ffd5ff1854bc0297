//! `report table`

use crate::report::{Error, Report, table as page};
use camino::{Utf8Path, Utf8PathBuf};
use std::fs;

/// The page for these runs.
///
/// # Errors
/// When a report cannot be read, or the page cannot be written.
pub fn table(reports: &[Utf8PathBuf], write: Option<&Utf8Path>) -> Result<(), Error> {
    let reports = reports.iter().map(|path| Report::read(path)).collect::<Result<Vec<_>, _>>()?;
    let text = page(&reports);
    match write {
        Some(path) => fs::write(path, text).map_err(|source| Error::Write { path: path.to_owned(), source }),
        None => {
            print!("{text}");
            Ok(())
        }
    }
}
