//! The types of `scenario.yaml`.

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
    /// What is true when the scenario passes, in one sentence.
    pub title: String,
    /// Why it matters, in one sentence.
    pub why: String,
    /// Reports, specifications or posts that the scenario is based on.
    #[serde(default)]
    pub links: Vec<String>,
    /// Words to filter scenarios by.
    #[serde(default)]
    pub tags: Vec<String>,
    /// What the lab must offer. Without it, the scenario is skipped or unsupported, and the report gives the reason.
    #[serde(default)]
    pub needs: Needs,
    /// The Kafka cluster and the listener that the clients use.
    pub kafka: KafkaUse,
    /// Kafka clients by name. A step that names no client uses `default`.
    #[serde(default)]
    pub clients: BTreeMap<String, Client>,
    /// Time for all steps together. Default: 2m.
    #[serde(default = "two_minutes")]
    pub within: Span,
    /// The steps, which run in this order.
    #[schemars(with = "Vec<Step>")]
    pub steps: Vec<Spanned<StepItem>>,
    /// Changes that must make the scenario fail, each at the step and for the cause that it names.
    #[schemars(with = "Vec<Sabotage>")]
    pub sabotage: Vec<Spanned<Sabotage>>,
}

fn two_minutes() -> Span {
    Span::seconds(120)
}

/// What a lab must offer before the scenario can run there.
#[derive(Clone, Debug, Default, Deserialize, JsonSchema, Serialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields, default)]
pub struct Needs {
    /// Names of Gateway API features, such as `TLSRoute` or `TLSRouteModeTerminate`. If the gateway does not claim one
    /// of them, the scenario is `unsupported`.
    pub features: Vec<String>,
    /// The labs on which the scenario can run. Default: all.
    pub labs: Vec<LabKind>,
    /// The gateways on which the scenario can run, by the names of their folders under `fixtures/gateways`. This is for
    /// a scenario that uses a gateway's own settings. Default: all.
    pub gateways: Vec<String>,
    /// The operator that must manage the `Kafka` resources. Default: any.
    pub kafka: Option<KafkaProvider>,
    /// Kinds that the cluster must serve, such as `Ingress` or OpenShift's `Route`. Without one of them, the scenario
    /// is skipped.
    pub kinds: Vec<String>,
    /// Whether the cluster's network must enforce NetworkPolicies. Without one that is known to do so, the scenario is
    /// skipped.
    pub network_policies: bool,
    /// Whether this machine must reach the cluster's nodes: their ports, and the addresses of load balancers. Where all
    /// Gateways share the ports that kind maps to this machine, the scenario is skipped.
    pub node_network: bool,
    /// Minimum versions by part, such as `kubernetes: "1.31"`, `gateway-api: "1.5"`, `kafka: "4.0"` or `strimzi:
    /// "1.1"`. With an older version, the scenario is skipped.
    pub versions: BTreeMap<String, String>,
    /// The reason why the scenario cannot run anywhere yet. The scenario is skipped, and the report gives this reason.
    pub skip: Option<String>,
}

/// The Kafka cluster that the scenario uses.
#[derive(Clone, Debug, Deserialize, JsonSchema, Serialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub struct KafkaUse {
    /// The owner of the cluster.
    pub cluster: ClusterUse,
    /// With `own`: the name of the `Kafka` resource in the manifests. With `existing`: the name of the existing `Kafka`
    /// resource.
    pub name: Option<String>,
    /// With `existing`: the namespace of the `Kafka` resource.
    pub namespace: Option<String>,
    /// With `shared`: the listener.
    pub listener: Option<Listener>,
    /// With `existing` or `own`: the listener of the `Kafka` resource that a client without a `bootstrap` connects to. The
    /// address is the host in the listener's `configuration.bootstrap`, with `${gateway.port}` if the listener is a
    /// `tlsroute`. Without such a host, it is the address in the resource's status.
    pub listener_name: Option<String>,
}

/// The owner of the Kafka cluster that a scenario uses.
#[derive(Clone, Copy, Debug, Deserialize, Eq, JsonSchema, PartialEq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum ClusterUse {
    /// The lab's own cluster, which other scenarios use at the same time.
    Shared,
    /// A cluster that the scenario's manifests define, in the scenario's namespace.
    Own,
    /// A cluster that already exists. The scenario does not change it. It only creates topics, which carry the run's id
    /// in their names and are deleted at the end.
    Existing,
}

impl KafkaUse {
    /// The shared cluster through its native listener without authentication.
    pub fn external() -> Self {
        let listener = Some(Listener::External);
        Self { cluster: ClusterUse::Shared, name: None, namespace: None, listener, listener_name: None }
    }

    /// The bootstrap address of a client that names none, with variables in it. `None` where it must be read from the
    /// cluster.
    pub fn default_bootstrap(&self) -> Option<&'static str> {
        Some(match (self.cluster, self.listener) {
            (ClusterUse::Existing, _) => return None,
            (ClusterUse::Own, _) if self.listener_name.is_some() => return None,
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
#[derive(Clone, Debug, Default, Deserialize, JsonSchema, Serialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub struct Client {
    /// Host and port. The default host is the listener's bootstrap name: `bootstrap.${domain}`,
    /// `bootstrap.mtls.${domain}`, `bootstrap.scram.${domain}` or `bootstrap.${listener.domain}`, and
    /// `bootstrap.${id}.${domain}` for an own cluster. The default port is `${gateway.port}`,
    /// `${gateway.terminate-port}` for `exclusive-plaintext`, or `${gateway.tcp-port}` for `exclusive-tcp`. For
    /// `cluster: existing` see `listener-name`.
    pub bootstrap: Option<String>,
    /// Instead of `bootstrap`: a port-forward to a Service, as with `kubectl port-forward`. The client uses it for its
    /// first connection.
    pub port_forward: Option<PortForward>,
    /// The CA that must have signed the broker's certificate. Default: the cluster CA. For a second cluster of the
    /// folder, write `secret: {name: NAME-cluster-ca-cert, key: ca.crt}` and that cluster's `bootstrap`.
    pub trust: Option<Trust>,
    /// The identity that the client shows to the broker. Default: none.
    pub identity: Option<Identity>,
    /// The client library. Default: `librdkafka`. `java` runs Apache Kafka's console tools, as processes where the lab has
    /// them or else in a container. `kafka-python` runs with this machine's Python 3. Both support `produce-and-consume` only,
    /// and no other client may write to the topic. Where one cannot run, the scenario is skipped.
    pub library: Option<Library>,
}

/// A Kafka client library.
#[derive(Clone, Copy, Debug, Deserialize, Eq, JsonSchema, PartialEq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Library {
    /// librdkafka, in this process. Every step can use it.
    Librdkafka,
    /// Apache Kafka's own client.
    Java,
    /// kafka-python, a client written in Python.
    KafkaPython,
    /// franz-go, a client written in Go.
    FranzGo,
}

impl Library {
    /// As reports spell it.
    pub fn name(self) -> &'static str {
        match self {
            Self::Librdkafka => "librdkafka",
            Self::Java => "the Java client",
            Self::KafkaPython => "kafka-python",
            Self::FranzGo => "franz-go",
        }
    }
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

/// The CA that a client trusts.
#[derive(Clone, Debug, Deserialize, JsonSchema, Serialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub enum Trust {
    /// The CA of the Kafka cluster in use: Secret `<cluster>-cluster-ca-cert`, key `ca.crt`.
    ClusterCa,
    /// The CA that signs client certificates. Trusting it is a common mistake.
    ClientsCa,
    /// The lab's own CA, which signs the certificates of `certificate` steps. It is created when a scenario first needs
    /// it.
    LabCa,
    /// A CA from a Secret.
    Secret {
        /// The Secret's name.
        name: String,
        /// The key with the certificates, such as `ca.crt`.
        key: String,
        /// Default: the scenario's namespace.
        namespace: Option<String>,
    },
    /// Each of several CAs, as while one replaces another.
    AnyOf(Vec<Trust>),
    /// The client connects without TLS.
    Plaintext,
}

/// The identity that a client shows to the broker.
#[derive(Clone, Debug, Deserialize, JsonSchema, Serialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub enum Identity {
    /// SCRAM-SHA-512 with the name and the password of a KafkaUser.
    Scram {
        /// The KafkaUser.
        user: String,
        /// Default: the password in the KafkaUser's Secret.
        password: Option<String>,
        /// The namespace of the KafkaUser's Secret. Default: that of the Kafka cluster in use.
        namespace: Option<String>,
    },
    /// SASL PLAIN with the name and the password of a KafkaUser.
    Plain {
        /// The KafkaUser.
        user: String,
        /// Default: the password in the KafkaUser's Secret.
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

/// A change that must make the scenario fail. Write exactly one of `delete`, `apply`, `patch` and `leave-out`.
#[derive(Clone, Debug, Deserialize, JsonSchema, Serialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub struct Sabotage {
    /// What the change is, in a few words.
    pub name: String,
    /// Deletes an object and waits until it is gone.
    pub delete: Option<Target>,
    /// Applies a manifest, and waits until every route in it is accepted.
    pub apply: Option<String>,
    /// Patches an object.
    pub patch: Option<Patch>,
    /// Leaves out a step. Name the step by its `id`, or by its keyword, with `#2` for the second of its kind.
    pub leave_out: Option<String>,
    /// `delete`, `apply` or `patch` runs before this step. Default: the step that must fail.
    pub before: Option<String>,
    /// How the sabotaged run must end.
    pub expect: Expectation,
}

impl Sabotage {
    /// What the change may disturb for other scenarios.
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
    /// The step that must fail. Name it by its `id`, or by its keyword, with `#2` for the second of its kind.
    pub step: String,
    /// The cause that the step must fail with.
    pub cause: Cause,
    /// A text that the failure must contain.
    pub mentions: Option<String>,
    /// A shorter deadline for the step that must fail, so that the run does not wait for the full deadline. It must be
    /// longer than the step takes when nothing is wrong, otherwise the sabotage proves nothing. Default: the step's own
    /// deadline.
    pub within: Option<Span>,
}
