//! The manifests that users are shown: a finding in them is either a fault on purpose, or an error of the check.

use camino::Utf8PathBuf;
use diagnose::manifest::{Inputs, check};
use model::paths;
use model::vars::{Filled, Variables};
use std::collections::{BTreeMap, BTreeSet};

/// What is found in the manifests of a scenario, together with those of the lab, and why that is right.
const ON_PURPOSE: [(&str, &[&str], &str); 10] = [
    ("allowed-routes", &["route-not-accepted"], "two of its routes are from namespaces that a listener does not allow"),
    ("backend-missing", &["backend-unresolved"], "one of its routes leads to a Service that does not exist"),
    ("backend-port-wrong", &["backend-port"], "its Service leads to a port where no broker listens"),
    ("broker-ids-mismatch", &["broker-ids"], "it configures broker 0, and the broker has the id 10"),
    ("listeners-under-load", &["route-not-accepted"], "a step adds the listener that one of its routes names"),
    ("plaintext-behind-passthrough", &["wrong-protocol"], "it passes TLS on to a listener without TLS"),
    ("ready-without-accepted-routes", &["route-not-accepted"], "no listener serves the hosts of its Kafka resource"),
    ("route-wider-than-listener", &["unknown-sni"], "one hostname of its route lies outside the listener"),
    ("tcproute-on-tls-listener", &["route-not-accepted"], "its TCPRoute names a TLS listener"),
    ("weights", &["route-missing"], "its only route is for a name that no broker advertises"),
];

/// The sample of the namespace of a scenario.
const OWN: &str = "a-scenario-0a1b2c";

fn filled(path: &Utf8PathBuf, variables: &Variables) -> String {
    let text = std::fs::read_to_string(path).unwrap_or_else(|error| panic!("{path}: {error}"));
    Filled::new(&text, variables).text
}

/// The variables of a scenario's run, as the scenario says which cluster and listener it uses.
fn variables(scenario: &str) -> Variables {
    let mut variables = Variables::samples();
    let mut set = |name, value: &str| assert!(variables.set(name, value), "{name} is a variable");
    let kafka = scenario.lines().find(|line| line.starts_with("kafka: ")).expect("a scenario uses Kafka");
    if kafka.contains("cluster: own") {
        let name = kafka.split_once("name: ").expect("its name").1.split([',', '}']).next().expect("a word");
        set("cluster", name);
        set("kafka.namespace", OWN);
    }
    if kafka.contains("exclusive-plaintext") {
        set("listener", "plain1");
        set("listener.domain", "plain1.kafka.test");
        set("listener.port", "9111");
    }
    if kafka.contains("exclusive-tcp") {
        set("listener", "tcp");
        set("listener.domain", "tcp.kafka.test");
        set("listener.port", "9121");
    }
    variables
}

#[test]
fn the_labs_own_manifests_have_no_fault() {
    let mut inputs = Inputs::default();
    inputs.add("shared.yaml", &filled(&paths::repo().join("fixtures/kafka/shared.yaml"), &Variables::samples()));
    let report = check(inputs, None, &[]);
    assert!(report.objects == 5 && report.findings.is_empty(), "{}", report.text(100, false));
}

#[test]
fn only_scenarios_that_are_broken_on_purpose_have_findings() {
    let explained: BTreeMap<&str, BTreeSet<&str>> =
        ON_PURPOSE.iter().map(|(name, codes, _)| (*name, codes.iter().copied().collect())).collect();
    let (mut seen, mut wrong) = (0, Vec::new());
    for entry in paths::scenarios().read_dir_utf8().expect("the scenarios") {
        let folder = entry.expect("an entry").into_path();
        if !folder.is_dir() {
            continue;
        }
        let name = folder.file_name().expect("a name");
        let scenario = std::fs::read_to_string(folder.join("scenario.yaml")).expect("a scenario");
        let variables = variables(&scenario);
        let mut inputs = Inputs::default();
        // A cluster of the scenario's own stands beside the shared one, whose variables are other ones.
        if scenario.contains("cluster: shared") {
            inputs.add("shared.yaml", &filled(&paths::repo().join("fixtures/kafka/shared.yaml"), &variables));
        }
        let mut files: Vec<_> =
            folder.read_dir_utf8().expect("a folder").map(|file| file.expect("a file").into_path()).collect();
        files.sort();
        for file in
            files.iter().filter(|file| file.extension() == Some("yaml") && file.file_name() != Some("scenario.yaml"))
        {
            inputs.add(file.file_name().expect("a name"), &filled(file, &variables));
        }
        let report = check(inputs, Some(OWN), &[]);
        assert!(report.problems.is_empty(), "{name}: {}", report.text(100, false));
        let found: BTreeSet<&str> = report.findings.iter().map(|finding| finding.cause.name()).collect();
        seen += 1;
        if found != explained.get(name).cloned().unwrap_or_default() {
            wrong.push(format!("{name}: {found:?}\n{}", report.text(100, false)));
        }
    }
    assert!(seen > 50, "only {seen} scenarios were read");
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}
