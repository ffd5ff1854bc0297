//! The scenario language: its model, its linter, its schema and its reference.

mod docs;
mod duration;
mod find;
pub mod gallery;
mod lint;
mod list;
mod load;
mod model;
mod new;
#[cfg(test)]
mod resolve_tests;
mod schema;
mod shape;
mod step_item;
mod steps;

use yaml::{problem, tree};

pub use self::model::{
    Client, ClusterUse, Expectation, Identity, KafkaUse, Library, Needs, PortForward, Sabotage, Scenario, Trust,
};
pub use docs::reference;
pub use duration::Span;
pub use lint::{Schemas, errors, lint, lint_with_schemas};
pub use list::{Row, listing, rows};
pub use load::{Broken, Folder, load, load_all, names, parse};
pub use new::{NewError, create};
pub use problem::{Problem, Severity};
pub use schema::{schema, schema_text};
pub use step_item::StepItem;
// A glob, so that a new step needs no line here.
pub use steps::*;
