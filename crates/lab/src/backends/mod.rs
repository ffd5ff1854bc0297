//! The kinds of lab: processes of this machine, and clusters (KIND, or one of the user's).

pub mod kind;
pub mod local;
