//! The scenario language, its linter, and (with the `lab` feature) its runner.

mod docs;
mod duration;
mod find;
mod lint;
mod list;
mod load;
mod model;
mod new;
mod problem;
#[cfg(feature = "lab")]
pub mod run;
mod schema;
mod shape;
mod step;
mod suggest;
mod tree;
pub mod vars;

pub use docs::reference;
pub use duration::Span;
pub use lint::{Schemas, lint, lint_with_schemas};
pub use list::{Row, rows};
pub use load::{Broken, Folder, load, load_all, names, parse};
pub use model::{
    Client, ClusterUse, Expectation, Identity, KafkaUse, Labs, Library, Listener, Needs, PortForward, Provider,
    Sabotage, Scenario, Trust,
};
pub use new::{NewError, create};
pub use problem::{Problem, Severity};
pub use schema::{schema, schema_text};
pub use step::{
    Certificate, Churn, Connections, CreateTopic, DescribeCluster, Patch, PortState, Probe, ProbeTcp, ProbeWants,
    ProduceConsume, Refuse, Restart, Scale, Signer, Sleep, Start, Step, Stop, Target, Terminator, Wait,
};
