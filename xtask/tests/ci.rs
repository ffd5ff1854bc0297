//! Tests `cargo xtask ci` with a fake cargo that only records its calls.

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};
use std::time::{Duration, Instant};

const PATIENCE: Duration = Duration::from_secs(60);

/// A folder with a fake cargo and a fake docker that do what the test says.
struct Fake {
    folder: tempfile::TempDir,
}

impl Fake {
    /// `cargo` and `docker` are shell scripts that receive the call's arguments.
    fn new(cargo: &str, docker: &str) -> Self {
        let fake = Self { folder: tempfile::tempdir().expect("a folder") };
        let log = fake.log_path();
        fake.write("cargo", &format!("echo \"${{LAB:--}} $LAB_NAME $*\" >> {}\n{cargo}", log.display()));
        fake.write("docker", docker);
        fs::write(&log, "").expect("written");
        fake
    }

    fn write(&self, name: &str, script: &str) {
        let path = self.folder.path().join(name);
        fs::write(&path, format!("#!/bin/sh\n{script}\n")).expect("written");
        fs::set_permissions(&path, fs::Permissions::from_mode(0o755)).expect("executable");
    }

    fn log_path(&self) -> PathBuf {
        self.folder.path().join("calls")
    }

    /// The calls of cargo, except those that check whether something is installed.
    fn calls(&self) -> Vec<String> {
        let log = fs::read_to_string(self.log_path()).expect("read");
        log.lines().filter(|line| !line.ends_with("--version")).map(str::to_owned).collect()
    }

    fn command(&self, arguments: &[&str]) -> Command {
        let path = format!("{}:/usr/bin:/bin", self.folder.path().display());
        let mut command = Command::new(env!("CARGO_BIN_EXE_xtask"));
        command.arg("ci").args(arguments).env("PATH", path).env("CARGO", self.folder.path().join("cargo"));
        // Variables that a shell may have set for another lab.
        command.env("LAB", "existing").env("LAB_NAME", "mine");
        command
    }

    fn ci(&self, arguments: &[&str]) -> (Option<i32>, String) {
        let output = self.command(arguments).output().expect("it runs");
        (output.status.code(), text(&output))
    }
}

fn text(output: &Output) -> String {
    [&output.stdout, &output.stderr].map(|bytes| String::from_utf8_lossy(bytes).into_owned()).concat()
}

#[test]
fn the_stages_are_what_the_list_says() {
    let (code, list) = Fake::new("", "").ci(&["--list"]);
    assert_eq!(code, Some(0));
    insta::assert_snapshot!(list);
}

#[test]
fn an_unknown_stage_is_usage_and_names_the_nearest() {
    let fake = Fake::new("", "");
    let (code, said) = fake.ci(&["format", "clipy"]);
    assert_eq!(code, Some(2), "{said}");
    assert!(said.contains("unknown stage `clipy`; did you mean `clippy`?"), "{said}");
    assert!(fake.calls().is_empty(), "{:?}", fake.calls());
}

#[test]
fn the_first_failure_ends_it_with_the_code_of_the_command() {
    let fake = Fake::new("[ \"$1\" = clippy ] && exit 101; exit 0", "exit 1");
    let (code, said) = fake.ci(&["format", "clippy", "test"]);
    assert_eq!(code, Some(101), "{said}");
    assert_eq!(
        fake.calls(),
        ["- ci fmt --all --check", "- ci clippy --workspace --all-targets -- -D warnings"],
        "one attempt each, and no lab to take down"
    );
    for words in ["the stage clippy failed: `cargo clippy", "format  passed", "clippy  failed", "test    not run"] {
        assert!(said.contains(words), "{words}: {said}");
    }
}

#[test]
fn a_lab_is_taken_down_after_a_failure() {
    let fake = Fake::new("[ \"$1\" = test ] && exit 7; exit 0", "exit 1");
    let (code, said) = fake.ci(&["local-e2e", "parity"]);
    assert_eq!(code, Some(7), "{said}");
    assert_eq!(
        fake.calls(),
        ["local ci xtask lab up", "local ci test --test e2e", "- ci xtask lab status", "- ci xtask lab down"]
    );
}

#[test]
fn a_lab_that_stays_is_a_failed_cleanup() {
    let fake = Fake::new("[ \"$3\" = down ] && exit 3; exit 0", "exit 1");
    let (code, said) = fake.ci(&["local-e2e"]);
    assert_eq!(code, Some(4), "{said}");
    assert!(said.contains("the lab is still there: `cargo xtask lab down --name ci` exited with 3"), "{said}");
}

#[test]
fn what_cannot_run_here_is_skipped_with_its_reason() {
    let fake = Fake::new("[ \"$1\" = deny ] && exit 101; exit 0", "exit 1");
    let (code, said) = fake.ci(&[]);
    assert_eq!(code, Some(0), "{said}");
    let row = |stage: &str| {
        let of_stage = |line: &&str| line.split_whitespace().next() == Some(stage);
        said.lines().rfind(of_stage).unwrap_or_default().to_owned()
    };
    assert!(row("deny").contains("skipped  cargo-deny is not installed"), "{said}");
    assert!(row("kind-envoy-gateway").contains("skipped  no Docker engine answers `docker info`"), "{said}");
    assert!(!fake.calls().iter().any(|call| call.starts_with("kind") || call.contains("deny")), "{:?}", fake.calls());
    let last = fake.calls().pop();
    assert_eq!(last.as_deref(), Some("- ci xtask lab down"));
}

#[test]
fn a_stage_asked_for_by_name_is_never_skipped_and_called_passed() {
    let fake = Fake::new("", "exit 1");
    let (code, said) = fake.ci(&["kind-traefik"]);
    assert_eq!(code, Some(3), "{said}");
    assert!(said.contains("no Docker engine answers"), "{said}");
}

#[test]
fn a_kind_stage_brings_its_own_lab_up_and_down() {
    let fake = Fake::new("echo \"$LAB_GATEWAY $LAB_KAFKA\"", "exit 0");
    let (code, said) = fake.ci(&["kind-traefik"]);
    assert_eq!(code, Some(0), "{said}");
    assert!(said.contains("traefik standin"), "{said}");
    let kind = [
        "kind ci xtask lab up",
        "kind ci xtask scenario run",
        "kind ci xtask walkthrough 2024 --yes",
        "kind ci xtask walkthrough 2026 --yes",
        "kind ci xtask lab down",
        "- ci xtask lab down",
    ];
    assert_eq!(fake.calls(), kind);
}

/// Cargo sets variables about its package in what it runs. A build script that watches one would run again in every
/// stage.
#[test]
fn stages_see_nothing_of_xtask_s_own_package() {
    let fake = Fake::new("echo \"manifest <$CARGO_MANIFEST_DIR> package <$CARGO_PKG_NAME>\"", "exit 1");
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let output = fake
        .command(&["format"])
        .envs([("CARGO_MANIFEST_DIR", env!("CARGO_MANIFEST_DIR")), ("CARGO_PKG_NAME", "xtask")])
        .current_dir(root)
        .output()
        .expect("it runs");
    assert!(text(&output).contains("manifest <> package <>"), "{}", text(&output));
}

/// The same for the commands of the `lab` binary. Otherwise `cargo xtask lab up` and `cargo test` would compile ring in
/// turn.
#[test]
fn the_lab_binary_is_built_without_xtask_s_own_package() {
    let fake = Fake::new("echo \"manifest <$CARGO_MANIFEST_DIR> package <$CARGO_PKG_NAME>\" >&2", "exit 1");
    let output = Command::new(env!("CARGO_BIN_EXE_xtask"))
        .args(["lab", "doctor"])
        .env("CARGO", fake.folder.path().join("cargo"))
        .envs([("CARGO_MANIFEST_DIR", env!("CARGO_MANIFEST_DIR")), ("CARGO_PKG_NAME", "xtask")])
        .output()
        .expect("it runs");
    assert!(text(&output).contains("manifest <> package <>"), "{}", text(&output));
}

#[test]
fn an_interrupted_stage_still_takes_the_lab_down() {
    for (signal, code) in [("TERM", 143), ("INT", 130)] {
        // Ctrl-C reaches every process of the terminal, but SIGTERM reaches only the process that it is sent to.
        let fake = Fake::new("[ \"$1\" = test ] && exec sleep 60; exit 0", "exit 1");
        let mut child =
            fake.command(&["local-e2e"]).stdout(Stdio::null()).stderr(Stdio::null()).spawn().expect("it runs");
        let start = Instant::now();
        while !fake.calls().iter().any(|call| call.ends_with("--test e2e")) {
            assert!(start.elapsed() < PATIENCE, "{:?}", fake.calls());
            std::thread::sleep(Duration::from_millis(20));
        }
        let group = if signal == "INT" { children(child.id()) } else { Vec::new() };
        for pid in std::iter::once(child.id()).chain(group) {
            let sent = Command::new("kill").args([&format!("-{signal}"), &pid.to_string()]).status().expect("kill");
            assert!(sent.success());
        }
        let status = child.wait().expect("its end");
        assert_eq!(status.code(), Some(code), "{signal}");
        assert_eq!(fake.calls().pop().as_deref(), Some("- ci xtask lab down"), "{signal}");
        assert!(start.elapsed() < PATIENCE, "the sleeping stage was waited for");
    }
}

fn children(pid: u32) -> Vec<u32> {
    let list = fs::read_to_string(format!("/proc/{pid}/task/{pid}/children")).unwrap_or_default();
    list.split_whitespace().filter_map(|pid| pid.parse().ok()).collect()
}
