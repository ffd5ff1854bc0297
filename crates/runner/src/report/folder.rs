//! The folder of one run, and the link to the last run.

use super::attachments::Attached;
use super::{Error, json, junit};
use camino::{Utf8DirEntry, Utf8Path, Utf8PathBuf};
use host::files;
use model::Report;
use std::fs;
use std::os::unix::fs::DirBuilderExt;

/// The number of runs to keep.
const KEPT: usize = 100;

/// `<reports>/<run>`: `report.json`, `junit.xml`, `report.html`, `summary.md`, and a folder for each failed scenario.
#[derive(Clone, Debug)]
pub struct ReportFolder {
    path: Utf8PathBuf,
}

impl ReportFolder {
    /// Creates the folder, and points `<reports>/last` to it. Older runs are removed, except for the newest hundred.
    ///
    /// # Errors
    /// If the folder cannot be created.
    pub fn create(reports: &Utf8Path, run: &str) -> Result<Self, Error> {
        let path = reports.join(run);
        // The folder is private, like the lab's own, because logs may contain secrets.
        fs::DirBuilder::new().recursive(true).mode(0o700).create(&path).map_err(write_error(&path))?;
        prune(reports);
        // The new link replaces the old one by renaming, so that a link always exists.
        let fresh = reports.join(format!(".last-{run}"));
        std::os::unix::fs::symlink(run, &fresh).map_err(write_error(&fresh))?;
        let last = reports.join("last");
        fs::rename(&fresh, &last).map_err(write_error(&last))?;
        Ok(Self { path })
    }

    pub fn path(&self) -> &Utf8Path {
        &self.path
    }

    /// The folder for the diagnostics of one attempt.
    pub fn scenario(&self, attempt: &str) -> Utf8PathBuf {
        self.path.join(attempt)
    }

    /// Writes both reports. Each file is replaced atomically, so that a crash leaves the last complete report.
    ///
    /// # Errors
    /// If a file cannot be written.
    pub fn write(&self, report: &Report) -> Result<(), Error> {
        self.replace("report.json", &json::text(report)?)?;
        self.replace("junit.xml", &junit::text(report)?)
    }

    /// The last run's report.
    ///
    /// # Errors
    /// If there is none, or it cannot be read.
    pub fn last(reports: &Utf8Path) -> Result<Report, Error> {
        json::read(&reports.join("last/report.json")).map_err(|error| match error {
            Error::Read { path, source } => Error::NoLast { path, source },
            other => other,
        })
    }

    /// The reports of the newest runs, at most `most`, the newest first. Reports that cannot be read are skipped.
    pub fn newest(reports: &Utf8Path, most: usize) -> Vec<Report> {
        let newest = runs(reports).into_iter().rev();
        newest.filter_map(|run| json::read(&run.join("report.json")).ok()).take(most).collect()
    }

    /// Writes what people look at, once the run has ended: `report.html`, and `summary.md` for a CI job.
    ///
    /// # Errors
    /// If a file cannot be written.
    pub fn write_pages(&self, report: &Report) -> Result<(), Error> {
        self.replace("report.html", &report_views::page(report, Attached::default().reader())?)?;
        self.replace("summary.md", &report_views::summary(report))
    }

    fn replace(&self, name: &str, text: &str) -> Result<(), Error> {
        files::write_shared(&self.path.join(name), text.as_bytes()).map_err(|error| {
            let (path, source) = error.into_parts();
            Error::Write { path, source }
        })
    }
}

/// The folders of runs, the oldest first. Their names begin with their times.
fn runs(reports: &Utf8Path) -> Vec<Utf8PathBuf> {
    let Ok(entries) = reports.read_dir_utf8() else { return Vec::new() };
    // A folder with another kind of name does not belong to the lab.
    let is_run = |entry: &Utf8DirEntry| {
        let day = entry.file_name().split('-').next().unwrap_or_default();
        let dated = day.len() == 8 && day.bytes().all(|byte| byte.is_ascii_digit());
        dated && entry.file_type().is_ok_and(|kind| kind.is_dir())
    };
    let mut runs: Vec<_> = entries.flatten().filter(is_run).map(|entry| entry.into_path()).collect();
    runs.sort();
    runs
}

/// Removes all but the newest runs. The next run tries again to remove what it could not.
fn prune(reports: &Utf8Path) {
    let runs = runs(reports);
    for old in &runs[..runs.len().saturating_sub(KEPT)] {
        let _ = fs::remove_dir_all(old);
    }
}

fn write_error(path: &Utf8Path) -> impl FnOnce(std::io::Error) -> Error {
    let path = path.to_owned();
    move |source| Error::Write { path, source }
}

#[cfg(test)]
mod tests {
    use super::*;
    use model::Verdict;
    use model::sample::{report, result};

    #[test]
    fn the_last_run_is_found_again() {
        let dir = tempfile::tempdir().expect("a folder");
        let reports = Utf8Path::from_path(dir.path()).expect("UTF-8");
        assert!(matches!(ReportFolder::last(reports), Err(Error::NoLast { .. })));
        for (run, name) in [("first", "a"), ("second", "b")] {
            let folder = ReportFolder::create(reports, run).expect("made");
            folder.write(&report(vec![result(name, Verdict::Passed)])).expect("written");
        }
        let last = ReportFolder::last(reports).expect("there is one");
        assert_eq!(last.scenarios[0].name, "b");
        assert!(reports.join("first/junit.xml").is_file(), "an older run stays");
    }

    #[test]
    fn the_oldest_runs_are_removed() {
        let dir = tempfile::tempdir().expect("a folder");
        let reports = Utf8Path::from_path(dir.path()).expect("UTF-8");
        fs::create_dir_all(reports.join("2025-mine")).expect("made");
        let name = |run| format!("20260101-{run:06}-a1b2c3");
        for run in 0..=KEPT {
            ReportFolder::create(reports, &name(run)).expect("made");
        }
        assert!(!reports.join(name(0)).exists() && reports.join(name(1)).exists());
        assert!(reports.join("2025-mine").exists(), "the lab does not remove a folder of somebody else");
        assert_eq!(fs::read_link(reports.join("last")).expect("a link"), *name(KEPT));
    }
}
