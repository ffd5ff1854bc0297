//! `cargo xtask ci`: the checks that a change must pass, here, in `.ci/run` and in the workflows.

mod child;
mod interrupt;
mod need;
mod run;
mod stage;
mod table;

pub use run::ci;
