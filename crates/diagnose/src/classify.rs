//! From facts to a cause. The code is pure, so each rule can be tested without a network.

use super::backends::{backend_port, hostname_shared};
use super::evidence::evidence;
use super::facts::{Facts, Walked};
use super::gateways::not_ready;
use super::hello::client_hello_split;
use super::network::network;
use super::protocol::{elsewhere, ended_by_gateway, refused_login, unverifiable, wrong_protocol};
use super::routing::routing;
use super::silent::gateway_silent;
use super::symptom::{answered, refuses_certificate, timed_out, wants_certificate};
use super::wrong_broker::wrong_broker;
use model::{Cause, Failure};
use probe::tls::{Afterwards, Handshake, Verdict};

/// The cause, in a sentence that says what to do, with the facts that support it. The rules follow the order in which a
/// connection is established. Only Kafka's own answer comes first, because it proves that the whole path works.
pub fn classify(facts: &Facts) -> Failure {
    let (cause, seen) = verdict(facts);
    Failure::new(cause, format!("a connection to {}", address(facts)), seen).with_evidence(evidence(facts))
}

fn verdict(facts: &Facts) -> (Cause, String) {
    kafka(facts)
        .or_else(|| refused_login(facts))
        .or_else(|| wrong_protocol(facts))
        .or_else(|| not_ready(facts))
        .or_else(|| elsewhere(facts))
        .or_else(|| network(facts))
        .or_else(|| hostname_shared(facts))
        .or_else(|| backend_port(facts))
        .or_else(|| wrong_broker(facts))
        .or_else(|| ended_by_gateway(facts))
        .or_else(|| certificate(facts))
        .or_else(|| unverifiable(facts))
        .or_else(|| gateway_silent(facts))
        .or_else(|| routing(facts))
        .or_else(|| client_hello_split(facts))
        .unwrap_or_else(|| fallback(facts))
}

/// The address, with the broker that advertises it.
pub(super) fn address(facts: &Facts) -> String {
    match facts.broker.as_ref().and_then(|broker| broker.id) {
        Some(id) => format!("{}:{} (advertised by broker {id})", facts.host, facts.port),
        None => format!("{}:{}", facts.host, facts.port),
    }
}

/// The cause from Kafka's own answer.
fn kafka(facts: &Facts) -> Option<(Cause, String)> {
    let error = facts.error.as_ref()?;
    let cause = answered(error)?;
    let text = match cause {
        Cause::Authorization => {
            format!("Kafka knows the user but denies the operation: {}; grant it in the KafkaUser's ACLs", error.text)
        }
        Cause::UnknownTopic => {
            format!("the brokers answer, but the topic or partition does not exist: {}", error.text)
        }
        Cause::ClientCertificate => client_certificate(facts),
        _ => format!("the broker rejected the user name or password: {}", error.text),
    };
    Some((cause, text))
}

fn client_certificate(facts: &Facts) -> String {
    format!(
        "the broker at {} rejected the client's certificate, or received none: use a KafkaUser with tls \
         authentication, and its certificate signed by the cluster's clients CA",
        address(facts)
    )
}

/// The cause from the certificate that was shown.
fn certificate(facts: &Facts) -> Option<(Cause, String)> {
    let text = facts.error.as_ref().map_or("", |error| error.text.as_str());
    let tls = facts.tls.as_ref();
    let alert = tls.and_then(|tls| match &tls.handshake {
        Handshake::Alert { name } | Handshake::Completed { afterwards: Afterwards::Alert { name }, .. } => {
            Some(name.as_str())
        }
        _ => None,
    });
    let refusals = ["CertificateRequired", "BadCertificate", "UnknownCA", "CertificateUnknown"];
    if wants_certificate(text) || alert.is_some_and(|name| refusals.contains(&name)) {
        return Some((Cause::ClientCertificate, client_certificate(facts)));
    }
    if is_default(facts) {
        return None;
    }
    let leaf = tls?.chain.first()?;
    let names = if leaf.dns_names.is_empty() { "no name".to_owned() } else { leaf.dns_names.join(", ") };
    match &tls?.verdict {
        Some(Verdict::WrongName) => Some((
            Cause::CertificateName,
            format!(
                "the certificate shown at {} is for {names} and not for this host: add the host to its SANs, or \
                 correct the route if it leads to another broker",
                address(facts)
            ),
        )),
        Some(Verdict::Untrusted) => Some((
            Cause::UntrustedCertificate,
            format!(
                "the certificate shown at {} is signed by {}, which the client does not trust: give the client the \
                 CA that signs the listener's certificates (Secret {}-cluster-ca-cert, not the clients CA)",
                address(facts),
                leaf.issuer,
                leaf.broker().map_or_else(
                    || "<cluster>".to_owned(),
                    |broker| format!("{}/{}", broker.namespace, broker.cluster)
                ),
            ),
        )),
        Some(Verdict::Expired) => Some((
            Cause::CertificateExpired,
            format!(
                "the certificate shown at {} is valid only from {} to {}: renew it",
                address(facts),
                leaf.not_before,
                leaf.not_after
            ),
        )),
        _ => None,
    }
}

/// The common names of certificates that gateways show for names which they do not know.
const DEFAULT_CERTIFICATES: [&str; 2] = ["TRAEFIK DEFAULT CERT", "Kubernetes Ingress Controller Fake Certificate"];

/// Whether the gateway showed the default certificate that it uses for unknown names.
pub(super) fn is_default(facts: &Facts) -> bool {
    let Some(leaf) = facts.tls.as_ref().and_then(|tls| tls.chain.first()) else { return false };
    let known = facts.gateway.default_certificate.as_deref();
    known == Some(leaf.common_name.as_str()) || DEFAULT_CERTIFICATES.contains(&leaf.common_name.as_str())
}

/// The cause if nothing certain is known.
fn fallback(facts: &Facts) -> (Cause, String) {
    if let Some(Walked { kafka: Some(Err(text)), .. }) = &facts.walked {
        let summary = format!("{} accepts the connection, and no broker answers there ({text})", address(facts));
        return (Cause::Timeout, summary);
    }
    let Some(error) = &facts.error else {
        return (Cause::Unknown, format!("found no problem with {}", address(facts)));
    };
    // The client's own error is the last resort: the probe found no problem by then, or could not look.
    if error.code == "Resolve" {
        return (Cause::UnresolvedName, format!("{} did not resolve for the client: {}", facts.host, error.text));
    }
    if refuses_certificate(&error.text) {
        return (
            Cause::UntrustedCertificate,
            format!("the client rejects the certificate at {}: {}", address(facts), error.text),
        );
    }
    if timed_out(error) {
        return (
            Cause::Timeout,
            format!("{} within its deadline, and no problem was found with {}", error.operation, address(facts)),
        );
    }
    (Cause::Unknown, error.to_string())
}

#[cfg(test)]
#[path = "classify_tests.rs"]
mod tests;
