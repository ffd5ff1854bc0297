//! A gateway whose process does not run, although the kernel still accepts connections for it.

use super::classify::address;
use super::facts::Facts;
use model::Cause;
use probe::tls::{Handshake, Probe};
use std::time::Duration;

/// A name that no route serves. The domain `invalid` is reserved for this.
const STRANGER: &str = "nobody.invalid";

/// Whether the port leaves a handshake with an unknown name without an answer. A gateway that works ends it at once.
pub(super) async fn leaves_strangers_waiting(probe: &Probe<'_>, within: Duration) -> bool {
    let (outcome, _) = Probe::new(probe.address, Some(STRANGER), within).open().await;
    outcome.handshake == UNANSWERED
}

const UNANSWERED: Handshake = Handshake::TimedOut { connected: true };

/// A broker that is frozen leaves its own name unanswered, and a gateway leaves every name.
pub(super) fn gateway_silent(facts: &Facts) -> Option<(Cause, String)> {
    let walked = facts.walked.as_ref()?;
    let unanswered = facts.tls.as_ref().is_some_and(|tls| tls.handshake == UNANSWERED);
    if !unanswered || walked.leaves_strangers_waiting != Some(true) {
        return None;
    }
    // A route for every name passes the stranger on to a broker, so its silence would say nothing about the gateway.
    let by_name = |name: &String| !name.is_empty() && name != "*";
    let chooses = |kind: &str, names: &[String]| kind == "TLSRoute" && !names.is_empty() && names.iter().all(by_name);
    if facts.routes.is_empty() || !facts.routes.iter().all(|route| chooses(&route.kind, &route.hostnames)) {
        return None;
    }
    let text = format!(
        "the gateway at {} accepts the connection and answers neither this name nor one that no route serves ({STRANGER}): its \
         process does not run on, so look at the gateway's Pods and not at the broker",
        address(facts)
    );
    Some((Cause::GatewaySilent, text))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::facts::{Route, Walked};
    use probe::tls::TlsOutcome;
    use test_servers::{Authority, serve, serve_tls};

    fn cause(names: &[&str], stranger: Option<bool>, handshake: Handshake) -> Option<Cause> {
        let mut facts = Facts::of("b.test", 9092);
        facts.tls = Some(TlsOutcome {
            address: "127.0.0.1:9092".parse().expect("an address"),
            sni: Some("b.test".into()),
            handshake,
            chain: Vec::new(),
            verdict: None,
            elapsed: Duration::ZERO,
        });
        facts.routes = vec![Route {
            kind: "TLSRoute".into(),
            namespace: "kafka".into(),
            name: "b".into(),
            hostnames: names.iter().map(|name| (*name).to_owned()).collect(),
            parents: Vec::new(),
            conditions: Vec::new(),
            backends: Vec::new(),
        }];
        facts.walked = Some(Walked { tls: true, leaves_strangers_waiting: stranger, ..Walked::default() });
        gateway_silent(&facts).map(|(cause, _)| cause)
    }

    #[test]
    fn a_silent_gateway_differs_from_a_silent_broker() {
        assert_eq!(cause(&["b.test"], Some(true), UNANSWERED), Some(Cause::GatewaySilent));
        assert_eq!(cause(&["b.test"], Some(false), UNANSWERED), None, "the broker is silent");
        assert_eq!(cause(&["b.test"], None, UNANSWERED), None, "nobody asked");
        assert_eq!(cause(&["b.test"], Some(true), Handshake::Closed), None);
        assert_eq!(cause(&[], Some(true), UNANSWERED), None, "the route takes every name");
    }

    #[tokio::test]
    async fn only_a_port_that_answers_nothing_leaves_a_stranger_waiting() {
        let within = Duration::from_millis(300);
        let frozen = serve(|mut stream| async move {
            let _ = tokio::io::copy(&mut stream, &mut tokio::io::sink()).await;
        })
        .await;
        assert!(leaves_strangers_waiting(&Probe::new(frozen, None, within), within).await);
        let closing = serve(|stream| async move { drop(stream) }).await;
        assert!(!leaves_strangers_waiting(&Probe::new(closing, None, within), within).await);
        let answering = serve_tls(Authority::new("a").leaf("b", &["b.test"]).server(None)).await;
        assert!(!leaves_strangers_waiting(&Probe::new(answering, None, within * 10), within * 10).await);
    }
}
