//! A listener of the shared cluster that only one scenario at a time uses.

use super::gateway::default_certificate;
use futures::future::join_all;
use lab::Lab;
use model::{Listener, SharedCluster};
use probe::tls::{Handshake, Probe};
use std::net::SocketAddr;
use std::time::Duration;
use tokio::time::{Instant, sleep};

/// Gateways stop serving a route about two seconds after its deletion, and a namespace is emptied in the background.
const AT_MOST: Duration = Duration::from_secs(10);
const AGAIN: Duration = Duration::from_millis(200);
const ANSWER_WITHIN: Duration = Duration::from_secs(1);

/// The listeners of this kind. A scenario claims one of them.
pub fn claimable(shared: &SharedCluster, listener: Listener) -> &[String] {
    match listener {
        Listener::ExclusiveTls => &shared.exclusive_tls,
        Listener::ExclusivePlaintext => &shared.exclusive_plaintext,
        Listener::ExclusiveTcp => &shared.exclusive_tcp,
        Listener::External | Listener::Mtls | Listener::Scram => &[],
    }
}

/// Waits until the gateway no longer serves any of the listener's names. A route of an earlier scenario could otherwise
/// answer a probe of this one.
///
/// # Errors
/// The name that is still served at the deadline.
pub async fn vacant(lab: &Lab, listener: &str) -> Result<(), String> {
    let gateway = &lab.info.gateway;
    let ports = [gateway.ports.passthrough, gateway.ports.second, gateway.ports.terminate];
    let names = ["bootstrap", "broker-10", "broker-11", "broker-12"];
    let questions: Vec<(String, SocketAddr)> = names
        .iter()
        .map(|name| format!("{name}.{listener}.{}", lab.info.domain))
        .flat_map(|name| ports.map(|port| (name.clone(), SocketAddr::new(gateway.address, port))))
        .collect();
    let fallback = default_certificate(&gateway.name);
    until_none(&questions, |(name, address)| is_served(name, *address, fallback.as_deref()))
        .await
        .map_err(|(name, address)| format!("{name} at port {}", address.port()))
}

/// Whether a route serves the name. The certificate that a gateway shows for unknown names does not count.
async fn is_served(name: &str, address: SocketAddr, fallback: Option<&str>) -> bool {
    let probe = Probe { linger: Duration::ZERO, ..Probe::new(address, Some(name), ANSWER_WITHIN) };
    let outcome = probe.run().await;
    let shown = outcome.chain.first().map(|leaf| leaf.common_name.as_str());
    let by_default = shown.is_some() && shown == fallback;
    matches!(outcome.handshake, Handshake::Completed { .. }) && !by_default
}

/// Repeats all questions until every answer is no. At the deadline, returns a question whose answer is still yes.
async fn until_none<'a, Q, F>(questions: &'a [Q], ask: impl Fn(&'a Q) -> F) -> Result<(), &'a Q>
where
    F: Future<Output = bool>,
{
    let deadline = Instant::now() + AT_MOST;
    loop {
        let answers = join_all(questions.iter().map(&ask)).await;
        let served = questions.iter().zip(answers).find_map(|(question, yes)| yes.then_some(question));
        match served {
            None => return Ok(()),
            Some(question) if Instant::now() >= deadline => return Err(question),
            Some(_) => sleep(AGAIN).await,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::cell::Cell;

    #[tokio::test(start_paused = true)]
    async fn a_listener_is_vacant_when_the_routes_of_the_earlier_run_are_gone() {
        let asked = Cell::new(0);
        // Seven rounds of two questions: the second name is served in the first six.
        let ask = |name: &&str| {
            let round = asked.get() / 2;
            asked.set(asked.get() + 1);
            std::future::ready(*name == "broker-11" && round < 6)
        };
        assert_eq!(until_none(&["bootstrap", "broker-11"], ask).await, Ok(()));
        assert_eq!(asked.get(), 14);
    }

    #[tokio::test(start_paused = true)]
    async fn a_name_that_is_still_served_is_reported_at_the_deadline() {
        let before = Instant::now();
        let ask = |name: &&str| std::future::ready(*name == "broker-11");
        assert_eq!(until_none(&["bootstrap", "broker-11"], ask).await, Err(&"broker-11"));
        assert!(before.elapsed() >= AT_MOST && before.elapsed() < AT_MOST + AGAIN * 2);
    }
}
