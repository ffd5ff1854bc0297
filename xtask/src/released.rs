//! A released `lab` binary, which is used instead of compiling one.

use model::paths;
use std::os::unix::process::CommandExt;
use std::path::PathBuf;
use std::process::Command;
use std::{env, io};

/// The variable that names a released binary.
const VARIABLE: &str = "LAB_BINARY";

/// Why the named binary cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    #[error("{VARIABLE} names {}, which cannot be started: {source}", path.display())]
    Start { path: PathBuf, source: io::Error },
    #[error(
        "{VARIABLE} names {}, which says it is \"{says}\" and not \"{wanted}\"; check out the version of the release, download \
         the release of this version, or unset {VARIABLE} to compile the lab", path.display()
    )]
    OtherVersion { path: PathBuf, says: String, wanted: String },
}

/// Whether the user named a released binary, so that nothing is compiled.
pub fn is_named() -> bool {
    named().is_some()
}

fn named() -> Option<PathBuf> {
    env::var_os(VARIABLE).filter(|path| !path.is_empty()).map(PathBuf::from)
}

/// Replaces this process with the binary that the user named, and returns only if that fails. `None` if the user named none.
pub fn run() -> Option<Error> {
    Some(start(named()?, &env::args_os().skip(1).collect::<Vec<_>>()))
}

fn start(path: PathBuf, arguments: &[std::ffi::OsString]) -> Error {
    let says = match Command::new(&path).arg("--version").output() {
        Ok(output) => String::from_utf8_lossy(&output.stdout).trim().to_owned(),
        Err(source) => return Error::Start { path, source },
    };
    // Scenarios and fixtures are those of the checkout, so the binary must understand them.
    let wanted = format!("cargo xtask {}", env!("CARGO_PKG_VERSION"));
    if says != wanted {
        return Error::OtherVersion { path, says, wanted };
    }
    let source = Command::new(&path).args(arguments).env(paths::CHECKOUT, paths::repo()).exec();
    Error::Start { path, source }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::fs;
    use std::os::unix::fs::PermissionsExt;

    #[test]
    fn a_binary_of_another_version_is_refused_with_both_versions() {
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("lab");
        fs::write(&path, "#!/bin/sh\necho cargo xtask 0.0.7\n").expect("written");
        fs::set_permissions(&path, fs::Permissions::from_mode(0o755)).expect("executable");
        let error = start(path, &[]).to_string();
        assert!(error.contains("cargo xtask 0.0.7") && error.contains(env!("CARGO_PKG_VERSION")), "{error}");
    }

    #[test]
    fn a_binary_that_is_not_there_is_named() {
        let error = start("/nowhere/lab".into(), &[]).to_string();
        assert!(error.contains("LAB_BINARY names /nowhere/lab, which cannot be started"), "{error}");
    }
}
