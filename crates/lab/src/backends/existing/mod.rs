//! The lab in a user's own cluster.

mod install;
mod lab;
mod remove;

pub(crate) use lab::{ExistingLab, up};
