//! From facts to a cause. The code is pure, so each rule can be tested without a network.

use super::backends::{backend_port, hostname_shared};
use super::evidence::evidence;
use super::facts::{Facts, Lookup, Walked};
use super::gateways::not_ready;
use super::hello::client_hello_split;
use super::protocol::{elsewhere, ended_by_gateway, refused_login, unverifiable, wrong_protocol};
use super::routing::routing;
use super::silent::gateway_silent;
use super::symptom::{answered, refuses_certificate, timed_out, wants_certificate};
use super::wrong_broker::wrong_broker;
use model::{Cause, Failure};
use probe::tcp::TcpOutcome;
use probe::tls::{Afterwards, Handshake, TlsOutcome, Verdict};

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

/// The cause if the address cannot be reached.
fn network(facts: &Facts) -> Option<(Cause, String)> {
    let ports = &facts.gateway.ports;
    let advertised = facts.broker.as_ref().is_some_and(|broker| broker.id.is_some())
        || facts.declared.as_ref().is_some_and(|declared| declared.advertised);
    let wrong_port = || advertised && !ports.is_empty() && !ports.contains(&facts.port);
    let advertise = || {
        let served: Vec<_> = ports.iter().map(u16::to_string).collect();
        let who = match facts.broker.as_ref().and_then(|broker| broker.id) {
            Some(id) => format!("broker {id}"),
            None => "a broker".to_owned(),
        };
        let text = format!(
            "{who} advertises {}:{}, where the gateway does not serve (its ports are {}): set the listener's \
             advertisedHost and advertisedPort (or their templates) to the gateway's address",
            facts.host,
            facts.port,
            served.join(", ")
        );
        Some((Cause::AdvertisedAddress, text))
    };
    match &facts.lookup {
        Some(Lookup::Failed(_))
            if advertised && facts.declared.is_none() && facts.routes.is_empty() && internal(facts) =>
        {
            return advertise();
        }
        Some(Lookup::Failed(text)) => return Some(unresolved(facts, text, advertised)),
        Some(Lookup::IpLiteral(_)) if facts.tls.as_ref().is_none_or(TlsOutcome::turned_away) && reached(facts) => {
            let summary = format!(
                "the client connects to {} by address and so sends no server name (SNI), which the gateway needs to \
                 choose a route: use a host name that a route serves",
                address(facts)
            );
            return Some((Cause::NoSni, summary));
        }
        _ => {}
    }
    if matches!(facts.tcp, Some(TcpOutcome::Connected) | None) {
        return None;
    }
    if wrong_port() {
        return advertise();
    }
    if let Some((cause, summary)) = unused_port(facts) {
        return Some((cause, summary));
    }
    let tcp = facts.tcp.as_ref().map(TcpOutcome::to_string).unwrap_or_default();
    Some((
        Cause::Unreachable,
        format!("{} {tcp}: check that the gateway runs and listens on that port", address(facts)),
    ))
}

/// The cause of a port that a Gateway's listener has and that is closed: a gateway with an address of its own may close a port at
/// which no route serves anything.
fn unused_port(facts: &Facts) -> Option<(Cause, String)> {
    if facts.tcp != Some(TcpOutcome::Refused) || facts.listeners.is_empty() || !facts.routes_known {
        return None;
    }
    let (cause, summary) = routing(facts)?;
    let closed = format!("{summary}; without it, the gateway closes port {}", facts.port);
    matches!(cause, Cause::RouteMissing | Cause::RouteNotAccepted).then_some((cause, closed))
}

/// The cause of a name that does not resolve. DNS is the remedy only if a Gateway serves the name.
fn unresolved(facts: &Facts, text: &str, advertised: bool) -> (Cause, String) {
    let fact = format!("{} does not resolve where the client runs ({text})", facts.host);
    // A listener without a hostname, such as every TCP listener, serves this name only if a route with the name says so.
    let served = facts.served.iter().any(|listener| listener.names(&facts.host)) || !facts.routes.is_empty();
    let names_none = facts.served.iter().all(|listener| listener.hostname.is_none());
    if served || names_none || !facts.routes_known {
        return (Cause::UnresolvedName, format!("{fact}: add it to DNS"));
    }
    let names = served_names(facts);
    if !advertised {
        let summary = format!("{fact}, and no Gateway serves it (they serve {names}): check the name");
        return (Cause::UnresolvedName, summary);
    }
    let of = match facts.broker.as_ref().and_then(|broker| broker.id) {
        Some(id) => format!(" of broker {id}"),
        None => String::new(),
    };
    let at = match &facts.declared {
        Some(declared) => format!(" in listener {} of {}", declared.listener, declared.resource),
        None => String::new(),
    };
    let summary = format!("{fact}, and no Gateway serves it (they serve {names}): check the advertisedHost{of}{at}");
    (Cause::AdvertisedAddress, summary)
}

/// The hostnames that Gateways serve, those most similar to the name first.
fn served_names(facts: &Facts) -> String {
    const SHOWN: usize = 4;
    let mut names: Vec<&str> = facts.served.iter().filter_map(|listener| listener.hostname.as_deref()).collect();
    names.sort_unstable();
    names.dedup();
    let alike = |name: &str| {
        let labels =
            name.trim_start_matches("*.").split('.').filter(|label| facts.host.split('.').any(|one| one == *label));
        labels.count()
    };
    names.sort_by_key(|name| std::cmp::Reverse(alike(name)));
    let shown = names.iter().take(SHOWN).copied().collect::<Vec<_>>().join(", ");
    match names.len().saturating_sub(SHOWN) {
        0 => shown,
        more => format!("{shown} and {more} more"),
    }
}

/// Whether the name exists only inside a cluster.
fn internal(facts: &Facts) -> bool {
    facts.host.ends_with(".svc") || facts.host.ends_with(".cluster.local")
}

fn reached(facts: &Facts) -> bool {
    facts.tcp == Some(TcpOutcome::Connected) && facts.tls.is_some()
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
