//! Consumes messages and compares them with what was acknowledged.

use super::ConnectionConfig;
use super::blocking::{Stop, blocking};
use super::context::{Context, Events, broker_of};
use super::delivery_check::{Comparison, DeliveryCheck};
use super::error::{BrokerShare, ClientError, code_of};
use super::produce::Produced;
use super::session::{DRAIN, Layout, Limits, layout};
use rdkafka::consumer::{BaseConsumer, Consumer};
use rdkafka::error::{KafkaError, RDKafkaErrorCode};
use rdkafka::message::Message;
use rdkafka::{Offset, TopicPartitionList};
use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, HashMap, HashSet};
use std::time::{Duration, Instant};

/// What to consume.
#[derive(Clone, Debug)]
pub struct ConsumeSpec {
    pub topic: String,
    pub run: String,
    /// The messages that must arrive, by sequence number, and the partition of each.
    pub wanted: HashMap<u64, i32>,
    /// Where to start in each partition to read. `None` reads every partition from its beginning.
    pub from: Option<BTreeMap<i32, i64>>,
    /// Read as a member of this group, instead of by partition. The user needs the right to read in the group. Messages
    /// before `from` are then read and skipped.
    pub group: Option<String>,
    pub within: Duration,
    /// How long a broker may fail before the client gives up on it. The default is `within`.
    pub patience: Option<Duration>,
}

impl ConsumeSpec {
    /// Everything that was produced, from its first offset on, within 30 s.
    pub fn all_of(produced: &Produced) -> Self {
        Self {
            topic: produced.topic.clone(),
            run: produced.run.clone(),
            wanted: produced.placement.clone(),
            from: Some(produced.first_offsets.clone()),
            group: None,
            within: Duration::from_secs(30),
            patience: None,
        }
    }
}

impl ConsumeSpec {
    fn starts_after(&self, partition: i32, offset: i64) -> bool {
        self.from.as_ref().and_then(|from| from.get(&partition)).is_some_and(|first| offset < *first)
    }
}

/// What arrived.
#[derive(Clone, Debug, Deserialize, PartialEq, Serialize)]
pub struct Consumed {
    pub comparison: Comparison,
    /// The brokers that messages came from.
    pub brokers: Vec<BrokerShare>,
    pub elapsed: Duration,
}

/// Consumes until every expected message arrived and each of their partitions was read to its end, so that duplicates
/// are found too, or until the deadline. Missing messages are part of the comparison and not an error.
///
/// # Errors
/// A [`ClientError`] with the broker, if messages are missing and a broker was unreachable or denied them.
pub async fn consume(access: &ConnectionConfig, spec: &ConsumeSpec) -> Result<Consumed, ClientError> {
    let operation = format!("consume from {}", spec.topic);
    let (access, spec, name) = (access.clone(), spec.clone(), operation.clone());
    blocking(&name, move |stop| run(&access, &spec, &operation, stop)).await
}

/// The settings of a consumer in a group of its own that commits nothing and reports the end of each partition.
pub(crate) fn settings(group: &str) -> [(&str, &str); 6] {
    [
        ("group.id", group),
        ("enable.auto.commit", "false"),
        ("auto.offset.reset", "earliest"),
        ("enable.partition.eof", "true"),
        ("fetch.wait.max.ms", "100"),
        ("fetch.error.backoff.ms", "100"),
    ]
}

fn run(access: &ConnectionConfig, spec: &ConsumeSpec, operation: &str, stop: &Stop) -> Result<Consumed, ClientError> {
    let start = Instant::now();
    let limits = Limits::new(spec.within, spec.patience);
    // The harness reads by partition, but librdkafka requires a group name.
    let group = spec.group.clone().unwrap_or_else(|| format!("kafka-gateway-lab-{}", spec.run));
    let (consumer, events) = access.create::<BaseConsumer<Context>>(operation, &settings(&group))?;
    let fetch = |within| consumer.fetch_metadata(Some(&spec.topic), within);
    let layout = layout(operation, &spec.topic, false, &events, &limits, stop, fetch, || {
        // Each error ends a poll. The events record its text.
        let end = Instant::now() + DRAIN;
        while Instant::now() < end && consumer.poll(DRAIN).is_some() {}
    })?;
    let failed = |error: KafkaError| ClientError::kafka(operation, &error);
    if spec.group.is_some() {
        consumer.subscribe(&[&spec.topic]).map_err(failed)?;
    } else {
        let mut assignment = TopicPartitionList::new();
        for partition in &layout.partitions {
            let offset = match &spec.from {
                None => Offset::Beginning,
                Some(from) => match from.get(&partition.id) {
                    Some(offset) => Offset::Offset(*offset),
                    None => continue,
                },
            };
            assignment.add_partition_offset(&spec.topic, partition.id, offset).map_err(failed)?;
        }
        consumer.assign(&assignment).map_err(failed)?;
    }

    let mut reading = Reading::new(spec);
    while !reading.complete() && !limits.passed() && !stop.raised() {
        match consumer.poll(Duration::from_millis(20)) {
            None => {}
            // Messages from before the run: a group starts at the beginning of the topic.
            Some(Ok(message)) if spec.starts_after(message.partition(), message.offset()) => {
                reading.ended.remove(&message.partition());
            }
            Some(Ok(message)) => {
                reading.ended.remove(&message.partition());
                *reading.from.entry(broker_of(&message)).or_default() += 1;
                if let Some(sequence) = reading.check.see(message.partition(), message.payload().unwrap_or_default()) {
                    reading.outstanding.remove(&sequence);
                }
                reading.refusal = None;
            }
            Some(Err(KafkaError::PartitionEOF(partition))) => {
                reading.ended.insert(partition);
            }
            Some(Err(error)) => reading.refused(&error, spec.group.is_some()),
        }
        if reading.hopeless(&layout, &events, &limits) {
            break;
        }
    }
    if stop.raised() {
        return Err(ClientError::harness(operation, "cancelled"));
    }
    let brokers = layout.shares(&events, |id| reading.from.get(&id).copied().unwrap_or_default());
    if !reading.outstanding.is_empty()
        && let Some(error) = reading.error(operation, &layout, &events)
    {
        return Err(ClientError { served: brokers, log: events.log(), ..error });
    }
    let comparison = reading.check.compare(&spec.wanted, &HashSet::new());
    Ok(Consumed { comparison, brokers, elapsed: start.elapsed() })
}

/// What has arrived so far, and what prevents the rest.
struct Reading {
    check: DeliveryCheck,
    outstanding: HashMap<u64, i32>,
    partitions: HashSet<i32>,
    ended: HashSet<i32>,
    from: BTreeMap<i32, u64>,
    refusal: Option<(Instant, KafkaError)>,
}

impl Reading {
    fn new(spec: &ConsumeSpec) -> Self {
        Self {
            check: DeliveryCheck::new(&spec.run),
            outstanding: spec.wanted.clone(),
            partitions: spec.wanted.values().copied().collect(),
            ended: HashSet::new(),
            from: BTreeMap::new(),
            refusal: None,
        }
    }

    fn complete(&self) -> bool {
        self.outstanding.is_empty() && self.partitions.is_subset(&self.ended)
    }

    fn refused(&mut self, error: &KafkaError, as_group: bool) {
        let refusals = [
            RDKafkaErrorCode::TopicAuthorizationFailed,
            RDKafkaErrorCode::UnknownTopicOrPartition,
            RDKafkaErrorCode::GroupAuthorizationFailed,
            RDKafkaErrorCode::ClusterAuthorizationFailed,
        ];
        let Some(code) = error.rdkafka_error_code() else { return };
        // A consumer that reads by partition needs no group, so a denied group does not matter.
        let counts = refusals.contains(&code) && (as_group || code != RDKafkaErrorCode::GroupAuthorizationFailed);
        if counts && self.refusal.is_none() {
            self.refusal = Some((Instant::now(), error.clone()));
        }
    }

    /// Whether all missing messages are blocked by a refusal or by brokers that have failed for too long.
    fn hopeless(&self, layout: &Layout, events: &Events, limits: &Limits) -> bool {
        if self.outstanding.is_empty() {
            return false;
        }
        if self.refusal.as_ref().is_some_and(|(since, _)| since.elapsed() > limits.refusal_patience()) {
            return true;
        }
        let partitions: HashSet<i32> = self.outstanding.values().copied().collect();
        partitions.iter().all(|partition| {
            layout
                .leader(*partition)
                .and_then(|broker| events.trouble_with(&broker.host, broker.port))
                .is_some_and(|trouble| trouble.since.elapsed() > limits.patience)
        })
    }

    fn error(&self, operation: &str, layout: &Layout, events: &Events) -> Option<ClientError> {
        if let Some((_, refusal)) = &self.refusal {
            return Some(ClientError { code: code_of(refusal), ..ClientError::kafka(operation, refusal) });
        }
        let leaders = self.outstanding.values().filter_map(|partition| layout.leader(*partition));
        let trouble = leaders.filter_map(|broker| events.trouble_with(&broker.host, broker.port)).next()?;
        Some(ClientError {
            broker: Some(trouble.broker),
            code: trouble.code,
            ..ClientError::harness(operation, format!("{} ({} messages missing)", trouble.text, self.outstanding.len()))
        })
    }
}
