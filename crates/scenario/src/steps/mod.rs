//! The steps of a scenario: one file for each, and one list of them all.

mod apply;
mod causes;
mod certificate;
mod churn;
mod connections;
mod consume;
mod create_topic;
mod definition;
mod delete;
mod describe_cluster;
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
pub(crate) use causes::Causes;
pub use certificate::{Certificate, Signer};
pub use churn::Churn;
pub use connections::Connections;
pub use consume::Consume;
pub use create_topic::CreateTopic;
pub(crate) use definition::{Access, NamedObject, StepDefinition};
pub use delete::Target;
pub use describe_cluster::DescribeCluster;
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
    /// Applies a manifest of the scenario's folder. Objects without a namespace go into the scenario's own.
    #[schemars(with = "String")]
    "apply" => Apply(Apply),
    /// Applies a manifest and deletes it again, many times over.
    "churn" => Churn(Churn),
    /// Deletes an object and waits until it is gone.
    "delete" => Delete(Target),
    /// Changes an object: merges fields into it, or changes it at given places.
    "patch" => Patch(Patch),
    /// Waits for a condition of an object, or for its end.
    "wait" => Wait(Wait),
    /// Makes a certificate and its key, in a Secret. Done again with the same Secret, it rotates the certificate.
    "certificate" => Certificate(Certificate),
    /// Makes a topic through the client, and waits until every partition has a leader.
    "create-topic" => CreateTopic(CreateTopic),
    /// Asks the cluster for its brokers and compares what they advertise.
    "describe-cluster" => DescribeCluster(DescribeCluster),
    /// Produces messages with checkable content.
    #[schemars(with = "ProduceConsume")]
    "produce" => Produce(Produce),
    /// Consumes what an earlier `produce` step wrote, and compares the content.
    #[schemars(with = "ProduceConsume")]
    "consume" => Consume(Consume),
    /// Both at once: nothing may be lost, doubled or changed.
    #[schemars(with = "ProduceConsume")]
    "produce-and-consume" => ProduceAndConsume(ProduceAndConsume),
    /// Demands that an attempt fails, quickly, for the named cause.
    "refuse" => Refuse(Refuse),
    /// Looks at what a server name is answered with: the TLS handshake, its certificate, and who ends it.
    "probe" => Probe(Probe),
    /// Looks whether a port accepts TCP connections.
    "probe-tcp" => ProbeTcp(ProbeTcp),
    /// Starts a workload that goes on beside the next steps.
    "start" => Start(Start),
    /// Ends a workload and judges it.
    "stop" => Stop(Stop),
    /// Opens many connections through one route at the same time, and demands that each is answered by a broker.
    "connections" => Connections(Connections),
    /// Changes the replicas of a node pool and waits until the brokers are there, or gone.
    "scale" => Scale(Scale),
    /// Restarts a broker or the gateway, and waits until it is back.
    "restart" => Restart(Restart),
    /// Freezes the process of a Pod for a while. The next steps run meanwhile.
    "pause" => Pause(Pause),
    /// Waits for nothing but time. Needs a reason.
    "sleep" => Sleep(Sleep),
}
