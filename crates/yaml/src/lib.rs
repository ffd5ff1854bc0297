//! YAML with the place of every key and value, and problems that point at them.

mod excerpt;
pub mod problem;
mod text;
pub mod tree;

pub use problem::{Problem, Severity, Source};
pub use text::decode;
pub use tree::{Content, Entry, Node};
