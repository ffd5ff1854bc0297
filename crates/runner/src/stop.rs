//! Ends a run early: after Ctrl-C, or at the run's time limit.

use super::Error;
use camino::Utf8Path;
use std::time::Duration;
use tokio::sync::watch;
use tokio::time::sleep;

/// A signal that is raised once and that all tasks see. Cheap to clone.
#[derive(Clone, Debug)]
pub struct Stop(watch::Sender<Option<String>>);

impl Default for Stop {
    fn default() -> Self {
        Self(watch::Sender::new(None))
    }
}

impl Stop {
    /// Raises the signal. Only the first reason counts.
    pub fn raise(&self, reason: impl Into<String>) {
        self.0.send_if_modified(|raised| {
            let first = raised.is_none();
            if first {
                *raised = Some(reason.into());
            }
            first
        });
    }

    pub fn reason(&self) -> Option<String> {
        self.0.borrow().clone()
    }

    /// Waits until the signal is raised.
    pub async fn raised(&self) -> String {
        let mut receiver = self.0.subscribe();
        loop {
            if let Some(reason) = receiver.borrow_and_update().clone() {
                return reason;
            }
            if receiver.changed().await.is_err() {
                std::future::pending::<()>().await;
            }
        }
    }

    /// Raises the signal at the first Ctrl-C or SIGTERM, and after `limit`. A second Ctrl-C ends the process at once,
    /// without cleanup. `say` shows a line to the user.
    ///
    /// # Errors
    /// If the signal handlers cannot be installed.
    pub fn on_signals(&self, limit: Option<Duration>, say: impl Fn(&str) + Send + 'static) -> Result<(), Error> {
        use tokio::signal::unix::{SignalKind, signal};
        let mut interrupt = signal(SignalKind::interrupt()).map_err(Error::Signals)?;
        let mut terminate = signal(SignalKind::terminate()).map_err(Error::Signals)?;
        let stop = self.clone();
        tokio::spawn(async move {
            tokio::select! {
                _ = interrupt.recv() => stop.raise("Ctrl-C"),
                _ = terminate.recv() => stop.raise("SIGTERM"),
            }
            say("stopping: cleaning up and writing the reports; press Ctrl-C again to end at once without cleanup");
            interrupt.recv().await;
            std::process::exit(model::Exit::Failed as i32);
        });
        self.after(limit);
        Ok(())
    }

    /// Raises the signal after `limit`.
    pub fn after(&self, limit: Option<Duration>) {
        let Some(limit) = limit else { return };
        let stop = self.clone();
        tokio::spawn(async move {
            tokio::time::sleep(limit).await;
            stop.raise(format!("the run's time limit of {limit:?} has passed"));
        });
    }

    /// Raises the signal when `other` is raised: a run ends with the command that it is a part of, and not the other way round.
    pub fn follow(&self, other: &Self) {
        let (stop, other) = (self.clone(), other.clone());
        tokio::spawn(async move { stop.raise(other.raised().await) });
    }
}

/// How often to check whether the lab still exists.
const LOOK_EVERY: Duration = Duration::from_secs(1);

impl Stop {
    /// Raises the signal when the lab with the file `info` goes down, because the rest of the run would only get
    /// refused connections. The check ends when the signal is raised.
    pub fn when_gone(&self, info: &Utf8Path) {
        let (stop, info) = (self.clone(), info.to_owned());
        tokio::spawn(async move {
            // Another version or another tool may take the lab down. The file is the only thing that all of them
            // remove.
            while stop.reason().is_none() {
                sleep(LOOK_EVERY).await;
                if matches!(info.try_exists(), Ok(false)) {
                    stop.raise("the lab went down during the run");
                }
            }
        });
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test(start_paused = true)]
    async fn a_run_ends_when_its_lab_goes_down() {
        let dir = tempfile::tempdir().expect("a folder");
        let info = Utf8Path::from_path(dir.path()).expect("UTF-8").join("lab.json");
        std::fs::write(&info, "{}").expect("written");
        let stop = Stop::default();
        stop.when_gone(&info);
        sleep(LOOK_EVERY * 3).await;
        assert_eq!(stop.reason(), None, "the lab still exists");
        std::fs::remove_file(&info).expect("removed");
        assert_eq!(stop.raised().await, "the lab went down during the run");
    }

    #[tokio::test(start_paused = true)]
    async fn a_part_ends_with_the_whole_and_the_whole_outlives_a_part() {
        let (whole, first, second) = (Stop::default(), Stop::default(), Stop::default());
        first.follow(&whole);
        first.after(Some(Duration::from_secs(5)));
        assert_eq!(first.raised().await, "the run's time limit of 5s has passed");
        assert_eq!(whole.reason(), None);
        second.follow(&whole);
        whole.raise("Ctrl-C");
        assert_eq!(second.raised().await, "Ctrl-C");
    }

    #[tokio::test]
    async fn all_waiters_see_the_first_reason() {
        let stop = Stop::default();
        let waiting = tokio::spawn({
            let stop = stop.clone();
            async move { stop.raised().await }
        });
        assert_eq!(stop.reason(), None);
        stop.raise("Ctrl-C");
        stop.raise("too late");
        assert_eq!(waiting.await.expect("it ends"), "Ctrl-C");
        assert_eq!(stop.raised().await, "Ctrl-C");
    }
}
