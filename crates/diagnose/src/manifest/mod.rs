//! The static part of a diagnosis: manifests alone, before they are applied. The rules name what the diagnosis of a cluster
//! would name later, and claim nothing that the given files do not prove.

mod attachment;
mod backends;
mod broker_ids;
mod brokers;
mod certificates;
mod check;
mod documents;
mod files;
mod findings;
mod gateways;
mod grants;
mod kafka;
mod listeners;
mod output;
mod ownership;
mod paths;
mod services;
mod shared;
mod wrong_broker;

pub use check::check;
pub use files::{Input, Inputs};
pub use findings::{Finding, Report};
pub use output::github;
