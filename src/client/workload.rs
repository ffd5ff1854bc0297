//! A steady producer and a consumer in the background, while something is done to the lab.

use super::Access;
use super::blocking::{Stop, blocking};
use super::consume::settings;
use super::content::{encode, new_run};
use super::context::{Context, Events};
use super::error::ClientError;
use super::session::{Layout, Limits, Session};
use super::tally::{Comparison, Tally};
use rdkafka::consumer::{BaseConsumer, Consumer};
use rdkafka::error::{KafkaError, KafkaResult};
use rdkafka::message::Message;
use rdkafka::producer::{BaseRecord, Producer, PurgeConfig};
use rdkafka::types::RDKafkaErrorCode;
use rdkafka::{Offset, TopicPartitionList};
use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

/// What runs in the background.
#[derive(Clone, Debug)]
pub struct WorkloadSpec {
    pub topic: String,
    pub run: String,
    /// Messages a second, over all partitions in turn; 100 by default.
    pub rate: f64,
    /// Payload size in bytes.
    pub bytes: usize,
    /// Do without the periodic metadata requests, so that a paused workload's connections are really idle.
    pub quiet: bool,
}

impl WorkloadSpec {
    pub fn new(topic: impl Into<String>) -> Self {
        Self { topic: topic.into(), run: new_run(), rate: 100.0, bytes: 200, quiet: false }
    }
}

/// What became of a workload.
#[derive(Clone, Debug, Deserialize, PartialEq, Serialize)]
pub struct WorkloadResult {
    pub run: String,
    pub sent: u64,
    pub acked: u64,
    /// Sent, but not acknowledged when it was stopped. Kafka may have them or not.
    pub unacknowledged: u64,
    pub consumed: u64,
    /// The consumed messages against the acknowledged ones: `missing` are those that Kafka lost.
    pub comparison: Comparison,
    /// The longest time from one acknowledgement to the next, of any broker; pauses do not count.
    pub largest_gap: Duration,
    /// The same for each broker's own acknowledgements, by the id of the partition's leader at the start.
    pub largest_gaps: BTreeMap<i32, Duration>,
    /// The longest time from a message's sending to its acknowledgement.
    pub slowest_ack: Duration,
    /// What the clients met, each text once, with the broker it names.
    pub errors: Vec<String>,
    pub elapsed: Duration,
}

impl WorkloadResult {
    /// Acknowledged and never consumed.
    pub fn lost(&self) -> u64 {
        self.comparison.missing
    }

    pub fn duplicates(&self) -> u64 {
        self.comparison.duplicates
    }
}

#[derive(Default)]
struct Shared {
    /// The producer is to end.
    stop: Stop,
    /// The consumer is to end at once.
    abandon: Stop,
    paused: AtomicBool,
    acked: AtomicU64,
    consumed: AtomicU64,
    finish: Mutex<Finish>,
}

/// How the end comes: first the deadline, by which the producer may flush, then what the consumer must still see.
#[derive(Default)]
struct Finish {
    deadline: Option<Instant>,
    wanted: Option<HashMap<u64, i32>>,
}

/// A workload under way. Dropping it ends it without a result.
pub struct Workload {
    shared: Arc<Shared>,
    topic: String,
    producer: Option<JoinHandle<Sending>>,
    consumer: Option<JoinHandle<(Tally, Arc<Events>)>>,
    started: Instant,
}

/// Starts a workload; ready when the consumer is in position, so that no message can be missed.
///
/// # Errors
/// A [`ClientError`] when the topic's brokers cannot all be reached within `within`.
pub async fn start_workload(access: &Access, spec: &WorkloadSpec, within: Duration) -> Result<Workload, ClientError> {
    let operation = format!("start a workload on {}", spec.topic);
    let (access, spec, name) = (access.clone(), spec.clone(), operation.clone());
    blocking(&name, move |stop| {
        let limits = Limits::new(within, None);
        let refresh = if spec.quiet { "-1" } else { "5000" };
        let quiet = ("topic.metadata.refresh.interval.ms", refresh);
        let session = Session::open(&access, &operation, &[("enable.idempotence", "true"), ("acks", "all"), quiet])?;
        let layout = session.layout(&operation, &spec.topic, true, &limits, stop)?;
        let group = format!("kafka-gateway-lab-{}", spec.run);
        let mut consumer_settings = settings(&group).to_vec();
        consumer_settings.push(quiet);
        let (consumer, events) = access.create::<BaseConsumer<Context>>(&operation, &consumer_settings)?;
        position(&consumer, &layout, &spec.topic, &limits, stop)
            .map_err(|error| events.explain(ClientError::kafka(&operation, &error)))?;

        let shared = Arc::new(Shared::default());
        let (topic, run) = (spec.topic.clone(), spec.run.clone());
        let consuming = shared.clone();
        let consumer = spawn("workload-consumer", move || (consume(&consumer, &run, &consuming), events));
        let producing = shared.clone();
        let producer = spawn("workload-producer", move || Sending::new(spec, layout).run(&session, &producing));
        // Made first, so that a thread that could not be started ends the other one.
        let mut workload = Workload { shared, topic, producer: None, consumer: None, started: Instant::now() };
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

/// Assigns every partition from its present end on.
fn position(
    consumer: &BaseConsumer<Context>,
    layout: &Layout,
    topic: &str,
    limits: &Limits,
    stop: &Stop,
) -> Result<(), KafkaError> {
    let mut assignment = TopicPartitionList::new();
    for partition in &layout.partitions {
        let end = end_of(limits, stop, |within| Ok(consumer.fetch_watermarks(topic, partition.id, within)?.1))?;
        assignment.add_partition_offset(topic, partition.id, Offset::Offset(end))?;
    }
    consumer.assign(&assignment)
}

/// Where a partition ends, asked until its leader says so: the leaders of a topic made a moment ago, or of brokers that
/// come and go, answer `NotLeaderForPartition` to whoever has not heard of it yet.
fn end_of(limits: &Limits, stop: &Stop, ask: impl Fn(Duration) -> KafkaResult<i64>) -> KafkaResult<i64> {
    let start = Instant::now();
    loop {
        let error = match ask(limits.remaining()) {
            Ok(end) => return Ok(end),
            Err(error) => error,
        };
        let denied = error.rdkafka_error_code() == Some(RDKafkaErrorCode::TopicAuthorizationFailed);
        let patience = if denied { limits.settle() } else { limits.patience };
        if start.elapsed() > patience || stop.raised() || limits.passed() {
            return Err(error);
        }
        std::thread::sleep(Duration::from_millis(50).min(limits.remaining()));
    }
}

impl Workload {
    /// Stops sending and fetching, and keeps the connections.
    pub fn pause(&self) {
        self.shared.paused.store(true, Ordering::Relaxed);
    }

    pub fn resume(&self) {
        self.shared.paused.store(false, Ordering::Relaxed);
    }

    /// Messages acknowledged so far.
    pub fn acked(&self) -> u64 {
        self.shared.acked.load(Ordering::Relaxed)
    }

    /// Messages consumed so far.
    pub fn consumed(&self) -> u64 {
        self.shared.consumed.load(Ordering::Relaxed)
    }

    /// Stops sending, waits up to `within` for what is still under way, and compares.
    ///
    /// # Errors
    /// Only when a thread of the workload ended by a panic.
    pub async fn stop(mut self, within: Duration) -> Result<WorkloadResult, ClientError> {
        let operation = format!("stop the workload on {}", self.topic);
        let name = operation.clone();
        blocking(&name, move |_| {
            let deadline = Instant::now() + within;
            let ended = || ClientError::harness(&operation, "a thread of the workload ended early");
            self.shared.finish().deadline = Some(deadline);
            self.shared.stop.raise();
            let sending = self.producer.take().ok_or_else(ended)?.join().map_err(|_| ended())?;
            self.shared.finish().wanted = Some(sending.acked.clone());
            let (tally, events) = self.consumer.take().ok_or_else(ended)?.join().map_err(|_| ended())?;
            let in_doubt: HashSet<u64> =
                (0..sending.next).filter(|sequence| !sending.acked.contains_key(sequence)).collect();
            let mut errors = sending.errors;
            errors.extend(events.troubles().iter().map(|one| format!("consumer: {}: {}", one.broker, one.text)));
            Ok(WorkloadResult {
                run: sending.spec.run,
                sent: sending.next,
                acked: sending.acked.len() as u64,
                unacknowledged: in_doubt.len() as u64,
                consumed: tally.seen() as u64,
                comparison: tally.compare(&sending.acked, &in_doubt),
                largest_gap: sending.all.largest,
                largest_gaps: sending.brokers.iter().map(|(id, gap)| (*id, gap.largest)).collect(),
                slowest_ack: sending.slowest,
                errors: errors.into_iter().collect(),
                elapsed: self.started.elapsed(),
            })
        })
        .await
    }
}

impl Drop for Workload {
    fn drop(&mut self) {
        self.shared.stop.raise();
        self.shared.abandon.raise();
    }
}

impl Shared {
    fn finish(&self) -> MutexGuard<'_, Finish> {
        self.finish.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// The longest silence so far.
#[derive(Clone, Copy, Default)]
struct Gap {
    last: Option<Instant>,
    largest: Duration,
}

impl Gap {
    fn tick(&mut self, at: Instant) {
        if let Some(last) = self.last {
            self.largest = self.largest.max(at.saturating_duration_since(last));
        }
        self.last = Some(self.last.map_or(at, |last| last.max(at)));
    }
}

/// The producer's side.
struct Sending {
    spec: WorkloadSpec,
    layout: Layout,
    next: u64,
    sent_at: HashMap<u64, Instant>,
    acked: HashMap<u64, i32>,
    all: Gap,
    brokers: BTreeMap<i32, Gap>,
    slowest: Duration,
    errors: BTreeSet<String>,
}

impl Sending {
    fn new(spec: WorkloadSpec, layout: Layout) -> Self {
        Self {
            spec,
            layout,
            next: 0,
            sent_at: HashMap::new(),
            acked: HashMap::new(),
            all: Gap::default(),
            brokers: BTreeMap::new(),
            slowest: Duration::ZERO,
            errors: BTreeSet::new(),
        }
    }

    fn run(mut self, session: &Session, shared: &Shared) -> Self {
        let interval = Duration::from_secs_f64(1.0 / self.spec.rate.clamp(0.1, 100_000.0));
        let mut due = Instant::now();
        while !shared.stop.raised() {
            if shared.paused.load(Ordering::Relaxed) {
                session.producer.poll(Duration::from_millis(20));
                self.take(session, shared);
                self.all.last = None;
                self.brokers.values_mut().for_each(|gap| gap.last = None);
                due = Instant::now();
                continue;
            }
            let wait = due.saturating_duration_since(Instant::now());
            session.producer.poll(wait.min(Duration::from_millis(20)));
            self.take(session, shared);
            while due <= Instant::now() && !shared.stop.raised() {
                self.send(session);
                due += interval;
            }
        }
        let deadline = shared.finish().deadline.unwrap_or_else(Instant::now);
        while !self.sent_at.is_empty() && Instant::now() < deadline {
            session.producer.poll(Duration::from_millis(10));
            self.take(session, shared);
        }
        session.producer.purge(PurgeConfig::default().queue().inflight());
        self
    }

    fn send(&mut self, session: &Session) {
        let sequence = self.next;
        let index = usize::try_from(sequence).unwrap_or_default();
        let partition = self.layout.partitions[index % self.layout.partitions.len()].id;
        let payload = encode(&self.spec.run, sequence, self.spec.bytes);
        let record =
            BaseRecord::<(), _, usize>::with_opaque_to(&self.spec.topic, index).partition(partition).payload(&payload);
        match session.producer.send(record) {
            Ok(()) => {
                self.sent_at.insert(sequence, Instant::now());
                self.next += 1;
            }
            // The message was never taken; its number goes to the next one.
            Err((error, _)) => self.error(error.to_string()),
        }
    }

    fn take(&mut self, session: &Session, shared: &Shared) {
        for trouble in session.events.troubles() {
            self.error(format!("producer: {}: {}", trouble.broker, trouble.text));
        }
        for delivery in session.events.deliveries() {
            let sequence = delivery.sequence as u64;
            let sent_at = self.sent_at.remove(&sequence);
            match delivery.result {
                Ok(_) => {
                    self.acked.insert(sequence, delivery.partition);
                    shared.acked.fetch_add(1, Ordering::Relaxed);
                    self.all.tick(delivery.at);
                    if let Some(sent_at) = sent_at {
                        self.slowest = self.slowest.max(delivery.at.saturating_duration_since(sent_at));
                    }
                    if let Some(broker) = self.layout.leader(delivery.partition) {
                        self.brokers.entry(broker.id.unwrap_or(-1)).or_default().tick(delivery.at);
                        session.events.recovered(&broker.host, broker.port);
                    }
                }
                Err(error) => self.error(format!("message {sequence}: {error}")),
            }
        }
    }

    fn error(&mut self, text: String) {
        // A broken gateway can produce a text for each message; the first hundred tell it all.
        if self.errors.len() < 100 {
            self.errors.insert(text);
        }
    }
}

fn consume(consumer: &BaseConsumer<Context>, run: &str, shared: &Shared) -> Tally {
    let mut tally = Tally::new(run);
    let mut ended = HashSet::new();
    let mut paused = false;
    while !shared.abandon.raised() {
        let pause = shared.paused.load(Ordering::Relaxed) && !shared.stop.raised();
        if pause != paused
            && let Ok(assignment) = consumer.assignment()
        {
            // A refused pause would show as traffic, not as a wrong result.
            let _ = if pause { consumer.pause(&assignment) } else { consumer.resume(&assignment) };
            paused = pause;
        }
        match consumer.poll(Duration::from_millis(20)) {
            Some(Ok(message)) => {
                ended.remove(&message.partition());
                if tally.see(message.partition(), message.payload().unwrap_or_default()).is_some() {
                    shared.consumed.fetch_add(1, Ordering::Relaxed);
                }
            }
            Some(Err(KafkaError::PartitionEOF(partition))) => {
                ended.insert(partition);
            }
            // Errors are in the events; a consumer goes on by itself.
            Some(Err(_)) | None => {}
        }
        let finish = shared.finish();
        let complete = finish.wanted.as_ref().is_some_and(|wanted| {
            wanted.iter().all(|(sequence, partition)| tally.has(*sequence) && ended.contains(partition))
        });
        if complete || finish.deadline.is_some_and(|deadline| Instant::now() >= deadline) {
            break;
        }
    }
    tally
}

#[cfg(test)]
mod tests {
    use super::*;
    use rdkafka::mocking::MockCluster;

    const WITHIN: Duration = Duration::from_secs(20);

    async fn acked(workload: &Workload, wanted: u64) {
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
        let access = Access::plaintext(mock.bootstrap_servers());
        let spec = WorkloadSpec { rate: 200.0, ..WorkloadSpec::new("orders") };
        let workload = start_workload(&access, &spec, WITHIN).await.expect("a workload");
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
    }

    #[tokio::test]
    async fn a_pause_is_no_gap() {
        let mock = MockCluster::new(1).expect("a mock cluster");
        mock.create_topic("orders", 1, 1).expect("a topic");
        let access = Access::plaintext(mock.bootstrap_servers());
        let spec = WorkloadSpec { quiet: true, ..WorkloadSpec::new("orders") };
        let workload = start_workload(&access, &spec, WITHIN).await.expect("a workload");
        acked(&workload, 10).await;
        workload.pause();
        tokio::time::sleep(Duration::from_millis(300)).await;
        let paused = workload.acked();
        tokio::time::sleep(Duration::from_millis(1500)).await;
        assert_eq!(workload.acked(), paused);
        workload.resume();
        acked(&workload, paused + 10).await;
        let result = workload.stop(WITHIN).await.expect("a result");
        assert!(result.largest_gap < Duration::from_millis(1200), "{result:?}");
        assert_eq!((result.lost(), result.comparison.problem()), (0, None));
    }

    #[test]
    fn a_leader_that_has_not_heard_of_it_is_asked_again_and_a_lasting_refusal_is_told() {
        let not_leader = || KafkaError::OffsetFetch(RDKafkaErrorCode::NotLeaderForPartition);
        let asked = std::cell::Cell::new(0);
        let limits = Limits::new(WITHIN, None);
        let end = end_of(&limits, &Stop::default(), |_| {
            asked.set(asked.get() + 1);
            if asked.get() < 3 { Err(not_leader()) } else { Ok(7) }
        });
        assert_eq!((end, asked.get()), (Ok(7), 3));
        let limits = Limits::new(Duration::from_millis(120), None);
        assert_eq!(end_of(&limits, &Stop::default(), |_| Err(not_leader())), Err(not_leader()));
    }

    #[test]
    fn gaps_are_between_two_acknowledgements() {
        let start = Instant::now();
        let mut gap = Gap::default();
        for millis in [0, 100, 90, 400] {
            gap.tick(start + Duration::from_millis(millis));
        }
        assert_eq!(gap.largest, Duration::from_millis(300));
    }
}
