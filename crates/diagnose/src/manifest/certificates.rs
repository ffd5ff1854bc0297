//! The certificates of listeners that end TLS, as far as their Secrets are in the files.

use super::documents::{Document, Documents};
use super::findings::{Finding, Report};
use super::gateways::{Gateways, Served};
use super::grants::Reference;
use super::paths::Path;
use crate::diagnosis::SOON_DAYS;
use k8s_openapi::ByteString;
use model::Cause;
use probe::CertificateInfo;
use serde_json::Value;
use time::{Duration, OffsetDateTime};

/// The key of the certificate chain in a Secret.
const CHAIN: &str = "tls.crt";

/// Checks every listener that ends TLS.
pub(super) fn judge(documents: &Documents, gateways: &Gateways<'_>, paths: &[Path<'_>], report: &mut Report) {
    for served in gateways.all().filter(|served| served.terminates()) {
        let tls = &served.spec()["tls"];
        let references = tls["certificateRefs"].as_array().map(Vec::as_slice).unwrap_or_default();
        if references.is_empty() && tls["options"].is_null() {
            report.add(Finding::new(
                Cause::GatewayNotReady,
                served.document,
                &served.pointer("/tls"),
                format!("{} ends TLS and has no certificate", served.title()),
                "no `certificateRefs`",
                "add `certificateRefs` with the Secret of the certificate, or set `tls.mode: Passthrough`",
            ));
        }
        let mut known = Vec::new();
        let mut open = references.is_empty();
        for (index, reference) in references.iter().enumerate() {
            match secret(documents, served, index, reference, report) {
                Some(certificate) => known.push(certificate),
                None => open = true,
            }
        }
        if !open {
            names(served, &known, paths, report);
        }
    }
}

/// The certificate of a reference, if its Secret is in the files.
fn secret(
    documents: &Documents,
    served: &Served<'_>,
    index: usize,
    reference: &Value,
    report: &mut Report,
) -> Option<CertificateInfo> {
    let name = reference["name"].as_str()?;
    if reference["kind"].as_str().is_some_and(|kind| kind != "Secret") {
        return None;
    }
    let namespace = reference["namespace"].as_str().unwrap_or(&served.document.namespace);
    let grant = Reference { from: served.document, to_kind: "Secret", to_namespace: namespace, to_name: name };
    if grant.granted(documents) == Some(false) {
        report.add(Finding::new(
            Cause::GatewayNotReady,
            served.document,
            &served.pointer(&format!("/tls/certificateRefs/{index}/namespace")),
            format!("{} uses Secret {namespace}/{name}, and no ReferenceGrant there permits it", served.title()),
            "another namespace",
            grant.repair(),
        ));
    }
    let Some(secret) = documents.of("Secret").find(|one| one.namespace == namespace && one.name == name) else {
        report.gap(format!(
            "the certificate of {}, because Secret {namespace}/{name} is not in the files",
            served.title()
        ));
        return None;
    };
    let Some(certificate) = certificate(secret) else {
        report.gap(format!("the certificate of {}: {} has no PEM text in `{CHAIN}`", served.title(), secret.title()));
        return None;
    };
    dates(secret, &certificate, report);
    Some(certificate)
}

/// The leaf of the chain. Nothing else of a Secret is read.
fn certificate(secret: &Document) -> Option<CertificateInfo> {
    let data = &secret.object.data;
    let pem = match data["stringData"][CHAIN].as_str() {
        Some(text) => text.to_owned(),
        None => {
            let bytes: ByteString = serde_json::from_value(data["data"][CHAIN].clone()).ok()?;
            String::from_utf8(bytes.0).ok()?
        }
    };
    CertificateInfo::from_pem(&pem).ok()
}

fn place(secret: &Document) -> String {
    let field = if secret.object.data["stringData"][CHAIN].is_null() { "data" } else { "stringData" };
    format!("/{field}/{CHAIN}")
}

fn dates(secret: &Document, certificate: &CertificateInfo, report: &mut Report) {
    let (from, to) = (certificate.not_before.date(), certificate.not_after.date());
    let soon = certificate.not_after - OffsetDateTime::now_utc() < Duration::days(SOON_DAYS);
    let (cause, label) = if certificate.expired() {
        (Cause::CertificateExpired, "not valid now")
    } else if soon {
        (Cause::CertificateExpiresSoon, "it expires soon")
    } else {
        return;
    };
    let message = format!("the certificate of {} is valid from {from} to {to}", secret.title());
    report.add(Finding::new(cause, secret, &place(secret), message, label, "renew the certificate"));
}

/// The names that clients ask for at the listener: its own hostname, or those of its routes if it serves several.
fn names(served: &Served<'_>, certificates: &[CertificateInfo], paths: &[Path<'_>], report: &mut Report) {
    let own = served.listener.hostname.as_deref();
    let of_routes = paths.iter().filter(|path| path.attached.iter().any(|one| one.is(served)));
    let of_routes = of_routes.flat_map(|path| path.route.hostnames.iter().map(String::as_str));
    let hosts: Vec<&str> = match own {
        Some(own) if !own.starts_with('*') => vec![own],
        _ => of_routes.filter(|host| !host.starts_with('*') && served.listener.serves(host)).collect(),
    };
    let unnamed = |host: &&str| !certificates.iter().any(|one| one.names(host));
    let wrong: Vec<&str> = hosts.into_iter().filter(unnamed).collect();
    if wrong.is_empty() {
        return;
    }
    let has: Vec<&str> = certificates.iter().flat_map(|one| &one.dns_names).map(String::as_str).collect();
    let has = if has.is_empty() { "no name".to_owned() } else { has.join(", ") };
    report.add(Finding::new(
        Cause::CertificateName,
        served.document,
        &served.pointer("/tls/certificateRefs/0/name"),
        format!("the certificate of {} is for {has}, and clients ask for {}", served.title(), wrong.join(", ")),
        "this certificate lacks a name",
        "issue the certificate for these names too",
    ));
}
