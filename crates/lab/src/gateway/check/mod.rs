//! `gateway check`: what is wrong with a fixture, in the order in which it goes wrong.

mod before;
mod cluster;
mod data_plane;
mod manifests;
mod run;
mod stage;

pub use run::{CheckOptions, check};
pub use stage::{Outcome, Report, Stage, StageResult};
