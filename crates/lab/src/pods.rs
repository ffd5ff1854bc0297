//! The Pods of a lab in Kubernetes and their logs.

use super::{Error, Lab};
use crate::backends::cluster;
use crate::gateway::GatewayFixture;

/// The Pods whose logs `lab logs` shows: `namespace/name`, and `gateway` for the Pods that carry the traffic.
pub(super) async fn with_logs(lab: &Lab) -> Result<Vec<String>, Error> {
    let pods = cluster::pods_of(&lab.catalog, &lab.backend.namespaces(lab)?).await?;
    let names = pods.into_iter().map(|pod| format!("{}/{}", pod.namespace, pod.name));
    Ok(std::iter::once("gateway".to_owned()).chain(names).collect())
}

/// The end of a Pod's log. See [`kind::log`] for the values of `pod`. `gateway` means every Pod of the data plane.
pub(super) async fn log(lab: &Lab, pod: &str, lines: usize) -> Result<String, Error> {
    let fixture = GatewayFixture::load(&lab.info.gateway.name)?;
    match fixture.kind.filter(|_| pod == "gateway") {
        Some(kind) => Ok(cluster::logs_of(&lab.catalog, &kind.data_plane, lines).await?),
        None => Ok(cluster::log(&lab.catalog, &lab.backend.namespaces(lab)?, pod, lines).await?),
    }
}
