//! The runner. [`Runner`] runs one scenario, and [`suite`] runs many.

mod attempt;
mod authority;
mod cause;
mod cleanup;
mod client_log;
mod client_paths;
mod clients;
mod clock;
mod context;
mod diagnostics;
mod exclusive_listener;
mod existing;
mod expectation;
mod failure;
#[cfg(test)]
mod fake;
mod forward;
mod gateway;
mod gateway_addresses;
mod ident;
mod isolation;
mod journal;
mod live;
mod locks;
mod machine;
mod needs;
mod order;
mod other_clients;
mod pause;
mod record;
mod replay;
pub mod report;
mod runner;
mod secret_text;
mod secrets;
mod select;
pub mod session;
mod steps;
mod stop;
pub mod suite;
mod task;
mod total;
mod variables;

pub use authority::lab_ca;
pub use context::Context;
pub use expectation::Deviation;
pub use ident::{now, run as new_run};
pub use isolation::Isolation;
pub use live::View;
pub use order::History;
pub use record::under_way;
pub use replay::{Gone, Replay};
pub use runner::{Runner, RunnerOptions};
pub use select::{Chosen, NotAShard, NothingChosen, Selection, Shard};
pub use session::SessionOptions;
pub use stop::Stop;
pub use suite::{Executor, SuiteOptions};
pub use task::{Job, Task};

/// An error that stops a whole run. An error within a scenario is its verdict instead.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    #[error("cannot handle signals: {0}")]
    Signals(std::io::Error),
    #[error("cannot create lock files below {dir}: {source}")]
    Locks { dir: camino::Utf8PathBuf, source: std::io::Error },
    #[error("cannot read the cleanup records of earlier runs below {dir}: {source}")]
    Records { dir: camino::Utf8PathBuf, source: std::io::Error },
    #[error(transparent)]
    Gone(#[from] Gone),
    #[error(transparent)]
    Report(#[from] crate::report::Error),
}
