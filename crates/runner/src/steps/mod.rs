//! What each step does, a family a file.

mod answers;
mod certificate;
mod conditions;
mod connections;
mod dispatch;
mod life;
mod load;
mod objects;
mod operator;
mod probe;
mod probe_tcp;
mod refuse;
mod standing;
mod takeover;
mod traffic;
mod wait;
mod whose;

pub use dispatch::{Outcome, limit, perform, sabotage};
pub use life::{pool_has, ready};
pub use objects::{get, remove};
