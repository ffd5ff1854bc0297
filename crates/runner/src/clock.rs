//! Separates the time that an attempt waits for others from the runner's own time.

use std::future::Future;
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};
use std::time::Duration;
use tokio::time::Instant;

/// The time of one attempt. Nested waits count once.
#[derive(Debug)]
pub struct Clock {
    start: Instant,
    waited_nanos: AtomicU64,
    depth: AtomicUsize,
}

impl Default for Clock {
    fn default() -> Self {
        Self { start: Instant::now(), waited_nanos: AtomicU64::new(0), depth: AtomicUsize::new(0) }
    }
}

impl Clock {
    /// The time since the attempt's start.
    pub fn elapsed(&self) -> Duration {
        self.start.elapsed()
    }

    /// The part of that time that was spent in [`Self::waiting`].
    pub fn waited(&self) -> Duration {
        Duration::from_nanos(self.waited_nanos.load(Ordering::Relaxed))
    }

    /// Awaits an answer of the API server, the gateway or Kafka. The guard is for a future that is dropped before it
    /// completes.
    pub async fn waiting<T>(&self, future: impl Future<Output = T>) -> T {
        let _guard = Waiting::start(self);
        future.await
    }
}

struct Waiting<'a> {
    clock: &'a Clock,
    start: Option<Instant>,
}

impl<'a> Waiting<'a> {
    fn start(clock: &'a Clock) -> Self {
        let outermost = clock.depth.fetch_add(1, Ordering::Relaxed) == 0;
        Self { clock, start: outermost.then(Instant::now) }
    }
}

impl Drop for Waiting<'_> {
    fn drop(&mut self) {
        self.clock.depth.fetch_sub(1, Ordering::Relaxed);
        if let Some(start) = self.start {
            let nanos = u64::try_from(start.elapsed().as_nanos()).unwrap_or(u64::MAX);
            self.clock.waited_nanos.fetch_add(nanos, Ordering::Relaxed);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test(start_paused = true)]
    async fn nested_and_abandoned_waits_count_once() {
        let clock = Clock::default();
        let seconds = Duration::from_secs;
        clock.waiting(clock.waiting(tokio::time::sleep(seconds(40)))).await;
        // A timer may be a millisecond late, even if time is paused.
        let about = |waited: Duration, expected| waited >= expected && waited < expected + seconds(1);
        assert!(about(clock.waited(), seconds(40)), "{:?}", clock.waited());

        let long = clock.waiting(tokio::time::sleep(seconds(600)));
        assert!(tokio::time::timeout(seconds(20), long).await.is_err());
        assert!(about(clock.waited(), seconds(60)), "{:?}", clock.waited());
        tokio::time::sleep(seconds(30)).await;
        assert!(about(clock.waited(), seconds(60)), "time outside a wait does not count");
        assert!(about(clock.elapsed(), seconds(90)), "{:?}", clock.elapsed());
    }
}
