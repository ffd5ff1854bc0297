//! Hands the command line to the `lab` binary.

use crate::cargo::cargo;
use model::{Exit, paths};
use std::env;
use std::os::unix::process::CommandExt;
use std::process::ExitCode;

/// Builds the `lab` binary if it is not up to date, and becomes it, with this process's arguments.
///
/// Cargo replaces itself with what it runs, and so does this. The lab is then the process that the shell waits for: a
/// Ctrl-C gives the prompt back when the lab is done, and a second one reaches it.
pub fn run() -> ExitCode {
    let manifest = paths::repo().join("Cargo.toml");
    let error = cargo()
        .args(["run", "--quiet", "--manifest-path", manifest.as_str()])
        .args(["--package", "kafka-gateway-lab", "--bin", "lab", "--"])
        .args(env::args_os().skip(1))
        .exec();
    eprintln!("error: cannot start cargo to build the lab: {error}");
    Exit::Lab.into()
}
