//! Authorities and certificates in Strimzi's format. The keys are ECDSA P-256 instead of Strimzi's RSA 2048, because
//! creating them costs nothing. This is a listed difference.

use super::cluster::Node;
use super::model::{Listener, ListenerType};
use super::names;
use rcgen::{
    BasicConstraints, CertificateParams, DistinguishedName, DnType, ExtendedKeyUsagePurpose, IsCa, Issuer, KeyPair,
    KeyUsagePurpose,
};
use std::collections::BTreeSet;
use time::{Duration, OffsetDateTime};

/// The same as Strimzi's.
const VALIDITY: Duration = Duration::days(365);
/// Strimzi renews this long before the end.
const RENEWAL: Duration = Duration::days(30);

/// A certificate that cannot be created or read.
#[derive(Debug, thiserror::Error)]
pub enum CertError {
    #[error("cannot make a certificate for {subject}: {source}")]
    Make {
        subject: String,
        #[source]
        source: rcgen::Error,
    },
    #[error("cannot read the certificate authority in Secret {secret}: {source}")]
    Authority {
        secret: String,
        #[source]
        source: rcgen::Error,
    },
}

/// A certificate and its key, in PEM.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Identity {
    pub certificate: String,
    /// PKCS#8.
    pub key: String,
}

impl Identity {
    /// The key and the certificate in one text, as Kafka's PEM key stores expect them.
    pub fn keystore(&self) -> String {
        format!("{}\n{}\n", self.key.trim_end(), self.certificate.trim_end())
    }

    /// Whether it is due for replacement, or cannot be read.
    pub fn is_stale(&self, now: OffsetDateTime) -> bool {
        let Ok((_, pem)) = x509_parser::pem::parse_x509_pem(self.certificate.as_bytes()) else { return true };
        let Ok(certificate) = pem.parse_x509() else { return true };
        certificate.validity().not_after.timestamp() < (now + RENEWAL).unix_timestamp()
    }
}

/// A new authority. `kind` is `cluster-ca` or `clients-ca`.
///
/// # Errors
/// If the random source fails.
pub fn authority(kind: &str) -> Result<Identity, CertError> {
    let mut params = params(Some("io.strimzi"), &format!("{kind} v0"));
    params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    params.key_usages = vec![KeyUsagePurpose::KeyCertSign, KeyUsagePurpose::CrlSign];
    let result = KeyPair::generate()
        .and_then(|key| Ok(Identity { certificate: params.self_signed(&key)?.pem(), key: key.serialize_pem() }));
    result.map_err(|source| CertError::Make { subject: kind.to_owned(), source })
}

/// An internal certificate of the cluster, `O=io.strimzi, CN=<common_name>`, for servers and clients.
///
/// # Errors
/// If the authority cannot be read, or a name is not a DNS name.
pub fn internal(ca: &Identity, common_name: &str, sans: &BTreeSet<String>) -> Result<Identity, CertError> {
    let mut params = params(Some("io.strimzi"), common_name);
    params.extended_key_usages = vec![ExtendedKeyUsagePurpose::ServerAuth, ExtendedKeyUsagePurpose::ClientAuth];
    let named = CertificateParams::new(sans.iter().cloned().collect::<Vec<_>>());
    params.subject_alt_names =
        named.map_err(|source| CertError::Make { subject: common_name.to_owned(), source })?.subject_alt_names;
    sign(ca, &params, common_name)
}

/// A user's certificate: `CN=<user>`.
///
/// # Errors
/// If the authority cannot be read.
pub fn user(ca: &Identity, user: &str) -> Result<Identity, CertError> {
    let mut params = params(None, user);
    params.extended_key_usages = vec![ExtendedKeyUsagePurpose::ClientAuth];
    sign(ca, &params, user)
}

fn params(organization: Option<&str>, common_name: &str) -> CertificateParams {
    let mut params = CertificateParams::default();
    let mut subject = DistinguishedName::new();
    if let Some(organization) = organization {
        subject.push(DnType::OrganizationName, organization);
    }
    subject.push(DnType::CommonName, common_name);
    params.distinguished_name = subject;
    // Machines whose clock is slightly behind must accept it too.
    params.not_before = OffsetDateTime::now_utc() - Duration::hours(1);
    params.not_after = OffsetDateTime::now_utc() + VALIDITY;
    params
}

fn sign(ca: &Identity, params: &CertificateParams, subject: &str) -> Result<Identity, CertError> {
    let broken = |source| CertError::Authority { secret: "of the authority".to_owned(), source };
    let ca_key = KeyPair::from_pem(&ca.key).map_err(broken)?;
    let issuer = Issuer::from_ca_cert_pem(&ca.certificate, ca_key).map_err(broken)?;
    let result = KeyPair::generate()
        .and_then(|key| Ok(Identity { certificate: params.signed_by(&key, &issuer)?.pem(), key: key.serialize_pem() }));
    result.map_err(|source| CertError::Make { subject: subject.to_owned(), source })
}

/// The names in a node's certificate, exactly those that Strimzi uses.
pub fn sans(node: &Node<'_>) -> BTreeSet<String> {
    let cluster = node.cluster;
    let namespace = &cluster.namespace;
    let mut sans = BTreeSet::new();
    sans.extend(names::service_dns_forms(&names::bootstrap_service(&cluster.name), namespace));
    sans.extend(names::service_dns_forms(&names::brokers_service(&cluster.name), namespace));
    sans.insert(node.dns());
    sans.insert(format!("{}.cluster.local", node.dns()));
    if node.is_broker() {
        for listener in &cluster.spec.kafka.listeners {
            listener_sans(node, listener, &mut sans);
        }
    }
    sans
}

fn listener_sans(node: &Node<'_>, listener: &Listener, sans: &mut BTreeSet<String>) {
    let cluster = node.cluster;
    let bootstrap = &listener.configuration.bootstrap;
    sans.extend(bootstrap.alternative_names.iter().cloned());
    if !listener.tls || listener.kind == ListenerType::Internal {
        return;
    }
    if listener.kind == ListenerType::TlsRoute {
        sans.extend(bootstrap.host.clone());
        sans.extend(node.host(listener));
    } else if listener.kind == ListenerType::ClusterIp {
        let bootstrap = names::listener_bootstrap_service(&cluster.name, listener);
        sans.extend(names::service_dns_forms(&bootstrap, &cluster.namespace));
        // A broker's own Service is listed in one form only, unlike the bootstrap Service. This was observed with
        // Strimzi 1.1.0.
        sans.extend(node.service(listener).map(|service| format!("{service}.{}.svc", cluster.namespace)));
    }
    let bootstrap_service = names::listener_bootstrap_service(&cluster.name, listener);
    sans.extend(cluster.exposure.of(&bootstrap_service).map(|exposed| exposed.host.clone()));
    sans.extend(node.exposed(listener).map(|exposed| exposed.host.clone()));
    sans.extend(node.configured_host(listener));
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cluster::tests::cluster;
    use serde_json::json;
    use x509_parser::prelude::{FromDer, X509Certificate};

    #[test]
    fn a_brokers_certificate_names_what_strimzi_names() {
        let cluster = cluster(json!([
            {"name": "plain", "port": 9092, "type": "internal", "tls": false},
            {"name": "external", "port": 9094, "type": "tlsroute", "tls": true, "configuration": {
                "bootstrap": {"host": "bootstrap.kafka.test"}, "hostTemplate": "broker-{nodeId}.kafka.test",
                "brokers": [{"broker": 10, "advertisedHost": "10.1.2.3"}]}},
            {"name": "slot1", "port": 9101, "type": "cluster-ip", "tls": true, "configuration": {
                "bootstrap": {"alternativeNames": ["bootstrap.slot1.kafka.test"]},
                "advertisedHostTemplate": "broker-{nodeId}.slot1.kafka.test"}},
        ]));
        let mut expected = BTreeSet::from(["my-cluster-broker-slot1-10.kafka.svc".to_owned()]);
        for service in ["my-cluster-kafka-bootstrap", "my-cluster-kafka-brokers", "my-cluster-kafka-slot1-bootstrap"] {
            for suffix in ["", ".kafka", ".kafka.svc", ".kafka.svc.cluster.local"] {
                expected.insert(format!("{service}{suffix}"));
            }
        }
        expected.extend(
            [
                "my-cluster-broker-10.my-cluster-kafka-brokers.kafka.svc",
                "my-cluster-broker-10.my-cluster-kafka-brokers.kafka.svc.cluster.local",
                "bootstrap.kafka.test",
                "broker-10.kafka.test",
                "10.1.2.3",
                "bootstrap.slot1.kafka.test",
                "broker-10.slot1.kafka.test",
            ]
            .map(ToOwned::to_owned),
        );
        assert_eq!(sans(&cluster.brokers().next().expect("broker 10")), expected);
    }

    #[test]
    fn a_controllers_certificate_has_no_outside_names() {
        let cluster =
            cluster(json!([{"name": "external", "port": 9094, "type": "tlsroute", "tls": true, "configuration": {
            "bootstrap": {"host": "bootstrap.kafka.test", "alternativeNames": ["other.test"]}}}]));
        let sans = sans(&cluster.controllers().next().expect("controller 0"));
        assert_eq!(sans.len(), 10);
        assert!(!sans.iter().any(|name| name.ends_with(".test")), "{sans:?}");
    }

    #[test]
    fn certificates_carry_strimzis_subjects_and_are_fresh() {
        let ca = authority("cluster-ca").expect("an authority");
        let sans = BTreeSet::from(["a.test".to_owned(), "127.0.0.1".to_owned()]);
        let own = internal(&ca, "my-cluster-kafka", &sans).expect("a certificate");
        let (_, pem) = x509_parser::pem::parse_x509_pem(own.certificate.as_bytes()).expect("PEM");
        let (_, parsed) = X509Certificate::from_der(&pem.contents).expect("X.509");
        assert_eq!(parsed.subject().to_string(), "O=io.strimzi, CN=my-cluster-kafka");
        assert_eq!(parsed.issuer().to_string(), "O=io.strimzi, CN=cluster-ca v0");
        let names = parsed.subject_alternative_name().expect("an extension").expect("names");
        assert_eq!(names.value.general_names.len(), 2);

        let now = OffsetDateTime::now_utc();
        assert!(!own.is_stale(now));
        assert!(own.is_stale(now + Duration::days(340)));
        assert!(own.key.starts_with("-----BEGIN PRIVATE KEY-----"));

        let alice = user(&ca, "alice").expect("a certificate");
        let (_, pem) = x509_parser::pem::parse_x509_pem(alice.certificate.as_bytes()).expect("PEM");
        assert_eq!(pem.parse_x509().expect("X.509").subject().to_string(), "CN=alice");
    }
}
