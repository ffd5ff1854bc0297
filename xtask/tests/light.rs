//! xtask is what everybody compiles first: it must not wait for a Kafka client or for a Kubernetes client, and what it has
//! compiled must not be compiled again for the lab.

use std::collections::{BTreeMap, BTreeSet};
use std::process::Command;

/// The crates that Cargo builds for a package, each with the sets of features that it is built with.
fn crates(package: &str, edges: &str) -> BTreeMap<String, BTreeSet<String>> {
    let cargo = std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into());
    let output = Command::new(cargo)
        .args(["tree", "--package", package, "--edges", edges, "--prefix", "none", "--format", "{p}|{f}", "--offline"])
        .current_dir(env!("CARGO_MANIFEST_DIR"))
        .output()
        .expect("cargo runs");
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let mut crates: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
    for line in String::from_utf8_lossy(&output.stdout).lines() {
        // A crate that was shown with its own dependencies before ends in ` (*)`.
        let Some((name, features)) = line.trim_end_matches(" (*)").split_once('|') else { continue };
        let name: Vec<&str> = name.split_whitespace().take(2).collect();
        crates.entry(name.join(" ")).or_default().insert(features.to_owned());
    }
    crates
}

#[test]
fn xtask_is_built_without_clients_and_without_tokio() {
    let crates = crates("xtask", "normal");
    let crates: Vec<&str> = crates.keys().filter_map(|name| name.split(' ').next()).collect();
    assert!(crates.contains(&"clap") && crates.contains(&"scenario"), "the crates of xtask: {crates:?}");
    let heavy = ["kube", "rdkafka", "tokio", "openssl-sys", "ring", "lab", "runner"];
    let found: Vec<&&str> = heavy.iter().filter(|heavy| crates.contains(heavy)).collect();
    assert!(found.is_empty(), "{found:?}: see `cargo tree --package xtask --invert CRATE`");
}

#[test]
fn what_xtask_has_compiled_is_not_compiled_again_for_the_lab() {
    let (xtask, lab) = (crates("xtask", "normal,build"), crates("kafka-gateway-lab", "normal,build"));
    let mut shared = 0;
    let mut twice = Vec::new();
    for (name, built) in &xtask {
        let Some(needed) = lab.get(name) else { continue };
        shared += 1;
        if !built.is_subset(needed) {
            twice.push(format!("{name} has the features {built:?} in xtask and {needed:?} in the lab"));
        }
    }
    assert!(shared > 100, "only {shared} crates are in both");
    assert!(twice.is_empty(), "add the features to crates/one-build/Cargo.toml:\n{}", twice.join("\n"));
}
