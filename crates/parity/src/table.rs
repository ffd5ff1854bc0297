//! The comparison as a page of Markdown.

use super::{Comparison, Row, Snapshot};
use std::collections::BTreeMap;
use std::fmt::{self, Write};

/// The differences come first, each with its reason. Then follows what is the same, one line for each fact.
pub fn table(standin: &Snapshot, strimzi: &Snapshot, comparison: &Comparison) -> String {
    let mut text = String::new();
    // Writing to a String cannot fail.
    let _ = write(&mut text, standin, strimzi, comparison);
    text
}

fn write(text: &mut String, standin: &Snapshot, strimzi: &Snapshot, comparison: &Comparison) -> fmt::Result {
    let rows = &comparison.rows;
    let same = rows.iter().filter(|row| row.same()).count();
    writeln!(text, "# What the stand-in and Strimzi make of the same Kafka resource\n")?;
    writeln!(text, "Written by `cargo xtask parity compare` from two snapshots of `fixtures/kafka/shared.yaml`:\n")?;
    writeln!(text, "- the stand-in's: {}\n- Strimzi's: {}\n", standin.source, strimzi.source)?;
    writeln!(
        text,
        "{} facts: {same} the same, {} different and explained in `fixtures/standin/differences.yaml`, {} different and not explained.\n",
        rows.len(),
        rows.iter().filter(|row| !row.same() && row.unexplained() == 0).count(),
        rows.iter().filter(|row| row.unexplained() > 0).count()
    )?;
    writeln!(text, "| kind | facts | the same |\n|---|---|---|")?;
    let mut kinds: BTreeMap<&str, (usize, usize)> = BTreeMap::new();
    for row in rows {
        let counted = kinds.entry(kind(row)).or_default();
        counted.0 += 1;
        counted.1 += usize::from(row.same());
    }
    for (kind, (all, same)) in kinds {
        writeln!(text, "| {kind} | {all} | {same} |")?;
    }
    writeln!(text, "\n## Differences\n\n| fact | only the stand-in | only Strimzi | why |\n|---|---|---|---|")?;
    for row in rows.iter().filter(|row| !row.same()) {
        for (whys, ours, theirs) in by_reason(row) {
            let why = whys.as_deref().unwrap_or("**not explained**");
            writeln!(text, "| {} | {} | {} | {} |", row.fact, list(&ours), list(&theirs), escaped(why))?;
        }
    }
    writeln!(text, "\n## The same on both sides\n\n| fact | value |\n|---|---|")?;
    for row in rows.iter().filter(|row| row.same()) {
        let values: Vec<_> = row.both.iter().map(String::as_str).collect();
        writeln!(text, "| {} | {} |", row.fact, list(&values))?;
    }
    Ok(())
}

type ByReason<'a> = (Option<String>, Vec<&'a str>, Vec<&'a str>);

/// A row's differences, grouped by reason.
fn by_reason(row: &Row) -> Vec<ByReason<'_>> {
    let mut all: BTreeMap<Option<String>, (Vec<&str>, Vec<&str>)> = BTreeMap::new();
    for (value, why) in &row.standin {
        all.entry(why.clone()).or_default().0.push(value);
    }
    for (value, why) in &row.strimzi {
        all.entry(why.clone()).or_default().1.push(value);
    }
    all.into_iter().map(|(why, (ours, theirs))| (why, ours, theirs)).collect()
}

fn kind(row: &Row) -> &str {
    row.fact.split(' ').next().unwrap_or_default()
}

fn list(values: &[&str]) -> String {
    values.iter().map(|value| format!("`{}`", escaped(value))).collect::<Vec<_>>().join("<br>")
}

fn escaped(text: &str) -> String {
    text.replace('|', "\\|").replace('\n', " ")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Differences, compare};
    use std::collections::BTreeSet;

    #[test]
    fn a_difference_without_a_reason_stands_out() {
        let snapshot = |value: &str| Snapshot {
            source: "x".into(),
            facts: BTreeMap::from([
                ("Service s".to_owned(), BTreeSet::from([value.to_owned()])),
                ("Service t".to_owned(), BTreeSet::from(["a|b".to_owned()])),
            ]),
        };
        let (ours, theirs) = (snapshot("port 1"), snapshot("port 2"));
        let text = table(&ours, &theirs, &compare(&ours, &theirs, &Differences::default()));
        assert!(text.contains("| Service s | `port 1` | `port 2` | **not explained** |"), "{text}");
        assert!(text.contains("| Service t | `a\\|b` |"), "{text}");
        assert!(text.contains("| Service | 2 | 1 |"), "{text}");
    }
}
