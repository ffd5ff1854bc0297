//! What a stage requires of the machine, beyond what the project itself requires.

use super::child;
use crate::cargo::cargo;
use std::fmt;
use std::process::{Command, Stdio};
use std::time::Duration;

/// An engine that does not answer within this time counts as absent.
const ANSWER_WITHIN: Duration = Duration::from_secs(20);

#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Need {
    Nothing,
    DockerEngine,
    CargoDeny,
    MdBook,
}

impl Need {
    /// Why the requirement is not met. `None` if it is met.
    pub fn missing(self) -> Option<&'static str> {
        match self {
            Self::Nothing => None,
            Self::DockerEngine => {
                (!succeeds(Command::new("docker").arg("info"))).then_some("no Docker engine answers `docker info`")
            }
            Self::CargoDeny => (!succeeds(cargo().args(["deny", "--version"])))
                .then_some("cargo-deny is not installed: `cargo install cargo-deny --locked`"),
            Self::MdBook => (!succeeds(Command::new("mdbook").arg("--version")))
                .then_some("mdbook is not installed: `cargo install mdbook --locked`"),
        }
    }
}

impl fmt::Display for Need {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Nothing => "nothing",
            Self::DockerEngine => "a Docker engine",
            Self::CargoDeny => "cargo-deny",
            Self::MdBook => "mdBook",
        })
    }
}

fn succeeds(command: &mut Command) -> bool {
    let quiet = command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
    quiet.spawn().is_ok_and(|mut child| child::wait_within(&mut child, ANSWER_WITHIN).is_ok_and(|code| code == Some(0)))
}
