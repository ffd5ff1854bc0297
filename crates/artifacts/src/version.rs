//! The version that a program reports.

use super::command::{self, Run};
use super::failure::Failure;
use camino::Utf8Path;
use semver::{Version, VersionReq};
use serde::{Deserialize, Serialize};
use std::time::Duration;

/// Starting a JVM takes seconds on a machine whose cores are all busy.
const ANSWERS_WITHIN: Duration = Duration::from_secs(60);

/// How to ask a program for its version, and which versions the lab can use.
#[derive(Clone, Debug, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub struct Probe {
    /// The arguments that make it print its version.
    pub args: Vec<String>,
    /// The text directly before the version.
    pub after: String,
    pub fits: VersionReq,
}

impl Probe {
    /// Runs the program and reads its version, whether it matches or not.
    pub fn ask(&self, program: &Utf8Path) -> Result<Version, Failure> {
        let args: Vec<&str> = self.args.iter().map(String::as_str).collect();
        let printed = command::output(&Run { args: &args, ..Run::new(program.as_str(), ANSWERS_WITHIN) })?;
        self.read(&printed).ok_or_else(|| Failure::NoVersion {
            command: format!("{program} {}", self.args.join(" ")),
            after: self.after.clone(),
            printed: printed.lines().next().unwrap_or("nothing").to_owned(),
        })
    }

    /// As [`Probe::ask`], but rejects a version that does not match.
    pub fn check(&self, program: &Utf8Path) -> Result<Version, Failure> {
        let found = self.ask(program)?;
        if self.fits.matches(&found) {
            return Ok(found);
        }
        Err(Failure::Version { program: program.to_owned(), found, wanted: self.fits.clone() })
    }

    fn read(&self, printed: &str) -> Option<Version> {
        let (_, rest) = printed.split_once(&self.after)?;
        release(rest.trim_start())
    }
}

/// The first three numbers of a version, without what follows them. Java prints `21`, or four or more numbers, and semver
/// requires three.
pub fn release(text: &str) -> Option<Version> {
    let text = text.trim_start_matches('v');
    let end = text.find(|c: char| !c.is_ascii_digit() && c != '.').unwrap_or(text.len());
    let mut numbers = text[..end].split('.').map(str::parse);
    let major = numbers.next()?.ok()?;
    let mut next = || numbers.next().and_then(Result::ok).unwrap_or(0);
    Some(Version::new(major, next(), next()))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn probe(after: &str, fits: &str) -> Probe {
        Probe { args: vec![], after: after.into(), fits: fits.parse().expect("a requirement") }
    }

    #[test]
    fn versions_are_read_as_programs_print_them() {
        let read = |after: &str, text: &str| probe(after, "*").read(text).map(|v| v.to_string());
        assert_eq!(read("etcd Version: ", "etcd Version: 3.6.5\nGit SHA: 0\n").as_deref(), Some("3.6.5"));
        assert_eq!(read("kind v", "kind v0.33.0 go1.26.8 linux/amd64").as_deref(), Some("0.33.0"));
        assert_eq!(read("Version:", "Version:      3.7.15\nCodename: x").as_deref(), Some("3.7.15"));
        assert_eq!(read("version \"", "Picked up X=1.2\nopenjdk version \"21\" 2023").as_deref(), Some("21.0.0"));
        assert_eq!(read("version \"", "openjdk version \"17.0.15.1-ea\"").as_deref(), Some("17.0.15"));
        assert_eq!(read("version \"", "java version \"1.8.0_392\"").as_deref(), Some("1.8.0"));
        assert_eq!(read("kind v", "command not found"), None);
        assert_eq!(read("kind v", "kind version"), None);
    }

    #[test]
    fn a_requirement_decides() {
        let fits = |requirement: &str, version: &str| {
            let probe = probe("v", requirement);
            probe.read(&format!("v{version}")).is_some_and(|v| probe.fits.matches(&v))
        };
        assert!(fits(">=17", "17.0.15"));
        assert!(fits(">=17", "21"));
        assert!(!fits(">=17", "1.8.0_392"));
        assert!(!fits(">=17", "11.0.2"));
        assert!(fits(">=3.7, <3.8", "3.7.15"));
        assert!(!fits(">=3.7, <3.8", "3.8.0"));
    }

    #[test]
    fn a_program_that_does_not_fit_is_refused_with_both_versions() {
        let folder = tempfile::tempdir().expect("a folder");
        let program = Utf8Path::from_path(folder.path()).expect("UTF-8").join("tool");
        std::fs::write(&program, "#!/bin/sh\necho tool v1.2.3\n").expect("written");
        std::fs::set_permissions(&program, std::os::unix::fs::PermissionsExt::from_mode(0o755)).expect("executable");
        let refused = probe("tool v", ">=2").check(&program).expect_err("too old").to_string();
        assert!(refused.contains("version 1.2.3, expected >=2"), "{refused}");
        assert_eq!(probe("tool v", "^1").check(&program).expect("fits"), Version::new(1, 2, 3));
    }
}
