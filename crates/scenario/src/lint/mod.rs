//! The linter: rules that need no lab.

mod check;
mod clients;
mod cluster;
mod context;
mod explain;
mod flow;
mod general;
mod ids;
mod kinds;
mod manifest;
mod objects;
mod operator;
mod sabotage;
mod schemas;
mod steps;
mod variables;

pub use check::{errors, lint, lint_with_schemas};
pub(crate) use context::Context;
pub(crate) use kinds::{conditions_table, kind};
pub use schemas::Schemas;
pub(crate) use steps::{at_least_one, check_port, exactly_one};
