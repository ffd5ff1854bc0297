//! What can be wrong with a scenario, found without a lab.

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
mod patches;
mod sabotage;
mod schemas;
mod steps;
mod variables;

pub use check::{errors, lint, lint_with_schemas};
pub(crate) use kinds::conditions_table;
pub use schemas::Schemas;
