//! Compares the messages that arrived with the expected ones.

use super::content::{Content, decode};
use serde::{Deserialize, Serialize};
use std::collections::{HashMap, HashSet};
use std::fmt;

/// How many sequence numbers a result names as examples.
const EXAMPLES: usize = 10;

/// The consumed messages compared with the acknowledged ones. Ideally, everything except `wanted` and `found` is zero.
#[derive(Clone, Debug, Default, Deserialize, Eq, PartialEq, Serialize)]
pub struct Comparison {
    /// Messages that had to arrive.
    pub wanted: u64,
    /// How many of these arrived.
    pub found: u64,
    /// Messages that had to arrive and did not.
    pub missing: u64,
    /// The first few of these, by sequence number.
    pub missing_examples: Vec<u64>,
    /// Deliveries of a message after its first.
    pub duplicates: u64,
    /// Messages of this run that were not expected.
    pub unexpected: u64,
    /// Messages that do not belong to this run.
    pub foreign: u64,
    /// Messages whose bytes changed.
    pub corrupted: u64,
    /// Messages that arrived from a different partition than the one they were sent to.
    pub misplaced: u64,
    /// Messages that arrived before an earlier message of the same partition.
    pub reordered: u64,
}

impl Comparison {
    /// What is wrong. `None` if every message arrived once, whole, from its partition and in order.
    pub fn problem(&self) -> Option<String> {
        let counts = [
            (self.missing, "missing"),
            (self.duplicates, "duplicate"),
            (self.unexpected, "unexpected"),
            (self.foreign, "foreign"),
            (self.corrupted, "corrupted"),
            (self.misplaced, "from the wrong partition"),
            (self.reordered, "out of order"),
        ];
        let mut parts: Vec<_> =
            counts.iter().filter(|(count, _)| *count > 0).map(|(count, what)| format!("{count} {what}")).collect();
        if !self.missing_examples.is_empty() {
            let examples: Vec<_> = self.missing_examples.iter().map(u64::to_string).collect();
            let more = if self.missing > self.missing_examples.len() as u64 { ", ..." } else { "" };
            parts.push(format!("missing: {}{more}", examples.join(", ")));
        }
        (!parts.is_empty()).then(|| format!("of {} messages {} came: {}", self.wanted, self.found, parts.join("; ")))
    }
}

impl fmt::Display for Comparison {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.problem() {
            Some(problem) => f.write_str(&problem),
            None => write!(f, "all {} messages arrived, each once and intact", self.wanted),
        }
    }
}

/// Records messages as they arrive.
pub(crate) struct DeliveryCheck {
    run: String,
    seen: HashMap<u64, i32>,
    last: HashMap<i32, u64>,
    counts: Comparison,
}

impl DeliveryCheck {
    pub fn new(run: impl Into<String>) -> Self {
        Self { run: run.into(), seen: HashMap::new(), last: HashMap::new(), counts: Comparison::default() }
    }

    /// Records a message. Returns its sequence number if it belongs to this run and arrived for the first time.
    pub fn see(&mut self, partition: i32, payload: &[u8]) -> Option<u64> {
        let sequence = match decode(&self.run, payload) {
            Content::Ours(sequence) => sequence,
            Content::Corrupted => {
                self.counts.corrupted += 1;
                return None;
            }
            Content::Foreign => {
                self.counts.foreign += 1;
                return None;
            }
        };
        if self.seen.contains_key(&sequence) {
            self.counts.duplicates += 1;
            return None;
        }
        self.seen.insert(sequence, partition);
        let last = self.last.entry(partition).or_insert(sequence);
        if sequence < *last {
            self.counts.reordered += 1;
        }
        *last = sequence.max(*last);
        Some(sequence)
    }

    pub fn seen(&self) -> usize {
        self.seen.len()
    }

    pub fn has(&self, sequence: u64) -> bool {
        self.seen.contains_key(&sequence)
    }

    /// The result, if the messages `wanted` (sequence and partition) had to arrive and those `in_doubt` may have
    /// arrived.
    pub fn compare(&self, wanted: &HashMap<u64, i32>, in_doubt: &HashSet<u64>) -> Comparison {
        let mut missing: Vec<u64> = wanted.keys().filter(|sequence| !self.has(**sequence)).copied().collect();
        missing.sort_unstable();
        let misplaced = wanted.iter().filter(|(sequence, to)| self.seen.get(sequence).is_some_and(|from| from != *to));
        let unexpected = self.seen.keys().filter(|one| !wanted.contains_key(one) && !in_doubt.contains(one));
        Comparison {
            wanted: wanted.len() as u64,
            found: (wanted.len() - missing.len()) as u64,
            missing: missing.len() as u64,
            missing_examples: missing.into_iter().take(EXAMPLES).collect(),
            unexpected: unexpected.count() as u64,
            misplaced: misplaced.count() as u64,
            ..self.counts.clone()
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::content::encode;

    /// Messages 0 to 5 were acknowledged, alternately on partitions 0 and 1.
    fn wanted() -> HashMap<u64, i32> {
        (0..6).map(|sequence| (sequence, i32::try_from(sequence % 2).expect("small"))).collect()
    }

    fn check(messages: &[(i32, u64)]) -> DeliveryCheck {
        let mut check = DeliveryCheck::new("run");
        for (partition, sequence) in messages {
            check.see(*partition, &encode("run", *sequence, 100));
        }
        check
    }

    const ALL: [(i32, u64); 6] = [(0, 0), (1, 1), (0, 2), (0, 4), (1, 3), (1, 5)];

    #[test]
    fn partitions_may_interleave_as_they_like() {
        let comparison = check(&ALL).compare(&wanted(), &HashSet::new());
        assert_eq!(comparison.problem(), None);
        assert_eq!(comparison.to_string(), "all 6 messages arrived, each once and intact");
    }

    #[test]
    fn lost_messages_are_counted_and_named() {
        let comparison = check(&ALL[..4]).compare(&wanted(), &HashSet::new());
        assert_eq!((comparison.missing, comparison.missing_examples.as_slice()), (2, &[3, 5][..]));
        assert_eq!(comparison.problem().as_deref(), Some("of 6 messages 4 came: 2 missing; missing: 3, 5"));
    }

    #[test]
    fn a_duplicate_is_not_out_of_order_as_well() {
        let mut check = check(&ALL);
        assert_eq!(check.see(0, &encode("run", 0, 100)), None);
        let comparison = check.compare(&wanted(), &HashSet::new());
        assert_eq!((comparison.duplicates, comparison.reordered, comparison.missing), (1, 0, 0));
    }

    #[test]
    fn foreign_and_corrupted_messages_count_and_do_not_stand_in_for_ours() {
        let mut check = check(&ALL[..5]);
        check.see(1, &encode("another run", 5, 100));
        check.see(1, b"somebody else's");
        let mut broken = encode("run", 5, 200);
        broken[150] ^= 1;
        check.see(1, &broken);
        let comparison = check.compare(&wanted(), &HashSet::new());
        assert_eq!((comparison.foreign, comparison.corrupted, comparison.missing), (2, 1, 1));
    }

    #[test]
    fn order_and_partition_are_checked() {
        let comparison = check(&[(0, 2), (0, 0), (0, 4), (1, 1), (1, 3), (0, 5)]).compare(&wanted(), &HashSet::new());
        assert_eq!((comparison.reordered, comparison.misplaced), (1, 1));
    }

    #[test]
    fn a_message_in_doubt_may_come_or_not() {
        let mut check = check(&ALL);
        check.see(0, &encode("run", 6, 100));
        assert_eq!(check.compare(&wanted(), &HashSet::from([6, 7])).problem(), None);
        assert_eq!(check.compare(&wanted(), &HashSet::new()).unexpected, 1);
    }
}
