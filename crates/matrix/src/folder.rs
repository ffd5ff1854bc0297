//! The folder of a matrix: what was selected, and the report of each finished combination.

use super::{Combination, Error, Selection};
use camino::{Utf8Path, Utf8PathBuf};
use host::files;
use model::{FileError, Report};
use runner::report;
use std::fs::{self, File, OpenOptions, TryLockError};
use std::io;

/// `selection.json`, and `COMBINATION/report.json` for each combination that is finished. While it is open, nobody else uses it.
#[derive(Debug)]
pub struct Folder {
    path: Utf8PathBuf,
    _lock: File,
}

impl Folder {
    /// Opens the folder to continue what is in it, or makes it.
    ///
    /// # Errors
    /// If it has another selection, or another process uses it.
    pub fn open(path: &Utf8Path, selection: &Selection) -> Result<Self, Error> {
        fs::create_dir_all(path).map_err(FileError::of("make the folder", path))?;
        let lock = lock(&path.join(".lock"), path, "`--folder`")?;
        let folder = Self { path: path.to_owned(), _lock: lock };
        let file = path.join("selection.json");
        match fs::read_to_string(&file) {
            Ok(text) => {
                let kept: Selection = serde_json::from_str(&text)
                    .map_err(|error| Error::NotASelection { path: file, problem: error.to_string() })?;
                let differences = kept.differences(selection);
                if !differences.is_empty() {
                    return Err(Error::OtherSelection { path: path.to_owned(), differences: differences.join("; ") });
                }
            }
            Err(error) if error.kind() == io::ErrorKind::NotFound => {
                let text = serde_json::to_string_pretty(selection)
                    .map_err(|error| Error::NotASelection { path: file.clone(), problem: error.to_string() })?;
                files::write_shared(&file, text.as_bytes())?;
            }
            Err(error) => return Err(FileError::of("read", file)(error).into()),
        }
        Ok(folder)
    }

    pub fn path(&self) -> &Utf8Path {
        &self.path
    }

    /// The report of a combination, if it is finished.
    ///
    /// # Errors
    /// If there is one that cannot be read.
    pub fn finished(&self, combination: &Combination) -> Result<Option<Report>, Error> {
        let path = self.report(combination);
        if !path.exists() {
            return Ok(None);
        }
        report::read(&path).map(Some).map_err(|source| Error::Kept { source })
    }

    /// Keeps the report of a combination, which is finished by that.
    ///
    /// # Errors
    /// If it cannot be written.
    pub fn keep(&self, combination: &Combination, report: &Report) -> Result<(), Error> {
        let path = self.report(combination);
        if let Some(folder) = path.parent() {
            fs::create_dir_all(folder).map_err(FileError::of("make the folder", folder))?;
        }
        Ok(files::write_shared(&path, report::json(report)?.as_bytes())?)
    }

    fn report(&self, combination: &Combination) -> Utf8PathBuf {
        self.path.join(combination.name()).join("report.json")
    }
}

/// Locks a file until it is dropped, or the process ends.
///
/// # Errors
/// If another process holds it, or the file cannot be made.
pub(super) fn lock(path: &Utf8Path, used: &Utf8Path, option: &'static str) -> Result<File, Error> {
    let file = OpenOptions::new().write(true).create(true).truncate(false).open(path);
    let file = file.map_err(FileError::of("create", path))?;
    match file.try_lock() {
        Ok(()) => Ok(file),
        Err(TryLockError::WouldBlock) => Err(Error::Busy { path: used.to_owned(), option }),
        // The file system has no locks: continue, as tools without locking do.
        Err(TryLockError::Error(error)) if error.kind() == io::ErrorKind::Unsupported => Ok(file),
        Err(TryLockError::Error(error)) => Err(FileError::of("lock", path)(error).into()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::selection::tests::selection;
    use model::LabKind;
    use model::sample::report as sample;

    #[test]
    fn the_same_selection_continues_and_another_one_is_refused_with_what_differs() {
        let dir = tempfile::tempdir().expect("a folder");
        let path = Utf8Path::from_path(dir.path()).expect("UTF-8").join("deep/er");
        let one = selection(&["traefik"], &[LabKind::Local], &[]);
        let combination = one.combinations(|_| false).expect("they fit").remove(0);
        let folder = Folder::open(&path, &one).expect("made");
        assert!(folder.finished(&combination).expect("readable").is_none());
        folder.keep(&combination, &sample(Vec::new())).expect("written");
        let busy = Folder::open(&path, &one).expect_err("it is in use").to_string();
        assert!(busy.contains("--folder"), "{busy}");
        drop(folder);

        let again = Folder::open(&path, &one).expect("the same");
        assert!(again.finished(&combination).expect("readable").is_some());
        drop(again);
        let other = selection(&["traefik"], &[LabKind::Kind], &[]);
        let error = Folder::open(&path, &other).expect_err("another one").to_string();
        assert!(error.contains("--lab was local and is kind") && error.contains("another `--folder`"), "{error}");
    }

    #[test]
    fn a_damaged_report_is_named_with_the_way_out() {
        let dir = tempfile::tempdir().expect("a folder");
        let one = selection(&["traefik"], &[LabKind::Local], &[]);
        let combination = one.combinations(|_| false).expect("they fit").remove(0);
        let folder = Folder::open(Utf8Path::from_path(dir.path()).expect("UTF-8"), &one).expect("made");
        folder.keep(&combination, &sample(Vec::new())).expect("written");
        fs::write(folder.report(&combination), "{").expect("written");
        let error = folder.finished(&combination).expect_err("damaged").to_string();
        assert!(error.contains("traefik-local-standin/report.json") && error.contains("remove the file"), "{error}");
    }
}
