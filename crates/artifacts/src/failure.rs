//! Why one source could not provide its part.

use camino::{Utf8Path, Utf8PathBuf};
use semver::VersionReq;
use std::time::Duration;
use std::{fmt, io};

/// Why a single source failed. The next source is tried, and all failures are reported together.
#[derive(Debug, thiserror::Error)]
pub enum Failure {
    #[error("{0} is not set")]
    NotSet(String),

    #[error("{0} is not on PATH")]
    NotOnPath(String),

    #[error("found no {wanted} at {path}")]
    Missing { wanted: &'static str, path: Utf8PathBuf },

    #[error("{program} has version {found}, expected {wanted}")]
    Version { program: Utf8PathBuf, found: semver::Version, wanted: VersionReq },

    #[error("{command} did not print a version after `{after}`; it printed: {printed}")]
    NoVersion { command: String, after: String, printed: String },

    #[error("cannot reach {host} ({reason})")]
    Unreachable { host: String, reason: String },

    #[error("{url}: {reason}")]
    Http { url: String, reason: String },

    #[error("{what} has the checksum {found}, expected {wanted}")]
    Checksum { what: String, found: String, wanted: String },

    #[error("{url} lists no checksum for {file}")]
    NoChecksum { url: String, file: String },

    #[error("{tool} is not installed")]
    NoTool { tool: &'static str, install: &'static str },

    #[error("`{command}` {how}; its log {log} ends with\n{}", indent(.tail))]
    Command { command: String, how: String, log: Utf8PathBuf, tail: String },

    #[error("{what} does not contain {wanted}")]
    Contents { what: String, wanted: String },

    #[error("{path}: {source}")]
    Io { path: Utf8PathBuf, source: io::Error },
}

impl Failure {
    /// For `map_err`: an input or output error, with its path.
    pub(super) fn io(path: &Utf8Path) -> impl FnOnce(io::Error) -> Self {
        move |source| Self::Io { path: path.to_owned(), source }
    }

    pub(super) fn timed_out(command: &str, within: Duration, log: &Utf8Path, tail: String) -> Self {
        let how = format!("did not end within {} s", within.as_secs());
        Self::Command { command: command.to_owned(), how, log: log.to_owned(), tail }
    }

    /// Whether the disk is full. If so, no other source can succeed either.
    pub(super) fn disk_full(&self) -> bool {
        match self {
            Self::Io { source, .. } => {
                matches!(source.kind(), io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded)
            }
            Self::Command { tail, .. } => tail.contains("No space left") || tail.contains("no space left"),
            _ => false,
        }
    }

    /// What to install to make this source work, if nothing else is missing.
    pub(super) fn remedy(&self) -> Option<&'static str> {
        match self {
            Self::NoTool { install, .. } => Some(install),
            _ => None,
        }
    }
}

/// A source as the user knows it, and why it failed.
#[derive(Debug)]
pub struct Tried {
    pub source: String,
    pub why: Failure,
}

impl fmt::Display for Tried {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.source, self.why)
    }
}

/// One line for each source that was tried.
pub(super) fn list(tried: &[Tried]) -> String {
    tried.iter().map(|one| format!("  - {one}")).collect::<Vec<_>>().join("\n")
}

fn indent(text: &str) -> String {
    text.lines().map(|line| format!("      {line}")).collect::<Vec<_>>().join("\n")
}
