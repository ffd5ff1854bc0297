//! The exit codes that README promises, for the commands that need no lab.

use std::process::{Command, Output, Stdio};

fn xtask(arguments: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_xtask")).args(arguments).output().expect("xtask starts")
}

fn code(arguments: &[&str]) -> (Option<i32>, String) {
    let output = xtask(arguments);
    (output.status.code(), String::from_utf8_lossy(&output.stderr).into_owned())
}

#[test]
fn nothing_wrong_is_zero() {
    for arguments in [&["scenario", "list"][..], &["scenario", "schema"], &["scenario", "lint", "native-tlsroute"]] {
        let (code, said) = code(arguments);
        assert_eq!(code, Some(0), "{arguments:?}: {said}");
    }
}

#[test]
fn usage_and_lint_are_two() {
    let wrong: [(&[&str], &str); 7] = [
        (&["scenario", "lnit"], "lint"),
        (&["scenario", "lint", "nativ-tlsroute"], "did you mean `native-tlsroute`?"),
        (&["scenario", "new", "Not-A-Name"], "cannot name a scenario"),
        (&["scenario", "new", "native-tlsroute"], "is there already"),
        (&["lab", "up", "--gateway", "nginx"], "unknown gateway"),
        (&["gateway", "check", "nginx"], "unknown gateway"),
        (&["report", "table"], "REPORTS"),
    ];
    for (arguments, words) in wrong {
        let (code, said) = code(arguments);
        assert_eq!(code, Some(2), "{arguments:?}: {said}");
        assert!(said.contains(words), "{arguments:?}: {said}");
    }
}

#[test]
fn one_scenario_is_counted_as_one() {
    let output = xtask(&["scenario", "lint", "no-such-scenario"]);
    let said = String::from_utf8_lossy(&output.stdout);
    assert_eq!(said.trim(), "1 scenario, 1 error, 0 other remarks");
}

/// As in `cargo xtask scenario schema | head`: the reader ends first.
#[test]
fn a_closed_output_is_no_panic() {
    let (reader, writer) = std::io::pipe().expect("a pipe");
    drop(reader);
    let output = Command::new(env!("CARGO_BIN_EXE_xtask"))
        .args(["scenario", "schema"])
        .stdout(writer)
        .stderr(Stdio::piped())
        .output()
        .expect("it runs");
    assert_eq!(String::from_utf8_lossy(&output.stderr), "");
    assert_eq!(output.status.code(), Some(141));
}
