//! The folder in which a walkthrough runs: the files with the lab's values, and which steps have been done.

use super::{Error, Story};
use camino::{Utf8Path, Utf8PathBuf};
use model::FileError;
use std::collections::BTreeSet;
use std::fs;

const DONE: &str = "done.json";

/// The folder of one walkthrough in one lab.
#[derive(Debug)]
pub struct Folder {
    path: Utf8PathBuf,
    done: BTreeSet<String>,
}

impl Folder {
    /// Makes the folder, or goes on with it. The files are written again, so that they are those of this checkout.
    ///
    /// # Errors
    /// If it cannot be written.
    pub fn open(path: Utf8PathBuf, story: &Story) -> Result<Self, Error> {
        host::files::folder(&path)?;
        for (name, text) in story.files() {
            host::files::write_shared(&path.join(name), text.as_bytes())?;
        }
        let done = fs::read_to_string(path.join(DONE)).unwrap_or_default();
        // A file that a killed process left half written only means that steps are done again.
        let done = serde_json::from_str(&done).unwrap_or_default();
        Ok(Self { path, done })
    }

    pub fn path(&self) -> &Utf8Path {
        &self.path
    }

    /// Whether an earlier walk ended this step well.
    pub fn is_done(&self, step: &str) -> bool {
        self.done.contains(step)
    }

    /// Remembers that the step is done.
    ///
    /// # Errors
    /// If the folder cannot be written.
    pub fn mark(&mut self, step: &str) -> Result<(), Error> {
        self.done.insert(step.to_owned());
        self.write()
    }

    /// Forgets what was done.
    ///
    /// # Errors
    /// If the folder cannot be written.
    pub fn forget(&mut self) -> Result<(), Error> {
        self.done.clear();
        self.write()
    }

    fn write(&self) -> Result<(), Error> {
        let path = self.path.join(DONE);
        let text = serde_json::json!(self.done).to_string();
        Ok(fs::write(&path, text).map_err(FileError::of("write", &path))?)
    }
}
