//! What changed from one run to another.

use super::view::state;
use model::{LabFacts, Report, ScenarioResult};
use std::collections::BTreeSet;
use std::fmt::Write as _;

/// Versions and results that differ, as text. Says so if none does.
pub fn difference(before: &Report, after: &Report) -> String {
    let mut text = String::new();
    for change in changed_facts(&before.lab, &after.lab) {
        let _ = writeln!(text, "{change}");
    }
    let of = |report: &Report, id: &str| report.scenarios.iter().find(|result| result.id() == id).cloned();
    let ids: BTreeSet<String> = before.scenarios.iter().chain(&after.scenarios).map(ScenarioResult::id).collect();
    let width = ids.iter().map(|id| id.chars().count()).max().unwrap_or(0);
    let mut same = 0;
    for id in ids {
        match (of(before, &id), of(after, &id)) {
            (Some(one), Some(other)) if ending(&one) == ending(&other) => same += 1,
            (one, other) => {
                let (one, other) = (shown(one.as_ref()), shown(other.as_ref()));
                let _ = writeln!(text, "{id:width$}  {one} -> {other}");
            }
        }
    }
    let _ = writeln!(text, "{same} results are the same");
    text
}

/// What two results are compared by: texts and times differ from run to run.
fn ending(result: &ScenarioResult) -> (&'static str, &'static str, Option<String>) {
    (state(result), result.word(), result.verdict.failure().map(|failure| failure.cause.to_string()))
}

fn shown(result: Option<&ScenarioResult>) -> String {
    match result {
        None => "not in this run".to_owned(),
        Some(result) => match result.verdict.failure() {
            Some(failure) => format!("{} ({})", result.word(), failure.cause),
            None => result.word().to_owned(),
        },
    }
}

/// What differs from one lab to another: its kind, its gateway, its operator, and every version. One line each.
pub fn changed_facts(before: &LabFacts, after: &LabFacts) -> Vec<String> {
    let facts = |lab: &LabFacts| {
        [("lab", lab.kind.to_string()), ("gateway", lab.gateway.clone()), ("operator", lab.kafka.to_string())]
    };
    let named =
        facts(before).into_iter().zip(facts(after)).map(|((what, one), (_, other))| (what.to_owned(), one, other));
    let parts: BTreeSet<_> = before.versions.keys().chain(after.versions.keys()).cloned().collect();
    let version = |lab: &LabFacts, part: &str| lab.versions.get(part).map_or("none", String::as_str).to_owned();
    let versions = parts.into_iter().map(|part| {
        let (one, other) = (version(before, &part), version(after, &part));
        match (before.checksums.get(&part), after.checksums.get(&part)) {
            // The same version from other bytes: another build, or a tag that was moved.
            (Some(was), Some(is)) if one == other && was != is => {
                (part, format!("{one} ({was})"), format!("{other} ({is})"))
            }
            _ => (part, one, other),
        }
    });
    let changed = named.chain(versions).filter(|(_, one, other)| one != other);
    changed.map(|(what, one, other)| format!("{what}: {one} -> {other}")).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use model::Verdict;
    use model::sample::{failure, report, result};

    #[test]
    fn what_turned_red_and_which_version_changed_is_named() {
        let mut before = report(vec![result("a", Verdict::Passed), result("b", Verdict::Passed)]);
        let mut after = report(vec![
            result("a", Verdict::Failed(failure())),
            result("b", Verdict::Passed),
            result("c", Verdict::Passed),
        ]);
        before.lab.versions.insert("traefik".into(), "3.7.14".into());
        after.lab.versions.insert("traefik".into(), "3.7.15".into());
        let text = difference(&before, &after);
        let cause = failure().cause;
        assert_eq!(
            text,
            format!(
                "traefik: 3.7.14 -> 3.7.15\na  passed -> failed ({cause})\nc  not in this run -> passed\n1 results are the same\n"
            )
        );
        assert_eq!(difference(&after, &after), "3 results are the same\n");
    }

    #[test]
    fn other_bytes_of_the_same_version_are_a_difference() {
        let of = |checksum: Option<&str>| {
            let mut one = report(vec![result("a", Verdict::Passed)]);
            let known = checksum.map(|known| ("traefik".to_owned(), known.to_owned()));
            one.lab.checksums.extend(known);
            one
        };
        let text = difference(&of(Some("5ca1")), &of(Some("ab1e")));
        assert_eq!(text, "traefik: 3.7.15 (5ca1) -> 3.7.15 (ab1e)\n1 results are the same\n");
        let unknown = difference(&of(None), &of(Some("ab1e")));
        assert_eq!(unknown, "1 results are the same\n", "an earlier report did not record it");
    }
}
