//! What the tests that need a lab share.

mod lease;
pub mod stage;
