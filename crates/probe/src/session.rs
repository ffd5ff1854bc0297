//! The first step of every librdkafka client: finding the brokers and the leaders of a topic's partitions.

use super::blocking::Stop;
use super::context::{BrokerStatistics, Context, Events};
use super::error::{BrokerAddr, BrokerShare, ClientError};
use super::{ConnectionConfig, Partition};
use rdkafka::error::{KafkaError, KafkaResult};
use rdkafka::metadata::Metadata;
use rdkafka::producer::{BaseProducer, Producer};
use rdkafka::types::RDKafkaErrorCode;
use std::sync::Arc;
use std::time::{Duration, Instant};

/// How long a refusal (a wrong password, a denied topic or an unknown one) must last before it counts. New users, ACLs
/// and topics take that long to reach every broker.
pub(crate) const SETTLE: Duration = Duration::from_secs(3);

/// The longest single call into librdkafka before its events are checked again.
const SLICE: Duration = Duration::from_millis(300);

/// How long to poll librdkafka's events. A poll without time takes only one event.
pub(crate) const DRAIN: Duration = Duration::from_millis(10);

/// When an operation must end, and when it may give up earlier.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Limits {
    pub deadline: Instant,
    /// How long a broker may fail before the operation gives up.
    pub patience: Duration,
}

impl Limits {
    pub fn new(within: Duration, patience: Option<Duration>) -> Self {
        Self { deadline: Instant::now() + within, patience: patience.unwrap_or(within).min(within) }
    }

    pub fn passed(&self) -> bool {
        Instant::now() >= self.deadline
    }

    pub fn remaining(&self) -> Duration {
        self.deadline.saturating_duration_since(Instant::now())
    }

    pub fn refusal_patience(&self) -> Duration {
        SETTLE.min(self.patience)
    }
}

/// The brokers and the partitions of one topic.
#[derive(Clone, Debug)]
pub(crate) struct Layout {
    pub brokers: Vec<BrokerAddr>,
    pub partitions: Vec<Partition>,
}

impl Layout {
    pub fn broker(&self, id: i32) -> Option<&BrokerAddr> {
        self.brokers.iter().find(|broker| broker.id == Some(id))
    }

    pub fn leader(&self, partition: i32) -> Option<&BrokerAddr> {
        let partition = self.partitions.iter().find(|one| one.id == partition)?;
        self.broker(partition.leader)
    }

    /// What each broker did, from its count of messages and the counters of its connection.
    pub fn shares(&self, events: &Events, messages: impl Fn(i32) -> u64) -> Vec<BrokerShare> {
        self.brokers
            .iter()
            .map(|broker| {
                let id = broker.id.unwrap_or(-1);
                let BrokerStatistics { nodename, txbytes, rxbytes, .. } = events.broker(id).unwrap_or_default();
                let broker = broker.clone();
                BrokerShare { broker, messages: messages(id), node_name: nodename, sent: txbytes, received: rxbytes }
            })
            .collect()
    }
}

pub(crate) fn brokers(metadata: &Metadata) -> Vec<BrokerAddr> {
    let mut brokers: Vec<_> = metadata
        .brokers()
        .iter()
        .map(|broker| BrokerAddr {
            id: Some(broker.id()),
            host: broker.host().to_owned(),
            port: u16::try_from(broker.port()).unwrap_or_default(),
        })
        .collect();
    brokers.sort();
    brokers
}

/// A client for metadata and for producing.
pub(crate) struct Session {
    pub producer: BaseProducer<Context>,
    pub events: Arc<Events>,
}

impl Session {
    pub fn open(access: &ConnectionConfig, operation: &str, settings: &[(&str, &str)]) -> Result<Self, ClientError> {
        let (producer, events) = access.create(operation, settings)?;
        Ok(Self { producer, events })
    }

    /// The error that ended the client permanently, such as a missing right to produce with idempotence. librdkafka
    /// then purges every message with a code that does not name the error.
    pub fn fatal(&self, operation: &str) -> Option<ClientError> {
        let (code, text) = self.producer.client().fatal_error()?;
        let error = ClientError::kafka(operation, &KafkaError::Global(code));
        Some(ClientError { text, log: self.events.log(), ..error })
    }

    /// The cluster's metadata, with the metadata of one topic if it is named.
    pub fn metadata(
        &self,
        operation: &str,
        topic: Option<&str>,
        limits: &Limits,
        stop: &Stop,
    ) -> Result<Metadata, ClientError> {
        let fetch = |within| self.producer.client().fetch_metadata(topic, within);
        metadata(operation, &self.events, limits, stop, fetch, || self.producer.poll(DRAIN))
    }

    /// The layout of a topic. With `all_led`, waits until all of its partitions have leaders.
    pub fn layout(
        &self,
        operation: &str,
        topic: &str,
        all_led: bool,
        limits: &Limits,
        stop: &Stop,
    ) -> Result<Layout, ClientError> {
        let fetch = |within| self.producer.client().fetch_metadata(Some(topic), within);
        layout(operation, topic, all_led, &self.events, limits, stop, fetch, || self.producer.poll(DRAIN))
    }
}

/// Requests metadata until a broker answers.
pub(crate) fn metadata(
    operation: &str,
    events: &Events,
    limits: &Limits,
    stop: &Stop,
    fetch: impl Fn(Duration) -> KafkaResult<Metadata>,
    drain: impl Fn(),
) -> Result<Metadata, ClientError> {
    let start = Instant::now();
    loop {
        let error = match fetch(SLICE.min(limits.remaining().max(Duration::from_millis(10)))) {
            Ok(metadata) => return Ok(metadata),
            Err(error) => error,
        };
        drain();
        let refused = events.troubles().iter().any(|trouble| {
            trouble.code == format!("{:?}", RDKafkaErrorCode::Authentication)
                && trouble.since.elapsed() > limits.refusal_patience()
        });
        if refused || stop.raised() || limits.passed() || start.elapsed() > limits.patience {
            let mut failed = ClientError::kafka(operation, &error);
            failed.text = format!("no metadata within {:.1} s: {}", start.elapsed().as_secs_f64(), failed.text);
            return Err(events.add_context(failed));
        }
    }
}

#[expect(clippy::too_many_arguments, reason = "one question with its limits; a struct would only rename them")]
pub(crate) fn layout(
    operation: &str,
    topic: &str,
    all_led: bool,
    events: &Events,
    limits: &Limits,
    stop: &Stop,
    fetch: impl Fn(Duration) -> KafkaResult<Metadata>,
    drain: impl Fn(),
) -> Result<Layout, ClientError> {
    let start = Instant::now();
    loop {
        let metadata = metadata(operation, events, limits, stop, &fetch, &drain)?;
        let found = metadata.topics().iter().find(|found| found.name() == topic);
        let failure = match found.map(|topic| (topic.error(), topic.partitions())) {
            Some((None, partitions)) if !partitions.is_empty() => {
                let partitions: Vec<_> =
                    partitions.iter().map(|one| Partition { id: one.id(), leader: one.leader() }).collect();
                let layout = Layout { brokers: brokers(&metadata), partitions };
                let orphan = layout.partitions.iter().find(|partition| layout.broker(partition.leader).is_none());
                match orphan {
                    Some(orphan) if all_led => {
                        let text = format!("partition {} of {topic} has no leader", orphan.id);
                        (limits.patience, ClientError::harness(operation, text))
                    }
                    _ => return Ok(layout),
                }
            }
            Some((Some(error), _)) => {
                let error = KafkaError::MetadataFetch(RDKafkaErrorCode::from(error));
                let mut failed = ClientError::kafka(operation, &error);
                failed.text = format!("topic {topic}: {}", failed.text);
                (limits.refusal_patience(), failed)
            }
            _ => {
                let error = KafkaError::MetadataFetch(RDKafkaErrorCode::UnknownTopicOrPartition);
                (limits.refusal_patience(), ClientError::kafka(operation, &error))
            }
        };
        let (bound, error) = failure;
        if start.elapsed() > bound || stop.raised() || limits.passed() {
            return Err(ClientError { log: events.log(), ..error });
        }
        // The brokers answered, but the state is not as requested yet. Ask again soon, without flooding them.
        std::thread::sleep(Duration::from_millis(50).min(limits.remaining()));
    }
}
