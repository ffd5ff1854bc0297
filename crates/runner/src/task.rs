//! The tasks of a run.

use camino::{Utf8Path, Utf8PathBuf};
use scenario::{Folder, Sabotage, Scenario};
use std::sync::Arc;

/// A scenario and its folder. Cheap to clone.
#[derive(Clone, Debug)]
pub struct Job {
    pub path: Utf8PathBuf,
    /// The name of the file in it that the steps come from.
    file: &'static str,
    pub scenario: Arc<Scenario>,
}

impl Job {
    pub fn new(path: impl Into<Utf8PathBuf>, scenario: Scenario) -> Self {
        Self { path: path.into(), file: "scenario.yaml", scenario: Arc::new(scenario) }
    }

    /// The same with steps from another file of the folder.
    pub fn with_file(self, file: &'static str) -> Self {
        Self { file, ..self }
    }

    pub fn name(&self) -> &str {
        &self.scenario.name
    }

    /// The path of the file in reports: relative to the repository's root, if it is below it.
    pub fn file(&self) -> Utf8PathBuf {
        let file = self.path.join(self.file);
        file.strip_prefix(model::paths::repo()).map(Utf8Path::to_owned).unwrap_or(file)
    }
}

impl From<Folder> for Job {
    fn from(folder: Folder) -> Self {
        Self::new(folder.path, folder.scenario)
    }
}

/// One run of one scenario, with or without one of its sabotages.
#[derive(Clone, Debug)]
pub struct Task {
    pub job: Job,
    /// The index of the sabotage.
    pub sabotage: Option<usize>,
    /// The attempt of `--repeat`, from 0.
    pub round: u32,
}

impl Task {
    pub fn plain(job: Job) -> Self {
        Self { job, sabotage: None, round: 0 }
    }

    pub fn sabotage(&self) -> Option<&Sabotage> {
        self.job.scenario.sabotage.get(self.sabotage?).map(|spanned| &spanned.value)
    }

    /// One task for each sabotage of a scenario.
    pub fn sabotages(job: &Job) -> Vec<Self> {
        (0..job.scenario.sabotage.len())
            .map(|index| Self { job: job.clone(), sabotage: Some(index), round: 0 })
            .collect()
    }

    /// The name of the result.
    pub fn title(&self) -> String {
        match self.sabotage() {
            Some(sabotage) => format!("{} / {}", self.job.name(), sabotage.name),
            None => self.job.name().to_owned(),
        }
    }

    /// The name of the attempt's folder, unique within the run.
    pub fn slug(&self) -> String {
        let sabotage = self.sabotage.map(|index| format!("-sabotage-{}", index + 1)).unwrap_or_default();
        let round = if self.round > 0 { format!("-{}", self.round + 1) } else { String::new() };
        format!("{}{sabotage}{round}", self.job.name())
    }
}
