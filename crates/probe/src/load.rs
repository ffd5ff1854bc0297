//! A load generator: a steady producer and a consumer in the background, while a scenario changes the lab.

use super::ConnectionConfig;
use super::blocking::{Stop, blocking};
use super::consume::settings;
use super::content::new_run;
use super::context::{Context, Events};
use super::delivery_check::{Comparison, DeliveryCheck};
use super::error::ClientError;
use super::load_receiving::{consume, position};
use super::load_sending::Sending;
use super::load_timeline::{LoadTimeline, timeline};
use super::session::{Limits, Session};
use rdkafka::consumer::BaseConsumer;
use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, HashMap, HashSet};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

/// A connection that is slow to begin is not one that was cut. Gaps and missing messages show it, if it matters.
const PATIENT: (&str, &str) = ("socket.connection.setup.timeout.ms", "30000");

/// What runs in the background.
#[derive(Clone, Debug)]
pub struct LoadSpec {
    pub topic: String,
    pub run: String,
    /// Messages per second, over all partitions in turn. The default is 100.
    pub rate: f64,
    /// Payload size in bytes.
    pub bytes: usize,
    /// Omit the periodic metadata requests, so that the connections are really idle between two messages.
    pub quiet: bool,
}

impl LoadSpec {
    pub fn new(topic: impl Into<String>) -> Self {
        Self { topic: topic.into(), run: new_run(), rate: 100.0, bytes: 200, quiet: false }
    }

    /// The time from one message to the next.
    pub(super) fn interval(&self) -> Duration {
        Duration::from_secs_f64(1.0 / self.rate.clamp(0.1, 100_000.0))
    }
}

/// The result of a load generator.
#[derive(Clone, Debug, Deserialize, PartialEq, Serialize)]
pub struct LoadResult {
    pub run: String,
    pub sent: u64,
    pub acked: u64,
    /// Sent, but not acknowledged when the load generator stopped. Kafka may have them or not.
    pub unacknowledged: u64,
    pub consumed: u64,
    /// The consumed messages compared with the acknowledged ones. `missing` are those that Kafka lost.
    pub comparison: Comparison,
    /// The longest time between two acknowledgements, across all brokers, without the time in which the machine stood
    /// still.
    pub largest_gap: Duration,
    /// The same for each broker's own acknowledgements, by the id of the partition's leader at the start.
    pub largest_gaps: BTreeMap<i32, Duration>,
    /// The longest time between sending a message and its acknowledgement.
    pub slowest_ack: Duration,
    /// How long the machine stood still meanwhile.
    pub paused: Duration,
    pub timeline: LoadTimeline,
    /// The errors of the clients, each text once, with the broker that it names.
    pub errors: Vec<String>,
    pub elapsed: Duration,
}

impl LoadResult {
    /// Acknowledged, but never consumed.
    pub fn lost(&self) -> u64 {
        self.comparison.missing
    }

    pub fn duplicates(&self) -> u64 {
        self.comparison.duplicates
    }
}

/// State that the handle and both threads share.
#[derive(Default)]
pub(super) struct Shared {
    /// Tells the producer to stop.
    pub stop: Stop,
    /// Tells the consumer to stop at once.
    pub abandon: Stop,
    pub acked: AtomicU64,
    finish: Mutex<Finish>,
}

/// How the load generator stops: first the deadline, until which the producer may flush, then what the consumer must
/// still see.
#[derive(Default)]
pub(super) struct Finish {
    pub deadline: Option<Instant>,
    pub wanted: Option<HashMap<u64, i32>>,
}

/// A running load generator. Dropping it stops it without a result.
pub struct Load {
    shared: Arc<Shared>,
    topic: String,
    producer: Option<JoinHandle<Sending>>,
    consumer: Option<JoinHandle<(DeliveryCheck, Arc<Events>)>>,
    started: Instant,
}

/// Starts a load generator. Returns when the consumer is in position, so that no message can be missed.
///
/// # Errors
/// A [`ClientError`] if not all brokers of the topic can be reached within `within`.
pub async fn start_load(access: &ConnectionConfig, spec: &LoadSpec, within: Duration) -> Result<Load, ClientError> {
    let operation = format!("start a load generator on {}", spec.topic);
    let (access, spec, name) = (access.clone(), spec.clone(), operation.clone());
    blocking(&name, move |stop| {
        let limits = Limits::new(within, None);
        let refresh = if spec.quiet { "-1" } else { "5000" };
        let quiet = ("topic.metadata.refresh.interval.ms", refresh);
        let settings_of_producer = [("enable.idempotence", "true"), ("acks", "all"), quiet, PATIENT];
        let session = Session::open(&access, &operation, &settings_of_producer)?;
        let layout = session.layout(&operation, &spec.topic, true, &limits, stop)?;
        let group = format!("kafka-gateway-lab-{}", spec.run);
        let mut consumer_settings = settings(&group).to_vec();
        consumer_settings.extend([quiet, PATIENT]);
        let (consumer, events) = access.create::<BaseConsumer<Context>>(&operation, &consumer_settings)?;
        position(&consumer, &layout, &spec.topic, &limits, stop)
            .map_err(|error| events.add_context(ClientError::kafka(&operation, &error)))?;

        let shared = Arc::new(Shared::default());
        let (topic, run) = (spec.topic.clone(), spec.run.clone());
        let consuming = shared.clone();
        let consumer = spawn("workload-consumer", move || (consume(&consumer, &run, &consuming), events));
        let producing = shared.clone();
        let producer = spawn("workload-producer", move || Sending::new(spec, layout).run(&session, &producing));
        // Created first, so that the other thread ends if a thread cannot be started.
        let mut workload = Load { shared, topic, producer: None, consumer: None, started: Instant::now() };
        let failed = |error: std::io::Error| ClientError::harness(&operation, format!("no thread: {error}"));
        workload.consumer = Some(consumer.map_err(failed)?);
        workload.producer = Some(producer.map_err(failed)?);
        Ok(workload)
    })
    .await
}

fn spawn<T: Send + 'static>(name: &str, work: impl FnOnce() -> T + Send + 'static) -> std::io::Result<JoinHandle<T>> {
    std::thread::Builder::new().name(name.to_owned()).spawn(work)
}

impl Load {
    /// The time since it started.
    pub fn age(&self) -> Duration {
        self.started.elapsed()
    }

    /// The number of messages acknowledged so far.
    pub fn acked(&self) -> u64 {
        self.shared.acked.load(Ordering::Relaxed)
    }

    /// Stops sending, waits up to `within` for messages in flight, and compares.
    ///
    /// # Errors
    /// Only if a thread of the load generator panicked.
    pub async fn stop(mut self, within: Duration) -> Result<LoadResult, ClientError> {
        let operation = format!("stop the load generator on {}", self.topic);
        let name = operation.clone();
        blocking(&name, move |_| {
            let deadline = Instant::now() + within;
            let ended = || ClientError::harness(&operation, "a thread of the load generator ended early");
            self.shared.finish().deadline = Some(deadline);
            self.shared.stop.raise();
            let sending = self.producer.take().ok_or_else(ended)?.join().map_err(|_| ended())?;
            self.shared.finish().wanted = Some(sending.acked.clone());
            let (check, events) = self.consumer.take().ok_or_else(ended)?.join().map_err(|_| ended())?;
            let in_doubt: HashSet<u64> =
                (0..sending.next).filter(|sequence| !sending.acked.contains_key(sequence)).collect();
            let interval = sending.spec.interval();
            let mut errors = sending.errors;
            errors.extend(events.troubles().iter().map(|one| format!("consumer: {}: {}", one.broker, one.text)));
            Ok(LoadResult {
                run: sending.spec.run,
                sent: sending.next,
                acked: sending.acked.len() as u64,
                unacknowledged: in_doubt.len() as u64,
                consumed: check.seen() as u64,
                comparison: check.compare(&sending.acked, &in_doubt),
                largest_gap: sending.all.largest,
                largest_gaps: sending.brokers.iter().map(|(id, gap)| (*id, gap.largest)).collect(),
                slowest_ack: sending.acknowledgements.iter().map(|one| one.after).max().unwrap_or_default(),
                paused: sending.paused,
                timeline: timeline(&sending.acknowledgements, interval),
                errors: errors.into_iter().collect(),
                elapsed: self.started.elapsed(),
            })
        })
        .await
    }
}

impl Drop for Load {
    fn drop(&mut self) {
        self.shared.stop.raise();
        self.shared.abandon.raise();
    }
}

impl Shared {
    pub fn finish(&self) -> MutexGuard<'_, Finish> {
        self.finish.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use rdkafka::mocking::MockCluster;

    const WITHIN: Duration = Duration::from_secs(20);

    async fn acked(workload: &Load, wanted: u64) {
        let deadline = Instant::now() + WITHIN;
        while workload.acked() < wanted {
            assert!(Instant::now() < deadline, "only {} acknowledged", workload.acked());
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    }

    #[tokio::test]
    async fn a_broker_that_goes_and_comes_back_costs_time_and_no_message() {
        let mock = MockCluster::new(3).expect("a mock cluster");
        mock.create_topic("orders", 3, 3).expect("a topic");
        for partition in 0..3 {
            mock.partition_leader("orders", partition, Some(partition + 1)).expect("a leader");
        }
        let access = ConnectionConfig::plaintext(mock.bootstrap_servers());
        let spec = LoadSpec { rate: 200.0, ..LoadSpec::new("orders") };
        let workload = start_load(&access, &spec, WITHIN).await.expect("a workload");
        acked(&workload, 60).await;
        mock.broker_down(2).expect("down");
        let before = workload.acked();
        acked(&workload, before + 60).await;
        mock.broker_up(2).expect("up");
        let before = workload.acked();
        acked(&workload, before + 120).await;
        let result = workload.stop(WITHIN).await.expect("a result");

        assert!(result.acked >= 240, "{result:?}");
        assert_eq!((result.lost(), result.duplicates(), result.unacknowledged), (0, 0, 0), "{result:?}");
        assert_eq!(result.consumed, result.acked);
        assert!(result.errors.iter().any(|text| text.contains("producer: broker 2")), "{:?}", result.errors);
        assert!(result.largest_gaps[&2] > result.largest_gaps[&1], "{:?}", result.largest_gaps);
        assert!(result.slowest_ack >= Duration::from_millis(100), "{:?}", result.slowest_ack);
        let in_bins: u64 = result.timeline.bins.iter().map(|bin| bin.acked).sum();
        assert_eq!(in_bins, result.acked, "{:?}", result.timeline);
    }
}
