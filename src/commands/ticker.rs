//! A line on standard error for every second of a question, so that nothing is silent for long.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};
use tokio::task::JoinHandle;

const EVERY: Duration = Duration::from_secs(1);

/// Prints until it is dropped.
pub struct Ticker {
    doing: Arc<Mutex<&'static str>>,
    task: JoinHandle<()>,
}

impl Ticker {
    pub fn start(doing: &'static str) -> Self {
        let doing = Arc::new(Mutex::new(doing));
        let shown = doing.clone();
        let begun = Instant::now();
        let task = tokio::spawn(async move {
            loop {
                tokio::time::sleep(EVERY).await;
                let doing = *shown.lock().unwrap_or_else(PoisonError::into_inner);
                eprintln!("{doing}, for {:.0} s", begun.elapsed().as_secs_f64());
            }
        });
        Self { doing, task }
    }

    /// From now on, this is done.
    pub fn now(&self, doing: &'static str) {
        *self.doing.lock().unwrap_or_else(PoisonError::into_inner) = doing;
    }
}

impl Drop for Ticker {
    fn drop(&mut self) {
        self.task.abort();
    }
}
