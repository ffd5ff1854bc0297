//! The steps of a scenario.

use super::{Patch, Span};
use model::Cause;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::Value;

/// One step: a mapping with one key, the step's keyword.
#[derive(Clone, Debug, Deserialize, JsonSchema, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Step {
    /// Applies a manifest of the scenario's folder. Objects without a namespace go into the scenario's own.
    Apply(String),
    /// Applies a manifest and deletes it again, many times over.
    Churn(Churn),
    /// Deletes an object and waits until it is gone.
    Delete(Target),
    /// Changes an object: merges fields into it, or changes it at given places.
    Patch(Patch),
    /// Waits for a condition of an object, or for its end.
    Wait(Wait),
    /// Makes a certificate and its key, in a Secret. Done again with the same Secret, it rotates the certificate.
    Certificate(Certificate),
    /// Makes a topic through the client, and waits until every partition has a leader.
    CreateTopic(CreateTopic),
    /// Asks the cluster for its brokers and compares what they advertise.
    DescribeCluster(DescribeCluster),
    /// Produces messages with checkable content.
    Produce(ProduceConsume),
    /// Consumes what an earlier `produce` step wrote, and compares the content.
    Consume(ProduceConsume),
    /// Both at once: nothing may be lost, doubled or changed.
    ProduceAndConsume(ProduceConsume),
    /// Demands that an attempt fails, quickly, for the named cause.
    Refuse(Refuse),
    /// Looks at what a server name is answered with: the TLS handshake, its certificate, and who ends it.
    Probe(Probe),
    /// Looks whether a port accepts TCP connections.
    ProbeTcp(ProbeTcp),
    /// Starts a workload that goes on beside the next steps.
    Start(Start),
    /// Ends a workload and judges it.
    Stop(Stop),
    /// Opens many connections through one route at the same time, and demands that each is answered by a broker.
    Connections(Connections),
    /// Changes the replicas of a node pool and waits until the brokers are there, or gone.
    Scale(Scale),
    /// Restarts a broker or the gateway, and waits until it is back.
    Restart(Restart),
    /// Waits for nothing but time. Needs a reason.
    Sleep(Sleep),
}

/// Applies a manifest and deletes it again, `times` times, waiting for nothing in between.
#[derive(Clone, Debug, Deserialize, JsonSchema, Serialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub struct Churn {
    /// A file of the scenario's folder.
    pub file: String,
    /// How often.
    pub times: u32,
}

/// One object.
#[derive(Clone, Debug, Deserialize, JsonSchema, Serialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub struct Target {
    /// The object's kind, such as `TLSRoute`.
    pub kind: String,
    /// The object's name.
    pub name: String,
    /// Default: the scenario's namespace.
    pub namespace: Option<String>,
}

/// Waits for a condition, wherever the kind keeps its conditions: its status, each parent of a route, each listener of
/// a Gateway. With several of the same type, all must agree. Exactly one of `condition`, `field` and `gone`.
#[derive(Clone, Debug, Deserialize, JsonSchema, Serialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub struct Wait {
    /// The object's kind, such as `TLSRoute`.
    pub kind: String,
    /// The object's name. `*`: every object of this kind in the namespace, and at least one.
    pub name: String,
    /// Default: the scenario's namespace.
    pub namespace: Option<String>,
    /// The condition's type, such as `Accepted`.
    pub condition: Option<String>,
    /// The condition's status, in quotes: `"True"`, `"False"` or `"Unknown"`. Default: `"True"`.
    pub status: Option<String>,
    /// The condition's reason. Default: any.
    pub reason: Option<String>,
    /// Instead of a condition: wait until this field is there, a JSON pointer such as `/status/addresses/0/value`.
    pub field: Option<String>,
    /// With `field`: wait until it has this value. Default: any.
    pub equals: Option<Value>,
    /// Instead of a condition: wait until the object is gone. Default: false.
    #[serde(default)]
    pub gone: bool,
    /// The deadline. There is no default: a wait without one is a hang.
    pub within: Span,
}

/// Makes a certificate with an ECDSA P-256 key: a Secret of type `kubernetes.io/tls` with `tls.crt` (the chain),
/// `tls.key` and `ca.crt`.
#[derive(Clone, Debug, Deserialize, JsonSchema, Serialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub struct Certificate {
    /// The name of the Secret.
    pub secret: String,
    /// Default: the scenario's namespace.
    pub namespace: Option<String>,
    /// The certificate's SANs. `*.` stands for one label.
    pub dns_names: Vec<String>,
    /// Default: `lab-ca`.
    pub signed_by: Option<Signer>,
    /// The certificate ended yesterday. Default: false.
    #[serde(default)]
    pub expired: bool,
}

/// Who signs a certificate.
#[derive(Clone, Copy, Debug, Deserialize, Eq, JsonSchema, PartialEq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Signer {
    /// The lab's own CA, which a client trusts with `trust: lab-ca`.
    LabCa,
    /// A new CA that nobody trusts.
    UnknownCa,
    /// The certificate itself.
    Itself,
}

/// Makes a topic.
#[derive(Clone, Debug, Deserialize, JsonSchema, Serialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub struct CreateTopic {
    /// The topic's name.
    pub topic: String,
    /// Default: 6.
    pub partitions: Option<u32>,
    /// Replicas of each partition. Default: 3, or with `brokers` one on each of them.
    pub replicas: Option<u32>,
    /// Puts the replicas on these brokers only, by node id. Default: the cluster chooses.
    pub brokers: Option<Vec<i32>>,
    /// Default: `default`.
    pub client: Option<String>,
    /// Default: 30s.
    pub within: Option<Span>,
}

/// Asks the cluster for its brokers.
#[derive(Clone, Debug, Deserialize, JsonSchema, Serialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub struct DescribeCluster {
    /// The node ids that the cluster must have, no more and no fewer. Default: any.
    pub brokers: Option<Vec<i32>>,
    /// The address that each broker must advertise, with `{nodeId}` for its node id, such as
    /// `broker-{nodeId}.${domain}:${gateway.port}`. Default: any.
    pub advertised: Option<String>,
    /// Default: `default`.
    pub client: Option<String>,
    /// How many answers in a row must be the expected one. Default: 1.
    pub times: Option<u32>,
    /// Default: 30s. Asked again until the answer is the expected one.
    pub within: Option<Span>,
}

/// Messages in, messages out.
#[derive(Clone, Debug, Deserialize, JsonSchema, Serialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub struct ProduceConsume {
    /// A topic that a `create-topic` step or a KafkaTopic made.
    pub topic: String,
    /// How many messages.
    pub messages: u32,
    /// Default: `default`.
    pub client: Option<String>,
    /// Demands that each broker of the cluster acknowledged messages under its own advertised name. Default: false.
    #[serde(default)]
    pub every_broker: bool,
    /// Only partitions that these brokers lead, by node id. Default: all.
    pub brokers: Option<Vec<i32>>,
    /// Default: 30s.
    pub within: Option<Span>,
}

/// An attempt that must fail. One of `sni`, `no-sni` and `client` says which.
#[derive(Clone, Debug, Deserialize, JsonSchema, Serialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub struct Refuse {
    /// A TLS handshake with this server name.
    pub sni: Option<String>,
    /// A TLS handshake without a server name. Default: false.
    #[serde(default)]
    pub no_sni: bool,
    /// The gateway's port for `sni` and `no-sni`, a number or a variable. Default: `${gateway.port}`.
    pub port: Option<String>,
    /// A Kafka client that connects, and produces when `topic` is given.
    pub client: Option<String>,
    /// With `client`: the topic that it tries to produce to.
    pub topic: Option<String>,
    /// With `topic`: only to partitions that this broker leads, by node id. Default: any.
    pub broker: Option<i32>,
    /// The cause that the diagnosis must name.
    pub cause: Cause,
    /// A text that the diagnosis must contain.
    pub mentions: Option<String>,
    /// How many attempts in a row must be refused: for a name that leads to several backends, of which some may answer.
    /// Default: 1.
    pub times: Option<u32>,
    /// Default: 15s. The refusal must come within it.
    pub within: Option<Span>,
}

/// A look at one server name.
#[derive(Clone, Debug, Deserialize, JsonSchema, Serialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub struct Probe {
    /// The server name that the probe sends.
    pub sni: String,
    /// A number or a variable. Default: `${gateway.port}`.
    pub port: Option<String>,
    /// Protocols to offer by ALPN. Default: none.
    #[serde(default)]
    pub alpn: Vec<String>,
    /// What must be seen: at least one of these.
    pub expect: ProbeWants,
    /// How many handshakes in a row must show it: for weights, and whatever else may differ from one to the next.
    /// Default: 1, and 8 with `broker`, since a route that leads to several brokers is lucky now and then.
    pub times: Option<u32>,
    /// Default: 30s. The probe is repeated until it shows what is expected.
    pub within: Option<Span>,
}

/// What the probe must see. At least one.
#[derive(Clone, Debug, Default, Deserialize, JsonSchema, Serialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields, default)]
pub struct ProbeWants {
    /// The certificate has this DNS name among its SANs.
    pub san: Option<String>,
    /// The certificate is the gateway's own (from the lab's CA) or a broker's (from the cluster CA).
    pub terminated_by: Option<Terminator>,
    /// A Kafka broker answers behind it.
    pub kafka: Option<bool>,
    /// The broker with this node id answers behind it.
    pub broker: Option<i32>,
    /// With `broker`: the name of the Kafka cluster whose broker it is, where the scenario has several. Default: the
    /// cluster in use.
    pub cluster: Option<String>,
    /// The protocol that was agreed on by ALPN; `""` for none.
    pub alpn: Option<String>,
}

/// Who ends TLS.
#[derive(Clone, Copy, Debug, Deserialize, Eq, JsonSchema, PartialEq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Terminator {
    /// The certificate is signed by the lab's CA: the gateway's own.
    Gateway,
    /// The certificate is signed by the cluster CA: a broker's.
    Broker,
}

/// A look at one TCP port.
#[derive(Clone, Debug, Deserialize, JsonSchema, Serialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub struct ProbeTcp {
    /// A name or an address. Default: `${gateway.address}`.
    pub host: Option<String>,
    /// A number or a variable.
    pub port: String,
    pub expect: PortState,
    /// With `expect: kafka`: the broker with this node id answers, on eight connections in a row. The listener must let a
    /// stranger describe the broker's configuration.
    pub broker: Option<i32>,
    /// Default: 30s. The probe is repeated until it shows what is expected.
    pub within: Option<Span>,
}

/// What is behind a port.
#[derive(Clone, Copy, Debug, Deserialize, Eq, JsonSchema, PartialEq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum PortState {
    /// Connections are accepted.
    Open,
    /// Connections are accepted, and a Kafka broker answers without TLS.
    Kafka,
    /// Connections are refused, or closed before a byte comes back.
    Closed,
}

/// Starts a producer with a consumer behind it.
#[derive(Clone, Debug, Deserialize, JsonSchema, Serialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub struct Start {
    /// A name for the workload, by which `stop` ends it.
    pub producer: String,
    /// A topic that a `create-topic` step or a KafkaTopic made.
    pub topic: String,
    /// Messages a second. Default: 100.
    pub rate: Option<u32>,
    /// Instead of `rate`: one message each time this has passed, so that the connections are idle in between.
    pub every: Option<Span>,
    /// Default: `default`.
    pub client: Option<String>,
}

/// Ends a workload. Every acknowledged message must have been consumed.
#[derive(Clone, Debug, Deserialize, JsonSchema, Serialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub struct Stop {
    /// The workload that a `start` step began.
    pub producer: String,
    /// The workload goes on until this many messages are acknowledged, at most for `within`. Default: 1.
    pub acked: Option<u64>,
    /// The longest allowed time between two acknowledgements. Default: none is demanded; it is reported.
    pub largest_gap: Option<Span>,
    /// Demands that none of the workload's connections was cut and no message failed meanwhile. Default: false; what was
    /// met is reported.
    #[serde(default)]
    pub undisturbed: bool,
    /// Demands that at least one of the workload's connections was cut meanwhile, so that its return is proved. Default:
    /// false.
    #[serde(default)]
    pub disturbed: bool,
    /// Default: 30s for the consumer to catch up.
    pub within: Option<Span>,
}

/// Many connections at once.
#[derive(Clone, Debug, Deserialize, JsonSchema, Serialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub struct Connections {
    /// The server name that every connection sends.
    pub sni: String,
    /// How many are open at the same time.
    pub count: u32,
    /// Default: 60s.
    pub within: Option<Span>,
}

/// Another number of brokers.
#[derive(Clone, Debug, Deserialize, JsonSchema, Serialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub struct Scale {
    /// The KafkaNodePool.
    pub pool: String,
    /// How many brokers it has afterwards.
    pub replicas: u32,
    /// Default: 2m.
    pub within: Option<Span>,
}

/// A restart. One of `broker` and `gateway`.
#[derive(Clone, Debug, Deserialize, JsonSchema, Serialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub struct Restart {
    /// The broker with this node id.
    pub broker: Option<i32>,
    /// The gateway's data plane. Default: false.
    #[serde(default)]
    pub gateway: bool,
    /// With `broker`: also waits until every replica of every topic that the client sees is in sync again, as an operator
    /// does before it restarts the next broker. Default: false.
    #[serde(default)]
    pub in_sync: bool,
    /// With `in-sync`: who asks. Default: `default`.
    pub client: Option<String>,
    /// Default: 2m.
    pub within: Option<Span>,
}

/// Nothing but time.
#[derive(Clone, Debug, Deserialize, JsonSchema, Serialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub struct Sleep {
    /// How long.
    pub r#for: Span,
    /// Why no condition can be waited for instead.
    pub because: String,
}
