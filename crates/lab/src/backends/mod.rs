//! The kinds of lab, each behind [`Backend`]: processes of this machine, a KIND cluster, or a user's own cluster.

mod backend;
pub mod cluster;
pub(crate) mod existing;
pub mod kind;
pub mod local;
pub mod pods;

pub use backend::{Backend, all, of};
pub(crate) use existing::ExistingLab;
pub(crate) use kind::KindLab;
pub(crate) use local::LocalLab;
