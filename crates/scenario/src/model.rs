//! A scenario as it stands in `scenario.yaml`.

use super::steps::StepDefinition;
use super::{Patch, Span, Step, StepItem, Target, Touches};
use model::{Cause, KafkaProvider, LabKind, Listener};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_saphyr::Spanned;
use std::collections::BTreeMap;

/// One scenario: what must work through the gateway, or must fail, and why that matters.
#[derive(Clone, Debug, Deserialize, JsonSchema, Serialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub struct Scenario {
    /// The name of its folder.
    pub name: String,
    /// What holds when it passes, in one sentence.
    pub title: String,
    /// Why anybody should care, in one sentence.
    pub why: String,
    /// Reports, specifications or posts that it comes from.
    #[serde(default)]
    pub links: Vec<String>,
    /// Words to filter by.
    #[serde(default)]
    pub tags: Vec<String>,
    /// What the lab must offer; otherwise the scenario is skipped or unsupported, with the reason.
    #[serde(default)]
    pub needs: Needs,
    /// The Kafka cluster and the listener that it goes through.
    pub kafka: KafkaUse,
    /// Kafka clients by name. `default` is the one that a step uses when it names none.
    #[serde(default)]
    pub clients: BTreeMap<String, Client>,
    /// Time for all steps together. Default: 2m.
    #[serde(default = "two_minutes")]
    pub within: Span,
    /// What is done and demanded, in order.
    #[schemars(with = "Vec<Step>")]
    pub steps: Vec<Spanned<StepItem>>,
    /// Changes that must turn the scenario red, at the step and for the cause that each names.
    #[schemars(with = "Vec<Sabotage>")]
    pub sabotage: Vec<Spanned<Sabotage>>,
}

fn two_minutes() -> Span {
    Span::seconds(120)
}

/// What a lab must offer for the scenario to make sense there.
#[derive(Clone, Debug, Default, Deserialize, JsonSchema, Serialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields, default)]
pub struct Needs {
    /// Gateway API features by their names, such as `TLSRoute` or `TLSRouteModeTerminate`. A gateway that does not claim
    /// one makes the scenario `unsupported`.
    pub features: Vec<String>,
    /// The labs on which it can run. Default: all.
    pub labs: Vec<LabKind>,
    /// The implementations on which it makes sense, by the names of their folders under `fixtures/gateways`, since it
    /// uses settings of their own. Default: all.
    pub gateways: Vec<String>,
    /// The operator that it needs behind `Kafka` resources. Default: any.
    pub kafka: Option<KafkaProvider>,
    /// Kinds that the cluster must serve, such as `Ingress` or OpenShift's `Route`; otherwise skipped.
    pub kinds: Vec<String>,
    /// Minimum versions by part, such as `kubernetes: "1.31"`, `gateway-api: "1.5"`, `kafka: "4.0"` or `strimzi: "1.1"`;
    /// otherwise skipped.
    pub versions: BTreeMap<String, String>,
    /// A reason why it cannot run anywhere yet: the scenario is skipped with it.
    pub skip: Option<String>,
}

/// Which Kafka the scenario talks to.
#[derive(Clone, Debug, Deserialize, JsonSchema, Serialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub struct KafkaUse {
    /// Whose cluster it is.
    pub cluster: ClusterUse,
    /// With `own`: the name of the `Kafka` resource in the manifests. With `existing`: the name of the one that is there.
    pub name: Option<String>,
    /// With `existing`: the namespace of the `Kafka` resource.
    pub namespace: Option<String>,
    /// With `shared`: the listener.
    pub listener: Option<Listener>,
    /// With `existing`: the name of the listener, in the `Kafka` resource, at which a client without a `bootstrap`
    /// connects. Its address is the host in the listener's `configuration.bootstrap`, at `${gateway.port}` where the
    /// listener is a `tlsroute`; without such a host it is the one in the resource's status.
    pub listener_name: Option<String>,
}

/// Whose Kafka cluster a scenario uses.
#[derive(Clone, Copy, Debug, Deserialize, Eq, JsonSchema, PartialEq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum ClusterUse {
    /// The lab's own cluster, beside other scenarios.
    Shared,
    /// One that the scenario's manifests bring, in the scenario's namespace.
    Own,
    /// One that is there already. Nothing of it is changed or deleted, but for topics, which get the run's id into their
    /// names and are deleted at the end.
    Existing,
}

impl KafkaUse {
    /// The bootstrap address of a client that names none, with variables in it; that of a cluster which is there already
    /// can only be asked for.
    pub fn default_bootstrap(&self) -> Option<&'static str> {
        Some(match (self.cluster, self.listener) {
            (ClusterUse::Existing, _) => return None,
            (ClusterUse::Own, _) => "bootstrap.${id}.${domain}:${gateway.port}",
            (ClusterUse::Shared, Some(Listener::Mtls)) => "bootstrap.mtls.${domain}:${gateway.port}",
            (ClusterUse::Shared, Some(Listener::Scram)) => "bootstrap.scram.${domain}:${gateway.port}",
            (ClusterUse::Shared, Some(Listener::ExclusiveTls)) => "bootstrap.${listener.domain}:${gateway.port}",
            (ClusterUse::Shared, Some(Listener::ExclusivePlaintext)) => {
                "bootstrap.${listener.domain}:${gateway.terminate-port}"
            }
            (ClusterUse::Shared, Some(Listener::ExclusiveTcp)) => "bootstrap.${listener.domain}:${gateway.tcp-port}",
            (ClusterUse::Shared, Some(Listener::External) | None) => "bootstrap.${domain}:${gateway.port}",
        })
    }
}

/// A Kafka client.
#[derive(Clone, Debug, Deserialize, JsonSchema, Serialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub struct Client {
    /// Host and port. Default, but for `cluster: existing`: the listener's bootstrap name, at `${gateway.port}`: `bootstrap.${domain}`,
    /// `bootstrap.mtls.${domain}`, `bootstrap.scram.${domain}` or `bootstrap.${listener.domain}`; with a cluster of its own
    /// `bootstrap.${id}.${domain}`. `exclusive-plaintext` is at `${gateway.terminate-port}`, `exclusive-tcp` at `${gateway.tcp-port}`.
    pub bootstrap: Option<String>,
    /// Instead of `bootstrap`: connects first through a port-forward to a Service, as `kubectl port-forward` makes one.
    pub port_forward: Option<PortForward>,
    /// Whose signature on a broker's certificate is trusted. Default: the cluster CA. For a second cluster of the folder
    /// it is `secret: {name: NAME-cluster-ca-cert, key: ca.crt}`, beside that cluster's own `bootstrap`.
    pub trust: Option<Trust>,
    /// Who the client says it is. Default: nobody.
    pub identity: Option<Identity>,
    /// Whose code the client is. Default: `librdkafka`. `java` is Apache Kafka's own, as its console tools in a container
    /// on this machine's network: for `produce-and-consume` only, to a topic that nobody else writes to. Where no
    /// container can be run, the scenario is skipped.
    pub library: Option<Library>,
}

/// A Kafka client library.
#[derive(Clone, Copy, Debug, Deserialize, Eq, JsonSchema, PartialEq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Library {
    /// In this process; every step can use it.
    Librdkafka,
    /// Apache Kafka's own, in a container.
    Java,
}

/// A Service and its port.
#[derive(Clone, Debug, Deserialize, JsonSchema, Serialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub struct PortForward {
    /// The Service's name.
    pub service: String,
    /// The Service's port.
    pub port: u16,
    /// Default: the scenario's namespace.
    pub namespace: Option<String>,
}

/// Where trust in a server's certificate comes from.
#[derive(Clone, Debug, Deserialize, JsonSchema, Serialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub enum Trust {
    /// The CA of the Kafka cluster in use: Secret `<cluster>-cluster-ca-cert`, key `ca.crt`.
    ClusterCa,
    /// The CA that signs client certificates: the classic mistake.
    ClientsCa,
    /// The lab's own CA, which signs what `certificate` steps make; it is made when a scenario first needs it.
    LabCa,
    /// A key of a Secret.
    Secret {
        /// The Secret's name.
        name: String,
        /// The key that holds certificates, such as `ca.crt`.
        key: String,
        /// Default: the scenario's namespace.
        namespace: Option<String>,
    },
    /// No TLS at all.
    Plaintext,
}

/// What the client shows to the broker.
#[derive(Clone, Debug, Deserialize, JsonSchema, Serialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub enum Identity {
    /// SCRAM-SHA-512 as a KafkaUser.
    Scram {
        /// The KafkaUser.
        user: String,
        /// Default: the one in the KafkaUser's Secret.
        password: Option<String>,
        /// The namespace of the KafkaUser's Secret. Default: that of the Kafka cluster in use.
        namespace: Option<String>,
    },
    /// The certificate of a KafkaUser, from its Secret.
    Tls {
        /// The KafkaUser.
        user: String,
        /// The namespace of the KafkaUser's Secret. Default: that of the Kafka cluster in use.
        namespace: Option<String>,
    },
}

/// A change that must turn the scenario red. Exactly one of `delete`, `apply`, `patch` and `leave-out`.
#[derive(Clone, Debug, Deserialize, JsonSchema, Serialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub struct Sabotage {
    /// What is done, in a few words.
    pub name: String,
    /// Deletes an object and waits until it is gone.
    pub delete: Option<Target>,
    /// Applies a manifest, and waits until every route in it is accepted.
    pub apply: Option<String>,
    /// Patches an object.
    pub patch: Option<Patch>,
    /// Leaves out a step: its `id`, or its keyword, with `#2` for the second of its kind.
    pub leave_out: Option<String>,
    /// The step before which `delete`, `apply` or `patch` is done. Default: the step that is to fail.
    pub before: Option<String>,
    /// How the run must end.
    pub expect: Expectation,
}

impl Sabotage {
    /// What the change itself may disturb for other scenarios.
    pub fn touches(&self) -> impl Iterator<Item = Touches<'_>> {
        let deleted = self.delete.as_ref().map(StepDefinition::touches);
        let patched = self.patch.as_ref().map(StepDefinition::touches);
        deleted.into_iter().chain(patched)
    }
}

/// How a sabotaged run must end.
#[derive(Clone, Debug, Deserialize, JsonSchema, Serialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub struct Expectation {
    /// The step that must fail: its `id`, or its keyword, with `#2` for the second of its kind.
    pub step: String,
    /// The cause that it must give.
    pub cause: Cause,
    /// A text that the failure must contain.
    pub mentions: Option<String>,
    /// A shorter deadline for the step that must fail, so that a wait which is bound to fail does not take all of its
    /// time. It must be longer than the step takes when nothing is wrong, or the sabotage proves nothing. Default: the
    /// step's own.
    pub within: Option<Span>,
}
