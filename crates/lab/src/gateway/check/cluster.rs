//! The stages in the lab's cluster: what `lab up` waits for, looked at once it has ended, in whatever way.

use super::{Outcome, data_plane};
use crate::backends::cluster::conditions_seen;
use crate::gateway::features::{Statement, compared};
use crate::gateway::object::{DEPLOYMENT, GATEWAY, GATEWAY_CLASS, read};
use crate::gateway::places::Places;
use crate::gateway::{GatewayFixture, Gateways, KindGateway};
use crate::handle::connect;
use crate::{Error, shared};
use ::kube::Api;
use ::kube::api::ListParams;
use ::kube::config::Kubeconfig;
use host::with_causes;
use k8s_openapi::api::core::v1::Pod;
use kubeapi::{Catalog, ConditionState};
use model::LabDir;
use std::time::Duration;

/// How long the API server may take to say that it is ready.
const READY: Duration = Duration::from_secs(5);

/// The cluster of a lab whose `lab up` did not end well.
pub(super) async fn reachable(dir: &LabDir) -> Option<Catalog> {
    let path = dir.kubeconfig();
    let context = Kubeconfig::read_from(&path).ok()?.current_context?;
    let catalog = connect(&path, &context).await.ok()?;
    kubeapi::ready(catalog.client(), READY).await.ok()?;
    Some(catalog)
}

/// What is seen in the cluster, with what `lab up` said if it did not end well.
pub(super) struct Seen<'a> {
    pub catalog: &'a Catalog,
    pub fixture: &'a GatewayFixture,
    pub up_said: Option<&'a str>,
}

impl Seen<'_> {
    /// Whether the controller's Deployments are Available.
    pub async fn deployments(&self, section: &KindGateway) -> Outcome {
        for name in &section.deployments {
            let (namespace, short) = name.split_once('/').unwrap_or(("default", name));
            let state = self.condition(DEPLOYMENT, namespace, short, "Available").await;
            if let Err(seen) = state {
                let place = Places::of(self.fixture).deployments();
                return self.fault(
                    format!("{place}: Deployment {name} is not Available: {seen}"),
                    "correct the name if it does not exist; otherwise look at its Pods with `--keep` and `kubectl describe`",
                );
            }
        }
        Outcome::Passed(format!("{} Available", section.deployments.join(", ")))
    }

    /// Whether the implementation has accepted its GatewayClass.
    pub async fn gateway_class(&self) -> Outcome {
        let name = &self.fixture.class;
        let class = match read(self.catalog, GATEWAY_CLASS, "", name).await {
            Ok(Some(class)) => class,
            Ok(None) => return self.fault(format!("GatewayClass {name} does not exist"), "define it in a manifest"),
            Err(error) => return unreadable(&error),
        };
        let controller = class.data["spec"]["controllerName"].as_str().unwrap_or_default();
        if controller != self.fixture.controller_name {
            let place = Places::of(self.fixture).controller_name();
            let (wanted, remedy) =
                (&self.fixture.controller_name, "make `controllerName` that of the running controller");
            let cause = format!("GatewayClass {name} has controllerName {controller:?}, and {place} says {wanted:?}");
            return self.fault(cause, remedy);
        }
        match conditions_seen(&class, "Accepted") {
            ConditionState::Met => Outcome::Passed(format!("{name} is Accepted by {controller}")),
            ConditionState::NotYet(seen) | ConditionState::Failed(seen) => self.fault(
                format!("GatewayClass {name} is not Accepted: {seen}"),
                "compare `controllerName` with the implementation's documentation, and read its controller's log; a class that has \
                 no condition, or Unknown, belongs to no running controller",
            ),
        }
    }

    /// Whether the implementation serves the lab's Gateway.
    pub async fn gateway(&self, gateways: Gateways) -> Outcome {
        let namespace = shared::cluster().namespace;
        for condition in ["Accepted", "Programmed"] {
            if let Err(seen) = self.condition(GATEWAY, &namespace, "lab", condition).await {
                return self.fault(
                    format!("Gateway {namespace}/lab is not {condition}: {seen}"),
                    "read the controller's log; a Gateway that is Accepted but not Programmed often waits for its Pods, or for an \
                     address of its Service (`gateways: separate` needs one of type LoadBalancer)",
                );
            }
        }
        let gateway = match read(self.catalog, GATEWAY, &namespace, "lab").await {
            Ok(found) => found,
            Err(error) => return unreadable(&error),
        };
        let addresses = gateway.iter().flat_map(kubeapi::gateway_addresses).map(|address| address.to_string());
        let addresses: Vec<String> = addresses.collect();
        match (addresses.is_empty(), gateways) {
            (true, Gateways::Separate) => self.fault(
                format!("Gateway {namespace}/lab has no IP address in its status, and gateway.yaml says `gateways: separate`"),
                "make the implementation create a Service of type LoadBalancer for each Gateway, or write `gateways: shared` and give \
                 the one Service the lab's NodePorts",
            ),
            (true, Gateways::Shared) => {
                Outcome::Passed(format!("{namespace}/lab is Programmed, and is reached by the lab's NodePorts"))
            }
            (false, _) => Outcome::Passed(format!("{namespace}/lab is Programmed at {}", addresses.join(", "))),
        }
    }

    /// Whether the GatewayClass lists the features that the fixture claims.
    pub async fn features(&self) -> Outcome {
        let GatewayFixture { name, class, features, .. } = self.fixture;
        match compared(self.catalog, name, class, features).await {
            Ok(Statement::Contradicts(mut sentences)) => {
                let place = Places::of(self.fixture).features();
                sentences.push(format!("correct `features` ({place}), or tell the implementation's maintainers"));
                Outcome::Remarks(sentences)
            }
            Ok(agrees @ Statement::Agrees { .. }) => Outcome::Passed(format!("{}: {agrees}", features.join(", "))),
            Ok(none @ Statement::None { .. }) => Outcome::Skipped(none.to_string()),
            Err(error) => unreadable(&error),
        }
    }

    /// Whether `dataPlane` selects Pods.
    pub async fn data_plane(&self, section: &KindGateway) -> Outcome {
        let selector = &section.data_plane;
        let pods: Api<Pod> = Api::all(self.catalog.client().clone());
        let selected = match pods.list(&ListParams::default().labels(selector)).await {
            Ok(selected) => selected.items,
            Err(error) => {
                let place = Places::of(self.fixture).data_plane();
                return self.fault(
                    format!("{place}: cannot list the Pods with the labels {selector:?}: {error}"),
                    "write a label selector, such as `app=envoy,component=proxy`",
                );
            }
        };
        let mut others = Vec::new();
        if selected.is_empty() {
            for namespace in [&shared::cluster().namespace, &section.namespace] {
                let pods: Api<Pod> = Api::namespaced(self.catalog.client().clone(), namespace);
                others.extend(pods.list(&ListParams::default()).await.map(|list| list.items).unwrap_or_default());
            }
        }
        data_plane::judge(self.fixture, selector, &selected, &others)
    }

    /// Whether a condition is True, or what is seen instead.
    async fn condition(&self, kind: (&str, &str), namespace: &str, name: &str, wanted: &str) -> Result<(), String> {
        match read(self.catalog, kind, namespace, name).await {
            Ok(Some(object)) => match conditions_seen(&object, wanted) {
                ConditionState::Met => Ok(()),
                ConditionState::NotYet(seen) | ConditionState::Failed(seen) => Err(seen),
            },
            Ok(None) => Err("it does not exist".to_owned()),
            Err(error) => Err(with_causes(&error)),
        }
    }

    fn fault(&self, cause: String, remedy: &str) -> Outcome {
        let cause = match self.up_said {
            Some(said) => format!("{cause}\n`lab up` ended with: {said}"),
            None => cause,
        };
        Outcome::gateway(cause, remedy)
    }
}

fn unreadable(error: &Error) -> Outcome {
    Outcome::lab(
        with_causes(error),
        "look whether the lab's cluster still runs, with `--keep` and `cargo xtask lab status`",
    )
}

#[cfg(test)]
#[path = "cluster_tests.rs"]
mod tests;
