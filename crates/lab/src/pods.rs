//! The Pods of a lab in Kubernetes and their logs.

use super::{Error, Lab};
use crate::backends::kind;
use crate::gateway::GatewayFixture;
use model::LabKind;

/// Whose log `lab logs` shows: `namespace/name`, and `gateway` for the Pods that carry the traffic.
pub(super) async fn with_logs(lab: &Lab) -> Result<Vec<String>, Error> {
    let pods = kind::pods_of(&lab.catalog, &namespaces(lab)?).await?;
    let names = pods.into_iter().map(|pod| format!("{}/{}", pod.namespace, pod.name));
    Ok(std::iter::once("gateway".to_owned()).chain(names).collect())
}

/// The end of a Pod's log; see [`kind::log`] for what `pod` may be. `gateway` means every Pod of the data plane.
pub(super) async fn log(lab: &Lab, pod: &str, lines: usize) -> Result<String, Error> {
    let fixture = GatewayFixture::load(&lab.info.gateway.name)?;
    match fixture.kind.filter(|_| pod == "gateway") {
        Some(kind) => Ok(kind::logs_of(&lab.catalog, &kind.data_plane, lines).await?),
        None => Ok(kind::log(&lab.catalog, &namespaces(lab)?, pod, lines).await?),
    }
}

/// The namespaces that the lab put something into; in a cluster of its own that is every one (the empty list).
pub(super) fn namespaces(lab: &Lab) -> Result<Vec<String>, Error> {
    if matches!(lab.info.kind, LabKind::Kind | LabKind::Local) {
        return Ok(Vec::new());
    }
    let fixture = GatewayFixture::load(&lab.info.gateway.name)?;
    let gateway = fixture.kind.map(|kind| kind.namespace);
    let fixed = [lab.info.shared.namespace.clone(), kind::strimzi::NAMESPACE.to_owned()];
    Ok(fixed.into_iter().chain(gateway).collect())
}
