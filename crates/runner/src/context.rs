//! The state of one attempt that its steps share.

use super::clock::Clock;
use super::gateway_addresses::OwnGateways;
use super::journal::Journal;
use super::live::Line;
use super::locks::LockGuard;
use super::other_clients::OtherClients;
use super::secrets::Secrets;
use super::variables::{self, Own};
use super::{Job, failure, ident};
use ::kube::api::DynamicObject;
use kubeapi::ObjectRef;
use lab::Lab;
use model::vars::Variables;
use model::{Cause, DiagnosisFigures, Failure, LoadFigures, vars};
use probe::{ConnectionConfig, Load, Produced};
use scenario::ClusterUse;
use serde::Serialize;
use serde::de::DeserializeOwned;
use std::collections::{BTreeMap, BTreeSet};
use tokio::task::JoinSet;

/// The state that lasts from step to step.
pub struct Context<'a> {
    pub lab: &'a Lab,
    pub other_clients: &'a OtherClients,
    pub job: &'a Job,
    /// Six hexadecimal digits.
    pub id: String,
    pub namespace: String,
    /// The Kafka cluster in use, and its namespace.
    pub cluster: String,
    pub kafka_namespace: String,
    pub variables: Variables,
    pub clock: &'a Clock,
    /// The progress line on the terminal.
    pub line: Line,
    /// What must not be written anywhere.
    pub secrets: Secrets,
    /// Clients by name. Each is created when a step first needs it.
    pub clients: BTreeMap<String, ConnectionConfig>,
    /// The changes that cleanup must undo.
    pub journal: Journal,
    pub workloads: BTreeMap<String, Load>,
    /// The figures of the load generator that the current step stopped.
    pub figures: Option<LoadFigures>,
    /// What the current step diagnosed.
    pub diagnosis: Option<DiagnosisFigures>,
    /// The messages of `produce` steps, by the topic's name in the scenario.
    pub produced: BTreeMap<String, Produced>,
    /// The server names and ports of probes that passed.
    pub served: BTreeSet<(String, u16)>,
    /// Where the scenario's own Gateways are reached.
    pub gateways: OwnGateways,
    /// From a topic's name in the scenario to its name in Kafka.
    pub topics: BTreeMap<String, String>,
    /// Port-forwards and other tasks, which end with the context.
    pub tasks: JoinSet<()>,
    /// Releases the exclusive listener when the context is dropped.
    _listener: Option<LockGuard>,
}

impl<'a> Context<'a> {
    /// Prepares the context. [`Self::create_namespace`] creates the namespace.
    ///
    /// # Errors
    /// If the spec of the shared cluster lacks the exclusive listener.
    pub async fn new(
        lab: &'a Lab,
        other_clients: &'a OtherClients,
        job: &'a Job,
        clock: &'a Clock,
        line: Line,
        listener: Option<(String, LockGuard)>,
    ) -> Result<Self, Failure> {
        let id = ident::short();
        let namespace = ident::namespace(job.name(), &id);
        let shared = &lab.info.shared;
        let (cluster, kafka_namespace) = match job.scenario.kafka.cluster {
            ClusterUse::Shared => (shared.cluster.clone(), shared.namespace.clone()),
            ClusterUse::Own => (job.scenario.kafka.name.clone().unwrap_or_default(), namespace.clone()),
            ClusterUse::Existing => {
                let kafka = &job.scenario.kafka;
                (kafka.name.clone().unwrap_or_default(), kafka.namespace.clone().unwrap_or_default())
            }
        };
        let port = match &listener {
            Some((listener, _)) => Some((listener.as_str(), clock.waiting(listener_port(lab, listener)).await?)),
            None => None,
        };
        let journal = Journal::begin(&lab.dir, &namespace, port.map(|(listener, _)| listener))
            .map_err(|error| Failure::new(Cause::Unknown, "a cleanup record", error.to_string()))?;
        let own = Own {
            scenario: job.name(),
            id: &id,
            namespace: &namespace,
            cluster: &cluster,
            kafka_namespace: &kafka_namespace,
            listener: port,
        };
        let variables = variables::variables(&lab.info, &own)?;
        Ok(Self {
            lab,
            other_clients,
            job,
            variables,
            clock,
            line,
            id,
            namespace,
            cluster,
            kafka_namespace,
            secrets: Secrets::written_in(&job.scenario),
            clients: BTreeMap::new(),
            journal,
            workloads: BTreeMap::new(),
            figures: None,
            diagnosis: None,
            produced: BTreeMap::new(),
            served: BTreeSet::new(),
            gateways: OwnGateways::default(),
            topics: BTreeMap::new(),
            tasks: JoinSet::new(),
            _listener: listener.map(|(_, guard)| guard),
        })
    }

    /// Creates the scenario's own namespace.
    ///
    /// # Errors
    /// If the API server refuses it.
    pub async fn create_namespace(&self) -> Result<(), Failure> {
        let object: DynamicObject = serde_json::from_value(serde_json::json!({
            "apiVersion": "v1",
            "kind": "Namespace",
            "metadata": {"name": self.namespace, "labels": {
                "app.kubernetes.io/managed-by": kubeapi::MANAGER,
                "kafka-gateway-lab/scenario": self.job.name(),
            }},
        }))
        .map_err(|error| Failure::new(Cause::Unknown, "a namespace", error.to_string()))?;
        let applied = kubeapi::apply(&self.lab.catalog, &object, "", kubeapi::MANAGER);
        match self.clock.waiting(applied).await {
            Ok(_) => Ok(()),
            Err(error) => Err(failure::kubernetes(format!("namespace {}", self.namespace), &error)),
        }
    }

    /// Learns the content of the Secrets that what is written from now on may quote.
    pub async fn learn_secrets(&mut self) {
        let namespaces = BTreeSet::from([self.namespace.as_str(), &self.kafka_namespace]);
        self.secrets.learn(&self.lab.catalog, &namespaces).await;
    }

    /// A step, a client or a sabotage with its variables replaced.
    ///
    /// # Errors
    /// When a variable has no value.
    pub fn resolve<T: Serialize + DeserializeOwned>(&self, item: &T) -> Result<T, Failure> {
        vars::resolve(item, &self.variables)
            .map_err(|error| Failure::new(Cause::Unknown, "a value for each variable", error.to_string()))
    }

    /// A text with its variables replaced.
    ///
    /// # Errors
    /// When a variable has no value.
    pub fn fill(&self, text: &str) -> Result<String, Failure> {
        vars::substitute(text, &self.variables)
            .map_err(|error| Failure::new(Cause::Unknown, "a value for each variable", error.to_string()))
    }

    /// The objects of a manifest of the scenario, with their variables replaced.
    ///
    /// # Errors
    /// If the file cannot be read or is not a manifest.
    pub fn manifest(&self, file: &str) -> Result<Vec<DynamicObject>, Failure> {
        self.manifest_with(file, &self.variables)
    }

    /// The same for a manifest of which there are several copies.
    ///
    /// # Errors
    /// As for [`Self::manifest`].
    pub fn copy_of_manifest(&self, file: &str, copy: u32) -> Result<Vec<DynamicObject>, Failure> {
        let mut variables = self.variables.clone();
        if !variables.set("copy", copy.to_string()) {
            return Err(Failure::new(Cause::Unknown, "a value for ${copy}", "no variable copy"));
        }
        self.manifest_with(file, &variables)
    }

    fn manifest_with(&self, file: &str, variables: &Variables) -> Result<Vec<DynamicObject>, Failure> {
        let path = self.job.path.join(file);
        let expected = || format!("the objects of {file}");
        let text = std::fs::read_to_string(&path)
            .map_err(|error| Failure::new(Cause::ManifestRefused, expected(), format!("{path}: {error}")))?;
        let text = vars::substitute(&text, variables)
            .map_err(|error| Failure::new(Cause::ManifestRefused, expected(), format!("{file}: {error}")))?;
        kubeapi::parse_manifests(file, &text).map_err(|error| failure::kubernetes(expected(), &error))
    }

    /// An object by kind and name. Without a namespace, it is in the scenario's own.
    ///
    /// # Errors
    /// If the API server does not serve the kind.
    pub async fn object(&self, kind: &str, name: &str, namespace: Option<&str>) -> Result<ObjectRef, Failure> {
        let found = self.clock.waiting(self.lab.catalog.kind(kind, None)).await;
        let found = found.map_err(|error| failure::kubernetes(format!("{kind} {name}"), &error))?;
        let namespace = if found.namespaced { namespace.unwrap_or(&self.namespace).to_owned() } else { String::new() };
        Ok(ObjectRef {
            api_version: found.resource.api_version.clone(),
            kind: kind.to_owned(),
            namespace,
            name: name.to_owned(),
        })
    }

    /// The name in Kafka of a topic of the scenario.
    pub fn topic(&self, topic: &str) -> String {
        self.topics.get(topic).cloned().unwrap_or_else(|| topic.to_owned())
    }
}

/// The port of a listener in the spec of the shared cluster.
async fn listener_port(lab: &Lab, listener: &str) -> Result<u16, Failure> {
    let shared = &lab.info.shared;
    let expected = format!("the port of listener {listener} of Kafka {}/{}", shared.namespace, shared.cluster);
    let kind = lab.catalog.kind("Kafka", None).await.map_err(|error| failure::kubernetes(&expected, &error))?;
    let api = kind.api(lab.catalog.client(), &shared.namespace);
    let kafka = api
        .get(&shared.cluster)
        .await
        .map_err(|error| Failure::new(Cause::ConditionUnmet, &expected, error.to_string()))?;
    let listeners = kafka.data["spec"]["kafka"]["listeners"].as_array();
    let port =
        listeners.and_then(|all| all.iter().find(|one| one["name"] == listener)).and_then(|one| one["port"].as_u64());
    port.and_then(|port| u16::try_from(port).ok())
        .ok_or_else(|| Failure::new(Cause::ConditionUnmet, &expected, "its spec has no such listener"))
}
