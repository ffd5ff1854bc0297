//! Starts to obtain the local lab's parts before the lab binary is compiled. On a new machine both take minutes, and one
//! mostly waits for the network, the other for the processor.

use super::build::{Program, build};
use super::released;
use cli::{PartVersion, UpArgs};
use model::{KafkaProvider, LabKind};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::{env, fs};

/// The programs by which a container engine is recognised. With one of them, the lab may run on KIND.
const ENGINES: [&str; 3] = ["docker", "podman", "nerdctl"];

/// Begins, if this is the first build and the lab will certainly be a local one. Nothing that fails here is reported: the
/// lab obtains what is missing, and reports it.
pub fn begin(args: &UpArgs) {
    let engine = || {
        let path = env::var_os("PATH").unwrap_or_default();
        env::split_paths(&path).any(|folder| ENGINES.iter().any(|engine| folder.join(engine).is_file()))
    };
    if released::is_named() || built_lab().is_some_and(|lab| fs::exists(lab).unwrap_or(true)) || !is_local(args, engine)
    {
        return;
    }
    let Ok(program) = build(Program::Parts) else { return };
    // It continues while the lab itself runs, which waits for what is not there yet.
    let versions = args.versions.iter().map(|PartVersion { part, version }| format!("{part}={version}"));
    let _ = Command::new(program).args(versions).stdin(Stdio::null()).stdout(Stdio::null()).spawn();
}

/// Where cargo puts the lab: beside this program.
fn built_lab() -> Option<PathBuf> {
    Some(env::current_exe().ok()?.parent().map(Path::to_owned)?.join("lab"))
}

/// Whether these options certainly mean a local lab.
fn is_local(args: &UpArgs, engine: impl FnOnce() -> bool) -> bool {
    match args.lab.0 {
        Some(kind) => kind == LabKind::Local,
        None => args.context.is_none() && args.kafka != Some(KafkaProvider::Strimzi) && !engine(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use clap::Parser;

    #[derive(Parser)]
    struct Line {
        #[command(flatten)]
        up: UpArgs,
    }

    #[test]
    fn nothing_is_obtained_for_a_lab_that_may_run_on_kind() {
        let is_local = |line: &[&str], engine| {
            let Line { up } = Line::parse_from(["up"].iter().chain(line));
            is_local(&up, || engine)
        };
        assert!(is_local(&["--lab", "local"], true));
        assert!(is_local(&["--lab", "auto"], false));
        assert!(!is_local(&["--lab", "auto"], true));
        assert!(!is_local(&["--lab", "auto", "--kafka", "strimzi"], false), "this is an error that the lab reports");
        assert!(!is_local(&["--lab", "kind"], false));
    }
}
