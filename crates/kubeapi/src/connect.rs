//! From a kubeconfig file and a context to a catalog of the cluster's kinds.

use crate::{Catalog, Error};
use camino::Utf8Path;
use k8s_openapi::api::core::v1::Namespace;
use kube::Config;
use kube::api::Api;
use kube::config::{KubeConfigOptions, Kubeconfig, KubeconfigError};
use std::time::Duration;
use tokio::time::{Instant, sleep, timeout};

/// Connects to the cluster of a kubeconfig's context. Without a file, this uses the user's own configuration
/// (`KUBECONFIG`, or `~/.kube/config`). No request is sent yet.
///
/// # Errors
/// [`Error::Kubeconfig`] if the file or the context cannot be used.
pub async fn connect(kubeconfig: Option<&Utf8Path>, context: &str) -> Result<Catalog, Error> {
    let config = config(kubeconfig, context).await?;
    let client = crate::client(config).map_err(|error| unusable(kubeconfig, context, error.into()))?;
    Ok(Catalog::new(client))
}

/// The address of the API server of a kubeconfig's context.
///
/// # Errors
/// [`Error::Kubeconfig`] if the file or the context cannot be used.
pub async fn server(kubeconfig: &Utf8Path, context: &str) -> Result<String, Error> {
    Ok(config(Some(kubeconfig), context).await?.cluster_url.to_string())
}

async fn config(kubeconfig: Option<&Utf8Path>, context: &str) -> Result<Config, Error> {
    let file = match kubeconfig {
        Some(path) => Kubeconfig::read_from(path.as_std_path()),
        None => Kubeconfig::read(),
    };
    let failed = |error: KubeconfigError| unusable(kubeconfig, context, error.into());
    let options = KubeConfigOptions { context: Some(context.to_owned()), ..KubeConfigOptions::default() };
    Config::from_custom_kubeconfig(file.map_err(failed)?, &options).await.map_err(failed)
}

fn unusable(kubeconfig: Option<&Utf8Path>, context: &str, source: Box<dyn std::error::Error + Send + Sync>) -> Error {
    let kubeconfig = kubeconfig.map_or_else(|| "your kubeconfig".to_owned(), ToString::to_string);
    Error::Kubeconfig { kubeconfig, context: context.to_owned(), source }
}

/// Waits until the API server answers a request.
///
/// # Errors
/// [`Error::NotUp`] with the server's last answer.
pub async fn wait_ready(catalog: &Catalog, what: &str, within: Duration) -> Result<(), Error> {
    let deadline = Instant::now() + within;
    let mut last = "nothing".to_owned();
    loop {
        match timeout(Duration::from_secs(5), ready(catalog)).await {
            Ok(Ok(())) => return Ok(()),
            Ok(Err(error)) => last = error,
            Err(_) => "no answer within 5 s".clone_into(&mut last),
        }
        if Instant::now() >= deadline {
            return Err(Error::NotUp { what: what.to_owned(), within, last });
        }
        // A server that does not answer cannot be watched, so this polls.
        sleep(Duration::from_millis(300)).await;
    }
}

async fn ready(catalog: &Catalog) -> Result<(), String> {
    // Unlike `/readyz`, this also proves that the user may read and that the server reaches its storage.
    let namespaces: Api<Namespace> = Api::all(catalog.client().clone());
    namespaces.get("kube-system").await.map(drop).map_err(|error| error.to_string())
}
