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
    let numbers = |ids: &mut dyn Iterator<Item = u32>| ids.map(|id| id.to_string()).collect::<Vec<_>>().join(", ");
    let wrong = numbers(&mut nobody.iter().map(|(_, id)| *id));
    let brokers = match &exact {
        Some(exact) => format!("the brokers will be {}", numbers(&mut exact.iter().copied())),
        None => format!("the ids of its pools will be among {}", numbers(&mut possible.iter().copied())),
    };
    let message = format!("{} configures the brokers {wrong}, and {brokers}", listener.title());
    let repair = "use the ids that the brokers will have, or a template with `{nodeId}`; the annotation \
                  `strimzi.io/next-node-ids` of a KafkaNodePool chooses ids";
    let at = listener.pointer(&format!("/configuration/brokers/{first}/broker"));
    report.add(Finding::new(Cause::BrokerIds, listener.document, &at, message, "no broker will have this id", repair));
}
