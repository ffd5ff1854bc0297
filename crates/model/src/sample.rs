//! Invented results, for the tests of every view.

use crate::{
    Attempt, Cause, Failure, KafkaProvider, LabFacts, LabKind, Report, SCHEMA, ScenarioResult, StepRef, Timeline,
    Verdict,
};
use std::collections::BTreeMap;

/// A route is missing.
pub fn failure() -> Failure {
    Failure {
        step: Some(StepRef {
            label: "produce-and-consume".into(),
            file: "scenarios/native-tlsroute/scenario.yaml".into(),
            line: 17,
        }),
        cause: Cause::RouteMissing,
        wanted: "300 messages through every broker".into(),
        seen: "no TLSRoute leads to broker-11.kafka.test:9092".into(),
        since_change: Some(4.25),
        evidence: vec!["broker 11 advertises broker-11.kafka.test:9092".into()],
    }
}

/// One attempt that took four seconds and has no steps.
pub fn result(name: &str, verdict: Verdict) -> ScenarioResult {
    let timeline = Timeline { started: 0.5, queued: 0.0, seconds: 4.0, waited: 3.9, cleanup: 0.4 };
    ScenarioResult {
        name: name.into(),
        title: format!("what {name} shows"),
        links: Vec::new(),
        sabotage: None,
        cleanup_failed: None,
        flaky: false,
        seconds: 4.0,
        steps: Vec::new(),
        attempts: vec![Attempt {
            verdict: verdict.clone(),
            cleanup_failed: None,
            namespace: format!("{name}-0a1b2c"),
            diagnostics: verdict.is_bad().then(|| format!("/reports/run/{name}").into()),
            timeline,
        }],
        verdict,
    }
}

/// A run on a local lab.
pub fn report(scenarios: Vec<ScenarioResult>) -> Report {
    Report {
        schema: SCHEMA,
        run: "20261123-024500-0a1b2c".into(),
        started: "2026-11-23T02:45:00Z".into(),
        seconds: 12.5,
        lab: LabFacts {
            name: "lab".into(),
            kind: LabKind::Local,
            gateway: "traefik".into(),
            kafka: KafkaProvider::Standin,
            versions: BTreeMap::from([("traefik".into(), "3.7.15".into())]),
            checksums: BTreeMap::new(),
        },
        seed: None,
        plan: None,
        interrupted: None,
        scenarios,
    }
}
