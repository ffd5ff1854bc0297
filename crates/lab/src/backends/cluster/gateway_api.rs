//! The Gateway API bundle. A cluster has one, and it must exist before anything that looks for it.

use super::install::Installer;
use super::{Error, manifests};
use ::kube::api::Api;
use camino::Utf8Path;
use k8s_openapi::apiextensions_apiserver::pkg::apis::apiextensions::v1::CustomResourceDefinition;

const VERSION: &str = "gateway.networking.k8s.io/bundle-version";
const CHANNEL: &str = "gateway.networking.k8s.io/channel";
const TLS_ROUTE: &str = "tlsroutes.gateway.networking.k8s.io";

/// The version and channel of a cluster's bundle, as in `v1.6.1 experimental`.
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

/// Installs the bundle of a file if the cluster has none, and checks that TLSRoute v1 is served. Returns the version
/// and channel that the cluster then has.
///
/// # Errors
/// [`Error::GatewayApi`] if the existing bundle is too old. In that case nothing is changed.
pub async fn ensure(installer: &Installer<'_>, bundle: &Utf8Path, needed_by: &str) -> Result<String, Error> {
    if let Some(has) = present(installer).await? {
        return match installer.catalog.kind("TLSRoute", Some("gateway.networking.k8s.io/v1")).await {
            Ok(_) => Ok(has),
            Err(kubeapi::Error::UnknownKind { .. }) => Err(Error::GatewayApi {
                has,
                needed_by: needed_by.to_owned(),
                way_out: "upgrade the CRDs of your cluster; the lab does not change them".to_owned(),
            }),
            Err(error) => Err(error.into()),
        };
    }
    let source = manifests::Source::read(bundle)?;
    let objects: Vec<_> = manifests::parse_all(vec![source]).await?.into_iter().flatten().collect();
    if !objects.iter().any(|object| manifests::name(object) == TLS_ROUTE) {
        return Err(Error::Data {
            path: bundle.to_owned(),
            problem: format!("it does not contain the CRD {TLS_ROUTE}"),
        });
    }
    installer.apply(objects, "default").await?;
    Ok(present(installer).await?.unwrap_or_default())
}
