//! The lab in a cluster of the user's own.

mod install;
mod lab;
mod remove;

pub(crate) use lab::{ExistingLab, up};
