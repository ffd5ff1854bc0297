//! Files that are no manifests, or huge, or hostile: each ends with a message and its place, in bounded time.

use camino::Utf8Path;
use diagnose::manifest::{Inputs, Report, check, github};
use std::fmt::Write;
use std::time::{Duration, Instant};

/// Much longer than any of these takes, even in a build without optimisation.
const PATIENCE: Duration = Duration::from_secs(60);

fn checked(text: &str) -> Report {
    let mut inputs = Inputs::default();
    inputs.add("input.yaml", text);
    check(inputs, None, &[])
}

/// The message and the line of the only thing that cannot be read.
fn refused(text: &str) -> (String, usize) {
    let report = checked(text);
    let [problem] = report.problems.as_slice() else { panic!("{}", report.text(100, false)) };
    (problem.message().to_owned(), problem.position().expect("a place").0)
}

fn route(index: usize) -> String {
    format!(
        "---\napiVersion: gateway.networking.k8s.io/v1\nkind: TLSRoute\nmetadata: {{name: r{index}, namespace: kafka}}\nspec:\n  \
         parentRefs: [{{name: edge, sectionName: nobody}}]\n  hostnames: [h{index}.example.com]\n  rules: [{{backendRefs: \
         [{{name: s{index}, port: 9094}}]}}]\n"
    )
}

const GATEWAY: &str = "apiVersion: gateway.networking.k8s.io/v1\nkind: Gateway\nmetadata: {name: edge, namespace: kafka}\nspec:\n  \
                       listeners: [{name: kafka, protocol: TLS, port: 9092, tls: {mode: Passthrough}}]\n";

#[test]
fn what_is_no_object_is_said_with_its_line() {
    let (message, line) = refused("---\n# nothing\n---\njust words\n");
    assert!(
        message.contains("the string `just words`, expected a Kubernetes object") && line == 4,
        "{line}: {message}"
    );
    let (message, line) = refused("\n- a\n- b\n");
    assert!(message.contains("found a list, expected a Kubernetes object") && line == 2, "{line}: {message}");
    let (message, _) = refused("kind: TLSRoute\nspec: {}\n");
    assert!(message.contains("the object's `apiVersion`: found nothing, expected a string"), "{message}");
    let (message, line) = refused("apiVersion: kafka.strimzi.io/v1\nkind: Kafka\nmetadata:\n  name: 7\n");
    assert!(message.contains("`metadata.name`: found the number 7") && line == 4, "{line}: {message}");
    let (message, line) = refused("a: b\n  c: [\n");
    assert!(message.contains("the file is not valid YAML") && line >= 2, "{line}: {message}");
    assert!(checked("").problems.is_empty() && checked("---\n---\n").problems.is_empty(), "nothing is no fault");
}

/// Each alias repeats the one before it ten times.
#[test]
fn a_bomb_of_anchors_does_not_go_off() {
    let mut bomb = "a0: &a0 [x, x, x, x, x, x, x, x, x, x]\n".to_owned();
    for level in 1..=12 {
        let aliases = vec![format!("*a{}", level - 1); 10].join(", ");
        writeln!(bomb, "a{level}: &a{level} [{aliases}]").expect("a string");
    }
    let begun = Instant::now();
    let report = checked(&bomb);
    assert!(begun.elapsed() < PATIENCE);
    assert_eq!(report.problems.len(), 1, "{}", report.text(100, false));
}

#[test]
fn deep_nesting_is_refused() {
    let report = checked(&format!("a: {}{}", "[".repeat(100_000), "]".repeat(100_000)));
    assert_eq!(report.problems.len(), 1);
}

#[test]
fn five_megabytes_are_checked_in_bounded_time() {
    let mut text = GATEWAY.to_owned();
    let mut count = 0;
    while text.len() < 5 << 20 {
        text.push_str(&route(count));
        count += 1;
    }
    let begun = Instant::now();
    let report = checked(&text);
    assert!(begun.elapsed() < PATIENCE, "{:?}", begun.elapsed());
    assert!(report.problems.is_empty(), "{}", report.text(100, false));
    assert_eq!(report.findings.len(), count, "each route names a listener that does not exist");
}

#[test]
fn fields_of_wrong_types_do_not_end_the_check() {
    let wrong =
        ["7", "true", "null", "[]", "{}", "word", "[7, true, null, word, [], {}]", "[{name: [], port: {}, tls: 7}]"];
    let fields = [
        ("gateway.networking.k8s.io/v1", "Gateway", "spec"),
        ("gateway.networking.k8s.io/v1", "Gateway", "spec: {listeners"),
        ("gateway.networking.k8s.io/v1", "Gateway", "spec: {listeners: [{name: a, port: 99999999, protocol"),
        ("gateway.networking.k8s.io/v1", "Gateway", "spec: {listeners: [{name: a, port: 1, protocol: TLS, tls"),
        (
            "gateway.networking.k8s.io/v1",
            "Gateway",
            "spec: {listeners: [{name: a, port: 1, protocol: TLS, allowedRoutes",
        ),
        ("gateway.networking.k8s.io/v1", "TLSRoute", "spec: {parentRefs"),
        ("gateway.networking.k8s.io/v1", "TLSRoute", "spec: {parentRefs: [{name: x}], hostnames"),
        ("gateway.networking.k8s.io/v1", "TLSRoute", "spec: {parentRefs: [{name: x}], rules"),
        ("gateway.networking.k8s.io/v1", "ReferenceGrant", "spec: {from"),
        ("kafka.strimzi.io/v1", "Kafka", "spec: {kafka"),
        ("kafka.strimzi.io/v1", "Kafka", "spec: {kafka: {listeners"),
        (
            "kafka.strimzi.io/v1",
            "Kafka",
            "spec: {kafka: {listeners: [{name: a, port: 9094, type: tlsroute, tls: true, configuration",
        ),
        (
            "kafka.strimzi.io/v1beta2",
            "Kafka",
            "spec: {kafka: {listeners: [{name: a, port: 9094, type: cluster-ip, tls: true, configuration: {brokers",
        ),
        ("kafka.strimzi.io/v1", "KafkaNodePool", "spec: {replicas"),
        ("kafka.strimzi.io/v1", "KafkaNodePool", "spec: {roles: [broker], replicas: 3, storage"),
        ("v1", "Service", "spec: {ports"),
        ("v1", "Secret", "data"),
        ("v1", "Namespace", "metadata: {name: x, labels"),
        ("v1", "List", "items"),
    ];
    let begun = Instant::now();
    for (version, kind, field) in fields {
        for value in wrong {
            let close: String = field
                .chars()
                .rev()
                .filter_map(|one| match one {
                    '{' => Some('}'),
                    '[' => Some(']'),
                    _ => None,
                })
                .collect();
            // A bracket that the field closes itself is not closed again.
            let closed = field.matches('}').count() + field.matches(']').count();
            let open: String = close.chars().take(close.len() - closed).collect();
            let metadata = if field.starts_with("metadata") { "" } else { "metadata: {name: x, namespace: kafka}\n" };
            let text = format!("apiVersion: {version}\nkind: {kind}\n{metadata}{field}: {value}{open}\n---\n{GATEWAY}");
            let report = checked(&text);
            assert!(report.objects >= 1 || !report.problems.is_empty(), "{text}\n{}", report.text(100, false));
        }
    }
    assert!(begun.elapsed() < PATIENCE);
}

#[test]
fn one_bad_file_does_not_hide_the_others_and_nothing_is_missed_because_of_it() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = Utf8Path::from_path(folder.path()).expect("UTF-8");
    std::fs::create_dir(path.join("sub")).expect("a folder");
    std::fs::write(path.join("a.yaml"), b"name: caf\xe9\n").expect("written");
    std::fs::write(path.join("b.yml"), format!("{GATEWAY}{}", route(1))).expect("written");
    std::fs::write(path.join("sub/c.yaml"), "values: [for, a, chart]\n").expect("written");
    std::fs::write(path.join("d.txt"), "not: [yaml").expect("written");
    std::os::unix::fs::symlink("/dev/zero", path.join("e.yaml")).expect("a link");
    std::os::unix::fs::symlink(path, path.join("sub/circle")).expect("a link");
    let report = check(Inputs::read(&[path.to_owned(), path.join("gone.yaml")]), None, &[]);
    let said: Vec<_> = report.problems.iter().map(|one| format!("{}: {}", one.file(), one.message())).collect();
    assert_eq!(said.len(), 3, "{said:?}");
    assert!(said[0].contains("a.yaml: the file is not UTF-8 text"), "{said:?}");
    assert!(said[1].contains("e.yaml: it is not a regular file"), "{said:?}");
    assert!(said[2].contains("gone.yaml") && said[2].contains("No such file"), "{said:?}");
    assert_eq!(report.findings.len(), 1, "{}", report.text(100, false));
    assert!(report.not_checked.iter().any(|gap| gap.contains("c.yaml:1, which is not a Kubernetes object")));
    assert!(report.not_checked.iter().any(|gap| gap.contains("not every file could be read")));
}

#[test]
fn the_items_of_a_list_are_checked() {
    let list = "apiVersion: v1\nkind: List\nitems:\n- apiVersion: gateway.networking.k8s.io/v1\n  kind: TLSRoute\n  metadata: {name: a}\n";
    let report = checked(list);
    assert_eq!(
        (report.objects, report.findings.len()),
        (1, 2),
        "no parent and no backend: {}",
        report.text(100, false)
    );
}

#[test]
fn an_annotation_is_one_line_with_its_place() {
    let text = github(&checked(&format!("{GATEWAY}{}", route(1))));
    let line = text.lines().next().expect("a line");
    let start = "::error file=input.yaml,line=11,col=42,title=KGL006 route-not-accepted::TLSRoute kafka/r1 will not be accepted";
    assert!(line.starts_with(start), "{line}");
    assert!(line.ends_with("(docs/causes/route-not-accepted.md)"), "{line}");
    let hostile = format!("{GATEWAY}{}", route(1).replace("nobody", "\"x%\\n::error::y\\e[2J\""));
    let text = github(&checked(&hostile));
    assert!(text.lines().next().expect("a line").contains("x%25%0A::error::y\\u{1b}[2J"), "{text}");
    assert!(text.lines().all(|line| line.starts_with("::error file=") || line.starts_with("::notice ")), "{text}");
}

#[test]
fn json_has_the_documented_fields() {
    let json = checked(&format!("{GATEWAY}{}", route(1))).json();
    let finding = &json["findings"][0];
    for (field, value) in [
        ("cause", "route-not-accepted"),
        ("number", "KGL006"),
        ("severity", "error"),
        ("file", "input.yaml"),
        ("page", "docs/causes/route-not-accepted.md"),
    ] {
        assert_eq!(finding[field], value, "{json:#}");
    }
    assert_eq!((finding["line"].as_u64(), finding["column"].as_u64()), (Some(11), Some(42)));
    assert_eq!((&json["schema"], &json["healthy"]), (&1.into(), &false.into()));
    let mut fields: Vec<_> = json.as_object().expect("an object").keys().map(String::as_str).collect();
    fields.sort_unstable();
    assert_eq!(fields, ["files", "findings", "healthy", "not-checked", "objects", "schema", "unreadable"]);
}

#[test]
fn an_ignored_cause_is_left_out() {
    let mut inputs = Inputs::default();
    inputs.add("input.yaml", &format!("{GATEWAY}{}", route(1)));
    assert!(check(inputs, None, &[model::Cause::RouteNotAccepted]).findings.is_empty());
}
