//! A lab: a running cluster with a gateway and Kafka, its phases, and its state on disk.

mod agent;
pub mod backends;
mod client_files;
mod connectivity;
mod definitions;
pub mod doctor;
mod down;
mod env;
mod error;
pub mod gateway;
mod handle;
mod health;
mod hosts;
mod lock;
mod log;
mod logs;
mod obtain;
mod page;
mod pods;
mod shared;
mod status;
mod target;
pub mod testing;
mod up;

pub use agent::run as run_agent;
pub use client_files::bootstrap;
pub use down::{down, keeping_state as down_keeping_state};
pub use env::variables;
pub use error::Error;
pub use handle::Lab;
pub use logs::{log, names as log_names};
pub use page::page;
pub use shared::variables as manifest_variables;
pub use status::Status;
pub use up::{Ensured, ensure, up};
