use super::super::manifest::Manifest;
use super::*;
use camino::Utf8Path;
use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::time::Instant;

fn said(pinned: &str, versions: &[&str], fits: Option<&str>) -> String {
    let versions: Vec<String> = versions.iter().map(|version| (*version).to_owned()).collect();
    let fits: Option<VersionReq> = fits.map(|fits| fits.parse().expect("a range"));
    standing(pinned, &versions, fits.as_ref()).to_string()
}

#[test]
fn a_pin_is_compared_by_numbers_and_within_its_range() {
    let etcd = ["3.6.5", "3.6.16", "3.6.9", "3.7.3"];
    assert_eq!(said("3.6.5", &etcd, None), "behind, the newest is 3.7.3, and 3.6.16 is the newest of its line");
    assert_eq!(said("3.6.5", &etcd, Some("<3.7")), "behind, the newest is 3.6.16; 3.7.3 is excluded by the range <3.7");
    assert_eq!(said("3.6.16", &etcd, Some("<3.7")), "newest; 3.7.3 is excluded by the range <3.7");
    assert_eq!(said("3.7.3", &etcd, None), "newest");
    assert_eq!(said("3.8.0", &etcd, None), "newest", "a pin that the list lacks");
    assert_eq!(said("25.0.2.1", &["25.0.2", "25.0.2.2"], None), "behind, the newest is 25.0.2.2");
    assert_eq!(said("1.0.0", &["0.9.0", "1.0.0"], Some(">=1")), "newest", "older versions are no news");
}

/// A package client that runs this script.
fn client(folder: &Utf8Path, name: &str, script: &str) -> String {
    let path = folder.join(name);
    fs::write(&path, format!("#!/bin/sh\n{script}\n")).expect("written");
    fs::set_permissions(&path, fs::Permissions::from_mode(0o755)).expect("executable");
    path.into_string()
}

const PARTS: &str = "parts:
  tool:
    {purpose: p, override: A, form: program, version: {args: [], after: v, fits: '<2'}, sources: [
      {pip: {package: tool-bin, version: 1.0.0, sha256: [], file: f}},
      {go-build: {module: h/tool, version: 1.1.0, sum: s, package: p, ldflags: '', takes: t}}]}
  jars: {purpose: p, override: B, form: folder, sources: [{maven: {version: '4', artifacts: ['g:a:{version}'], digest: d}}]}
  page: {purpose: p, override: C, form: file, sources: [{download: {version: 2.0.0, url: u, unverified: w}}]}
  manifest:
    {purpose: p, override: D, form: file, listed: {go: h/m}, sources: [{download: {version: 2.0.0, url: u, unverified: w}}]}
  own: {purpose: p, override: E, form: file, sources: [{env: {variable: V, file: f}}]}
";

fn updates(clients: &Clients, within: Duration) -> Vec<String> {
    let manifest: Manifest = serde_saphyr::from_str(PARTS).expect("valid");
    let parts = Parts::new(manifest, Utf8Path::new("/nowhere"), BTreeMap::new()).expect("no cache is needed");
    parts.updates_within(within, clients, &Progress::lines()).iter().map(ToString::to_string).collect()
}

#[test]
fn every_pin_is_asked_about_where_it_is_listed_and_a_silent_client_does_not_stop_the_others() {
    let folder = tempfile::tempdir().expect("a folder");
    let folder = Utf8Path::from_path(folder.path()).expect("UTF-8");
    let clients = Clients {
        python: client(folder, "python", "echo \"Available versions: 2.0.0, 1.0.1, 1.0.0\""),
        go: client(folder, "go", "for last; do :; done; echo \"$last v1.1.0 v2.1.0\""),
        maven: client(folder, "mvn", "exec sleep 60"),
    };
    let start = Instant::now();
    let found = updates(&clients, Duration::from_secs(5));
    assert!(start.elapsed() < Duration::from_secs(40), "{:?}", start.elapsed());
    assert!(found[0].starts_with("jars 4 (Maven artifact g:a): not known: "), "{found:?}");
    assert!(found[0].contains("did not end within 5 s"), "{found:?}");
    assert_eq!(
        found[1..],
        [
            "manifest 2.0.0 (Go module h/m): behind, the newest is 2.1.0",
            "page 2.0.0: not known: no registry lists its versions",
            "tool 1.0.0 (pip package tool-bin): behind, the newest is 1.0.1; 2.0.0 is excluded by the range <2",
            "tool 1.1.0 (Go module h/tool): newest; 2.1.0 is excluded by the range <2",
        ]
    );
}

#[test]
fn a_client_that_fails_is_missing_or_answers_with_something_else_leaves_the_pin_unknown() {
    let folder = tempfile::tempdir().expect("a folder");
    let folder = Utf8Path::from_path(folder.path()).expect("UTF-8");
    let tree = "for last; do :; done; echo 'no tree' > \"${last#-DoutputFile=}\"";
    let clients = Clients {
        python: client(folder, "python", "echo first >&2; echo 'refused by the index' >&2; exit 1"),
        go: folder.join("no-such-go").into_string(),
        maven: client(folder, "mvn", tree),
    };
    let found = updates(&clients, Duration::from_secs(20));
    assert_eq!(found[0], "jars 4 (Maven artifact g:a): not known: the answer lists no release");
    assert_eq!(found[1], "manifest 2.0.0 (Go module h/m): not known: go is not installed");
    assert_eq!(found[3], "tool 1.0.0 (pip package tool-bin): not known: failed (exit status: 1): refused by the index");
}

#[test]
fn maven_is_asked_for_what_is_newer_than_the_pin_and_for_nothing_that_it_needs() {
    let folder = tempfile::tempdir().expect("a folder");
    let folder = Utf8Path::from_path(folder.path()).expect("UTF-8");
    let script = "grep -q '<version>\\[4,)</version><exclusions>' pom.xml || exit 1
        for last; do :; done; printf 'p\\n- g:a:jar:4.4.0:compile\\n' > \"${last#-DoutputFile=}\"";
    let silent = client(folder, "silent", "exit 1");
    let clients = Clients { python: silent.clone(), go: silent, maven: client(folder, "mvn", script) };
    let found = updates(&clients, Duration::from_secs(20));
    assert_eq!(found[0], "jars 4 (Maven artifact g:a): behind, the newest is 4.4.0");
}
