//! Cargo, started by a program that cargo started.

use std::env;
use std::process::Command;

/// Cargo, as a shell would start it.
///
/// `cargo run` tells this process about xtask's own package, and a cargo that inherits that passes it on to build scripts.
/// Those that watch such a variable, as ring's does, run again whenever it comes or goes, and all that needs their crate is
/// compiled again.
pub fn cargo() -> Command {
    let mut command = Command::new(env::var_os("CARGO").unwrap_or_else(|| "cargo".into()));
    let of_the_package = |name: &str| {
        name.starts_with("CARGO_PKG_")
            || ["CARGO_MANIFEST_DIR", "CARGO_MANIFEST_PATH", "CARGO_BIN_NAME", "CARGO_CRATE_NAME"].contains(&name)
            || name == "CARGO_PRIMARY_PACKAGE"
    };
    for (name, _) in env::vars_os() {
        if name.to_str().is_some_and(of_the_package) {
            command.env_remove(name);
        }
    }
    command
}
