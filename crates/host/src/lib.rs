//! This machine: progress on its terminal, commands, files and logs.

pub mod broken_pipe;
mod causes;
pub mod command;
pub mod files;
mod progress;

pub use causes::{causes, with_causes};
pub use progress::{Phase, PhaseTime, Progress};
