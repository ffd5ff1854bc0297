//! The lab in a KIND cluster of its own: the cluster, its node, its images.

pub mod archive;
pub mod engine;

mod available;
mod cluster;
mod command;
mod config;
mod down;
mod lab;
mod load_balancer;
mod needed;
mod network;
mod node;
mod record;
mod registry;
mod status;
mod up;

pub(crate) use available::{all_images, missing_images, works};
pub use engine::Engine;
pub use lab::{KindLab, up};
pub(crate) use load_balancer::{AddressPool, run as give_addresses};
pub use needed::RequiredImages;
pub(crate) use registry::{reachable, registry};
pub use status::{Status, status};
