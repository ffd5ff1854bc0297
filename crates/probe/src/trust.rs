//! Authorities, client certificates, and a verdict on a chain, separate from the handshake that showed it.

use super::certificate::CertificateInfo;
use serde::{Deserialize, Serialize};
use std::fmt;
use std::sync::{Arc, Mutex, PoisonError};
use tokio_rustls::rustls::client::danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier};
use tokio_rustls::rustls::client::{
    WebPkiServerVerifier, verify_server_cert_signed_by_trust_anchor, verify_server_name,
};
use tokio_rustls::rustls::crypto::{CryptoProvider, ring, verify_tls12_signature, verify_tls13_signature};
use tokio_rustls::rustls::pki_types::pem::PemObject;
use tokio_rustls::rustls::pki_types::{CertificateDer, PrivateKeyDer, ServerName, UnixTime};
use tokio_rustls::rustls::server::ParsedCertificate;
use tokio_rustls::rustls::{
    CertificateError, ClientConfig, DigitallySignedStruct, Error, RootCertStore, SignatureScheme,
};

/// The judgement of a client that trusts the given authorities.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Verdict {
    Good,
    /// Signed by a trusted authority, but for other names.
    WrongName,
    /// Not signed by an authority that the client trusts.
    Untrusted,
    /// Expired, or not yet valid.
    Expired,
    /// Something else is wrong with it. Contains the verifier's text.
    Bad(String),
}

impl fmt::Display for Verdict {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Good => f.write_str("verified"),
            Self::WrongName => f.write_str("does not name the host"),
            Self::Untrusted => f.write_str("not signed by a trusted authority"),
            Self::Expired => f.write_str("expired or not yet valid"),
            Self::Bad(text) => f.write_str(text),
        }
    }
}

fn provider() -> Arc<CryptoProvider> {
    Arc::new(ring::default_provider())
}

fn roots(pem: &str) -> Result<RootCertStore, String> {
    let mut roots = RootCertStore::empty();
    for certificate in CertificateDer::pem_slice_iter(pem.as_bytes()) {
        let certificate =
            certificate.map_err(|error| format!("the certificate authorities are not in PEM form: {error}"))?;
        roots.add(certificate).map_err(|error| format!("cannot use a certificate authority: {error}"))?;
    }
    if roots.is_empty() {
        return Err("the certificate authorities contain no certificate".to_owned());
    }
    Ok(roots)
}

/// The verdict of a client that trusts `authorities` (PEM) on a chain shown for `name`. Without a name, only the
/// signatures and dates count.
pub(crate) fn verify(authorities: &str, chain: &[CertificateDer<'static>], name: Option<&str>) -> Verdict {
    let Some((leaf, intermediates)) = chain.split_first() else {
        return Verdict::Bad("the server showed no certificate".to_owned());
    };
    let roots = match roots(authorities) {
        Ok(roots) => roots,
        Err(text) => return Verdict::Bad(text),
    };
    let now = UnixTime::now();
    let name = match name.map(|name| ServerName::try_from(name.to_owned())).transpose() {
        Ok(name) => name,
        Err(_) => return Verdict::WrongName,
    };
    if contain(authorities, leaf) {
        return verify_trusted(leaf, name.as_ref());
    }
    let result = match name {
        Some(name) => match WebPkiServerVerifier::builder_with_provider(Arc::new(roots), provider()).build() {
            Ok(verifier) => verifier.verify_server_cert(leaf, intermediates, &name, &[], now).map(|_| ()),
            Err(error) => return Verdict::Bad(error.to_string()),
        },
        None => ParsedCertificate::try_from(leaf).and_then(|leaf| {
            let algorithms = provider().signature_verification_algorithms.all;
            verify_server_cert_signed_by_trust_anchor(&leaf, &roots, intermediates, now, algorithms)
        }),
    };
    match result {
        Ok(()) => Verdict::Good,
        Err(Error::InvalidCertificate(error)) => match error {
            CertificateError::NotValidForName | CertificateError::NotValidForNameContext { .. } => Verdict::WrongName,
            CertificateError::UnknownIssuer | CertificateError::BadSignature => Verdict::Untrusted,
            CertificateError::Expired
            | CertificateError::ExpiredContext { .. }
            | CertificateError::NotValidYet
            | CertificateError::NotValidYetContext { .. } => Verdict::Expired,
            other => Verdict::Bad(other.to_string()),
        },
        Err(error) => Verdict::Bad(error.to_string()),
    }
}

/// Whether the client trusts this very certificate. `openssl req -x509` makes such: an authority that a server shows itself.
/// Kafka's clients accept it, Java's as well as librdkafka, and rustls refuses it.
fn contain(authorities: &str, leaf: &CertificateDer<'_>) -> bool {
    CertificateDer::pem_slice_iter(authorities.as_bytes()).flatten().any(|root| root == *leaf)
}

/// The verdict on a certificate that the client trusts itself, so that only its names and its dates count.
fn verify_trusted(leaf: &CertificateDer<'_>, name: Option<&ServerName<'_>>) -> Verdict {
    let expired = CertificateInfo::from_der(leaf).map(|info| info.expired());
    let named = name
        .map_or(Ok(()), |name| ParsedCertificate::try_from(leaf).and_then(|parsed| verify_server_name(&parsed, name)));
    match (expired, named) {
        (Err(text), _) => Verdict::Bad(text),
        (Ok(true), _) => Verdict::Expired,
        (Ok(false), Err(_)) => Verdict::WrongName,
        (Ok(false), Ok(())) => Verdict::Good,
    }
}

/// Accepts every certificate and records the chain, because a probe must see whatever the server shows.
#[derive(Debug)]
pub(crate) struct Recorder {
    provider: Arc<CryptoProvider>,
    chain: Mutex<Vec<CertificateDer<'static>>>,
}

impl Recorder {
    pub fn new() -> Arc<Self> {
        Arc::new(Self { provider: provider(), chain: Mutex::default() })
    }

    /// The recorded chain, the server's own certificate first. Empty if the handshake did not get that far.
    pub fn chain(&self) -> Vec<CertificateDer<'static>> {
        self.chain.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }
}

impl ServerCertVerifier for Recorder {
    fn verify_server_cert(
        &self,
        end_entity: &CertificateDer<'_>,
        intermediates: &[CertificateDer<'_>],
        _server_name: &ServerName<'_>,
        _ocsp_response: &[u8],
        _now: UnixTime,
    ) -> Result<ServerCertVerified, Error> {
        let chain = std::iter::once(end_entity).chain(intermediates).map(|one| one.clone().into_owned()).collect();
        *self.chain.lock().unwrap_or_else(PoisonError::into_inner) = chain;
        Ok(ServerCertVerified::assertion())
    }

    fn verify_tls12_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signature: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        verify_tls12_signature(message, certificate, signature, &self.provider.signature_verification_algorithms)
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signature: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        verify_tls13_signature(message, certificate, signature, &self.provider.signature_verification_algorithms)
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.provider.signature_verification_algorithms.supported_schemes()
    }
}

/// A TLS client that accepts any certificate and records it. It presents its own certificate (chain and key in PEM) if
/// it has one.
pub(crate) fn recording_client(
    recorder: Arc<Recorder>,
    alpn: &[&str],
    client: Option<(&str, &str)>,
) -> Result<ClientConfig, String> {
    let builder = ClientConfig::builder_with_provider(provider())
        .with_safe_default_protocol_versions()
        .map_err(|error| error.to_string())?
        .dangerous()
        .with_custom_certificate_verifier(recorder);
    let mut config = match client {
        None => builder.with_no_client_auth(),
        Some((chain, key)) => {
            let chain = CertificateDer::pem_slice_iter(chain.as_bytes())
                .collect::<Result<Vec<_>, _>>()
                .map_err(|error| format!("the client certificate is not in PEM form: {error}"))?;
            let key = PrivateKeyDer::from_pem_slice(key.as_bytes())
                .map_err(|error| format!("the client key is not in PEM form: {error}"))?;
            builder
                .with_client_auth_cert(chain, key)
                .map_err(|error| format!("cannot use the client certificate: {error}"))?
        }
    };
    config.alpn_protocols = alpn.iter().map(|protocol| protocol.as_bytes().to_vec()).collect();
    // A resumed session shows no certificate.
    config.resumption = tokio_rustls::rustls::client::Resumption::disabled();
    Ok(config)
}

#[cfg(test)]
mod tests {
    use super::*;
    use rcgen::{BasicConstraints, CertificateParams, IsCa, KeyPair};
    use time::{Duration, OffsetDateTime};

    /// As `openssl req -x509` makes it: an authority that signed itself, for one wildcard.
    fn own_authority(days_left: i64) -> (String, Vec<CertificateDer<'static>>) {
        let mut params = CertificateParams::new(vec!["*.kafka.test".to_owned()]).expect("names");
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        params.not_before = OffsetDateTime::now_utc() - Duration::days(9);
        params.not_after = OffsetDateTime::now_utc() + Duration::days(days_left);
        let certificate = params.self_signed(&KeyPair::generate().expect("a key")).expect("signed");
        (certificate.pem(), vec![certificate.der().clone()])
    }

    #[test]
    fn a_client_that_trusts_the_certificate_itself_accepts_it_as_kafkas_clients_do() {
        let (pem, chain) = own_authority(9);
        assert_eq!(verify(&pem, &chain, Some("broker-10.kafka.test")), Verdict::Good);
        assert_eq!(verify(&pem, &chain, None), Verdict::Good);
        assert_eq!(verify(&pem, &chain, Some("broker-10.other.test")), Verdict::WrongName);
        let (old, expired) = own_authority(-1);
        assert_eq!(verify(&old, &expired, Some("broker-10.kafka.test")), Verdict::Expired);
        // Another one with the same name says nothing.
        let verdict = verify(&old, &chain, Some("broker-10.kafka.test"));
        assert!(matches!(verdict, Verdict::Untrusted | Verdict::Bad(_)), "{verdict:?}");
    }
}
