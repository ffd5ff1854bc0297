//! Writes the report during a run, and leaves out what would slow the run.
//!
//! A report is written as a whole. If it were written after each of many scenarios, the time for writing would grow with
//! the square of their number.

use super::{Error, ReportFolder};
use model::Report;
use std::time::Instant;

/// How much longer than a write the pause after it is.
const PAUSE: u32 = 20;

/// The report of a run that goes on. After a crash, the file lacks what ended during the last pause.
pub struct Paced<'a> {
    folder: &'a ReportFolder,
    not_before: Instant,
}

impl<'a> Paced<'a> {
    pub fn new(folder: &'a ReportFolder) -> Self {
        Self { folder, not_before: Instant::now() }
    }

    /// Writes the report, unless the pause after the last write has not ended.
    ///
    /// # Errors
    /// If a file cannot be written.
    pub fn write(&mut self, report: &Report) -> Result<(), Error> {
        let begun = Instant::now();
        if begun < self.not_before {
            return Ok(());
        }
        self.folder.write(report)?;
        let ended = Instant::now();
        self.not_before = ended + (ended - begun) * PAUSE;
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use camino::Utf8Path;
    use model::Verdict;
    use model::sample::{report, result};

    #[test]
    fn a_report_that_takes_long_to_write_is_written_seldom() {
        let dir = tempfile::tempdir().expect("a folder");
        let folder = ReportFolder::create(Utf8Path::from_path(dir.path()).expect("UTF-8"), "run").expect("made");
        let path = folder.path().join("report.json");
        let mut paced = Paced::new(&folder);
        let many = report((0..500).map(|number| result(&number.to_string(), Verdict::Passed)).collect());
        paced.write(&many).expect("written");
        assert!(paced.not_before > Instant::now(), "the pause is longer than a write");
        std::fs::remove_file(&path).expect("it was there");
        paced.write(&many).expect("left out");
        assert!(!path.exists(), "it was written during the pause");
        paced.not_before = Instant::now();
        paced.write(&many).expect("written");
        assert!(path.exists(), "it was not written after the pause");
    }
}
