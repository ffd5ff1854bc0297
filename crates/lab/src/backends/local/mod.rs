//! The local lab: a control plane, a gateway and brokers as ordinary processes of the user, on loopback only and
//! without a container engine.

pub mod agent;
pub mod classes;
pub mod control_plane;
pub mod disk;
pub mod down;
pub mod foreign;
pub mod gateway;
pub mod namespaces;
pub mod net;
pub mod node;
pub mod ports;
pub mod process;
mod process_table;
pub mod services;
pub mod status;

mod error;
mod freeze;
mod lab;
mod last_words;
mod listening;
mod up;

pub use error::Error;
pub use freeze::freeze;
pub use lab::LocalLab;
pub use last_words::{last_words, of_file as last_words_of};
pub use net::Net;
pub use node::{JvmRuntime, NodeConfig};
pub use up::{LocalSpec, NEEDED_MB, add_console_tools, part_names, up};
