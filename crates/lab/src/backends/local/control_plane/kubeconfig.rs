//! The kubeconfig for the lab's user and for the lab's own clients.

use super::pki::Pki;
use crate::backends::local::Error;
use camino::Utf8Path;
use host::files;
use k8s_openapi::ByteString;
use kube::config::{KubeConfigOptions, Kubeconfig};
use kube::{Client, Config};
use model::{FileError, LabDir};
use serde_json::json;
use std::fs;

/// Writes the kubeconfig, with one context that has the lab's name and contains its certificates.
///
/// # Errors
/// If a file cannot be read or written.
pub fn write(dir: &LabDir, pki: &Pki, endpoint: &str) -> Result<(), Error> {
    let name = dir.path().file_name().unwrap_or("lab");
    let text = json!({
        "apiVersion": "v1",
        "kind": "Config",
        "clusters": [{"name": name, "cluster": {
            "server": endpoint,
            "certificate-authority-data": embedded(&pki.ca)?,
        }}],
        "users": [{"name": name, "user": {
            "client-certificate-data": embedded(&pki.admin_cert)?,
            "client-key-data": embedded(&pki.admin_key)?,
        }}],
        "contexts": [{"name": name, "context": {"cluster": name, "user": name, "namespace": "default"}}],
        "current-context": name,
    });
    // JSON is also YAML, and kubectl reads both.
    files::write(&dir.kubeconfig(), format!("{text:#}\n").as_bytes())?;
    Ok(())
}

/// A client for the lab's API server, configured only by its kubeconfig and by no environment variable.
///
/// # Errors
/// If there is no kubeconfig, or it is invalid.
pub async fn client(dir: &LabDir) -> Result<Client, Error> {
    let path = dir.kubeconfig();
    let config = async {
        let kubeconfig = Kubeconfig::read_from(&path)?;
        Config::from_custom_kubeconfig(kubeconfig, &KubeConfigOptions::default()).await
    };
    let mut config = config.await.map_err(|source| Error::Kubeconfig { path: path.clone(), source: source.into() })?;
    // A proxy from the environment must not apply to an address on loopback.
    config.proxy_url = None;
    kubeapi::client(config).map_err(|source| Error::Kubeconfig { path, source: source.into() })
}

/// The address of the API server, from the kubeconfig.
///
/// # Errors
/// If there is no kubeconfig, or it is invalid.
pub fn endpoint(dir: &LabDir) -> Result<String, Error> {
    let path = dir.kubeconfig();
    let unusable = |source: Box<dyn std::error::Error + Send + Sync>| Error::Kubeconfig { path: path.clone(), source };
    let kubeconfig = Kubeconfig::read_from(&path).map_err(|source| unusable(source.into()))?;
    let cluster = kubeconfig.clusters.into_iter().next().and_then(|cluster| cluster.cluster);
    cluster.and_then(|cluster| cluster.server).ok_or_else(|| unusable("it does not name a server".into()))
}

fn embedded(path: &Utf8Path) -> Result<ByteString, FileError> {
    fs::read(path).map(ByteString).map_err(FileError::of("read", path))
}
