//! Errors of file operations.

use camino::Utf8PathBuf;
use std::io;

/// An operation on a file or folder that failed.
#[derive(Debug, thiserror::Error)]
#[error("cannot {what} {path}")]
pub struct FileError {
    what: &'static str,
    path: Utf8PathBuf,
    source: io::Error,
}

impl FileError {
    /// For `map_err`: `what` is a verb, such as `read`.
    pub fn of(what: &'static str, path: impl Into<Utf8PathBuf>) -> impl FnOnce(io::Error) -> Self {
        let path = path.into();
        move |source| Self { what, path, source }
    }

    /// The file and the reason, for an error that has its own message.
    pub fn into_parts(self) -> (Utf8PathBuf, io::Error) {
        (self.path, self.source)
    }
}
