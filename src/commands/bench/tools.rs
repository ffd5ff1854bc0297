//! The programs of others that a comparison needs. None is installed: a comparison without them is skipped.

use camino::Utf8PathBuf;
use std::env;
use std::path::PathBuf;
use std::process::Command;

/// The version with which the test in `fixtures/bench/chainsaw` was written. Go 1.26 does not compile it.
pub const GET_CHAINSAW: &str = "GOTOOLCHAIN=go1.25.0 go install github.com/kyverno/chainsaw@v0.2.12";

/// Each with where it comes from. Debian's kubectl is too old for `kubectl wait` with a filter.
const OF_SCRIPTS: [(&str, &str); 4] = [
    ("bash", "Debian's package is bash"),
    ("kubectl", "1.32 or newer, from https://kubernetes.io/docs/tasks/tools"),
    ("openssl", "Debian's package is openssl"),
    ("kcat", "Debian's package is kcat"),
];

/// What the scripts in `fixtures/bench/plain` lack on this machine.
pub fn missing_for_scripts() -> Option<String> {
    for (program, origin) in OF_SCRIPTS {
        if on_path(program).is_none() {
            return Some(format!("there is no {program} on PATH ({origin})"));
        }
    }
    if names_can_be_wrapped() {
        return None;
    }
    Some(
        "there is no libnss_wrapper, without which kcat cannot resolve the lab's names (Debian's package is \
          libnss-wrapper)"
            .to_owned(),
    )
}

/// The loader says so on standard error if it does not find a library, and goes on.
fn names_can_be_wrapped() -> bool {
    let output = Command::new("sh").args(["-c", ":"]).env("LD_PRELOAD", "libnss_wrapper.so").output();
    output.is_ok_and(|output| output.status.success() && output.stderr.is_empty())
}

/// chainsaw, from PATH or from where `go install` puts it.
pub fn chainsaw() -> Option<String> {
    let of_go = [env::var_os("GOBIN").map(PathBuf::from), below("GOPATH", "bin"), below("HOME", "go/bin")];
    let installed = of_go.into_iter().flatten().map(|folder| folder.join("chainsaw")).find(|file| file.is_file());
    let found = on_path("chainsaw").or_else(|| installed.and_then(|path| Utf8PathBuf::from_path_buf(path).ok()));
    found.map(Utf8PathBuf::into_string)
}

fn below(variable: &str, folder: &str) -> Option<PathBuf> {
    env::var_os(variable).filter(|value| !value.is_empty()).map(|value| PathBuf::from(value).join(folder))
}

fn on_path(program: &str) -> Option<Utf8PathBuf> {
    let path = env::var_os("PATH")?;
    let found = env::split_paths(&path).map(|folder| folder.join(program)).find(|file| file.is_file())?;
    Utf8PathBuf::from_path_buf(found).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_program_is_found_on_path_and_one_that_is_not_there_is_not() {
        assert!(on_path("sh").is_some_and(|path| path.is_file()));
        assert_eq!(on_path("no-such-program-here"), None);
    }

    /// `lab.bash` refuses without them, and this list would then be wrong.
    #[test]
    fn every_program_that_the_scripts_run_is_looked_for() {
        let text = std::fs::read_to_string(model::paths::fixtures().join("bench/plain/lab.bash")).expect("it is there");
        for (program, _) in OF_SCRIPTS {
            assert!(text.contains(program), "{program}");
        }
        assert!(text.contains("libnss_wrapper"));
    }
}
