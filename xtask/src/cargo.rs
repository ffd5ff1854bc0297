//! Runs cargo from a program that cargo started.

use std::env;
use std::process::Command;

/// Cargo, as a shell would start it.
///
/// `cargo run` sets variables about xtask's own package in this process, and a cargo that inherits them passes them on
/// to build scripts. Build scripts that watch such a variable, like ring's, run again whenever it appears or
/// disappears, and everything that depends on their crate is compiled again.
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
