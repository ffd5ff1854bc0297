//! The gateway under test, as steps need it.

use super::{Context, StepFailure};
use crate::cause::Cause;
use crate::gateway::{FixtureError, GatewayFixture};
use crate::kube::{Progressed, wait_for_all};
use crate::lab::LabKind;
use crate::local;
use ::kube::api::{DeleteParams, DynamicObject, ListParams};
use std::collections::BTreeSet;
use std::time::Duration;

/// The common name of the certificate that the gateway shows for names that it does not know.
pub fn default_certificate(name: &str) -> Option<String> {
    // A gateway without a fixture is one of a user's own cluster.
    GatewayFixture::load(name).ok()?.unknown_sni.common_name
}

/// Restarts the data plane, and waits until it is back.
///
/// # Errors
/// When it cannot be found, or does not come back in time.
pub async fn restart(context: &mut Context<'_>, within: Duration) -> Result<Vec<String>, StepFailure> {
    let info = &context.lab.info;
    let name = info.gateway.name.clone();
    let wanted = format!("{name} restarts and is back within {within:?}");
    if info.kind != LabKind::Local {
        return restart_pods(context, &wanted, within).await;
    }
    let failed = |seen: String| StepFailure::new(Cause::Unreachable, &wanted, seen);
    let fixture = GatewayFixture::load(&name).map_err(|error| failed(error.to_string()))?;
    let restarted = tokio::time::timeout(within, local::gateway::restart(&context.lab.dir, &fixture));
    match context.clock.waiting(restarted).await {
        Ok(Ok(())) => Ok(vec![format!("{name} is back")]),
        Ok(Err(error)) => Err(failed(error.to_string())),
        Err(_) => Err(failed("it was not back".to_owned())),
    }
}

/// In a cluster with nodes: deletes the data plane's Pods. The fixture says which; without one it is those that the
/// Gateway API asks implementations to label (GEP-1762).
async fn restart_pods(context: &Context<'_>, wanted: &str, within: Duration) -> Result<Vec<String>, StepFailure> {
    let name = &context.lab.info.gateway.name;
    let failed = |seen: String| StepFailure::new(Cause::Unreachable, wanted, seen);
    let selector = match GatewayFixture::load(name) {
        Ok(fixture) => fixture.kind.map(|kind| kind.data_plane),
        // A gateway of a user's own cluster.
        Err(FixtureError::Unknown { .. }) => None,
        Err(error) => return Err(failed(error.to_string())),
    };
    let selector = selector.unwrap_or_else(|| "gateway.networking.k8s.io/gateway-name".to_owned());
    let catalog = &context.lab.catalog;
    let kind = catalog.kind("Pod", Some("v1")).await.map_err(|error| StepFailure::kube(wanted, &error))?;
    let everywhere = ::kube::Api::<DynamicObject>::all_with(catalog.client().clone(), &kind.resource);
    let listed = everywhere.list(&ListParams::default().labels(&selector)).await;
    let pods = listed.map_err(|error| failed(error.to_string()))?.items;
    let Some(namespace) = pods.first().and_then(|pod| pod.metadata.namespace.clone()) else {
        return Err(failed(format!("no Pod is labelled {selector}")));
    };
    let api = kind.api(catalog.client(), &namespace);
    let names: Vec<_> = pods.iter().filter_map(|pod| pod.metadata.name.clone()).collect();
    for pod in &names {
        api.delete(pod, &DeleteParams::default()).await.map_err(|error| failed(error.to_string()))?;
    }
    let old: BTreeSet<_> = pods.iter().filter_map(|pod| pod.metadata.uid.clone()).collect();
    let labels = pods[0].metadata.labels.clone().unwrap_or_default();
    let back = wait_for_all(catalog, "Pod", &namespace, "ready again", within, |all| {
        // The template's hash is the same in the Pods that follow.
        let fresh = all.values().filter(|pod| {
            pod.metadata.labels.as_ref() == Some(&labels)
                && !pod.metadata.uid.as_ref().is_some_and(|uid| old.contains(uid))
        });
        match fresh.filter(|pod| super::steps::ready(pod)).count() {
            ready if ready >= names.len() => Progressed::Met,
            ready => Progressed::NotYet(format!("{ready} of {} Pods are ready", names.len())),
        }
    });
    context.clock.waiting(back).await.map_err(|error| StepFailure::kube(wanted, &error))?;
    Ok(vec![format!("{} Pods of {name} in {namespace} came back", names.len())])
}
