//! This machine: progress on its terminal, files that are whole, logs.

pub mod broken_pipe;
pub mod files;
pub mod journal;
mod progress;

pub use progress::{Phase, Progress};
