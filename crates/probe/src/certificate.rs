//! The content of a certificate, in a form for reports and assertions.

use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};
use std::fmt::Write;
use std::net::IpAddr;
use time::OffsetDateTime;
use tokio_rustls::rustls::pki_types::CertificateDer;
use tokio_rustls::rustls::pki_types::pem::PemObject;
use x509_parser::extensions::GeneralName;
use x509_parser::prelude::{FromDer, X509Certificate};

/// One certificate of a chain.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize)]
pub struct CertificateInfo {
    pub subject: String,
    pub issuer: String,
    /// The subject's common name. Empty if there is none.
    pub common_name: String,
    pub dns_names: Vec<String>,
    pub addresses: Vec<IpAddr>,
    #[serde(with = "time::serde::rfc3339")]
    pub not_before: OffsetDateTime,
    #[serde(with = "time::serde::rfc3339")]
    pub not_after: OffsetDateTime,
    /// SHA-256 of the whole certificate in hexadecimal. It distinguishes a rotated certificate from the previous one.
    pub fingerprint: String,
}

/// A broker, as its certificate identifies it.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct CertifiedBroker {
    pub namespace: String,
    pub cluster: String,
    pub id: i32,
}

impl CertificateInfo {
    /// Reads a certificate in DER.
    ///
    /// # Errors
    /// The parser's text if the bytes are not a certificate.
    pub fn from_der(der: &[u8]) -> Result<Self, String> {
        let (_, certificate) = X509Certificate::from_der(der).map_err(|error| format!("not a certificate: {error}"))?;
        let mut dns_names = Vec::new();
        let mut addresses = Vec::new();
        // A certificate with two SAN extensions is broken. It then has no names, and verification says why.
        if let Ok(Some(extension)) = certificate.subject_alternative_name() {
            for name in &extension.value.general_names {
                match name {
                    GeneralName::DNSName(name) => dns_names.push((*name).to_owned()),
                    GeneralName::IPAddress(bytes) => addresses.extend(address(bytes)),
                    _ => {}
                }
            }
        }
        let common_name = certificate.subject().iter_common_name().next().and_then(|name| name.as_str().ok());
        Ok(Self {
            subject: certificate.subject().to_string(),
            issuer: certificate.issuer().to_string(),
            common_name: common_name.unwrap_or_default().to_owned(),
            dns_names,
            addresses,
            not_before: certificate.validity().not_before.to_datetime(),
            not_after: certificate.validity().not_after.to_datetime(),
            fingerprint: hex(&Sha256::digest(der)),
        })
    }

    /// Reads the first certificate of a PEM text.
    ///
    /// # Errors
    /// If there is none, or it cannot be read.
    pub fn from_pem(pem: &str) -> Result<Self, String> {
        let first = CertificateDer::pem_slice_iter(pem.as_bytes()).next();
        let der = first.ok_or("no certificate in PEM form")?.map_err(|error| format!("not a PEM text: {error}"))?;
        Self::from_der(&der)
    }

    /// Whether a DNS SAN matches the host, exactly or by a wildcard for its first label.
    pub fn names(&self, host: &str) -> bool {
        let host = host.trim_end_matches('.').to_ascii_lowercase();
        let parent = host.split_once('.').map(|(_, parent)| parent);
        self.dns_names.iter().any(|name| {
            let name = name.to_ascii_lowercase();
            name == host || (name.starts_with("*.") && parent.is_some_and(|parent| name[2..] == *parent))
        })
    }

    /// The broker that this certificate was issued for, if an operator issued it: one of its names is that of the
    /// broker's Pod, `<cluster>-<pool>-<id>.<cluster>-kafka-brokers.<namespace>.svc`. A user's own certificate has no
    /// such name.
    pub fn broker(&self) -> Option<CertifiedBroker> {
        self.dns_names.iter().find_map(|name| {
            let mut labels = name.split('.');
            let (pod, service, namespace) = (labels.next()?, labels.next()?, labels.next()?);
            let cluster = service.strip_suffix("-kafka-brokers")?;
            let id = pod.strip_prefix(cluster)?.strip_prefix('-')?.rsplit_once('-')?.1.parse().ok()?;
            Some(CertifiedBroker { namespace: namespace.to_owned(), cluster: cluster.to_owned(), id })
        })
    }

    /// Whether the current time is outside its validity.
    pub fn expired(&self) -> bool {
        let now = OffsetDateTime::now_utc();
        now < self.not_before || now > self.not_after
    }
}

fn address(bytes: &[u8]) -> Option<IpAddr> {
    <[u8; 4]>::try_from(bytes).map(IpAddr::from).or_else(|_| <[u8; 16]>::try_from(bytes).map(IpAddr::from)).ok()
}

pub(crate) fn hex(bytes: &[u8]) -> String {
    bytes.iter().fold(String::with_capacity(bytes.len() * 2), |mut text, byte| {
        // Writing to a String cannot fail.
        let _ = write!(text, "{byte:02x}");
        text
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use test_servers::Authority;

    #[test]
    fn names_and_dates_are_read() {
        let leaf = Authority::new("the authority").leaf("broker", &["broker-10.kafka.test", "*.slot1.kafka.test"]);
        let info = CertificateInfo::from_der(&leaf.der()).expect("a certificate");
        assert_eq!((info.common_name.as_str(), info.issuer.as_str()), ("broker", "CN=the authority"));
        assert!(info.names("broker-10.kafka.test") && info.names("B.slot1.kafka.test."));
        assert!(
            !info.names("broker-11.kafka.test")
                && !info.names("a.b.slot1.kafka.test")
                && !info.names("slot1.kafka.test")
        );
        assert!(!info.expired());
        assert_eq!(info.fingerprint.len(), 64);
    }

    #[test]
    fn what_is_no_certificate_is_an_error() {
        assert!(CertificateInfo::from_der(b"nonsense").is_err());
    }
}
