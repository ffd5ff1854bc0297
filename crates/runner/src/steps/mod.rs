//! The execution of each step, in one file each, and what they share.

mod answers;
mod apply;
mod certificate;
mod churn;
mod conditions;
mod connections;
mod consume;
mod create_topic;
mod delete;
mod describe_cluster;
mod execute;
mod messages;
mod objects;
mod operator;
mod ownership;
mod patch;
mod pause;
mod pods;
mod probe;
mod probe_tcp;
mod produce;
mod produce_and_consume;
mod refuse;
mod restart;
mod sabotage;
mod scale;
mod sleep;
mod start;
mod stop;
mod takeover;
mod wait;
mod whose;

pub use execute::{Execute, Outcome, execute, limit};
pub use objects::{get, remove};
pub use pods::pool_has;
pub use sabotage::sabotage;
