//! The producer of a load generator.

use super::content::encode;
use super::load::{LoadSpec, Shared};
use super::session::{Layout, Session};
use rdkafka::producer::{BaseRecord, Producer, PurgeConfig};
use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::sync::atomic::Ordering;
use std::time::{Duration, Instant};

/// The longest gap so far.
#[derive(Clone, Copy, Default)]
pub(super) struct Gap {
    last: Option<Instant>,
    pub largest: Duration,
}

impl Gap {
    fn tick(&mut self, at: Instant) {
        if let Some(last) = self.last {
            self.largest = self.largest.max(at.saturating_duration_since(last));
        }
        self.last = Some(self.last.map_or(at, |last| last.max(at)));
    }
}

/// The producer's side: what it sent, and the results.
pub(super) struct Sending {
    pub spec: LoadSpec,
    layout: Layout,
    pub next: u64,
    sent_at: HashMap<u64, Instant>,
    pub acked: HashMap<u64, i32>,
    pub all: Gap,
    pub brokers: BTreeMap<i32, Gap>,
    pub slowest: Duration,
    pub errors: BTreeSet<String>,
}

impl Sending {
    pub fn new(spec: LoadSpec, layout: Layout) -> Self {
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

    /// Sends until it is told to stop, then waits for messages in flight.
    pub fn run(mut self, session: &Session, shared: &Shared) -> Self {
        let interval = Duration::from_secs_f64(1.0 / self.spec.rate.clamp(0.1, 100_000.0));
        let mut due = Instant::now();
        while !shared.stop.raised() {
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
            // The message was never accepted, so its number goes to the next one.
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
        // A broken gateway can produce a text for each message. The first hundred are enough.
        if self.errors.len() < 100 {
            self.errors.insert(text);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

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
