//! For a failure that names no broker: checks every advertised address in the metadata.

use super::classify::classify;
use super::facts::Facts;
use super::gather::{Settings, gather};
use kubeapi::Catalog;
use model::{Cause, Failure};

/// The first advertised address that explains the failure. Otherwise `so_far`, with a note about which addresses were
/// checked.
pub(super) async fn every_address(catalog: &Catalog, facts: &Facts, settings: &Settings, so_far: Failure) -> Failure {
    let (Some(access), Some(_)) = (&settings.access, &facts.error) else { return so_far };
    let found = match probe::cluster(access, settings.within * 2).await {
        Ok(found) => found,
        Err(error) => {
            let mut so_far = so_far;
            so_far.evidence.push(format!("not known: which addresses the brokers advertise: {error}"));
            return so_far;
        }
    };
    let others = found.brokers.into_iter().filter(|broker| (&broker.host, broker.port) != (&facts.host, facts.port));
    let mut well = Vec::new();
    for broker in others {
        let mut one = Facts::of(broker.host.clone(), broker.port);
        one.gateway = facts.gateway.clone();
        // The client's own error does not concern this address, but it is the reason for checking it.
        one.error.clone_from(&facts.error);
        one.broker = Some(broker.clone());
        gather(&mut one, catalog, settings).await;
        let diagnosis = classify(&one);
        if !matches!(diagnosis.cause, Cause::Timeout | Cause::Unknown) {
            return Failure {
                evidence: together(so_far.evidence, &broker.to_string(), diagnosis.evidence),
                ..diagnosis
            };
        }
        well.push(broker.to_string());
    }
    let mut so_far = so_far;
    if !well.is_empty() {
        so_far.evidence.push(format!("kafka: found no problem with these advertised addresses: {}", well.join(", ")));
    }
    so_far
}

/// The evidence from the first address, then that from the address that explains the failure. The client's own error is
/// listed once.
fn together(first: Vec<String>, broker: &str, then: Vec<String>) -> Vec<String> {
    let mut lines = first;
    lines.push(format!("kafka: the metadata lists {broker}"));
    for line in then {
        if !lines.contains(&line) {
            lines.push(line);
        }
    }
    lines
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_said_once_is_not_said_again() {
        let first = vec!["client: create topic x: timed out".to_owned(), "tcp: port 9092 accepts".to_owned()];
        let then = vec!["client: create topic x: timed out".to_owned(), "tcp: port 443 refused".to_owned()];
        let lines = together(first, "broker 11 (b11:443)", then);
        assert_eq!(lines.len(), 4, "{lines:?}");
        assert_eq!(lines[2], "kafka: the metadata lists broker 11 (b11:443)");
    }
}
