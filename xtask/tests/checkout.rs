//! A program works on the checkout in which it is started, wherever it was compiled.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

/// The files of a checkout that the light commands read.
fn checkout(root: &Path, name: &str) -> PathBuf {
    let path = root.join(name);
    fs::create_dir_all(path.join("fixtures")).expect("made");
    fs::create_dir_all(path.join("scenarios")).expect("made");
    fs::write(path.join("fixtures/parts.yaml"), "").expect("written");
    path
}

fn xtask(current: &Path, arguments: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_xtask"))
        .args(arguments)
        .current_dir(current)
        .env_remove("CARGO_MANIFEST_DIR")
        .env_remove("LAB_CHECKOUT")
        .output()
        .expect("it runs")
}

fn text(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}

#[test]
fn a_new_scenario_is_written_into_the_checkout_around_the_current_folder() {
    let folder = tempfile::tempdir().expect("a folder");
    let copy = checkout(folder.path(), "copy");
    let output = xtask(&copy.join("fixtures"), &["scenario", "new", "mine"]);
    assert!(output.status.success(), "{}", text(&output.stderr));
    assert!(copy.join("scenarios/mine/scenario.yaml").is_file(), "{}", text(&output.stdout));
}

#[test]
fn a_checkout_without_scenarios_is_an_error_and_not_an_empty_success() {
    let folder = tempfile::tempdir().expect("a folder");
    let copy = checkout(folder.path(), "copy");
    fs::remove_dir(copy.join("scenarios")).expect("removed");
    for verb in ["lint", "list"] {
        let output = xtask(&copy, &["scenario", verb]);
        assert_eq!(output.status.code(), Some(2), "{verb}: {}", text(&output.stdout));
        assert!(text(&output.stderr).contains("has no folder `scenarios`"), "{verb}: {}", text(&output.stderr));
    }
}
