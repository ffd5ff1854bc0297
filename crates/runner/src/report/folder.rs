//! The folder of one run, and the pointer to the last one.

use super::{Error, json, junit};
use camino::{Utf8DirEntry, Utf8Path, Utf8PathBuf};
use host::files;
use model::Report;
use std::fs;
use std::os::unix::fs::DirBuilderExt;

/// Runs that are kept.
const KEPT: usize = 100;

/// `<reports>/<run>`: `report.json`, `junit.xml`, and a folder for each failed scenario.
#[derive(Clone, Debug)]
pub struct ReportFolder {
    path: Utf8PathBuf,
}

impl ReportFolder {
    /// Makes the folder, and lets `<reports>/last` lead to it. Of older runs the newest hundred stay.
    ///
    /// # Errors
    /// When the folder cannot be made.
    pub fn create(reports: &Utf8Path, run: &str) -> Result<Self, Error> {
        let path = reports.join(run);
        // Private, as the lab's own folder is: a broker's log may say anything.
        fs::DirBuilder::new().recursive(true).mode(0o700).create(&path).map_err(write_error(&path))?;
        prune(reports);
        // A link that is renamed over the old one: another run that ends now never finds none.
        let fresh = reports.join(format!(".last-{run}"));
        std::os::unix::fs::symlink(run, &fresh).map_err(write_error(&fresh))?;
        let last = reports.join("last");
        fs::rename(&fresh, &last).map_err(write_error(&last))?;
        Ok(Self { path })
    }

    pub fn path(&self) -> &Utf8Path {
        &self.path
    }

    /// Where one attempt of one scenario may leave what it collected.
    pub fn scenario(&self, attempt: &str) -> Utf8PathBuf {
        self.path.join(attempt)
    }

    /// Writes both reports. Each file is whole at any moment, so that a crash leaves what was done until then.
    ///
    /// # Errors
    /// When a file cannot be written.
    pub fn write(&self, report: &Report) -> Result<(), Error> {
        self.replace("report.json", &json::text(report)?)?;
        self.replace("junit.xml", &junit::text(report)?)
    }

    /// The last run's report.
    ///
    /// # Errors
    /// When there is none, or it cannot be read.
    pub fn last(reports: &Utf8Path) -> Result<Report, Error> {
        json::read(&reports.join("last/report.json")).map_err(|error| match error {
            Error::Read { path, source } => Error::NoLast { path, source },
            other => other,
        })
    }

    /// The reports of the newest runs, the newest first; at most this many. One that cannot be read is left out.
    pub fn newest(reports: &Utf8Path, most: usize) -> Vec<Report> {
        let newest = runs(reports).into_iter().rev();
        newest.filter_map(|run| json::read(&run.join("report.json")).ok()).take(most).collect()
    }

    fn replace(&self, name: &str, text: &str) -> Result<(), Error> {
        files::write_shared(&self.path.join(name), text.as_bytes()).map_err(|error| {
            let (path, source) = error.into_parts();
            Error::Write { path, source }
        })
    }
}

/// The folders of runs, the oldest first: their names begin with their times.
fn runs(reports: &Utf8Path) -> Vec<Utf8PathBuf> {
    let Ok(entries) = reports.read_dir_utf8() else { return Vec::new() };
    // A folder with a name of another form is not a run's, so somebody else made it.
    let is_run = |entry: &Utf8DirEntry| {
        let day = entry.file_name().split('-').next().unwrap_or_default();
        let dated = day.len() == 8 && day.bytes().all(|byte| byte.is_ascii_digit());
        dated && entry.file_type().is_ok_and(|kind| kind.is_dir())
    };
    let mut runs: Vec<_> = entries.flatten().filter(is_run).map(|entry| entry.into_path()).collect();
    runs.sort();
    runs
}

/// Removes all but the newest runs. What cannot be removed stays for the next run.
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
    fn the_oldest_runs_make_place() {
        let dir = tempfile::tempdir().expect("a folder");
        let reports = Utf8Path::from_path(dir.path()).expect("UTF-8");
        fs::create_dir_all(reports.join("2025-mine")).expect("made");
        let name = |run| format!("20260101-{run:06}-a1b2c3");
        for run in 0..=KEPT {
            ReportFolder::create(reports, &name(run)).expect("made");
        }
        assert!(!reports.join(name(0)).exists() && reports.join(name(1)).exists());
        assert!(reports.join("2025-mine").exists(), "a folder that is no run's is not the lab's to remove");
        assert_eq!(fs::read_link(reports.join("last")).expect("a link"), *name(KEPT));
    }
}
