//! What can go wrong outside of a step. A step that does not do what it must is an outcome of the walk.

use camino::Utf8PathBuf;
use model::FileError;
use std::io;

#[derive(Debug, thiserror::Error)]
pub enum Error {
    #[error(transparent)]
    File(#[from] FileError),

    #[error("{path}: {problem}")]
    Story { path: Utf8PathBuf, problem: String },

    #[error("unknown step `{name}`; {advice}")]
    Step { name: String, advice: String },

    #[error("the step `{until}` comes before `{from}`; swap `--from` and `--until`")]
    Order { from: String, until: String },

    #[error("cannot run `{command}`")]
    Command { command: String, source: io::Error },

    #[error("cannot read from the terminal")]
    Terminal(#[source] io::Error),
}
