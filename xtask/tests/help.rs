//! The help of every command, and the output of light commands. A change here is visible to users.

use std::process::{Command, Output};

/// Every command, as a user types it.
const VERBS: [&str; 43] = [
    "",
    "book",
    "ci",
    "lab",
    "lab up",
    "lab down",
    "lab status",
    "lab logs",
    "lab env",
    "lab doctor",
    "lab images",
    "lab images list",
    "lab images save",
    "lab images load",
    "scenario",
    "scenario list",
    "scenario lint",
    "scenario schema",
    "scenario new",
    "scenario run",
    "conformance",
    "bench",
    "bench lab",
    "bench scenarios",
    "bench compare",
    "bench growth",
    "gateway",
    "gateway new",
    "gateway check",
    "walkthrough",
    "walkthrough clean",
    "diagnose",
    "diagnose listen",
    "diagnose manifest",
    "matrix",
    "matrix page",
    "report",
    "report open",
    "report diff",
    "report table",
    "parity",
    "parity snapshot",
    "parity compare",
];

/// xtask with an environment that contains nothing that clap would show as a default.
fn xtask(arguments: &[&str]) -> Output {
    let lab = std::env::vars_os().map(|(name, _)| name).filter(|name| name.to_string_lossy().starts_with("LAB"));
    let mut command = Command::new(env!("CARGO_BIN_EXE_xtask"));
    for name in lab {
        command.env_remove(name);
    }
    command.args(arguments).env("COLUMNS", "110").output().expect("it runs")
}

fn text(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}

#[test]
fn every_verb_has_its_help() {
    let help = |verb: &str| {
        let arguments: Vec<&str> = verb.split_whitespace().chain(["--help"]).collect();
        let output = xtask(&arguments);
        assert_eq!((output.status.code(), text(&output.stderr)), (Some(0), String::new()), "{verb}");
        format!("$ cargo xtask {}\n\n{}\n", arguments.join(" "), text(&output.stdout))
    };
    let all = VERBS.map(help).concat();
    insta::assert_snapshot!(all);
}

/// Otherwise a new command could silently have no snapshot.
#[test]
fn no_verb_is_missing_above() {
    let of_the_help = |verb: &str| -> Vec<String> {
        let arguments: Vec<&str> = verb.split_whitespace().chain(["--help"]).collect();
        let help = text(&xtask(&arguments).stdout);
        let commands = help.split_once("Commands:\n").map(|(_, after)| after.to_owned()).unwrap_or_default();
        let lines = commands.lines().take_while(|line| line.starts_with("  "));
        let names = lines.filter_map(|line| line.split_whitespace().next().filter(|_| !line.starts_with("   ")));
        names.filter(|name| *name != "help").map(|name| format!("{verb} {name}").trim().to_owned()).collect()
    };
    let mut found = vec![String::new()];
    let mut next = 0;
    while next < found.len() {
        let deeper = of_the_help(&found[next]);
        found.extend(deeper);
        next += 1;
    }
    found.sort();
    let mut known = VERBS.to_vec();
    known.sort_unstable();
    assert_eq!(found, known);
}

/// Another test checks the schema itself. This one checks that it is printed completely and is JSON.
#[test]
fn the_schema_goes_to_standard_output() {
    let output = xtask(&["scenario", "schema"]);
    assert_eq!(output.status.code(), Some(0), "{}", text(&output.stderr));
    let printed = text(&output.stdout);
    assert!(printed.starts_with('{') && printed.trim_end().ends_with('}'), "{printed:.80}");
}

#[test]
fn a_verb_that_does_not_exist_is_usage() {
    for (arguments, words) in [
        (&["lab", "upp"][..], "unrecognized subcommand 'upp'"),
        (&["frobnicate"], "unrecognized subcommand 'frobnicate'"),
        (&["lab", "up", "--lab", "moon"], "invalid value 'moon' for '--lab <LAB>'"),
        (&["lab", "up", "--port-base", "80"], "invalid value '80' for '--port-base <PORT_BASE>'"),
        (&["lab", "up", "--name", "Upper"], "expected up to 30 lower-case letters"),
        (&["lab", "up", "--lab", "existing"], "--context <CONTEXT>"),
        (&["parity", "compare", "one.json"], "<STRIMZI>"),
        (&["report", "table"], "<REPORTS>..."),
        (&["ci", "--frobnicate"], "unexpected argument '--frobnicate'"),
    ] {
        let output = xtask(arguments);
        assert_eq!(output.status.code(), Some(2), "{arguments:?}");
        assert!(text(&output.stderr).contains(words), "{arguments:?}: {}", text(&output.stderr));
        assert!(output.stdout.is_empty(), "{arguments:?}");
    }
}
