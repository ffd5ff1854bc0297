//! The lab of a test run: the running one, or one that is brought up for the run.

use host::Progress;
use lab::Lab;
use model::{LabDir, UpOptions};
use std::fs::{self, File};

/// Keeps the lab while it is in use. Takes it down if this process brought it up and nobody else uses it.
pub struct Lease {
    dir: LabDir,
    name: String,
    fresh: bool,
    used: File,
    progress: Progress,
}

impl Lease {
    /// Opens the running lab, or brings one up. If several processes need a lab at the same time, only one brings it up.
    pub async fn begin(options: UpOptions, progress: Progress) -> Result<(Lab, Self), Box<dyn std::error::Error>> {
        let dir = LabDir::of(&options.name)?;
        if let Some(parent) = dir.path().parent() {
            fs::create_dir_all(parent)?;
        }
        let turn = File::create(dir.path().with_extension("e2e-turn"))?;
        turn.lock()?;
        let used = File::create(dir.path().with_extension("e2e-used"))?;
        used.lock_shared()?;
        let name = options.name.clone();
        let ensured = lab::ensure(&options, &progress).await;
        turn.unlock()?;
        let ensured = ensured?;
        Ok((ensured.lab, Self { dir, name, fresh: ensured.fresh, used, progress }))
    }

    pub async fn end(self) -> Result<(), lab::Error> {
        if !self.fresh {
            return Ok(());
        }
        if nextest() {
            println!("the lab {} stays up for the other tests; run `cargo xtask lab down` to take it down", self.name);
            return Ok(());
        }
        // Another process that holds this lock still runs scenarios on the lab.
        if self.used.unlock().and_then(|()| self.used.try_lock().map_err(Into::into)).is_err() {
            println!(
                "the lab {} stays up because others use it; run `cargo xtask lab down` to take it down",
                self.name
            );
            return Ok(());
        }
        lab::down(&self.dir, &self.name, &self.progress).await
    }
}

/// Under nextest each test is a process of its own, and no process knows whether it is the last.
fn nextest() -> bool {
    std::env::var_os("NEXTEST").is_some()
}
