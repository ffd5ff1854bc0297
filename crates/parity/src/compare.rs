//! Compares two snapshots.

use super::{Differences, Snapshot};
use std::collections::{BTreeMap, BTreeSet};

/// One fact that at least one side has.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Row {
    pub fact: String,
    /// The values that both sides have.
    pub both: BTreeSet<String>,
    /// The values that only one side has, each with the reason if it is known.
    pub standin: BTreeMap<String, Option<String>>,
    pub strimzi: BTreeMap<String, Option<String>>,
}

impl Row {
    pub fn same(&self) -> bool {
        self.standin.is_empty() && self.strimzi.is_empty()
    }

    /// The number of differences without an explanation.
    pub fn unexplained(&self) -> usize {
        self.standin.values().chain(self.strimzi.values()).filter(|why| why.is_none()).count()
    }
}

/// All rows, ordered by the names of their facts.
#[derive(Clone, Debug)]
pub struct Comparison {
    pub rows: Vec<Row>,
}

impl Comparison {
    pub fn unexplained(&self) -> usize {
        self.rows.iter().map(Row::unexplained).sum()
    }
}

/// Compares the snapshot of the stand-in with that of Strimzi.
pub fn compare(standin: &Snapshot, strimzi: &Snapshot, known: &Differences) -> Comparison {
    let names: BTreeSet<_> = standin.facts.keys().chain(strimzi.facts.keys()).collect();
    let nothing = BTreeSet::new();
    let row = |name: &String| {
        let ours = standin.facts.get(name).unwrap_or(&nothing);
        let theirs = strimzi.facts.get(name).unwrap_or(&nothing);
        Row {
            fact: name.clone(),
            both: ours.intersection(theirs).cloned().collect(),
            standin: ours.difference(theirs).map(|value| (value.clone(), known.of_standin(name, value))).collect(),
            strimzi: theirs.difference(ours).map(|value| (value.clone(), known.of_strimzi(name, value))).collect(),
        }
    };
    Comparison { rows: names.into_iter().map(row).collect() }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn snapshot(facts: &[(&str, &[&str])]) -> Snapshot {
        let facts = facts.iter().map(|(name, values)| {
            ((*name).to_owned(), values.iter().map(|value| (*value).to_owned()).collect::<BTreeSet<_>>())
        });
        Snapshot { source: "x".into(), facts: facts.collect() }
    }

    #[test]
    fn what_one_side_lacks_has_to_be_explained() {
        let known = Differences::parse("- {fact: 'Secret *', standin: key ca.*, why: because}\n").expect("sound");
        let ours = snapshot(&[("Secret a", &["key ca.x", "key b"]), ("Service s", &["port 1"])]);
        let theirs = snapshot(&[("Secret a", &["key b"]), ("Pod p", &["running"])]);
        let found = compare(&ours, &theirs, &known);
        assert_eq!(found.rows.len(), 3);
        assert_eq!(found.rows[1].standin["key ca.x"].as_deref(), Some("because"));
        assert_eq!(found.rows[1].unexplained(), 0);
        // The Pod that only Strimzi has, and the Service that only the stand-in has.
        assert_eq!(found.unexplained(), 2);
    }

    #[test]
    fn the_same_twice_has_no_difference() {
        let one = snapshot(&[("Service s", &["port 1"])]);
        let found = compare(&one, &one, &Differences::default());
        assert!(found.rows.iter().all(Row::same));
        assert_eq!(found.unexplained(), 0);
    }
}
