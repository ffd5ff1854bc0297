//! The Pods of a lab in Kubernetes, for `lab status` and `lab logs`.

use super::{Error, Lab, LabKind};
use crate::gateway::GatewayFixture;
use crate::kindlab::{self, PodLine};

/// The Pods that belong to the lab; none in the local lab, whose brokers are processes with logs of their own.
pub(super) async fn of(lab: &Lab) -> Result<Vec<PodLine>, Error> {
    if lab.info.kind == LabKind::Local {
        return Ok(Vec::new());
    }
    Ok(kindlab::pods_of(&lab.catalog, &namespaces(lab)?).await?)
}

/// Whose log `lab logs` shows: `namespace/name`.
///
/// # Errors
/// When the API server does not list Pods.
pub async fn pods_with_logs(lab: &Lab) -> Result<Vec<String>, Error> {
    Ok(of(lab).await?.into_iter().map(|pod| format!("{}/{}", pod.namespace, pod.name)).collect())
}

/// The end of a Pod's log; see [`kindlab::log`] for what `pod` may be.
///
/// # Errors
/// When there is no such Pod.
pub async fn pod_log(lab: &Lab, pod: &str, lines: usize) -> Result<String, Error> {
    Ok(kindlab::log(&lab.catalog, &namespaces(lab)?, pod, lines).await?)
}

/// The namespaces that the lab put something into; in a cluster of its own that is every one (the empty list).
pub(super) fn namespaces(lab: &Lab) -> Result<Vec<String>, Error> {
    if lab.info.kind == LabKind::Kind {
        return Ok(Vec::new());
    }
    let fixture = GatewayFixture::load(&lab.info.gateway.name)?;
    let gateway = fixture.kind.map(|kind| kind.namespace);
    let fixed = [lab.info.shared.namespace.clone(), kindlab::strimzi::NAMESPACE.to_owned()];
    Ok(fixed.into_iter().chain(gateway).collect())
}
