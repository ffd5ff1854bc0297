//! Compares the handshake of a `probe` with what the step expects.

use model::{Cause, Failure};
use probe::tls::{Handshake, TlsOutcome, Verdict};
use scenario::{Probe, Terminator};

/// Compares the handshake with the expectation. `fallback` is the common name of the certificate that the gateway shows for names
/// that it does not know.
pub(super) fn mismatch(step: &Probe, outcome: &TlsOutcome, fallback: Option<&str>) -> Option<Failure> {
    let expect = &step.expect;
    let sni = &step.sni;
    let failed = |cause, expected: String| Some(Failure::new(cause, expected, outcome.to_string()));
    let Handshake::Completed { alpn, .. } = &outcome.handshake else {
        return failed(Cause::UnknownSni, format!("a TLS handshake with {sni}"));
    };
    let leaf = outcome.chain.first();
    // Some gateways keep such a connection open, so without this a broker would be asked and never answer.
    if leaf.is_some_and(|leaf| Some(leaf.common_name.as_str()) == fallback) {
        return failed(Cause::UnknownSni, format!("a TLS handshake with {sni} that is not the gateway's own"));
    }
    if let Some(san) = &expect.san
        && !leaf.is_some_and(|leaf| leaf.dns_names.contains(san))
    {
        return failed(Cause::CertificateName, format!("{sni}: a certificate for {san}"));
    }
    if let Some(expected) = &expect.alpn
        && alpn.as_deref().unwrap_or_default() != expected
    {
        return failed(Cause::Unknown, format!("{sni}: the protocol `{expected}` by ALPN"));
    }
    if let Some(terminator) = expect.terminated_by
        && !matches!(outcome.verdict, Some(Verdict::Good | Verdict::WrongName | Verdict::Expired))
    {
        let whose = match terminator {
            Terminator::Gateway => "the gateway's (signed by the lab's CA)",
            Terminator::Broker => "a broker's (signed by the cluster CA)",
        };
        return failed(Cause::UntrustedCertificate, format!("{sni}: the certificate is {whose}"));
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;
    use probe::tls::Probe as Question;
    use std::time::Duration;
    use test_servers::{Authority, serve_tls};

    /// Traefik 3.6 shows its default certificate for a route that it has not applied yet, and waits.
    #[tokio::test]
    async fn the_gateways_default_certificate_is_no_answer_for_the_name() {
        let authority = Authority::new("some");
        let address = serve_tls(authority.leaf("DEFAULT CERT", &["x.kafka.test"]).server(None)).await;
        let question =
            Question { linger: Duration::ZERO, ..Question::new(address, Some("x.kafka.test"), Duration::from_secs(5)) };
        let outcome = question.run().await;
        assert_eq!(outcome.chain.first().map(|leaf| leaf.common_name.as_str()), Some("DEFAULT CERT"), "{outcome}");
        for step in ["{sni: x.kafka.test, expect: {}}", "{sni: x.kafka.test, expect: {broker: 10}}"] {
            let step: Probe = serde_saphyr::from_str(step).expect("a step");
            let failure = mismatch(&step, &outcome, Some("DEFAULT CERT")).expect("it is the default certificate");
            assert_eq!(failure.cause, Cause::UnknownSni, "{failure:?}");
            assert_eq!(mismatch(&step, &outcome, Some("ANOTHER")), None);
            assert_eq!(mismatch(&step, &outcome, None), None);
        }
    }
}
