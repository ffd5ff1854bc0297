//! Programs from Python wheels.

use super::command::{self, Run, Tool};
use super::failure::Failure;
use super::manifest::Pip;
use super::obtain::BuildDirs;
use std::fs;
use std::time::Duration;

pub const PIP: Tool = Tool { name: "pip", install: "install Python 3 with pip (Debian: python3-pip)" };
const WITHIN: Duration = Duration::from_secs(15 * 60);

/// Installs the wheel into a folder of its own, and takes the program or its folder from there.
pub fn make(source: &Pip, dirs: &mut BuildDirs<'_>) -> Result<(), Failure> {
    let target = dirs.work.join("wheel");
    let requirements = dirs.work.join("requirements.txt");
    // Pip itself compares the wheel's checksum with these.
    let hashes: String = source.sha256.iter().map(|sum| format!(" --hash=sha256:{sum}")).collect();
    let pinned = format!("{}=={}{hashes}\n", source.package, source.version);
    fs::write(&requirements, pinned).map_err(Failure::io(&requirements))?;
    let args = [
        "-m",
        "pip",
        "install",
        "--quiet",
        "--no-input",
        "--disable-pip-version-check",
        "--no-deps",
        "--no-compile",
        "--only-binary=:all:",
        "--require-hashes",
        "--requirement",
        requirements.as_str(),
        "--target",
        target.as_str(),
    ];
    let run = Run { args: &args, dir: Some(dirs.work), ..Run::new("python3", WITHIN) };
    let package = &source.package;
    let outcome = command::logged(&run, dirs.log, PIP, |elapsed, _| {
        dirs.phase.update(format!("pip is downloading {package}, {} s", elapsed.as_secs()));
    });
    outcome.map_err(|failure| match failure {
        Failure::Command { tail, .. } if tail.contains("No module named pip") => {
            Failure::NoTool { tool: PIP.name, install: PIP.install }
        }
        other => other,
    })?;
    let (from, to) = match &source.folder {
        // A path that ends in `.` cannot be renamed.
        Some(folder) => (target.join(folder).components().collect(), dirs.content.to_owned()),
        None => (target.join(&source.file), dirs.content.join(dirs.file)),
    };
    if !from.exists() {
        let wanted = source.folder.as_ref().unwrap_or(&source.file).to_string();
        return Err(Failure::Contents { what: format!("the wheel of {package}"), wanted });
    }
    if source.folder.is_some() {
        // A rename replaces an empty folder.
        fs::remove_dir(&to).map_err(Failure::io(&to))?;
    }
    fs::rename(&from, &to).map_err(Failure::io(&to))
}
