//! The Gateway API bundle: one to a cluster, before anything that looks for it.

use super::install::Installer;
use super::{Error, manifests};
use ::kube::api::Api;
use camino::Utf8Path;
use k8s_openapi::apiextensions_apiserver::pkg::apis::apiextensions::v1::CustomResourceDefinition;

const VERSION: &str = "gateway.networking.k8s.io/bundle-version";
const CHANNEL: &str = "gateway.networking.k8s.io/channel";
const TLS_ROUTE: &str = "tlsroutes.gateway.networking.k8s.io";

/// What bundle a cluster has: version and channel, as in `v1.6.1 experimental`.
pub async fn present(installer: &Installer<'_>) -> Result<Option<String>, Error> {
    let api: Api<CustomResourceDefinition> = Api::all(installer.catalog.client().clone());
    let found = api.get_opt("gatewayclasses.gateway.networking.k8s.io").await;
    let found = found.map_err(kubeapi::Error::request("read the Gateway API's CRDs"))?;
    Ok(found.map(|crd| {
        let annotations = crd.metadata.annotations.unwrap_or_default();
        let of = |name: &str| annotations.get(name).cloned().unwrap_or_else(|| "of unknown version".to_owned());
        format!("{} {}", of(VERSION), of(CHANNEL))
    }))
}

/// Installs the bundle of a file where the cluster has none, and checks that TLSRoute v1 is served. Gives what there is
/// then.
///
/// # Errors
/// [`Error::GatewayApi`] when a bundle that was there before is too old; nothing is changed then.
pub async fn ensure(installer: &Installer<'_>, bundle: &Utf8Path, needed_by: &str) -> Result<String, Error> {
    if let Some(has) = present(installer).await? {
        return match installer.catalog.kind("TLSRoute", Some("gateway.networking.k8s.io/v1")).await {
            Ok(_) => Ok(has),
            Err(kubeapi::Error::UnknownKind { .. }) => Err(Error::GatewayApi {
                has,
                needed_by: needed_by.to_owned(),
                way_out: "upgrade the cluster's CRDs, which is not the lab's to do".to_owned(),
            }),
            Err(error) => Err(error.into()),
        };
    }
    let source = manifests::Source::read(bundle)?;
    let objects: Vec<_> = manifests::parse_all(vec![source]).await?.into_iter().flatten().collect();
    if !objects.iter().any(|object| manifests::name(object) == TLS_ROUTE) {
        return Err(Error::Data { path: bundle.to_owned(), problem: format!("it does not hold the CRD {TLS_ROUTE}") });
    }
    installer.apply(objects, "default").await?;
    Ok(present(installer).await?.unwrap_or_default())
}
