//! librdkafka's calls block, so each operation runs on a thread of its own, and stops when nobody waits for it any
//! more.

use super::ClientError;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

/// Tells a blocking operation that its caller is gone.
#[derive(Clone, Default)]
pub(crate) struct Stop(Arc<AtomicBool>);

impl Stop {
    pub fn raised(&self) -> bool {
        self.0.load(Ordering::Relaxed)
    }

    pub fn raise(&self) {
        self.0.store(true, Ordering::Relaxed);
    }
}

struct RaiseOnDrop(Stop);

impl Drop for RaiseOnDrop {
    fn drop(&mut self) {
        self.0.raise();
    }
}

pub(crate) async fn blocking<T: Send + 'static>(
    operation: &str,
    work: impl FnOnce(&Stop) -> Result<T, ClientError> + Send + 'static,
) -> Result<T, ClientError> {
    let guard = RaiseOnDrop(Stop::default());
    let stop = guard.0.clone();
    match tokio::task::spawn_blocking(move || work(&stop)).await {
        Ok(result) => result,
        Err(error) => Err(ClientError::harness(operation, format!("the operation's thread ended early: {error}"))),
    }
}
