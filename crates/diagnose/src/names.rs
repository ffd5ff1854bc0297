//! Why a route is not accepted: its hostnames compared with those of its listeners.

use super::evidence::side_by_side;
use super::routes::{all, listeners, route};
use kubeapi::Catalog;

/// For each route of a kind that no Gateway has accepted: its hostnames compared with those of its parents' listeners.
/// `namespace` and `name` restrict the routes. Empty if the kind is not a route. Failed requests are reported in the
/// result.
pub async fn beside(catalog: &Catalog, kind: &str, namespace: &str, name: Option<&str>) -> Vec<String> {
    if !["TLSRoute", "TCPRoute", "HTTPRoute", "GRPCRoute"].contains(&kind) {
        return Vec::new();
    }
    let (routes, gateways) = match (all(catalog, kind).await, all(catalog, "Gateway").await) {
        (Ok(routes), Ok(gateways)) => (routes, gateways),
        (Err(error), _) | (_, Err(error)) => return vec![format!("not known: {kind} and Gateway objects: {error}")],
    };
    let served = listeners(&gateways);
    let wanted = routes.iter().filter(|object| {
        object.metadata.namespace.as_deref() == Some(namespace)
            && name.is_none_or(|name| object.metadata.name.as_deref() == Some(name))
    });
    let kept_out = wanted.map(|object| route(object, kind)).filter(|route| !route.accepted());
    kept_out.flat_map(|route| side_by_side(&route, &served)).collect()
}
