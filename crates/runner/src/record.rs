//! The cleanup records on disk. With them a later run can clean up after a run that was killed or kept.
//!
//! Each run has one file, `<lab>/runs/<namespace>`, which it locks. The kernel releases the lock when the process dies.
//! Each change appends a line with everything to undo, and the last complete line counts.

use super::journal::Undo;
use camino::{Utf8Path, Utf8PathBuf};
use model::LabDir;
use serde::{Deserialize, Serialize};
use std::fs::{self, File, TryLockError};
use std::io::{self, Write};

/// The folder of the records, in the lab's folder.
const RUNS: &str = "runs";

/// Everything that a run would have to undo if it ended now.
#[derive(Clone, Debug, Default, Deserialize, Serialize)]
#[serde(rename_all = "kebab-case")]
pub struct Unfinished {
    pub namespace: String,
    /// The exclusive listener that the run used.
    #[serde(alias = "slot")]
    pub listener: Option<String>,
    /// The run was kept with `--keep`.
    pub kept: bool,
    /// The changes, in the order in which they were made.
    pub undo: Vec<Undo>,
}

/// The record of one run. Its owner holds the lock and may undo the changes.
#[derive(Debug)]
pub struct Record {
    path: Utf8PathBuf,
    file: File,
    pub state: Unfinished,
}

impl Record {
    /// Creates a record. This must happen before the run's first change.
    ///
    /// # Errors
    /// If the file cannot be written.
    pub fn begin(lab: &LabDir, state: Unfinished) -> io::Result<Self> {
        let dir = lab.folder(RUNS)?;
        let path = dir.join(&state.namespace);
        // The file has another name until it is locked, so that nobody takes it for the record of a killed run.
        let fresh = dir.join(format!(".{}", state.namespace));
        let file = File::options().create(true).append(true).open(&fresh)?;
        lock(&file)?;
        let record = Self { path, file, state };
        record.write()?;
        fs::rename(&fresh, &record.path)?;
        Ok(record)
    }

    /// The matching records of runs that ended without a complete cleanup.
    ///
    /// # Errors
    /// When the folder or a file in it cannot be read.
    pub fn abandoned(lab: &LabDir, fits: impl Fn(&Unfinished) -> bool) -> io::Result<Abandoned> {
        let mut found = Abandoned { records: Vec::new(), held: 0 };
        let entries = match folder(lab).read_dir_utf8() {
            Ok(entries) => entries,
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(found),
            Err(error) => return Err(error),
        };
        for entry in entries {
            let entry = entry?;
            if entry.file_name().starts_with('.') {
                continue;
            }
            let Some((path, file)) = open(entry.path())? else { continue };
            let free = lock(&file)?;
            // Read after locking, because another process may have finished the cleanup in between.
            let Some(state) = read(&path)?.filter(&fits) else { continue };
            if free {
                found.records.push(Self { path, file, state });
            } else {
                found.held += 1;
            }
        }
        found.records.sort_by(|a, b| a.path.cmp(&b.path));
        Ok(found)
    }

    /// Appends the state to the file.
    ///
    /// # Errors
    /// If the file cannot be written.
    pub fn write(&self) -> io::Result<()> {
        let mut line = serde_json::to_string(&self.state).map_err(io::Error::from)?;
        line.push('\n');
        (&self.file).write_all(line.as_bytes())
    }

    /// Removes the record after cleanup.
    ///
    /// # Errors
    /// If the file cannot be removed.
    pub fn end(self) -> io::Result<()> {
        fs::remove_file(&self.path)
    }
}

/// How many scenarios run on this lab now, in all processes.
///
/// # Errors
/// When the folder or a file in it cannot be read.
pub fn under_way(lab: &LabDir) -> io::Result<usize> {
    Ok(Record::abandoned(lab, |_| true)?.held)
}

/// The records of earlier runs.
#[derive(Debug)]
pub struct Abandoned {
    /// Records that this process has locked, until they are dropped.
    pub records: Vec<Record>,
    /// The number of matching records that others have locked: runs that are alive, or cleanups in progress.
    pub held: usize,
}

/// Opens a record. `None` if the file is gone.
fn open(path: &Utf8Path) -> io::Result<Option<(Utf8PathBuf, File)>> {
    match File::options().append(true).open(path) {
        Ok(file) => Ok(Some((path.to_owned(), file))),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
        Err(error) => Err(error),
    }
}

/// Reads the last complete line. `None` if the file is gone.
fn read(path: &Utf8Path) -> io::Result<Option<Unfinished>> {
    match fs::read_to_string(path) {
        Ok(text) => Ok(last(&text)),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
        Err(error) => Err(error),
    }
}

fn folder(lab: &LabDir) -> Utf8PathBuf {
    lab.path().join(RUNS)
}

/// Tries to take the lock. Without file locking, only the creating process counts as the owner.
fn lock(file: &File) -> io::Result<bool> {
    match file.try_lock() {
        Ok(()) => Ok(true),
        Err(TryLockError::WouldBlock) => Ok(false),
        Err(TryLockError::Error(error)) if error.kind() == io::ErrorKind::Unsupported => Ok(false),
        Err(TryLockError::Error(error)) => Err(error),
    }
}

fn last(text: &str) -> Option<Unfinished> {
    text.lines().rev().find_map(|line| serde_json::from_str(line).ok())
}

#[cfg(test)]
mod tests {
    use super::*;
    use kubeapi::ObjectRef;

    fn lab() -> (tempfile::TempDir, LabDir) {
        let dir = tempfile::tempdir().expect("a folder");
        let path = Utf8Path::from_path(dir.path()).expect("UTF-8").to_owned();
        (dir, LabDir::at(path))
    }

    fn state(namespace: &str) -> Unfinished {
        Unfinished { namespace: namespace.to_owned(), ..Unfinished::default() }
    }

    #[test]
    fn only_records_of_runs_that_ended_are_found() {
        let (_dir, lab) = lab();
        let abandoned = || Record::abandoned(&lab, |state| state.namespace.starts_with("a-")).expect("readable");
        assert!(abandoned().records.is_empty(), "no folder is no record");
        let mut record = Record::begin(&lab, state("a-000001")).expect("begun");
        let other = Record::begin(&lab, state("b-000001")).expect("begun");
        let object =
            ObjectRef { api_version: "v1".into(), kind: "Service".into(), namespace: "n".into(), name: "s".into() };
        record.state.undo.push(Undo::Delete(object.clone()));
        record.write().expect("written");
        assert_eq!((abandoned().records.len(), abandoned().held), (0, 1), "its run is alive");
        assert_eq!(under_way(&lab).expect("readable"), 2);
        drop((record, other));
        assert_eq!(under_way(&lab).expect("readable"), 0);
        let found = abandoned().records.pop().expect("one fits");
        assert_eq!((abandoned().records.len(), abandoned().held), (0, 1), "this process has locked it");
        assert!(matches!(&found.state.undo[..], [Undo::Delete(one)] if *one == object));
        found.end().expect("removed");
        assert_eq!((abandoned().records.len(), abandoned().held), (0, 0));
    }

    #[test]
    fn an_incomplete_line_does_not_count() {
        let whole = serde_json::to_string(&state("a-000001")).expect("it serializes");
        let text = format!("{whole}\n{{\"namespace\": \"a-0");
        assert_eq!(last(&text).expect("the line before").namespace, "a-000001");
        assert!(last("").is_none());
    }
}
