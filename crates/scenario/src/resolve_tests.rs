//! Variables in steps and patches.

use crate::{Patch, Span, Step, Wait};
use model::vars::{Variables, resolve};

fn two() -> Variables {
    let mut variables = Variables::new();
    assert!(variables.set("domain", "kafka.test"));
    assert!(variables.set("gateway.port", "9092"));
    variables
}

#[test]
fn a_step_is_resolved_in_every_text() {
    let wait = Wait {
        kind: "TLSRoute".into(),
        name: "a.${domain}".into(),
        namespace: None,
        condition: Some("Accepted".into()),
        status: None,
        reason: None,
        field: None,
        equals: None,
        gone: false,
        within: Span::seconds(3),
    };
    let Step::Wait(resolved) = resolve(&Step::Wait(wait), &two()).expect("known variables") else { panic!() };
    assert_eq!(resolved.name, "a.kafka.test");
    assert_eq!(resolved.within, Span::seconds(3));
}

#[test]
fn a_json_patch_has_variables_and_null_is_a_value() {
    let text = "{kind: Gateway, name: g, json: [\
                {op: replace, path: /spec/listeners/0/port, value: '${gateway.port}'}, \
                {op: add, path: /spec/x, value: null}, {op: remove, path: '/spec/${domain}'}]}";
    let patch: Patch = serde_saphyr::from_str(text).expect("a patch");
    let resolved = resolve(&patch, &two()).expect("known variables");
    let changes = serde_json::to_value(resolved.json).expect("it serializes");
    let expected = serde_json::json!([
        {"op": "replace", "path": "/spec/listeners/0/port", "value": 9092},
        {"op": "add", "path": "/spec/x", "value": null},
        {"op": "remove", "path": "/spec/kafka.test"},
    ]);
    assert_eq!(changes, expected);
}

#[test]
fn a_port_becomes_a_number_only_in_a_merge() {
    let patch = Patch {
        kind: "Gateway".into(),
        name: "${gateway.port}".into(),
        namespace: None,
        merge: Some(serde_json::json!({"port": "${gateway.port}", "host": "h:${gateway.port}"})),
        json: None,
    };
    let resolved = resolve(&patch, &two()).expect("known variables");
    assert_eq!(resolved.name, "9092");
    assert_eq!(resolved.merge, Some(serde_json::json!({"port": 9092, "host": "h:9092"})));
}
