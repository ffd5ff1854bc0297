use super::super::manifest::Manifest;
use super::*;
use camino::Utf8Path;
use std::io::{Read, Write};
use std::net::{SocketAddr, TcpListener};
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

/// A registry that answers every request with this text, or never.
fn registry(answer: Option<&'static str>) -> SocketAddr {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
    let address = listener.local_addr().expect("an address");
    thread::spawn(move || {
        let mut open = Vec::new();
        while let Ok((mut stream, _)) = listener.accept() {
            let _ = stream.read(&mut [0; 4096]);
            if let Some(answer) = answer {
                let head = format!("HTTP/1.1 200 OK\r\nContent-Length: {}\r\nConnection: close\r\n\r\n", answer.len());
                let _ = stream.write_all(format!("{head}{answer}").as_bytes());
            } else {
                open.push(stream);
            }
        }
    });
    address
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

fn updates(registries: &Registries) -> Vec<String> {
    let manifest: Manifest = serde_saphyr::from_str(PARTS).expect("valid");
    let parts = Parts::new(manifest, Utf8Path::new("/nowhere"), BTreeMap::new()).expect("no cache is needed");
    parts.updates(registries).iter().map(ToString::to_string).collect()
}

#[test]
fn every_pin_is_asked_about_where_it_is_listed_and_a_silent_registry_does_not_stop_the_others() {
    let start = Instant::now();
    let registries = Registries {
        pip: format!("http://{}", registry(Some(r#"{"releases": {"1.0.1": [{}], "2.0.0": [{}]}}"#))),
        go: format!("http://{}", registry(Some("v1.1.0\nv2.1.0\n"))),
        maven: format!("http://{}", registry(None)),
    };
    let found = updates(&registries);
    assert!(start.elapsed() < ANSWERS_WITHIN * 3, "{:?}", start.elapsed());
    assert!(found[0].starts_with("jars 4 (Maven artifact g:a): not known: no answer: http"), "{found:?}");
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
fn a_registry_that_refuses_or_answers_with_something_else_leaves_the_pin_unknown() {
    let closed = TcpListener::bind("127.0.0.1:0").and_then(|listener| listener.local_addr()).expect("a port");
    let page = format!("http://{}", registry(Some("<html>Sign in</html>")));
    let found = updates(&Registries { pip: page.clone(), go: format!("http://{closed}"), maven: page });
    assert!(found[0].ends_with(": not known: the answer lists no version"), "{found:?}");
    assert!(
        found[1].starts_with(&format!("manifest 2.0.0 (Go module h/m): not known: no answer: cannot reach {closed}"))
    );
}
