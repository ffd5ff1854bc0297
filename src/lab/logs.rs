//! The end of a component's log.

use super::{Error, LabDir};
use crate::file_error::FileError;
use std::fs::{self, File};
use std::io::{Read, Seek, SeekFrom};

/// The components that have written a log, in alphabetical order.
///
/// # Errors
/// When the folder cannot be read.
pub fn components(dir: &LabDir) -> Result<Vec<String>, Error> {
    let folder = dir.logs();
    if !folder.exists() {
        return Ok(Vec::new());
    }
    let entries = folder.read_dir_utf8().map_err(FileError::of("list", &folder))?;
    let mut names: Vec<_> = entries
        .filter_map(Result::ok)
        .filter_map(|entry| entry.file_name().strip_suffix(".log").map(ToOwned::to_owned))
        .collect();
    names.sort();
    Ok(names)
}

/// The last lines of a component's log.
///
/// # Errors
/// When the component has written none.
pub fn tail(dir: &LabDir, component: &str, lines: usize) -> Result<String, Error> {
    /// Enough for some thousand lines; a broker's log can grow to gigabytes.
    const AT_MOST: u64 = 1 << 20;
    let path = dir.logs().join(format!("{component}.log"));
    let mut file = File::open(&path).map_err(FileError::of("open", &path))?;
    let length = fs::metadata(&path).map_err(FileError::of("read", &path))?.len();
    file.seek(SeekFrom::Start(length.saturating_sub(AT_MOST))).map_err(FileError::of("read", &path))?;
    let mut bytes = Vec::new();
    file.read_to_end(&mut bytes).map_err(FileError::of("read", &path))?;
    let text = String::from_utf8_lossy(&bytes);
    let skip = text.lines().count().saturating_sub(lines);
    Ok(text.lines().skip(skip).map(|line| format!("{line}\n")).collect())
}
