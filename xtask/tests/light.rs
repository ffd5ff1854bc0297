//! xtask is compiled first by everybody, so it must not wait for a Kafka client or a Kubernetes client.

use std::process::Command;

#[test]
fn xtask_is_built_without_clients_and_without_tokio() {
    let cargo = std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into());
    let output = Command::new(cargo)
        .args(["tree", "--package", "xtask", "--edges", "normal", "--prefix", "none", "--format", "{p}", "--offline"])
        .current_dir(env!("CARGO_MANIFEST_DIR"))
        .output()
        .expect("cargo runs");
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let tree = String::from_utf8_lossy(&output.stdout).into_owned();
    let crates: Vec<&str> = tree.lines().filter_map(|line| line.split_whitespace().next()).collect();
    assert!(crates.contains(&"clap") && crates.contains(&"scenario"), "the tree of xtask: {tree}");
    let heavy = ["kube", "rdkafka", "tokio", "openssl-sys", "ring", "lab", "runner"];
    let found: Vec<&&str> = heavy.iter().filter(|heavy| crates.contains(heavy)).collect();
    assert!(found.is_empty(), "{found:?}: see `cargo tree --package xtask --invert CRATE`");
}
