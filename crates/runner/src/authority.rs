//! The lab's own CA. It is created when first needed and stored in the lab's folder. `trust: lab-ca` trusts it.

use camino::{Utf8Path, Utf8PathBuf};
use model::LabDir;
use rcgen::{
    BasicConstraints, CertificateParams, CertifiedIssuer, DistinguishedName, DnType, ExtendedKeyUsagePurpose, IsCa,
    Issuer, KeyPair, KeyUsagePurpose,
};
use std::fs::{self, File, OpenOptions};
use std::io::{self, Write};
use std::os::unix::fs::OpenOptionsExt;
use time::{Duration, OffsetDateTime};

/// A certificate that cannot be created or stored.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    #[error("cannot use {path}: {source}")]
    File { path: Utf8PathBuf, source: io::Error },
    #[error("cannot create the certificate: {0}")]
    Certificate(#[from] rcgen::Error),
}

/// The contents of a certificate.
#[derive(Clone, Debug)]
pub struct CertificateRequest<'a> {
    pub dns_names: &'a [String],
    pub signer: Signer<'a>,
    /// The certificate expired yesterday.
    pub expired: bool,
    /// How long it is valid. Default: 30 days.
    pub valid_for: Option<std::time::Duration>,
}

/// The signer of a certificate.
#[derive(Clone, Copy, Debug)]
pub enum Signer<'a> {
    Lab(&'a LabDir),
    /// A new CA for this one certificate.
    UnknownCa,
    Itself,
}

/// A certificate with its chain and key, in PEM.
#[derive(Clone)]
pub struct IssuedCertificate {
    pub chain: String,
    pub key: String,
    pub authority: String,
}

/// The lab CA's certificate, in PEM.
///
/// # Errors
/// If the CA cannot be read or created.
pub fn lab_ca(lab: &LabDir) -> Result<String, Error> {
    Ok(lab_issuer(lab)?.0)
}

/// Creates a certificate.
///
/// # Errors
/// If a name is not a DNS name, or the lab CA cannot be used.
pub fn make(expected: &CertificateRequest<'_>) -> Result<IssuedCertificate, Error> {
    let key = KeyPair::generate()?;
    let mut params = CertificateParams::new(expected.dns_names.to_vec())?;
    params.distinguished_name = name(expected.dns_names.first().map_or("nobody", String::as_str));
    let now = OffsetDateTime::now_utc();
    (params.not_before, params.not_after) = match (expected.expired, expected.valid_for) {
        (true, _) => (now - Duration::days(30), now - Duration::days(1)),
        (false, Some(time)) => (now - Duration::hours(1), now + time),
        (false, None) => (now - Duration::hours(1), now + Duration::days(30)),
    };
    params.key_usages = vec![KeyUsagePurpose::DigitalSignature];
    params.extended_key_usages = vec![ExtendedKeyUsagePurpose::ServerAuth, ExtendedKeyUsagePurpose::ClientAuth];
    let (certificate, authority) = match expected.signer {
        Signer::Lab(lab) => {
            let (authority, issuer_key) = lab_issuer(lab)?;
            let issuer = Issuer::from_ca_cert_pem(&authority, issuer_key)?;
            (params.signed_by(&key, &issuer)?.pem(), authority)
        }
        Signer::UnknownCa => {
            let issuer = CertifiedIssuer::self_signed(ca_params("an unknown CA"), KeyPair::generate()?)?;
            (params.signed_by(&key, &issuer)?.pem(), issuer.pem())
        }
        Signer::Itself => {
            let certificate = params.self_signed(&key)?.pem();
            (certificate.clone(), certificate)
        }
    };
    Ok(IssuedCertificate { chain: format!("{certificate}{authority}"), key: key.serialize_pem(), authority })
}

fn lab_issuer(lab: &LabDir) -> Result<(String, KeyPair), Error> {
    let folder = lab.folder("pki").map_err(file(&lab.pki()))?;
    let (certificate_path, key_path) = (folder.join("lab-ca.crt"), folder.join("lab-ca.key"));
    // Scenarios that run at the same time, even in several processes, must use the same CA.
    let lock_path = folder.join("lab-ca.lock");
    let lock = File::create(&lock_path).map_err(file(&lock_path))?;
    match lock.lock() {
        Err(error) if error.kind() != io::ErrorKind::Unsupported => return Err(file(&lock_path)(error)),
        _ => {}
    }
    if !(certificate_path.exists() && key_path.exists()) {
        let issuer = CertifiedIssuer::self_signed(ca_params("kafka-gateway-lab"), KeyPair::generate()?)?;
        write_private(&key_path, &issuer.key().serialize_pem())?;
        write_private(&certificate_path, &issuer.pem())?;
    }
    let certificate = fs::read_to_string(&certificate_path).map_err(file(&certificate_path))?;
    let key = fs::read_to_string(&key_path).map_err(file(&key_path))?;
    Ok((certificate, KeyPair::from_pem(&key)?))
}

fn ca_params(common_name: &str) -> CertificateParams {
    let mut params = CertificateParams::default();
    params.distinguished_name = name(common_name);
    params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    params.key_usages = vec![KeyUsagePurpose::KeyCertSign, KeyUsagePurpose::CrlSign];
    let now = OffsetDateTime::now_utc();
    (params.not_before, params.not_after) = (now - Duration::hours(1), now + Duration::days(365));
    params
}

fn name(common_name: &str) -> DistinguishedName {
    let mut name = DistinguishedName::new();
    name.push(DnType::CommonName, common_name);
    name
}

fn write_private(path: &Utf8Path, text: &str) -> Result<(), Error> {
    let mut options = OpenOptions::new();
    let opened = options.write(true).create(true).truncate(true).mode(0o600).open(path);
    opened.and_then(|mut opened| opened.write_all(text.as_bytes())).map_err(file(path))
}

fn file(path: &Utf8Path) -> impl FnOnce(io::Error) -> Error {
    let path = path.to_owned();
    move |source| Error::File { path, source }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::os::unix::fs::PermissionsExt;
    use x509_parser::pem::parse_x509_pem;

    /// Subject, issuer and current validity of the first certificate.
    fn read(pem: &str) -> (String, String, bool) {
        let (_, block) = parse_x509_pem(pem.as_bytes()).expect("PEM");
        let certificate = block.parse_x509().expect("a certificate");
        (certificate.subject().to_string(), certificate.issuer().to_string(), certificate.validity().is_valid())
    }

    #[test]
    fn a_certificate_has_the_requested_signer_and_validity() {
        let names = ["*.x.kafka.test".to_owned(), "bootstrap.x.kafka.test".to_owned()];
        let of = |signer, expired| {
            make(&CertificateRequest { dns_names: &names, signer, expired, valid_for: None }).expect("made")
        };
        let own = of(Signer::Itself, false);
        assert_eq!(read(&own.chain), ("CN=*.x.kafka.test".into(), "CN=*.x.kafka.test".into(), true));
        let stranger = of(Signer::UnknownCa, true);
        assert_eq!(read(&stranger.chain), ("CN=*.x.kafka.test".into(), "CN=an unknown CA".into(), false));
        assert!(stranger.key.contains("PRIVATE KEY") && read(&stranger.authority).2);
        let valid_for = Some(std::time::Duration::from_secs(3 * 86_400));
        let short = CertificateRequest { dns_names: &names, signer: Signer::Itself, expired: false, valid_for };
        let (_, block) = parse_x509_pem(make(&short).expect("made").chain.as_bytes()).expect("PEM");
        let left = block.parse_x509().expect("a certificate").validity().time_to_expiration().expect("valid");
        assert_eq!(left.whole_days(), 2, "almost three days are left");
        assert_ne!(of(Signer::UnknownCa, false).authority, stranger.authority, "each time a new one");
    }

    #[test]
    fn the_labs_ca_is_created_once_and_is_private() {
        let folder = tempfile::tempdir().expect("a folder");
        let lab = LabDir::at(folder.path().to_path_buf().try_into().expect("UTF-8"));
        let names = ["a.kafka.test".to_owned()];
        let expected =
            CertificateRequest { dns_names: &names, signer: Signer::Lab(&lab), expired: false, valid_for: None };
        let (first, second) = (make(&expected), make(&expected));
        let mode = fs::metadata(lab.pki().join("lab-ca.key")).map(|data| data.permissions().mode() & 0o777);
        let ca = lab_ca(&lab);
        let (first, second) = (first.expect("made"), second.expect("made"));
        assert_eq!((&first.authority, &second.authority), (&ca.as_ref().expect("a CA").clone(), &ca.expect("a CA")));
        assert_eq!(read(&first.chain).1, "CN=kafka-gateway-lab");
        assert_eq!(mode.expect("a key"), 0o600);
    }
}
