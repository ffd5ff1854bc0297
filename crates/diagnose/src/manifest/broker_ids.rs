//! Hosts and ports that are configured for ids which no broker will have.

use super::findings::{Finding, Report};
use super::listeners::KafkaListener;
use model::Cause;
use std::collections::BTreeSet;

/// The fields of an entry, each with the template that stands for it if a broker has no entry.
const FIELDS: [(&str, &str); 3] = [
    ("host", "hostTemplate"),
    ("advertisedHost", "advertisedHostTemplate"),
    ("advertisedPort", "advertisedPortTemplate"),
];

/// Names the entries without a broker, if a broker goes without its entry for that reason. An entry for a broker that is
/// still to come is no fault.
pub(super) fn judge(listener: &KafkaListener<'_>, report: &mut Report) {
    let Some(possible) = &listener.known.possible else { return };
    let exact: Option<BTreeSet<u32>> =
        listener.known.exact.as_ref().map(|all| all.iter().map(|broker| broker.id).collect());
    let configured: BTreeSet<u32> = listener.entries().map(|(_, id, _)| id).collect();
    let existing = exact.as_ref().unwrap_or(possible);
    let nobody: Vec<(usize, u32)> =
        listener.entries().map(|(index, id, _)| (index, id)).filter(|(_, id)| !existing.contains(id)).collect();
    let without = match &exact {
        Some(exact) => !exact.is_subset(&configured),
        None => configured.is_disjoint(possible),
    };
    let configuration = listener.configuration();
    let needed = FIELDS.iter().any(|(field, template)| {
        configuration[*template].is_null() && listener.entries().any(|(_, _, entry)| !entry[*field].is_null())
    });
    let Some((first, _)) = nobody.first().filter(|_| without && needed) else { return };
    let wrong = ranges(&nobody.iter().map(|(_, id)| *id).collect());
    let brokers = match &exact {
        Some(exact) if exact.len() == 1 => format!("the only broker will have the id {}", ranges(exact)),
        Some(exact) => format!("the brokers will have the ids {}", ranges(exact)),
        None => format!("the ids of its pools will be among {}", ranges(possible)),
    };
    let message = format!("{} configures brokers by the ids {wrong}, and {brokers}", listener.title());
    let repair = "use the ids that the brokers will have, or a template with `{nodeId}`; the annotation \
                  `strimzi.io/next-node-ids` of a KafkaNodePool chooses ids";
    let at = listener.pointer(&format!("/configuration/brokers/{first}/broker"));
    report.add(Finding::new(Cause::BrokerIds, listener.document, &at, message, "no broker will have this id", repair));
}

/// The ids, with neighbours as a range: `0-2, 10`.
fn ranges(ids: &BTreeSet<u32>) -> String {
    let mut found: Vec<(u32, u32)> = Vec::new();
    for id in ids {
        match found.last_mut() {
            Some((_, last)) if *last + 1 == *id => *last = *id,
            _ => found.push((*id, *id)),
        }
    }
    let one = |(first, last): &(u32, u32)| {
        if first == last { first.to_string() } else { format!("{first}-{last}") }
    };
    found.iter().map(one).collect::<Vec<_>>().join(", ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn neighbours_are_a_range() {
        assert_eq!(ranges(&BTreeSet::from([0, 1, 2, 10, 12, 13, u32::MAX])), "0-2, 10, 12-13, 4294967295");
    }
}
