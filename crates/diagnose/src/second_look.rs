//! What is asked only after a path has failed: versions of the API, policies, the broker without the gateway, and the
//! gateway's log. The first rules say where the path ends, and these say why.

use super::facts::{Facts, Route};
use super::policies::keeps_out;
use super::snapshot::Snapshot;
use super::wanted::wanted;
use k8s_openapi::api::core::v1::Pod;
use kube::api::LogParams;
use kubeapi::Catalog;
use model::{Cause, Failure};
use probe::tls::Probe;
use std::net::SocketAddr;
use std::time::Duration;
use tokio::time::timeout;

/// The words of a proxy that refused its configuration.
const REFUSALS: [&str; 6] =
    ["rejected", "filter chain match", "duplicate", "NACK", "configuration file test failed", "Error while creating"];
const QUOTED: usize = 3;
const TAIL: i64 = 300;

/// The same failure, or one with a cause that says more.
pub(super) async fn second_look(
    failure: Failure,
    facts: &Facts,
    catalog: Option<&Catalog>,
    snapshot: &Snapshot,
    within: Duration,
) -> Failure {
    let failure = failure.with_evidence(snapshot.remarks(facts));
    if let Some(seen) = snapshot.unread_version(facts, failure.cause) {
        return named(Cause::ApiVersion, seen, failure, facts);
    }
    let dead = matches!(failure.cause, Cause::UnknownSni | Cause::Timeout);
    let Some(route) = served(facts).filter(|_| dead) else { return failure };
    if let Some(seen) = keeps_out(route, snapshot) {
        return named(Cause::NetworkPolicy, seen, failure, facts);
    }
    if failure.cause != Cause::UnknownSni || facts.tls.is_none() {
        return failure;
    }
    let direct = direct(facts, route, snapshot, within).await;
    let log = match catalog {
        Some(catalog) => quotes(catalog, route, snapshot, within).await,
        None => Vec::new(),
    };
    match direct {
        Ok(_) if answers_now(facts, within).await => {
            let seen = format!(
                "the gateway closed one connection for {} and answered the next, so the path works: something on it restarted, \
                 or this machine is busy",
                facts.host
            );
            named(Cause::Timeout, seen, failure, facts)
        }
        Ok(at) => {
            let seen = format!(
                "{} is accepted, and its broker answers at {at} without the gateway; through the gateway {} gets no answer, so \
                 its proxy does not have the route",
                route.title(),
                facts.host
            );
            named(Cause::ProxyRefusedConfig, seen, failure, facts).with_evidence(log)
        }
        Err(_) if !log.is_empty() => {
            let seen = format!("{} is accepted, and the gateway's proxy refused its configuration", route.title());
            named(Cause::ProxyRefusedConfig, seen, failure, facts).with_evidence(log)
        }
        Err(why) => {
            failure.with_evidence([format!("not known: whether the broker answers without the gateway: {why}")])
        }
    }
}

fn named(cause: Cause, seen: String, failure: Failure, facts: &Facts) -> Failure {
    Failure { cause, seen, wanted: wanted(cause, facts), ..failure }
}

/// The route that should serve the address: accepted, and with a ready backend.
fn served(facts: &Facts) -> Option<&Route> {
    let ready = |route: &&Route| route.accepted() && route.backends.iter().any(|backend| backend.ready > 0);
    facts.routes.iter().find(ready)
}

/// The address of the route's Service, if a broker answers there in TLS for the name. Where the cluster's addresses lead nowhere,
/// something else may answer in its place, such as a proxy that ends all TLS of this machine.
async fn direct(facts: &Facts, route: &Route, snapshot: &Snapshot, within: Duration) -> Result<SocketAddr, String> {
    let backend = route.backends.first().ok_or("the route has no backend")?;
    let service = snapshot.services.iter().find(|one| {
        one.metadata.namespace.as_deref() == Some(&backend.namespace)
            && one.metadata.name.as_deref() == Some(&backend.service)
    });
    let address = service.and_then(|one| one.data["spec"]["clusterIP"].as_str()?.parse().ok());
    let address = SocketAddr::new(address.ok_or("its Service has no address")?, backend.port.unwrap_or_default());
    let probe = Probe::new(address, Some(&facts.host), within.min(Duration::from_secs(1)));
    let (outcome, _) = probe.open().await;
    if !outcome.completed() {
        return Err(format!("{address}: {}", outcome.handshake));
    }
    // A listener that asks for a client's certificate shows its own, and then says nothing more.
    if outcome.chain.first().is_some_and(|leaf| leaf.broker().is_some()) {
        return Ok(address);
    }
    let answer = probe::broker_handshake(address, Some(&probe), within).await;
    answer.map(|_| address).map_err(|why| format!("{address}: {why}"))
}

/// Whether the gateway serves the name when it is asked again. A proxy that refused its configuration does not.
async fn answers_now(facts: &Facts, within: Duration) -> bool {
    let Some(tls) = &facts.tls else { return false };
    Probe::new(tls.address, Some(&facts.host), within).open().await.0.completed()
}

/// The last lines in the logs of the gateway's Pods that tell of a refused configuration.
async fn quotes(catalog: &Catalog, route: &Route, snapshot: &Snapshot, within: Duration) -> Vec<String> {
    let mut found = Vec::new();
    for (namespace, name) in snapshot.gateway_pods(route) {
        let pods: kube::Api<Pod> = kube::Api::namespaced(catalog.client().clone(), &namespace);
        let parameters = LogParams { tail_lines: Some(TAIL), ..LogParams::default() };
        let Ok(Ok(text)) = timeout(within, pods.logs(&name, &parameters)).await else { continue };
        let lines = text.lines().rev().filter(|line| REFUSALS.iter().any(|word| line.contains(word)));
        found.extend(lines.take(QUOTED).map(|line| format!("log of {namespace}/{name}: {line}")));
        if !found.is_empty() {
            break;
        }
    }
    found
}

#[cfg(test)]
#[path = "second_look_tests.rs"]
mod tests;
