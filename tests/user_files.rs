//! Tests that the lab removes nothing that it did not create.

use std::fs;
use std::path::Path;
use std::process::{Command, Output};

/// Runs `lab down` for a lab of this name, in a folder, with these variables.
fn down(current: &Path, name: &str, variables: &[(&str, &str)]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_lab"))
        .args(["lab", "down", "--name", name])
        .current_dir(current)
        .env_remove("XDG_STATE_HOME")
        .envs(variables.iter().copied())
        .output()
        .expect("it runs")
}

fn words(output: &Output) -> String {
    String::from_utf8_lossy(&output.stderr).into_owned()
}

#[test]
fn an_empty_lab_state_does_not_mean_the_current_folder() {
    let folder = tempfile::tempdir().expect("a folder");
    let home = folder.path().join("home");
    fs::create_dir_all(folder.path().join("precious/deep")).expect("made");
    fs::write(folder.path().join("precious/deep/file"), "data").expect("written");
    let output = down(folder.path(), "precious", &[("LAB_STATE", ""), ("HOME", home.to_str().expect("UTF-8"))]);
    assert_eq!(output.status.code(), Some(0), "{}", words(&output));
    assert_eq!(fs::read_to_string(folder.path().join("precious/deep/file")).expect("kept"), "data");
}

#[test]
fn a_users_folder_with_the_name_of_a_lab_is_not_changed() {
    let folder = tempfile::tempdir().expect("a folder");
    let theirs = folder.path().join("documents");
    fs::create_dir(&theirs).expect("made");
    fs::write(theirs.join("thesis.txt"), "thesis").expect("written");
    let output = down(folder.path(), "documents", &[("LAB_STATE", folder.path().to_str().expect("UTF-8"))]);
    assert_eq!(output.status.code(), Some(3), "{}", words(&output));
    assert!(words(&output).contains("is not a lab's folder"), "{}", words(&output));
    assert_eq!(fs::read_to_string(theirs.join("thesis.txt")).expect("kept"), "thesis");
    assert_eq!(fs::read_dir(folder.path()).expect("listed").count(), 1, "and nothing is left beside it");
}
