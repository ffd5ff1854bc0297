//! The steps of a scenario: one file for each, and one list of them all.

mod apply;
mod apply_copies;
mod ca_config_map;
mod causes;
mod certificate;
mod churn;
mod connections;
mod consume;
mod create_topic;
mod definition;
mod delete;
mod describe_cluster;
mod diagnose;
mod list;
mod messages;
mod patch;
mod pause;
mod probe;
mod probe_tcp;
mod produce;
mod produce_and_consume;
mod refuse;
mod restart;
mod scale;
mod sleep;
mod start;
mod step;
mod stop;
mod touches;
mod wait;

pub use apply::Apply;
pub use apply_copies::ApplyCopies;
pub use ca_config_map::CaConfigMap;
pub(crate) use causes::Causes;
pub use certificate::{Certificate, Signer};
pub use churn::Churn;
pub use connections::Connections;
pub use consume::Consume;
pub use create_topic::CreateTopic;
pub(crate) use definition::{Access, NamedObject, StepDefinition};
pub use delete::Target;
pub use describe_cluster::DescribeCluster;
pub use diagnose::Diagnose;
pub use messages::ProduceConsume;
pub use patch::{JsonChange, JsonOp, Patch};
pub use pause::Pause;
pub use probe::{Probe, ProbeWants, Terminator};
pub use probe_tcp::{PortState, ProbeTcp};
pub use produce::Produce;
pub use produce_and_consume::ProduceAndConsume;
pub use refuse::Refuse;
pub use restart::Restart;
pub use scale::Scale;
pub use sleep::Sleep;
pub use start::Start;
pub use stop::Stop;
pub use touches::Touches;
pub use wait::Wait;

list::steps! { $
    /// Applies a manifest of the scenario's folder. Objects without a namespace go into the scenario's namespace.
    #[schemars(with = "String")]
    "apply" => Apply(Apply),
    /// Applies a manifest many times, each time with another number.
    "apply-copies" => ApplyCopies(ApplyCopies),
    /// Applies and deletes a manifest many times.
    "churn" => Churn(Churn),
    /// Deletes an object and waits until it is gone.
    "delete" => Delete(Target),
    /// Changes an object: merges fields into it, or applies a JSON patch.
    "patch" => Patch(Patch),
    /// Waits for a condition or a field of an object, or until the object is gone.
    "wait" => Wait(Wait),
    /// Creates a certificate and its key in a Secret. With a Secret that already exists, it rotates the certificate.
    "certificate" => Certificate(Certificate),
    /// Creates a ConfigMap with the certificates of a CA.
    "ca-config-map" => CaConfigMap(CaConfigMap),
    /// Creates a topic through the client, and waits until every partition has a leader.
    "create-topic" => CreateTopic(CreateTopic),
    /// Asks the cluster for its brokers and compares what they advertise.
    "describe-cluster" => DescribeCluster(DescribeCluster),
    /// Produces messages with checkable content.
    #[schemars(with = "ProduceConsume")]
    "produce" => Produce(Produce),
    /// Consumes the messages of an earlier `produce` step, and compares their content.
    #[schemars(with = "ProduceConsume")]
    "consume" => Consume(Consume),
    /// Produces and consumes at the same time. No message may be lost, duplicated or changed.
    #[schemars(with = "ProduceConsume")]
    "produce-and-consume" => ProduceAndConsume(ProduceAndConsume),
    /// Requires that an attempt fails quickly and for the named cause.
    "refuse" => Refuse(Refuse),
    /// Walks the whole path of a client and checks which causes are named.
    "diagnose" => Diagnose(Diagnose),
    /// Checks the answer to a server name: the TLS handshake, the certificate, and where TLS ends.
    "probe" => Probe(Probe),
    /// Checks whether a port accepts TCP connections.
    "probe-tcp" => ProbeTcp(ProbeTcp),
    /// Starts a load generator, which runs during the next steps.
    "start" => Start(Start),
    /// Stops a load generator and checks its messages.
    "stop" => Stop(Stop),
    /// Opens many connections through one route at the same time, and requires that a broker answers each.
    "connections" => Connections(Connections),
    /// Changes the replicas of a node pool, and waits until the pool has exactly this number of ready brokers.
    "scale" => Scale(Scale),
    /// Restarts a broker or the gateway, and waits until it is back.
    "restart" => Restart(Restart),
    /// Freezes the process of a Pod for some time. The next steps run during that time.
    "pause" => Pause(Pause),
    /// Waits for a fixed time. It needs a reason.
    "sleep" => Sleep(Sleep),
}
