//! For a failure that names no broker: walks the path of every address that the client would use.

use super::endurance::Endurance;
use super::facts::Facts;
use super::gather::{Settings, bootstrap};
use super::snapshot::Snapshot;
use super::walk::{WalkOptions, walk};
use super::walk_client::WalkClient;
use kubeapi::Catalog;
use model::{Cause, Failure};

/// The failure of the first path that explains the client's error. Otherwise `so_far`, with a note about which addresses were
/// walked.
pub(super) async fn every_address(catalog: &Catalog, facts: &Facts, settings: &Settings, so_far: Failure) -> Failure {
    let (Some(access), Some(_)) = (&settings.access, &facts.error) else { return so_far };
    let Some(bootstrap) = bootstrap(access) else { return so_far };
    let options = WalkOptions {
        bootstrap,
        client: WalkClient::from(access),
        gateway: facts.gateway.clone(),
        addresses: facts.addresses.clone(),
        within: settings.within,
        endurance: Endurance::default(),
    };
    let snapshot = Snapshot::read(catalog, settings.within).await;
    let walks = Box::pin(walk(&options, Some(catalog), Some(&snapshot))).await;
    let (mut so_far, mut well) = (so_far, Vec::new());
    for walk in walks.walks {
        let Facts { host, port, broker, .. } = &walk.facts;
        let title = broker.as_ref().map_or_else(|| format!("bootstrap {host}:{port}"), ToString::to_string);
        match walk.failure {
            None => well.push(title),
            Some(found) if matches!(found.cause, Cause::Timeout | Cause::Unknown) => {}
            Some(found) => {
                return Failure { evidence: together(so_far.evidence, &title, found.evidence), ..found };
            }
        }
    }
    if !well.is_empty() {
        so_far.evidence.push(format!("kafka: found no problem with these addresses: {}", well.join(", ")));
    }
    so_far.evidence.extend(walks.gaps.into_iter().map(|gap| format!("not known: {gap}")));
    so_far
}

/// The evidence of the client, then that of the path that explains its failure. What both say is listed once.
fn together(first: Vec<String>, title: &str, then: Vec<String>) -> Vec<String> {
    let mut lines = first;
    lines.push(format!("path: {title}"));
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
        assert_eq!(lines[2], "path: broker 11 (b11:443)");
    }
}
