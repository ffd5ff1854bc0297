//! The gallery's faults, made on manifests instead of on a lab: what can be seen there is named as on the lab, and the healthy
//! set-ups have no finding.

use camino::{Utf8Path, Utf8PathBuf};
use diagnose::manifest::{Inputs, Report, check};
use model::paths;
use model::vars::{Filled, Variables};
use serde_json::{Value, json};
use std::collections::BTreeMap;

/// The namespace of a case, as the sample of the variable has it.
const OWN: &str = "a-scenario-0a1b2c";

/// The faults that manifests do not show, and why.
const UNSEEN: [(&str, &[&str]); 5] = [
    (
        "the client does something else than the manifests say",
        &[
            "address-instead-of-name",
            "ca-of-another-cluster",
            "clients-ca-as-trust",
            "cluster-ca-for-the-gateways-certificate",
            "http-port",
            "name-not-in-dns",
            "name-of-the-service",
            "name-without-route",
            "no-client-certificate",
            "no-sasl-on-a-sasl-listener",
            "plain-with-the-right-password",
            "plaintext-client-on-mtls-port",
            "plaintext-client-on-terminating-port",
            "plaintext-client-on-tls-port",
            "port-of-the-status",
            "sasl-on-a-listener-without",
            "sasl-plaintext-on-a-tls-port",
            "tls-client-on-a-plaintext-port",
            "unknown-user",
            "wrong-password",
            "wrong-sasl-mechanism",
        ],
    ),
    (
        "a Secret, a class or a process is not among the files",
        &[
            "broker-frozen",
            "certificate-for-another-name",
            "certificate-of-the-listener-missing",
            "class-without-controller",
            "gateway-certificate-expired",
            "service-selects-nothing",
        ],
    ),
    (
        "the Gateway or the other Services of a namespace may exist, although they are not among the files",
        &[
            "backend-in-its-own-namespace",
            "gateway-deleted",
            "route-leaves-out-the-namespace",
            "route-names-no-gateway",
            "tcp-backend-misspelt",
        ],
    ),
    (
        "the implementation of the gateway decides",
        &["listener-on-a-port-without-entry-point", "listener-with-an-unknown-protocol"],
    ),
    ("a client may begin at the name of a broker", &["bootstrap-route-deleted"]),
];

/// The objects, by kind, namespace and name.
type Objects = BTreeMap<(String, String, String), Value>;

fn text(path: &Utf8Path, variables: &Variables) -> String {
    let text = std::fs::read_to_string(path).unwrap_or_else(|error| panic!("{path}: {error}"));
    Filled::new(&text, variables).text
}

fn documents(text: &str) -> Vec<Value> {
    serde_saphyr::from_multiple(text).expect("YAML")
}

fn variables(listener: &str) -> Variables {
    let (name, port) = match listener {
        "exclusive-plaintext" => ("plain1", "9111"),
        "exclusive-tcp" => ("tcp", "9121"),
        _ => ("slot1", "9101"),
    };
    let mut variables = Variables::samples();
    let domain = format!("{name}.kafka.test");
    for (variable, value) in [("listener", name), ("listener.domain", domain.as_str()), ("listener.port", port)] {
        assert!(variables.set(variable, value));
    }
    variables
}

fn key(kind: &Value, namespace: &Value, name: &Value) -> (String, String, String) {
    let word = |value: &Value| value.as_str().unwrap_or_default().to_owned();
    (word(kind), namespace.as_str().unwrap_or(OWN).to_owned(), word(name))
}

fn apply(objects: &mut Objects, text: &str) {
    for mut object in documents(text).into_iter().filter(|object| !object.is_null()) {
        if object["metadata"]["namespace"].is_null() && object["kind"] != "Namespace" {
            object["metadata"]["namespace"] = json!(OWN);
        }
        let metadata = &object["metadata"];
        objects.insert(key(&object["kind"], &metadata["namespace"], &metadata["name"]), object);
    }
}

/// A merge patch, as RFC 7396 defines it.
fn merge(target: &mut Value, patch: &Value) {
    let Some(fields) = patch.as_object() else {
        *target = patch.clone();
        numbers(target);
        return;
    };
    if !target.is_object() {
        *target = json!({});
    }
    for (field, value) in fields {
        if value.is_null() {
            target.as_object_mut().expect("an object").remove(field);
        } else {
            merge(&mut target[field], value);
        }
    }
}

/// The language of scenarios makes a number of a string with one variable, such as `"${listener.port}"`.
fn numbers(value: &mut Value) {
    match value {
        Value::String(text) => {
            if let Ok(number) = text.parse::<u16>() {
                *value = json!(number);
            }
        }
        Value::Array(items) => items.iter_mut().for_each(numbers),
        Value::Object(fields) => fields.values_mut().for_each(numbers),
        _ => {}
    }
}

/// The steps that change objects. `None` if one of them changes something else.
fn play(objects: &mut Objects, folder: &Utf8Path, steps: &Value, variables: &Variables) -> Option<()> {
    for step in steps.as_array().into_iter().flatten() {
        if let Some(file) = step["apply"].as_str() {
            apply(objects, &text(&folder.join(file), variables));
        } else if step["delete"].is_object() {
            let delete = &step["delete"];
            objects.remove(&key(&delete["kind"], &delete["namespace"], &delete["name"])).expect("it is there");
        } else if step["patch"].is_object() {
            let patch = &step["patch"];
            let object = objects.get_mut(&key(&patch["kind"], &patch["namespace"], &patch["name"]))?;
            if patch["merge"].is_null() {
                return None;
            }
            merge(object, &patch["merge"]);
        }
    }
    Some(())
}

/// The check of a case's objects, and the cause that the lab must show. `None` if the case is not made of objects alone.
fn played(folder: &Utf8Path, file: &str) -> Option<(Report, Option<String>)> {
    let gallery = paths::repo().join("fixtures/gallery");
    let read = |path: Utf8PathBuf, variables: &Variables| documents(&text(&path, variables)).remove(0);
    let raw = read(folder.join(file), &Variables::samples());
    let setup = raw["setup"].as_str().map(|name| gallery.join("setups").join(name));
    // That set-up has every fault of its cases at the same time.
    if setup.as_ref().is_some_and(|setup| setup.file_name() == Some("listeners")) {
        return None;
    }
    let of_the_setup = setup.as_ref().map(|setup| read(setup.join("setup.yaml"), &Variables::samples()));
    let kafka = [&raw["kafka"], of_the_setup.as_ref().map_or(&Value::Null, |setup| &setup["kafka"])];
    let listener = kafka.iter().find_map(|kafka| kafka["listener"].as_str()).unwrap_or("external");
    let variables = variables(listener);
    let mut objects = Objects::new();
    if kafka.iter().all(|kafka| kafka["cluster"] != "own") {
        apply(&mut objects, &text(&paths::repo().join("fixtures/kafka/shared.yaml"), &variables));
    }
    if let Some(setup) = &setup {
        let steps = read(setup.join("setup.yaml"), &variables);
        play(&mut objects, setup, &steps["steps"], &variables)?;
    }
    let case = read(folder.join(file), &variables);
    play(&mut objects, folder, &case["steps"], &variables)?;
    let list = json!({"apiVersion": "v1", "kind": "List", "items": objects.into_values().collect::<Vec<_>>()});
    let mut inputs = Inputs::default();
    inputs.add("objects.json", &format!("{list:#}"));
    let report = check(inputs, Some(OWN), &[]);
    assert!(report.problems.is_empty(), "{folder}: {}", report.text(100, false));
    Some((report, case["cause"].as_str().map(ToOwned::to_owned)))
}

fn cases(shelf: &str) -> Vec<Utf8PathBuf> {
    let folder = paths::repo().join("fixtures/gallery").join(shelf);
    let entries = folder.read_dir_utf8().expect("a shelf");
    let mut cases: Vec<_> =
        entries.map(|entry| entry.expect("an entry").into_path()).filter(|path| path.is_dir()).collect();
    cases.sort();
    cases
}

#[test]
fn healthy_set_ups_have_no_finding() {
    let mut seen = 0;
    for case in cases("healthy") {
        let Some((report, _)) = played(&case, "healthy.yaml") else { continue };
        assert!(report.findings.is_empty(), "{case}: {}", report.text(100, false));
        seen += 1;
    }
    assert!(seen > 20, "only {seen} were made");
}

#[test]
fn a_fault_of_the_manifests_has_the_cause_that_the_lab_shows() {
    let (mut seen, mut wrong) = (0, Vec::new());
    let unseen = || UNSEEN.iter().flat_map(|(_, names)| names.iter());
    for case in cases("faults") {
        let Some((report, cause)) = played(&case, "fault.yaml") else { continue };
        let name = case.file_name().expect("a name");
        let found: Vec<_> = report.findings.iter().map(|finding| finding.cause.name()).collect();
        let named = found.iter().any(|one| Some(*one) == cause.as_deref());
        if named == unseen().any(|one| *one == name) {
            wrong.push(format!("{name}: {cause:?} on the lab, {found:?} in the manifests"));
        }
        seen += usize::from(named);
    }
    assert!(wrong.is_empty(), "{wrong:#?}");
    assert!(seen >= 25, "only {seen} faults were named");
    for name in unseen() {
        assert!(
            cases("faults").iter().any(|case| case.file_name() == Some(*name)),
            "{name} is no fault of the gallery"
        );
    }
}
