//! Reads one object of a kind that every cluster with the Gateway API has.

use crate::Error;
use ::kube::Api;
use ::kube::core::{ApiResource, DynamicObject, GroupVersionKind};
use kubeapi::{Catalog, ObjectRef};

/// The kind of Gateways.
pub(super) const GATEWAY: (&str, &str) = ("gateway.networking.k8s.io/v1", "Gateway");
/// The kind of GatewayClasses.
pub(super) const GATEWAY_CLASS: (&str, &str) = ("gateway.networking.k8s.io/v1", "GatewayClass");
/// The kind of Deployments.
pub(super) const DEPLOYMENT: (&str, &str) = ("apps/v1", "Deployment");

/// The object, or `None` if it does not exist. The namespace of a kind that has none is empty.
///
/// # Errors
/// If the API server does not answer, or does not permit it.
pub(super) async fn read(
    catalog: &Catalog,
    (api_version, kind): (&str, &str),
    namespace: &str,
    name: &str,
) -> Result<Option<DynamicObject>, Error> {
    let reference = ObjectRef {
        api_version: api_version.to_owned(),
        kind: kind.to_owned(),
        namespace: namespace.to_owned(),
        name: name.to_owned(),
    };
    let (group, version) = api_version.split_once('/').unwrap_or(("", api_version));
    let resource = ApiResource::from_gvk(&GroupVersionKind::gvk(group, version, kind));
    let client = catalog.client().clone();
    let api: Api<DynamicObject> = match namespace {
        "" => Api::all_with(client, &resource),
        namespace => Api::namespaced_with(client, namespace, &resource),
    };
    Ok(api.get_opt(name).await.map_err(kubeapi::Error::request(format!("read {reference}")))?)
}
