//! The scenario language, its linter, and (with the `lab` feature) its runner.

mod docs;
mod duration;
mod excerpt;
mod find;
mod lint;
mod list;
mod load;
mod model;
mod new;
mod patch;
mod problem;
#[cfg(feature = "lab")]
pub mod run;
mod schema;
mod shape;
mod step;
mod step_item;
pub(crate) mod suggest;
mod tree;
pub mod vars;
mod visible;

pub use docs::reference;
pub use duration::Span;
pub use lint::{Schemas, errors, lint, lint_with_schemas};
pub use list::{Row, listing, rows};
pub use load::{Broken, Folder, load, load_all, names, parse};
pub use model::{
    Client, ClusterUse, Expectation, Identity, KafkaUse, Labs, Library, Listener, Needs, PortForward, Provider,
    Sabotage, Scenario, Trust,
};
pub use new::{NewError, create};
pub use patch::{JsonChange, JsonOp, Patch};
pub use problem::{Problem, Severity};
pub use schema::{schema, schema_text};
pub use step::{
    Certificate, Churn, Connections, CreateTopic, DescribeCluster, PortState, Probe, ProbeTcp, ProbeWants,
    ProduceConsume, Refuse, Restart, Scale, Signer, Sleep, Start, Step, Stop, Target, Terminator, Wait,
};
pub use step_item::StepItem;
pub use visible::visible;
