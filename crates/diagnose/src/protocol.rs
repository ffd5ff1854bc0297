//! Whether the client and the port speak the same protocol, and whether the gateway or the broker ended TLS.

use super::classify::{address, is_default};
use super::facts::{Facts, Lookup, Walked};
use model::Cause;
use probe::tcp::TcpOutcome;
use probe::tls::{Handshake, TlsOutcome, Verdict};
use probe::{CertificateInfo, LoginOutcome, Speaks};

/// TLS to plaintext, plaintext to TLS, HTTP, SASL or none.
pub(super) fn wrong_protocol(facts: &Facts) -> Option<(Cause, String)> {
    let walked = facts.walked.as_ref()?;
    if facts.tcp != Some(TcpOutcome::Connected) || walked.reached() {
        return None;
    }
    let text = transport(facts, walked).or_else(|| sasl(facts, walked)).or_else(|| passed_on(facts, walked))?;
    Some((Cause::WrongProtocol, text))
}

/// Kafka's name for the protocol of a client.
pub(super) fn security_protocol(tls: bool, sasl: bool) -> &'static str {
    match (tls, sasl) {
        (false, false) => "PLAINTEXT",
        (false, true) => "SASL_PLAINTEXT",
        (true, false) => "SSL",
        (true, true) => "SASL_SSL",
    }
}

fn transport(facts: &Facts, walked: &Walked) -> Option<String> {
    let sasl = walked.mechanism.is_some();
    let (ours, at) = (security_protocol(walked.tls, sasl), address(facts));
    let other = security_protocol(!walked.tls, sasl);
    // Some gateways speak TLS and HTTP on one port, so HTTP counts only if TLS is no alternative there.
    let no_tls = facts.tls.as_ref().is_none_or(|tls| tls.handshake == Handshake::NotTls);
    match (walked.speaks?, walked.tls) {
        (Speaks::Http, _) if no_tls && !unrouted(facts) => Some(format!(
            "the port of {at} speaks HTTP (read as a length, \"HTTP\" is 1213486160), and the client speaks {ours}: connect \
             to the port of the Kafka listener"
        )),
        (Speaks::PlaintextKafka, true) => Some(format!(
            "the port of {at} speaks Kafka without TLS, and the client starts TLS ({ours}): set security.protocol={other}, \
             or connect to a listener with TLS"
        )),
        (Speaks::Tls, false) => {
            Some(format!("the port of {at} speaks TLS, and the client speaks {ours}: set security.protocol={other}"))
        }
        _ => None,
    }
}

/// Whether a broker's address has no route. What the gateway itself says at such a port tells nothing about the client.
fn unrouted(facts: &Facts) -> bool {
    let advertised = facts.broker.as_ref().is_some_and(|broker| broker.id.is_some());
    facts.routes_known && facts.routes.is_empty() && advertised
}

/// TLS that the gateway passes on to a listener without TLS. The broker reads the handshake as a length and ends the
/// connection, so that the client sees the same as from a gateway that does not know the name.
fn passed_on(facts: &Facts, walked: &Walked) -> Option<String> {
    let declared = facts.behind.as_ref().filter(|declared| walked.tls && !declared.tls)?;
    let tls = facts.tls.as_ref().filter(|tls| tls.connected() && tls.turned_away() && tls.chain.is_empty())?;
    let route = facts.routes.iter().find(|route| route.accepted() && !route.backends.is_empty())?;
    let passes = facts.listeners.iter().find(|listener| listener.mode == "Passthrough")?;
    let ready = route.backends.iter().all(|backend| backend.ready > 0 && backend.target == declared.port);
    ready.then(|| {
        format!(
            "listener {} of Gateway {} passes TLS on to listener {} of {}, which has no TLS ({}): set tls: true on it, or let \
             the gateway end TLS (the broker's log says that a receive of 369295616 bytes is too large)",
            passes.name, passes.gateway, declared.listener, declared.resource, tls.handshake
        )
    })
}

fn sasl(facts: &Facts, walked: &Walked) -> Option<String> {
    let at = address(facts);
    if let Some(text) = &walked.no_metadata {
        return walked.mechanism.is_none().then(|| {
            let other = security_protocol(walked.tls, true);
            format!(
                "the broker at {at} answers the first request and then ends the connection ({text}), as a listener does \
                 that requires SASL: set security.protocol={other} with sasl.mechanism and sasl.jaas.config"
            )
        });
    }
    let mechanism = walked.mechanism?;
    match walked.login.as_ref()? {
        LoginOutcome::OtherMechanisms { enabled } => {
            let enabled = if enabled.is_empty() { "no mechanism".to_owned() } else { enabled.join(", ") };
            Some(format!(
                "the listener at {at} enables {enabled}, and the client uses {mechanism}: change sasl.mechanism"
            ))
        }
        LoginOutcome::NoSasl { text } => {
            let other = security_protocol(walked.tls, false);
            Some(format!(
                "the listener at {at} has no SASL ({text}), and the client uses {mechanism}: set security.protocol={other}"
            ))
        }
        LoginOutcome::Accepted | LoginOutcome::Refused { .. } => None,
    }
}

/// A user or a password that the broker refused.
pub(super) fn refused_login(facts: &Facts) -> Option<(Cause, String)> {
    let walked = facts.walked.as_ref()?;
    match walked.login.as_ref()? {
        LoginOutcome::Refused { text } => {
            let mechanism = walked.mechanism.unwrap_or_default();
            let text = format!("the broker at {} refused the login with {mechanism}: {text}", address(facts));
            Some((Cause::Authentication, text))
        }
        _ => None,
    }
}

/// A certificate that the gateway showed instead of the broker's.
pub(super) fn ended_by_gateway(facts: &Facts) -> Option<(Cause, String)> {
    let walked = facts.walked.as_ref()?;
    let tls = facts.tls.as_ref()?;
    let leaf = tls.chain.first()?;
    let refused = tls.verdict.as_ref().is_some_and(|verdict| !matches!(verdict, Verdict::Good | Verdict::Expired));
    // A gateway that ends TLS in front of a TLS listener gets a TLS alert for an answer, and hands it on.
    let dead = matches!(walked.kafka, Some(Err(_)));
    if !(refused || dead) || is_default(facts) {
        return None;
    }
    let ends = facts.listeners.iter().find(|listener| listener.mode == "Terminate")?;
    if CertificateInfo::broker(leaf).is_some() {
        return None;
    }
    let text = format!(
        "TLS for {} ends at the gateway: it shows the certificate {} from {}, which no Kafka operator issued, and listener {} \
         of Gateway {} has tls.mode Terminate",
        address(facts),
        leaf.subject,
        leaf.issuer,
        ends.name,
        ends.gateway
    );
    Some((Cause::TlsEndedByGateway, text))
}

/// A certificate that the client refuses for another reason than its authority, its names or its dates.
pub(super) fn unverifiable(facts: &Facts) -> Option<(Cause, String)> {
    facts.walked.as_ref()?;
    let tls = facts.tls.as_ref()?;
    let (Some(Verdict::Bad(text)), Some(leaf)) = (&tls.verdict, tls.chain.first()) else { return None };
    let text = format!("a client cannot verify the certificate {} shown at {}: {text}", leaf.subject, address(facts));
    Some((Cause::UntrustedCertificate, text))
}

/// A name that leads to another place than the Gateway, if that place does not work.
pub(super) fn elsewhere(facts: &Facts) -> Option<(Cause, String)> {
    let walked = facts.walked.as_ref()?;
    let Some(Lookup::Found(found)) = facts.lookup else { return None };
    let broken = facts.tcp.as_ref().is_some_and(|tcp| *tcp != TcpOutcome::Connected)
        || facts.tls.as_ref().is_some_and(TlsOutcome::turned_away)
        || walked.speaks == Some(Speaks::Http);
    // Without a route, or at a port at which no Gateway serves the name, the Gateway would not help either.
    let routed = facts.routes.iter().any(|route| route.accepted());
    let at_another_port = facts.listeners.is_empty() && facts.served.iter().any(|one| one.serves(&facts.host));
    if !broken || !routed || at_another_port || facts.addresses.is_empty() || facts.addresses.contains(&found) {
        return None;
    }
    let wanted: Vec<_> = facts.addresses.iter().map(ToString::to_string).collect();
    let text = format!(
        "{} resolves to {found}, where nothing serves it, and the Gateway is at {}: correct the record",
        facts.host,
        wanted.join(", ")
    );
    Some((Cause::NameResolvesElsewhere, text))
}

#[cfg(test)]
#[path = "protocol_tests.rs"]
mod tests;
