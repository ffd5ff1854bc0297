//! `cargo xtask ci`: what a change has to pass, here as in `.ci/run` and in the workflows.

mod child;
mod interrupt;
mod need;
mod run;
mod stage;
mod table;

pub use run::ci;
