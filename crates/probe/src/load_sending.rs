//! The producer of a load generator.

use super::content::encode;
use super::load::{LoadSpec, Shared};
use super::load_timeline::Acknowledgement;
use super::session::{Layout, Session};
use rdkafka::producer::{BaseRecord, Producer, PurgeConfig};
use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::sync::atomic::Ordering;
use std::time::{Duration, Instant};

/// The longest that one poll of librdkafka lasts.
const POLL: Duration = Duration::from_millis(20);

/// A poll that returns later than this says that the machine stood still, and with it the brokers and the gateway. On a
/// machine that is only busy, a thread that sleeps most of the time gets its turn much earlier.
const STOOD_STILL: Duration = Duration::from_millis(500);

/// The longest gap so far, without the time in which the machine stood still.
#[derive(Clone, Copy, Default)]
pub(super) struct Gap {
    last: Option<(Instant, Duration)>,
    pub largest: Duration,
}

impl Gap {
    /// An acknowledgement at `at`. The machine stood still for `paused` until then, all in all.
    fn tick(&mut self, at: Instant, paused: Duration) {
        let Some((last, paused_before)) = self.last else {
            self.last = Some((at, paused));
            return;
        };
        let gap = at.saturating_duration_since(last).saturating_sub(paused.saturating_sub(paused_before));
        self.largest = self.largest.max(gap);
        self.last = Some((last.max(at), paused));
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
    pub acknowledgements: Vec<Acknowledgement>,
    /// How long the machine stood still, by this thread's own polls.
    pub paused: Duration,
    started: Instant,
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
            acknowledgements: Vec::new(),
            paused: Duration::ZERO,
            started: Instant::now(),
            errors: BTreeSet::new(),
        }
    }

    /// Sends until it is told to stop, then waits for messages in flight.
    pub fn run(mut self, session: &Session, shared: &Shared) -> Self {
        let interval = self.spec.interval();
        let mut due = Instant::now();
        self.started = due;
        while !shared.stop.raised() {
            let wait = due.saturating_duration_since(Instant::now());
            self.poll(session, wait.min(POLL));
            self.take(session, shared);
            while due <= Instant::now() && !shared.stop.raised() {
                self.send(session);
                due += interval;
            }
        }
        let deadline = shared.finish().deadline.unwrap_or_else(Instant::now);
        while !self.sent_at.is_empty() && Instant::now() < deadline {
            self.poll(session, POLL);
            self.take(session, shared);
        }
        session.producer.purge(PurgeConfig::default().queue().inflight());
        self
    }

    /// Lets librdkafka report, and notices whether the machine stood still meanwhile.
    fn poll(&mut self, session: &Session, within: Duration) {
        let before = Instant::now();
        session.producer.poll(within);
        let late = before.elapsed().saturating_sub(within);
        if late > STOOD_STILL {
            self.paused += late;
        }
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
                    self.all.tick(delivery.at, self.paused);
                    if let Some(sent_at) = sent_at {
                        self.acknowledgements.push(Acknowledgement {
                            at: delivery.at.saturating_duration_since(self.started),
                            after: delivery.at.saturating_duration_since(sent_at),
                        });
                    }
                    if let Some(broker) = self.layout.leader(delivery.partition) {
                        self.brokers.entry(broker.id.unwrap_or(-1)).or_default().tick(delivery.at, self.paused);
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
            gap.tick(start + Duration::from_millis(millis), Duration::ZERO);
        }
        assert_eq!(gap.largest, Duration::from_millis(300));
    }

    #[test]
    fn the_time_in_which_the_machine_stood_still_is_no_gap() {
        let start = Instant::now();
        let mut gap = Gap::default();
        for (millis, paused) in [(0, 0), (100, 0), (6400, 6000), (6600, 6000)] {
            gap.tick(start + Duration::from_millis(millis), Duration::from_millis(paused));
        }
        assert_eq!(gap.largest, Duration::from_millis(300), "6.3 s without the 6 s");
    }
}
