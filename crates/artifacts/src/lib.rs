//! Third-party programs and manifests: what the lab needs, where it comes from, and the cache that keeps it.
//!
//! `fixtures/parts.yaml` is the only list of versions and checksums; [`Parts::obtain`] turns a name into a path.

mod archive;
mod cache;
mod checksum;
mod command;
mod download;
mod failure;
mod find;
mod golang;
mod manifest;
mod maven;
mod obtain;
mod pip;
mod registry;
mod updates;
mod version;
mod versions;

pub use failure::{Failure, Tried};
pub use obtain::{Cached, Obtained, Parts, Summary};
pub use registry::Clients;
pub use updates::{Excluded, Standing, Update};
pub use version::release;

use camino::Utf8PathBuf;

/// The parts of the local lab, with its default gateway.
pub const LOCAL_LAB: [&str; 6] = ["etcd", "kube-apiserver", "traefik", "kafka", "java", "gateway-api-crds"];

/// Why a part could not be obtained.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    #[error(transparent)]
    Paths(#[from] model::paths::PathsError),
    #[error("{path} is not a list of parts: {reason}")]
    Manifest { path: Utf8PathBuf, reason: String },

    #[error("unknown part `{name}`; the parts are {known}")]
    Unknown { name: String, known: String },

    #[error(
        "unknown version `{part}={wanted}`; the versions of {part} are {known}; add another to `versions` in fixtures/parts.yaml, with its checksums"
    )]
    UnknownVersion { part: String, wanted: String, known: String },

    /// The user asked for two versions at once.
    #[error(
        "{variable} names {path} of version {found}, but version {wanted} of {part} was chosen; unset {variable}, or choose no version"
    )]
    OtherOverride { part: String, variable: String, path: Utf8PathBuf, found: String, wanted: String },

    /// The user named the file, so no other source is tried.
    #[error("{variable} names {path}, which cannot be used as {part}: {reason}; correct or unset {variable}")]
    Override { part: String, variable: String, path: Utf8PathBuf, reason: Box<Failure> },

    #[error("cannot store {part} in the cache: {reason}; set LAB_CACHE to a writable folder")]
    Cache { part: String, reason: Box<Failure> },

    #[error(
        "another process has been obtaining {part} for {minutes} min and holds {lock}; if it makes no progress, end it"
    )]
    Locked { part: String, lock: Utf8PathBuf, minutes: u64 },

    #[error("no source could provide {part} {version}:\n{}\n{way_out}", failure::list(.tried))]
    Exhausted { part: String, version: String, tried: Vec<Tried>, way_out: String },
}
