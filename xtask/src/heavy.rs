//! Passes the command line to the `lab` binary: a released one, or the one of this checkout.

use super::build::{Program, build};
use super::released;
use model::Exit;
use std::env;
use std::os::unix::process::CommandExt;
use std::process::{Command, ExitCode};

/// Builds the `lab` binary if it is not up to date and the user named no released one, and replaces this process with it, using the same arguments.
///
/// The shell then waits for the lab directly: after a Ctrl-C the prompt returns when the lab has finished, and a second
/// Ctrl-C reaches the lab.
pub fn run() -> ExitCode {
    if let Some(error) = released::run() {
        eprintln!("error: {error}");
        return Exit::Lab.into();
    }
    match build(Program::Lab) {
        Ok(program) => {
            let error = Command::new(&program).args(env::args_os().skip(1)).exec();
            eprintln!("error: cannot start {program}: {error}");
        }
        Err(error) => eprintln!("error: {error}"),
    }
    Exit::Lab.into()
}
