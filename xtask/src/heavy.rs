//! Hands the command line to the `lab` binary.

use super::build;
use model::Exit;
use std::env;
use std::os::unix::process::CommandExt;
use std::process::{Command, ExitCode};

/// Builds the `lab` binary if it is not up to date, and becomes it, with this process's arguments.
///
/// The lab is then the process that the shell waits for: a Ctrl-C gives the prompt back when the lab is done, and a second
/// one reaches it.
pub fn run() -> ExitCode {
    match build::lab() {
        Ok(program) => {
            let error = Command::new(&program).args(env::args_os().skip(1)).exec();
            eprintln!("error: cannot start {program}: {error}");
        }
        Err(error) => eprintln!("error: {error}"),
    }
    Exit::Lab.into()
}
