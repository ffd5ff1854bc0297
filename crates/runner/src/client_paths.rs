//! The whole paths of a scenario's client, walked as the command `diagnose` does.

use super::Context;
use diagnose::{Diagnosis, Endurance, Snapshot, WalkClient, WalkOptions, walk};
use probe::ConnectionConfig;
use std::net::IpAddr;
use std::time::Duration;
use tokio::time::Instant;

/// The times of the command `diagnose`: for a single question, and for all questions to the API server.
const QUESTION_WITHIN: Duration = Duration::from_secs(3);
const CLUSTER_WITHIN: Duration = Duration::from_secs(5);

/// The addresses of the gateway, or none if the status of each Gateway says its own.
fn addresses(context: &Context<'_>) -> Vec<IpAddr> {
    let gateway = &context.lab.info.gateway;
    if gateway.separate { Vec::new() } else { vec![gateway.address] }
}

/// Walks the paths once.
///
/// # Errors
/// If the client's bootstrap is not `HOST:PORT`.
pub async fn walked(context: &Context<'_>, access: &ConnectionConfig) -> Result<Diagnosis, String> {
    let begun = Instant::now();
    let wrong = || format!("the client's bootstrap is {}, which is not HOST:PORT", access.bootstrap);
    let (host, port) = access.bootstrap.rsplit_once(':').ok_or_else(wrong)?;
    let options = WalkOptions {
        bootstrap: (host.to_owned(), port.parse().map_err(|_| wrong())?),
        client: WalkClient::from(access),
        gateway: context.lab.gateway_facts(),
        addresses: addresses(context),
        within: QUESTION_WITHIN,
        endurance: Endurance::default(),
    };
    let catalog = &context.lab.catalog;
    let snapshot = Snapshot::read(catalog, CLUSTER_WITHIN).await;
    let walks = walk(&options, Some(catalog), Some(&snapshot)).await;
    Ok(Diagnosis::of(access.bootstrap.clone(), &walks, Some(&snapshot), &[], begun.elapsed()))
}
