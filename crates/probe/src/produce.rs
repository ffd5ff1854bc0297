//! Produces messages, and proves which broker received each.

use super::ConnectionConfig;
use super::blocking::{Stop, blocking};
use super::content::{encode, new_run};
use super::context::{Delivery, Trouble};
use super::error::{BrokerAddr, BrokerShare, ClientError};
use super::session::{Layout, Limits, Session};
use rdkafka::error::{KafkaError, RDKafkaErrorCode};
use rdkafka::producer::{BaseRecord, Producer, PurgeConfig};
use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::time::{Duration, Instant};

/// How long the cluster may take for its first answer, independent of the time for the whole request.
const FIRST_ANSWER: Duration = Duration::from_secs(5);

/// What to produce.
#[derive(Clone, Debug)]
pub struct ProduceSpec {
    pub topic: String,
    pub messages: u64,
    /// Distinguishes these messages from all others. [`new_run`] creates one.
    pub run: String,
    /// The payload size in bytes. The verifiable head alone takes about 130.
    pub bytes: usize,
    /// Every broker of the cluster must receive messages through its own advertised name.
    pub every_broker: bool,
    /// Use only partitions that these brokers lead.
    pub only_brokers: Option<Vec<i32>>,
    pub within: Duration,
    /// How long a broker may fail before the client gives up on it. The default is `within`. A step that expects a
    /// failure should not take long.
    pub patience: Option<Duration>,
}

impl ProduceSpec {
    /// `messages` of 200 bytes to every broker, within 30 s.
    pub fn new(topic: impl Into<String>, messages: u64) -> Self {
        Self {
            topic: topic.into(),
            messages,
            run: new_run(),
            bytes: 200,
            every_broker: true,
            only_brokers: None,
            within: Duration::from_secs(30),
            patience: None,
        }
    }
}

/// What was produced. Every message of it was acknowledged.
#[derive(Clone, Debug, Deserialize, PartialEq, Serialize)]
pub struct Produced {
    pub topic: String,
    pub run: String,
    pub acked: u64,
    /// The partition of each message, by its sequence number.
    #[serde(skip)]
    pub placement: HashMap<u64, i32>,
    /// The offset of the first message in each partition, where a consumer must start.
    pub first_offsets: BTreeMap<i32, i64>,
    /// The brokers that had to receive messages.
    pub brokers: Vec<BrokerShare>,
    pub elapsed: Duration,
    /// The longest time between two acknowledgements.
    pub largest_gap: Duration,
}

/// How long a refusal may be temporary. ACLs reach one broker after the other, and a user is Ready as soon as the first
/// broker has them. On busy machines this happens for the topic and for idempotence.
const SETTLES: Duration = Duration::from_secs(5);
const NOT_YET: [&str; 2] = ["ClusterAuthorizationFailed", "TopicAuthorizationFailed"];

/// Produces with idempotence, and requires the acknowledgement of all replicas.
///
/// # Errors
/// A [`ClientError`] with the broker that failed, librdkafka's text about it, and what the others received meanwhile.
pub async fn produce(access: &ConnectionConfig, spec: &ProduceSpec) -> Result<Produced, ClientError> {
    let operation = format!("produce to {}", spec.topic);
    let (access, mut spec, name) = (access.clone(), spec.clone(), operation.clone());
    blocking(&name, move |stop| {
        let start = Instant::now();
        loop {
            match run(&access, &spec, &operation, stop) {
                // librdkafka never asks again for a right that it was refused once, so this starts a new client.
                // Messages that another broker may have received belong to a separate run, so nothing is counted twice.
                Err(error) if NOT_YET.contains(&error.code.as_str()) && start.elapsed() < SETTLES && !stop.raised() => {
                    std::thread::sleep(Duration::from_millis(200));
                    spec.run = new_run();
                }
                result => return result,
            }
        }
    })
    .await
}

fn run(access: &ConnectionConfig, spec: &ProduceSpec, operation: &str, stop: &Stop) -> Result<Produced, ClientError> {
    let start = Instant::now();
    let limits = Limits::new(spec.within, spec.patience);
    let timeout = spec.within.as_millis().max(1).to_string();
    let settings = [("enable.idempotence", "true"), ("acks", "all"), ("message.timeout.ms", timeout.as_str())];
    let session = Session::open(access, operation, &settings)?;
    // Patience applies to a broker that fails. Before the first answer, a busy machine needs some time too.
    let first = Limits { patience: limits.patience.max(FIRST_ANSWER).min(spec.within), ..limits };
    let layout = session.layout(operation, &spec.topic, spec.only_brokers.is_none(), &first, stop)?;
    let partitions = choose(&layout, spec)
        .map_err(|(broker, text)| ClientError { broker, ..ClientError::harness(operation, text) })?;

    let mut flight = Flight::default();
    let placement: HashMap<u64, i32> = (0..spec.messages).zip(partitions.iter().copied().cycle()).collect();
    for sequence in 0..spec.messages {
        let payload = encode(&spec.run, sequence, spec.bytes);
        let partition = placement[&sequence];
        let number = usize::try_from(sequence).unwrap_or(usize::MAX);
        loop {
            let record =
                BaseRecord::<(), _, usize>::with_opaque_to(&spec.topic, number).partition(partition).payload(&payload);
            match session.producer.send(record) {
                Ok(()) => break,
                Err((KafkaError::MessageProduction(RDKafkaErrorCode::QueueFull), _)) if !limits.passed() => {
                    session.producer.poll(Duration::from_millis(10));
                    flight.take(session.events.deliveries(), &layout, &session);
                }
                Err((error, _)) => {
                    let explained = || session.events.add_context(ClientError::kafka(operation, &error));
                    return Err(session.fatal(operation).unwrap_or_else(explained));
                }
            }
        }
        *flight.open.entry(partition).or_default() += 1;
    }

    let mut given_up = None;
    while flight.open() > 0 {
        session.producer.poll(Duration::from_millis(10));
        flight.take(session.events.deliveries(), &layout, &session);
        given_up = flight.hopeless(&layout, &session, &limits);
        if given_up.is_some() || stop.raised() || limits.passed() {
            session.producer.purge(PurgeConfig::default().queue().inflight());
            break;
        }
    }
    // The last statistics may be older than the last acknowledgement, and they contain the proof.
    let last = Instant::now();
    while !session.events.statistics_since(last) && last.elapsed() < Duration::from_millis(600) {
        session.producer.poll(Duration::from_millis(10));
    }
    let mut shares = layout.shares(&session.events, |id| flight.acked.get(&id).copied().unwrap_or_default());
    let chosen: BTreeSet<i32> = partitions.iter().filter_map(|one| layout.leader(*one)?.id).collect();
    shares.retain(|share| share.broker.id.is_some_and(|id| chosen.contains(&id)));

    let failed = flight.failed.first().map(|delivery| delivery.partition);
    let stuck = failed.or_else(|| flight.open.iter().find(|(_, count)| **count > 0).map(|(partition, _)| *partition));
    if let Some(partition) = stuck {
        let mut error = flight.error(operation, partition, &layout, &session, given_up);
        error.served = shares.into_iter().filter(|share| Some(&share.broker) != error.broker.as_ref()).collect();
        return Err(error);
    }
    if spec.every_broker
        && let Some(share) = shares.iter().find(|share| !share.proved())
    {
        let text = format!(
            "it acknowledged {} messages, but nothing proves that its advertised name was used \
             (the connection was to `{}`, {} bytes received)",
            share.messages, share.node_name, share.received
        );
        return Err(ClientError { broker: Some(share.broker.clone()), ..ClientError::harness(operation, text) });
    }
    Ok(Produced {
        topic: spec.topic.clone(),
        run: spec.run.clone(),
        acked: flight.acked.values().sum(),
        placement,
        first_offsets: flight.first_offsets,
        brokers: shares,
        elapsed: start.elapsed(),
        largest_gap: flight.largest_gap,
    })
}

/// The partitions to use: those that the requested brokers lead. Otherwise the problem, with the broker that it
/// concerns.
fn choose(layout: &Layout, spec: &ProduceSpec) -> Result<Vec<i32>, (Option<BrokerAddr>, String)> {
    let all: Vec<i32> = layout.brokers.iter().filter_map(|broker| broker.id).collect();
    let wanted = spec.only_brokers.as_ref().unwrap_or(&all);
    if let Some(stranger) = wanted.iter().find(|id| !all.contains(id)) {
        return Err((None, format!("there is no broker {stranger}: the cluster's metadata lists {all:?}")));
    }
    let led: Vec<_> = layout.partitions.iter().filter(|partition| wanted.contains(&partition.leader)).collect();
    if spec.every_broker || spec.only_brokers.is_some() {
        let idle = wanted.iter().find(|id| !led.iter().any(|partition| partition.leader == **id));
        if let Some(idle) = idle {
            let partitions = layout.partitions.len();
            let remedy = if partitions < wanted.len() {
                format!("give the topic at least {} partitions", wanted.len())
            } else {
                // The usual reason: leadership moved to other brokers when it restarted.
                "leadership moved to other brokers, as it does after a restart: elect the preferred leaders \
                 (`kafka-leader-election.sh --election-type preferred`), wait a few minutes until Kafka does so itself, \
                 or use a new topic"
                    .to_owned()
            };
            let text = format!(
                "it leads none of the {partitions} partitions of {}, so no message would reach it: {remedy}",
                spec.topic
            );
            return Err((layout.broker(*idle).cloned(), text));
        }
        if spec.messages < led.len() as u64 {
            return Err((None, format!("{} messages are too few for {} partitions", spec.messages, led.len())));
        }
    }
    Ok(led.into_iter().map(|partition| partition.id).collect())
}

/// The messages in flight.
#[derive(Default)]
struct Flight {
    /// The number of messages without an answer, by partition.
    open: BTreeMap<i32, u64>,
    /// The number of acknowledged messages, by broker.
    acked: BTreeMap<i32, u64>,
    first_offsets: BTreeMap<i32, i64>,
    failed: Vec<Delivery>,
    last_ack: Option<Instant>,
    largest_gap: Duration,
}

impl Flight {
    fn open(&self) -> u64 {
        self.open.values().sum()
    }

    fn take(&mut self, deliveries: Vec<Delivery>, layout: &Layout, session: &Session) {
        for delivery in deliveries {
            if let Some(open) = self.open.get_mut(&delivery.partition) {
                *open = open.saturating_sub(1);
            }
            let Ok((offset, by)) = delivery.result else {
                self.failed.push(delivery);
                continue;
            };
            let leader = layout.leader(delivery.partition).and_then(|broker| broker.id).unwrap_or(-1);
            let by = if by < 0 { leader } else { by };
            *self.acked.entry(by).or_default() += 1;
            let first = self.first_offsets.entry(delivery.partition).or_insert(offset);
            *first = offset.min(*first);
            if let Some(broker) = layout.broker(by) {
                session.events.recovered(&broker.host, broker.port);
            }
            if let Some(last) = self.last_ack.replace(delivery.at) {
                self.largest_gap = self.largest_gap.max(delivery.at.saturating_duration_since(last));
            }
        }
    }

    /// If all open messages wait for brokers that have failed for too long, the first of these brokers.
    fn hopeless(&self, layout: &Layout, session: &Session, limits: &Limits) -> Option<Trouble> {
        let mut troubles = self.open.iter().filter(|(_, count)| **count > 0).map(|(partition, _)| {
            let broker = layout.leader(*partition)?;
            let trouble = session.events.trouble_with(&broker.host, broker.port)?;
            (trouble.since.elapsed() > limits.patience).then_some(trouble)
        });
        let first = troubles.next()??;
        troubles.all(|trouble| trouble.is_some()).then_some(first)
    }

    /// Why messages to `partition` were not accepted: the trouble of its leader, or else Kafka's answer.
    fn error(
        &self,
        operation: &str,
        partition: i32,
        layout: &Layout,
        session: &Session,
        given_up: Option<Trouble>,
    ) -> ClientError {
        let answer = self.failed.iter().find(|delivery| delivery.partition == partition);
        let mut error = match answer.map(|delivery| &delivery.result) {
            Some(Err(answer)) => ClientError::kafka(operation, answer),
            _ => ClientError::harness(operation, "no acknowledgement before the deadline"),
        };
        let leader = layout.leader(partition).cloned();
        let timed_out =
            [RDKafkaErrorCode::MessageTimedOut, RDKafkaErrorCode::PurgeQueue, RDKafkaErrorCode::PurgeInflight];
        let silent = answer.is_none() || timed_out.iter().any(|code| error.code == format!("{code:?}"));
        let known = leader.as_ref().and_then(|broker| session.events.trouble_with(&broker.host, broker.port));
        // A timeout only says that time passed, and a purge that the client ended. The errors of the client or the
        // connection meanwhile say why.
        if silent && let Some(fatal) = session.fatal(operation) {
            error = fatal;
        } else if silent && let Some(trouble) = given_up.or(known) {
            error.broker = Some(trouble.broker);
            error.code = trouble.code;
            error.text = trouble.text;
        }
        error.broker = error.broker.or(leader);
        error.log = session.events.log();
        error
    }
}

#[cfg(test)]
#[path = "produce_tests.rs"]
mod tests;
