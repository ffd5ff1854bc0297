//! The consumer of a load generator.

use super::blocking::Stop;
use super::context::Context;
use super::delivery_check::DeliveryCheck;
use super::load::Shared;
use super::session::{Layout, Limits};
use rdkafka::consumer::{BaseConsumer, Consumer};
use rdkafka::error::{KafkaError, KafkaResult};
use rdkafka::message::Message;
use rdkafka::types::RDKafkaErrorCode;
use rdkafka::{Offset, TopicPartitionList};
use std::collections::HashSet;
use std::time::{Duration, Instant};

/// Assigns every partition, starting at its current end.
pub(super) fn position(
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

/// The end of a partition. This asks until the partition's leader answers: the leaders of a new topic, or of brokers
/// that come and go, answer `NotLeaderForPartition` until all brokers know about them.
fn end_of(limits: &Limits, stop: &Stop, ask: impl Fn(Duration) -> KafkaResult<i64>) -> KafkaResult<i64> {
    let start = Instant::now();
    loop {
        let error = match ask(limits.remaining()) {
            Ok(end) => return Ok(end),
            Err(error) => error,
        };
        let denied = error.rdkafka_error_code() == Some(RDKafkaErrorCode::TopicAuthorizationFailed);
        let patience = if denied { limits.refusal_patience() } else { limits.patience };
        if start.elapsed() > patience || stop.raised() || limits.passed() {
            return Err(error);
        }
        std::thread::sleep(Duration::from_millis(50).min(limits.remaining()));
    }
}

/// Consumes until everything that was acknowledged arrived and its partitions were read to their ends, or until the
/// deadline.
pub(super) fn consume(consumer: &BaseConsumer<Context>, run: &str, shared: &Shared) -> DeliveryCheck {
    let mut check = DeliveryCheck::new(run);
    let mut ended = HashSet::new();
    while !shared.abandon.raised() {
        match consumer.poll(Duration::from_millis(20)) {
            Some(Ok(message)) => {
                ended.remove(&message.partition());
                check.see(message.partition(), message.payload().unwrap_or_default());
            }
            Some(Err(KafkaError::PartitionEOF(partition))) => {
                ended.insert(partition);
            }
            // The events record errors. A consumer continues by itself.
            Some(Err(_)) | None => {}
        }
        let finish = shared.finish();
        let complete = finish.wanted.as_ref().is_some_and(|wanted| {
            wanted.iter().all(|(sequence, partition)| check.has(*sequence) && ended.contains(partition))
        });
        if complete || finish.deadline.is_some_and(|deadline| Instant::now() >= deadline) {
            break;
        }
    }
    check
}

#[cfg(test)]
mod tests {
    use super::*;

    const WITHIN: Duration = Duration::from_secs(20);

    #[test]
    fn an_uninformed_leader_is_asked_again_and_a_lasting_refusal_is_reported() {
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
}
