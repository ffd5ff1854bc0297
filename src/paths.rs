//! Where the repository, the cache and a lab's state are on disk.

use camino::{Utf8Path, Utf8PathBuf};
use std::env;

/// The checkout that this program was built from: scenarios and fixtures are read from it at run time.
pub fn repo() -> &'static Utf8Path {
    Utf8Path::new(env!("CARGO_MANIFEST_DIR"))
}

/// The scenarios folder.
pub fn scenarios() -> Utf8PathBuf {
    repo().join("scenarios")
}

/// The fixtures folder.
pub fn fixtures() -> Utf8PathBuf {
    repo().join("fixtures")
}

/// Where downloaded and built parts are kept: `LAB_CACHE`, or `kafka-gateway-lab` in the user's cache folder.
pub fn cache() -> Utf8PathBuf {
    folder("LAB_CACHE", "XDG_CACHE_HOME", ".cache")
}

/// Where labs keep their state, a folder each: `LAB_STATE`, or `kafka-gateway-lab` in the user's state folder.
pub fn state() -> Utf8PathBuf {
    folder("LAB_STATE", "XDG_STATE_HOME", ".local/state")
}

fn folder(own: &str, xdg: &str, below_home: &str) -> Utf8PathBuf {
    if let Ok(path) = env::var(own) {
        return path.into();
    }
    let base = match env::var(xdg) {
        Ok(path) if !path.is_empty() => Utf8PathBuf::from(path),
        _ => Utf8PathBuf::from(env::var("HOME").unwrap_or_else(|_| ".".into())).join(below_home),
    };
    base.join("kafka-gateway-lab")
}
