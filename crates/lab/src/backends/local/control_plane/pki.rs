//! The control plane's keys and certificates: one authority for the lab, and the certificates that it signed.

use crate::backends::local::Error;
use camino::Utf8PathBuf;
use host::files;
use model::{FileError, LabDir};
use rcgen::{
    BasicConstraints, CertificateParams, DnType, ExtendedKeyUsagePurpose, IsCa, Issuer, KeyPair, KeyUsagePurpose,
};
use std::fs;
use time::{Duration, OffsetDateTime};

/// The path of each file. All files exist once [`ensure`] has returned.
#[derive(Clone, Debug)]
pub struct Pki {
    pub ca: Utf8PathBuf,
    /// The API server's certificate, for 127.0.0.1 and the names that clients use.
    pub server_cert: Utf8PathBuf,
    pub server_key: Utf8PathBuf,
    /// etcd's certificate, for both sides of its connections, because every user of this machine can reach its port.
    pub etcd_cert: Utf8PathBuf,
    pub etcd_key: Utf8PathBuf,
    /// The user's certificate, in the group system:masters.
    pub admin_cert: Utf8PathBuf,
    pub admin_key: Utf8PathBuf,
    /// Signs ServiceAccount tokens.
    pub tokens_key: Utf8PathBuf,
    pub tokens_public: Utf8PathBuf,
}

/// Finds the lab's files, or creates all of them. The folder appears in one step, so it is never incomplete.
///
/// # Errors
/// If a key cannot be created or a file cannot be written.
pub fn ensure(dir: &LabDir) -> Result<Pki, Error> {
    let folder = dir.pki().join("control-plane");
    if !folder.exists() {
        let draft = dir.pki().join("control-plane.new");
        files::remove_folder(&draft)?;
        make(&Pki::at(&draft))?;
        fs::rename(&draft, &folder).map_err(FileError::of("put in place", &folder))?;
    }
    Ok(Pki::at(&folder))
}

impl Pki {
    fn at(folder: &camino::Utf8Path) -> Self {
        Self {
            ca: folder.join("ca.crt"),
            server_cert: folder.join("apiserver.crt"),
            server_key: folder.join("apiserver.key"),
            etcd_cert: folder.join("etcd.crt"),
            etcd_key: folder.join("etcd.key"),
            admin_cert: folder.join("admin.crt"),
            admin_key: folder.join("admin.key"),
            tokens_key: folder.join("tokens.key"),
            tokens_public: folder.join("tokens.pub"),
        }
    }
}

fn make(pki: &Pki) -> Result<(), Error> {
    let mut params = params("kafka-gateway-lab", None, &[])?;
    params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    params.key_usages = vec![KeyUsagePurpose::KeyCertSign, KeyUsagePurpose::CrlSign];
    let key = generate("the authority's key")?;
    let ca = params.self_signed(&key).map_err(failed("the authority's certificate"))?;
    files::write(&pki.ca, ca.pem().as_bytes())?;
    // The authority's own key is not kept, because nothing is ever signed again.
    let issuer = Issuer::new(params, key);

    let server = [ExtendedKeyUsagePurpose::ServerAuth];
    let client = [ExtendedKeyUsagePurpose::ClientAuth];
    let both = [ExtendedKeyUsagePurpose::ServerAuth, ExtendedKeyUsagePurpose::ClientAuth];
    let names = ["127.0.0.1", "localhost", "kubernetes", "kubernetes.default", "kubernetes.default.svc"];
    sign(&issuer, ("kube-apiserver", None, &names), &server, (&pki.server_cert, &pki.server_key))?;
    sign(&issuer, ("etcd", None, &["127.0.0.1", "localhost"]), &both, (&pki.etcd_cert, &pki.etcd_key))?;
    sign(&issuer, ("admin", Some("system:masters"), &[]), &client, (&pki.admin_cert, &pki.admin_key))?;

    let tokens = generate("the key for tokens")?;
    files::write(&pki.tokens_key, tokens.serialize_pem().as_bytes())?;
    files::write(&pki.tokens_public, tokens.public_key_pem().as_bytes())?;
    Ok(())
}

fn sign(
    issuer: &Issuer<'_, KeyPair>,
    (name, organization, alternatives): (&str, Option<&str>, &[&str]),
    usages: &[ExtendedKeyUsagePurpose],
    (cert_path, key_path): (&Utf8PathBuf, &Utf8PathBuf),
) -> Result<(), Error> {
    let mut params = params(name, organization, alternatives)?;
    params.key_usages = vec![KeyUsagePurpose::DigitalSignature];
    params.extended_key_usages = usages.to_vec();
    let key = generate(name)?;
    let cert = params.signed_by(&key, issuer).map_err(failed(name))?;
    files::write(cert_path, cert.pem().as_bytes())?;
    files::write(key_path, key.serialize_pem().as_bytes())?;
    Ok(())
}

fn params(name: &str, organization: Option<&str>, alternatives: &[&str]) -> Result<CertificateParams, Error> {
    let alternatives: Vec<String> = alternatives.iter().map(|&name| name.to_owned()).collect();
    let mut params = CertificateParams::new(alternatives).map_err(failed(name))?;
    params.distinguished_name.remove(DnType::CommonName);
    params.distinguished_name.push(DnType::CommonName, name);
    if let Some(organization) = organization {
        params.distinguished_name.push(DnType::OrganizationName, organization);
    }
    // Valid from an hour ago, in case the clock is set back, and for ten years, which is longer than any lab lives.
    let now = OffsetDateTime::now_utc();
    params.not_before = now - Duration::hours(1);
    params.not_after = now + Duration::days(3650);
    Ok(params)
}

fn generate(what: &str) -> Result<KeyPair, Error> {
    KeyPair::generate_for(&rcgen::PKCS_ECDSA_P256_SHA256).map_err(failed(what))
}

fn failed(what: &str) -> impl FnOnce(rcgen::Error) -> Error {
    let what = format!("the certificate or key of {what}");
    move |source| Error::Certificate { what, source }
}
