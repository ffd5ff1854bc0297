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
    let text = transport(facts, walked).or_else(|| sasl(facts, walked))?;
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
        (Speaks::Http, _) if no_tls => Some(format!(
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
    // Without a route, the Gateway would not help either.
    let routed = facts.routes.iter().any(|route| route.accepted());
    if !broken || !routed || facts.addresses.is_empty() || facts.addresses.contains(&found) {
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
mod tests {
    use super::*;
    use crate::classify;

    fn walked(tls: bool, mechanism: Option<&'static str>) -> Walked {
        Walked { tls, mechanism, kafka: Some(Ok(60)), ..Walked::default() }
    }

    fn seen(walked: Walked) -> (Cause, String) {
        let failure =
            classify(&Facts { tcp: Some(TcpOutcome::Connected), walked: Some(walked), ..Facts::of("b.test", 9092) });
        (failure.cause, failure.seen)
    }

    #[test]
    fn each_mismatch_names_the_protocol_to_set() {
        let dead = || Some(Err("no Kafka answer".to_owned()));
        let scram = Some("SCRAM-SHA-512");
        for (walked, words) in [
            (Walked { kafka: dead(), speaks: Some(Speaks::Tls), ..walked(false, None) }, "security.protocol=SSL"),
            (Walked { kafka: dead(), speaks: Some(Speaks::Tls), ..walked(false, scram) }, "security.protocol=SASL_SSL"),
            (
                Walked { kafka: dead(), speaks: Some(Speaks::PlaintextKafka), ..walked(true, None) },
                "security.protocol=PLAINTEXT",
            ),
            (Walked { kafka: dead(), speaks: Some(Speaks::Http), ..walked(true, None) }, "1213486160"),
            (Walked { no_metadata: Some("closed".into()), ..walked(true, None) }, "security.protocol=SASL_SSL"),
            (
                Walked {
                    login: Some(LoginOutcome::OtherMechanisms { enabled: vec!["SCRAM-SHA-512".into()] }),
                    ..walked(true, Some("PLAIN"))
                },
                "enables SCRAM-SHA-512, and the client uses PLAIN",
            ),
            (
                Walked { login: Some(LoginOutcome::NoSasl { text: "closed".into() }), ..walked(true, scram) },
                "security.protocol=SSL",
            ),
        ] {
            let (cause, text) = seen(walked);
            assert!(cause == Cause::WrongProtocol && text.contains(words), "{words}: {cause} {text}");
        }
    }

    #[test]
    fn a_refused_password_is_no_wrong_protocol() {
        let refused = Some(LoginOutcome::Refused { text: "invalid credentials".into() });
        let (cause, text) = seen(Walked { login: refused, ..walked(true, Some("SCRAM-SHA-512")) });
        assert!(cause == Cause::Authentication && text.contains("invalid credentials"), "{text}");
        assert_eq!(seen(walked(true, None)).0, Cause::Unknown, "nothing is wrong");
    }

    #[test]
    fn a_certificate_of_a_terminating_listener_is_the_gateways() {
        use crate::facts::Listener;
        let shown = |verdict, kafka, mode: &str| {
            let leaf = test_servers::Authority::new("gateway").leaf("gateway", &["b.test"]);
            let handshake = Handshake::Completed {
                protocol: "TLSv1_3".into(),
                alpn: None,
                afterwards: probe::tls::Afterwards::Open,
            };
            let tls = TlsOutcome {
                address: "127.0.0.1:9092".parse().expect("an address"),
                sni: Some("b.test".into()),
                handshake,
                chain: vec![CertificateInfo::from_der(&leaf.der()).expect("a certificate")],
                verdict,
                elapsed: std::time::Duration::ZERO,
            };
            let listener = Listener {
                gateway: "kafka/lab".into(),
                name: "tls".into(),
                port: 9092,
                hostname: None,
                mode: mode.into(),
            };
            let facts = Facts {
                tcp: Some(TcpOutcome::Connected),
                tls: Some(tls),
                listeners: vec![listener],
                walked: Some(Walked { kafka: Some(kafka), ..walked(true, None) }),
                ..Facts::of("b.test", 9092)
            };
            classify(&facts).cause
        };
        let alert = || Err("an answer of 352518912 bytes is not valid Kafka".to_owned());
        let bad = || Some(Verdict::Bad("a CA used as end entity".into()));
        assert_eq!(shown(Some(Verdict::Untrusted), Ok(60), "Terminate"), Cause::TlsEndedByGateway);
        assert_eq!(shown(bad(), alert(), "Terminate"), Cause::TlsEndedByGateway);
        assert_eq!(shown(None, alert(), "Terminate"), Cause::TlsEndedByGateway);
        assert_eq!(shown(Some(Verdict::Untrusted), Ok(60), "Passthrough"), Cause::UntrustedCertificate);
        assert_eq!(shown(bad(), Ok(60), "Passthrough"), Cause::UntrustedCertificate);
        assert_eq!(shown(Some(Verdict::Good), Ok(60), "Terminate"), Cause::Unknown, "nothing is wrong");
    }

    #[test]
    fn a_gateway_that_closes_is_not_another_protocol() {
        let dead = Walked { kafka: Some(Err("closed".into())), speaks: Some(Speaks::Nothing), ..walked(true, None) };
        assert_ne!(seen(dead).0, Cause::WrongProtocol);
    }
}
