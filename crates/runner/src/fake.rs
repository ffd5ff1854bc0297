//! Helpers for the runner's tests: scenarios from a few lines, and the facts of a fake lab.

use model::{GatewayReach, KafkaProvider, LabInfo, LabKind, Ports, SharedCluster};
use scenario::Scenario;

/// Parses a scenario from a few lines. Missing keys get defaults.
pub(crate) fn scenario(lines: &str) -> Scenario {
    let mut text = String::new();
    for (key, value) in [("name", "fake"), ("title", "t"), ("why", "w"), ("kafka", "{cluster: shared}")] {
        if !lines.lines().any(|line| line.starts_with(&format!("{key}:"))) {
            text = format!("{text}{key}: {value}\n");
        }
    }
    for key in ["steps", "sabotage"] {
        if !lines.lines().any(|line| line.starts_with(&format!("{key}:"))) {
            text = format!("{text}{key}: []\n");
        }
    }
    text += lines;
    serde_saphyr::from_str(&text).expect("a scenario")
}

pub(crate) fn info() -> LabInfo {
    LabInfo {
        name: "lab".into(),
        kind: LabKind::Local,
        domain: "kafka.test".into(),
        kubeconfig: "/nowhere/kubeconfig".into(),
        context: "lab".into(),
        gateway: GatewayReach {
            name: "traefik".into(),
            class: "traefik".into(),
            address: [127, 0, 0, 1].into(),
            separate: false,
            ports: Ports::from_base(9092),
            features: vec!["TLSRoute".into()],
        },
        kafka: KafkaProvider::Standin,
        shared: SharedCluster {
            namespace: "kafka".into(),
            cluster: "my-cluster".into(),
            exclusive_tls: vec!["slot1".into(), "slot2".into()],
            exclusive_plaintext: vec![],
            exclusive_tcp: vec![],
        },
        versions: Default::default(),
        checksums: Default::default(),
        chosen_versions: Default::default(),
    }
}

pub(crate) use model::sample::result;
