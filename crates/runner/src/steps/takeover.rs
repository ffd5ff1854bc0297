//! Waits after a sabotage until the data plane has applied the change.

use crate::Context;
use crate::gateway_addresses::address_of;
use ::kube::api::DynamicObject;
use futures::future::join_all;
use model::Failure;
use probe::tls::{Handshake, Probe};
use scenario::Sabotage;
use std::collections::{BTreeMap, BTreeSet};
use std::net::SocketAddr;
use std::time::Duration;
use tokio::time::{Instant, sleep};

/// The API does not say when a data plane has applied a change. Gateways stop serving a route about two seconds after
/// its deletion. If the change cannot be seen from outside, the step waits this long. Without the wait, a quick step
/// could pass by chance.
const AT_MOST: Duration = Duration::from_secs(4);
const AGAIN: Duration = Duration::from_millis(100);
const ANSWER_WITHIN: Duration = Duration::from_secs(1);

/// The answer for a name: how the handshake ends, and the certificate's fingerprint.
type Answer = (Handshake, Option<String>);

/// How often each name is probed before the change. Any broker can answer for a bootstrap name, each with its own
/// certificate. After a single probe, the answer of another broker would look like a change.
const SAMPLES: usize = 12;

/// The gateway's answers for the names of the TLSRoutes that a sabotage changes.
pub struct GatewaySnapshot(BTreeMap<String, Vec<Answer>>);

impl GatewaySnapshot {
    /// # Errors
    /// If the sabotage's manifest cannot be read.
    pub async fn of(context: &Context<'_>, sabotage: &Sabotage) -> Result<Self, Failure> {
        let mut names = BTreeSet::new();
        let delete = sabotage.delete.as_ref().map(|target| (&target.kind, &target.name, &target.namespace));
        let patch = sabotage.patch.as_ref().map(|patch| (&patch.kind, &patch.name, &patch.namespace));
        for (kind, name, namespace) in delete.into_iter().chain(patch).filter(|(kind, ..)| *kind == "TLSRoute") {
            let route = context.object(kind, name, namespace.as_deref()).await?;
            names.extend(super::objects::get(context, &route).await?.iter().flat_map(hostnames));
        }
        if let Some(file) = &sabotage.apply {
            names.extend(context.manifest(file)?.iter().flat_map(hostnames));
        }
        if sabotage.apply.is_none() {
            served(async || join_all(names.iter().map(|name| answer(context, name))).await).await;
        }
        let mut seen: BTreeMap<String, Vec<Answer>> = names.into_iter().map(|name| (name, Vec::new())).collect();
        // Names are probed one after the other, because a gateway may distribute connections in turn.
        for _ in 0..SAMPLES {
            let answers = join_all(seen.keys().map(|name| answer(context, name))).await;
            seen.values_mut().zip(answers).for_each(|(all, one)| all.push(one));
        }
        Ok(Self(seen))
    }

    /// Waits until the answers for all names have changed, twice in a row. Waits [`AT_MOST`] if a change cannot be
    /// seen.
    pub async fn passed(self, context: &Context<'_>) {
        let deadline = Instant::now() + AT_MOST;
        let mut in_a_row = 0;
        while Instant::now() < deadline && (self.0.is_empty() || in_a_row < 2) {
            sleep(if self.0.is_empty() { AT_MOST } else { AGAIN }).await;
            let now = join_all(self.0.keys().map(|name| answer(context, name))).await;
            let all = now.iter().zip(self.0.values()).all(|(now, before)| is_new(now, before));
            in_a_row = if all { in_a_row + 1 } else { 0 };
        }
    }
}

/// Waits until the data plane serves the names as they are before the change, at most [`AT_MOST`]: what it has not applied yet cannot
/// be told from what it applies next. Some names are never served, which a scenario may want.
async fn served(ask: impl AsyncFn() -> Vec<Answer>) {
    let deadline = Instant::now() + AT_MOST;
    while Instant::now() < deadline {
        if ask().await.iter().all(|(handshake, _)| matches!(handshake, Handshake::Completed { .. })) {
            return;
        }
        sleep(AGAIN).await;
    }
}

/// Whether this answer did not occur before the change.
fn is_new(now: &Answer, before: &[Answer]) -> bool {
    !before.contains(now)
}

async fn answer(context: &Context<'_>, name: &str) -> Answer {
    let address = SocketAddr::new(address_of(context, Some(name)), context.lab.info.gateway.ports.passthrough);
    let probe = Probe { linger: Duration::ZERO, ..Probe::new(address, Some(name), ANSWER_WITHIN) };
    let outcome = probe.run().await;
    (outcome.handshake, outcome.chain.into_iter().next().map(|leaf| leaf.fingerprint))
}

/// The hostnames of a TLSRoute that can be probed. Empty for other kinds.
fn hostnames(object: &DynamicObject) -> Vec<String> {
    if object.types.as_ref().is_none_or(|types| types.kind != "TLSRoute") {
        return Vec::new();
    }
    let names = object.data["spec"]["hostnames"].as_array().into_iter().flatten().filter_map(|name| name.as_str());
    names.filter(|name| !name.starts_with('*')).map(ToOwned::to_owned).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use probe::tls::Afterwards;
    use serde_json::json;

    #[test]
    fn an_answer_of_another_broker_does_not_prove_a_change() {
        let by = |broker: &str| -> Answer {
            let protocol = "TLSv1_3".to_owned();
            (Handshake::Completed { protocol, alpn: None, afterwards: Afterwards::Open }, Some(broker.to_owned()))
        };
        let before = [by("broker 10"), by("broker 11"), by("broker 12"), by("broker 10")];
        assert!(!is_new(&by("broker 11"), &before), "it answered for the name before");
        assert!(is_new(&by("a broker of another cluster"), &before));
        assert!(is_new(&(Handshake::Closed, None), &before));
    }

    #[tokio::test(start_paused = true)]
    async fn a_name_is_awaited_before_it_is_sabotaged_but_not_for_ever() {
        let asked = std::cell::Cell::new(0);
        let completed =
            Handshake::Completed { protocol: "TLSv1_3".to_owned(), alpn: None, afterwards: Afterwards::Open };
        let after = |turns: u32| {
            asked.set(0);
            let (asked, completed) = (&asked, &completed);
            async move || {
                asked.set(asked.get() + 1);
                vec![(if asked.get() > turns { completed.clone() } else { Handshake::Closed }, None)]
            }
        };
        served(after(2)).await;
        assert_eq!(asked.get(), 3);
        let start = Instant::now();
        served(after(u32::MAX)).await;
        assert!(start.elapsed() >= AT_MOST && start.elapsed() < AT_MOST * 2, "{:?}", start.elapsed());
    }

    #[test]
    fn only_concrete_hostnames_of_tlsroutes_are_watched() {
        let object = |kind: &str| -> DynamicObject {
            serde_json::from_value(json!({
                "apiVersion": "v1", "kind": kind, "metadata": {"name": "x"},
                "spec": {"hostnames": ["broker-10.kafka.test", "*.kafka.test"]},
            }))
            .expect("an object")
        };
        assert_eq!(hostnames(&object("TLSRoute")), ["broker-10.kafka.test"]);
        assert!(hostnames(&object("HTTPRoute")).is_empty());
    }
}
