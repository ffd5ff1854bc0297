//! The labs of a matrix as they really are.

use super::engine::Labs;
use super::folder::lock;
use super::{Combination, Error};
use host::{Progress, files, with_causes};
use lab::Lab;
use model::{Exit, LabDir, Report, UpOptions, paths};
use runner::{Job, RunnerOptions, SessionOptions, Stop, SuiteOptions, View, session};
use std::fs::File;
use std::time::Duration;

/// What all labs of a matrix have in common.
pub struct LabSettings {
    /// The names of the labs begin with it.
    pub prefix: String,
    /// The first port of each lab. Only one lab is up at a time.
    pub port_base: u16,
    /// The scenarios.
    pub jobs: Vec<Job>,
    /// How many of them run at the same time. `None` is the usual number.
    pub parallel: Option<usize>,
    /// The time limit of the scenarios on one lab.
    pub within: Duration,
}

/// Starts each lab, and runs the scenarios on it, in this process.
pub struct FreshLabs {
    settings: LabSettings,
    stop: Stop,
    progress: Progress,
    _lock: File,
}

impl FreshLabs {
    /// Nobody else has labs with this prefix while the value lives: two of them would take down each other's labs.
    ///
    /// # Errors
    /// If another matrix has them.
    pub fn new(settings: LabSettings, stop: Stop) -> Result<Self, Error> {
        let state = paths::state()?;
        files::folder(&state)?;
        let lock = lock(&state.join(format!(".{}.matrix-lock", settings.prefix)), &state, "`--name`")?;
        Ok(Self { settings, stop, progress: Progress::stderr(), _lock: lock })
    }
}

impl Labs for FreshLabs {
    async fn obstacle(&self, combination: &Combination) -> Option<String> {
        match combination.up_options() {
            Ok(options) => lab::obstacle(combination.lab, &options).await,
            Err(reason) => Some(reason),
        }
    }

    async fn up(&self, lab: &str, combination: &Combination) -> Result<(), String> {
        let options =
            UpOptions { name: lab.to_owned(), port_base: Some(self.settings.port_base), ..combination.up_options()? };
        tokio::select! {
            up = Box::pin(lab::up(&options, &self.progress)) => up.map(|_lab| ()).map_err(|error| with_causes(&error)),
            reason = self.stop.raised() => Err(reason),
        }
    }

    async fn run(&self, lab: &str) -> Result<Report, String> {
        let LabSettings { jobs, parallel, within, .. } = &self.settings;
        let lab = Lab::open(lab).await.map_err(|error| with_causes(&error))?;
        let longest = jobs.iter().map(|job| job.name().chars().count()).max().unwrap_or(0);
        let suite = SuiteOptions::on(lab.info.kind);
        let options = SessionOptions {
            suite: SuiteOptions { jobs: parallel.unwrap_or(suite.jobs), ..suite },
            runner: RunnerOptions { view: View::stderr(longest), ..RunnerOptions::default() },
            sabotage: false,
            within: Some(*within),
            part_of: Some(self.stop.clone()),
            replay: None,
            github: false,
        };
        let ran = Box::pin(session::run(lab, jobs.clone(), options)).await;
        match ran.map_err(|error| with_causes(&error))? {
            (Exit::Lab, _) => Err("the lab went down during the run".to_owned()),
            (_, report) => Ok(report),
        }
    }

    async fn down(&self, lab: &str) -> Result<(), String> {
        let dir = LabDir::of(lab).map_err(|error| with_causes(&error))?;
        let there = dir.mark().map_err(|error| with_causes(&error))?.is_some();
        // Where there never was such a lab, a line about taking it down would only puzzle.
        if !there {
            return Ok(());
        }
        Box::pin(lab::down(&dir, lab, &self.progress)).await.map_err(|error| with_causes(&error))
    }

    fn say(&self, line: &str) {
        self.progress.say(line);
    }
}
