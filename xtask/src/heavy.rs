//! Hands the command line to the `lab` binary.

use kafka_gateway_lab::cli::Exit;
use std::env;
use std::process::{Command, ExitCode};

/// Builds the `lab` binary if it is not up to date, and runs it with this process's arguments.
pub fn run() -> ExitCode {
    let cargo = env::var_os("CARGO").unwrap_or_else(|| "cargo".into());
    let manifest = concat!(env!("CARGO_MANIFEST_DIR"), "/../Cargo.toml");
    let status = Command::new(cargo)
        .args(["run", "--quiet", "--manifest-path", manifest, "--package", "kafka-gateway-lab", "--bin", "lab", "--"])
        .args(env::args_os().skip(1))
        .status();
    match status {
        Ok(status) => match status.code().map(u8::try_from) {
            Some(Ok(code)) => ExitCode::from(code),
            // Ended by a signal, as Ctrl-C does.
            _ => Exit::Lab.into(),
        },
        Err(error) => {
            eprintln!("error: cannot start cargo to build the lab: {error}");
            Exit::Lab.into()
        }
    }
}
