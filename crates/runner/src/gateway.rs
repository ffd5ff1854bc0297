//! Operations of steps on the gateway under test.

use super::{Context, failure};
use ::kube::api::{DeleteParams, DynamicObject, ListParams};
use kubeapi::{ConditionState, wait_for_all};
use lab::Lab;
use lab::gateway::{FixtureError, GatewayFixture};
use model::{Cause, Failure};
use std::collections::BTreeSet;
use std::time::Duration;

/// The common name of the certificate that the gateway shows for names that it does not know.
pub fn default_certificate(name: &str) -> Option<String> {
    // A gateway without a fixture belongs to a user's own cluster.
    GatewayFixture::load(name).ok()?.unknown_sni.common_name
}

/// Restarts the data plane, and waits until it is ready again.
///
/// # Errors
/// If it cannot be found, or is not ready again in time.
pub async fn restart(context: &mut Context<'_>, within: Duration) -> Result<Vec<String>, Failure> {
    let name = context.lab.info.gateway.name.clone();
    let expected = format!("{name} restarts and is ready again within {within:?}");
    let lab = context.lab;
    let Some(restart) = lab.backend.restart_data_plane(lab) else {
        return restart_pods(context, &expected, within).await;
    };
    let failed = |seen: String| Failure::new(Cause::Unreachable, &expected, seen);
    match context.clock.waiting(tokio::time::timeout(within, restart)).await {
        Ok(Ok(())) => Ok(vec![format!("{name} is ready again")]),
        Ok(Err(error)) => Err(failed(error.to_string())),
        Err(_) => Err(failed("it was not ready again in time".to_owned())),
    }
}

/// The label that implementations of the Gateway API put on Pods (GEP-1762). Its value is the Gateway's name.
const OF_GATEWAY: &str = "gateway.networking.k8s.io/gateway-name";

/// Deletes the data plane's Pods in a cluster with nodes. If the lab installed the gateway, its fixture selects the
/// Pods. Otherwise only Pods of the run's own Gateways are deleted, because a user's cluster may have others.
async fn restart_pods(context: &Context<'_>, expected: &str, within: Duration) -> Result<Vec<String>, Failure> {
    let name = &context.lab.info.gateway.name;
    let failed = |seen: String| Failure::new(Cause::Unreachable, expected, seen);
    let selector = match GatewayFixture::load(name) {
        Ok(fixture) => fixture.kind.map(|kind| kind.data_plane),
        // A gateway of a user's own cluster.
        Err(FixtureError::Unknown { .. }) => None,
        Err(error) => return Err(failed(error.to_string())),
    };
    let catalog = &context.lab.catalog;
    let kind = catalog.kind("Pod", Some("v1")).await.map_err(|error| failure::kubernetes(expected, &error))?;
    let (list, selector) = match selector.filter(|selector| is_the_labs(context.lab, selector)) {
        Some(selector) => (::kube::Api::all_with(catalog.client().clone(), &kind.resource), selector),
        None => {
            let (namespace, selector) = gateway_pods(context, &own_gateways(context, expected).await?);
            (kind.api(catalog.client(), &namespace), selector)
        }
    };
    let list: ::kube::Api<DynamicObject> = list;
    let listed = context.clock.waiting(list.list(&ListParams::default().labels(&selector))).await;
    let pods = listed.map_err(|error| failed(error.to_string()))?.items;
    let Some(namespace) = pods.first().and_then(|pod| pod.metadata.namespace.clone()) else {
        return Err(failed(format!("no Pod has the label {selector}; the run does not touch Pods of other Gateways")));
    };
    let api = kind.api(catalog.client(), &namespace);
    let names: Vec<_> = pods.iter().filter_map(|pod| pod.metadata.name.clone()).collect();
    for pod in &names {
        api.delete(pod, &DeleteParams::default()).await.map_err(|error| failed(error.to_string()))?;
    }
    let old: BTreeSet<_> = pods.iter().filter_map(|pod| pod.metadata.uid.clone()).collect();
    let labels = pods[0].metadata.labels.clone().unwrap_or_default();
    let back = wait_for_all(catalog, "Pod", &namespace, "ready again", within, |all| {
        // New Pods have the same labels, including the template's hash.
        let fresh = all.values().filter(|pod| {
            pod.metadata.labels.as_ref() == Some(&labels)
                && !pod.metadata.uid.as_ref().is_some_and(|uid| old.contains(uid))
        });
        match fresh.filter(|pod| kubeapi::pod_object_is_ready(pod)).count() {
            ready if ready >= names.len() => ConditionState::Met,
            ready => ConditionState::NotYet(format!("{ready} of {} Pods are ready", names.len())),
        }
    });
    context.clock.waiting(back).await.map_err(|error| failure::kubernetes(expected, &error))?;
    Ok(vec![format!("{} Pods of {name} in {namespace} are ready again", names.len())])
}

/// Whether the lab created every Pod that the selector matches.
fn is_the_labs(lab: &Lab, selector: &str) -> bool {
    let installed = lab.info.versions.contains_key(&lab.info.gateway.name);
    lab.backend.owns_cluster() || (installed && selector != OF_GATEWAY)
}

/// The names of the Gateways in the run's own namespace.
async fn own_gateways(context: &Context<'_>, expected: &str) -> Result<Vec<String>, Failure> {
    let kind = context.clock.waiting(context.lab.catalog.kind("Gateway", None)).await;
    let kind = kind.map_err(|error| failure::kubernetes(expected, &error))?;
    let api = kind.api(context.lab.catalog.client(), &context.namespace);
    let listed = context.clock.waiting(api.list(&ListParams::default())).await;
    let listed =
        listed.map_err(|error| failure::kubernetes(expected, &kubeapi::Error::request("list Gateways")(error)))?;
    Ok(listed.items.into_iter().filter_map(|gateway| gateway.metadata.name).collect())
}

/// The namespace and the label selector for Pods of the run's own Gateways, or of the lab's Gateway if the run has
/// none.
fn gateway_pods(context: &Context<'_>, own: &[String]) -> (String, String) {
    let variable = |name| context.variables.get(name).unwrap_or_default().to_owned();
    gateway_selector(&context.namespace, own, (variable("gateway.namespace"), variable("gateway.name")))
}

fn gateway_selector(namespace: &str, own: &[String], (labs_namespace, labs): (String, String)) -> (String, String) {
    match own {
        [] => (labs_namespace, format!("{OF_GATEWAY}={labs}")),
        own => (namespace.to_owned(), format!("{OF_GATEWAY} in ({})", own.join(","))),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use model::LabKind;

    #[tokio::test]
    async fn the_fixtures_selector_is_only_used_for_pods_that_the_lab_installed() {
        let (_folder, mut lab) = lab::testing::lab("restart");
        lab.backend = lab::backends::of(LabKind::Kind);
        assert!(is_the_labs(&lab, "app=traefik") && is_the_labs(&lab, OF_GATEWAY));
        lab.backend = lab::backends::of(LabKind::Existing);
        lab.info.versions.remove("traefik");
        assert!(!is_the_labs(&lab, "app=traefik"), "the user's own traefik");
        lab.info.versions.insert("traefik".into(), "3".into());
        assert!(is_the_labs(&lab, "app=traefik"));
        assert!(!is_the_labs(&lab, OF_GATEWAY), "every Gateway of the cluster has it");
    }

    #[test]
    fn pods_belong_to_the_runs_gateways_or_to_the_labs() {
        let labs = || ("kafka".to_owned(), "lab".to_owned());
        let (namespace, selector) = gateway_selector("run-1", &["a".to_owned(), "b".to_owned()], labs());
        assert_eq!((namespace.as_str(), selector), ("run-1", format!("{OF_GATEWAY} in (a,b)")));
        let (namespace, selector) = gateway_selector("run-1", &[], labs());
        assert_eq!((namespace.as_str(), selector), ("kafka", format!("{OF_GATEWAY}=lab")));
    }
}
