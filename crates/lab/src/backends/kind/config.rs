//! kind's own configuration file, from the template in `kind/`.

use super::record::Record;
use crate::backends::cluster::Error;
use crate::backends::cluster::Values;
use model::{FileError, paths};
use std::fs;

/// The file for `kind create cluster --config`.
pub fn render(record: &Record) -> Result<String, Error> {
    let path = paths::repo().join("kind/cluster.yaml");
    let text = fs::read_to_string(&path).map_err(FileError::of("read", &path))?;
    let mut values = Values::of_ports(&record.ports);
    values.set("cluster", &record.cluster);
    values.set("id", &record.id);
    values.fill(path.as_str(), &text)
}

/// The id in the node's kubeadm configuration, which exists before the API server does.
pub fn id_label(id: &str) -> String {
    format!("kafka-gateway-lab/id={id}")
}

#[cfg(test)]
mod tests {
    use super::*;
    use model::Ports;
    use serde_json::Value;
    use std::collections::BTreeMap;

    #[test]
    fn every_port_is_mapped_on_loopback() {
        let record = Record {
            cluster: "kafka-gateway-lab-x".into(),
            id: "0123456789abcdef".into(),
            engine: "docker".into(),
            node_image: "kindest/node".into(),
            ports: Ports::from_base(19092),
            gateway: "some".into(),
            ready: false,
        };
        let config: Value = serde_saphyr::from_str(&render(&record).expect("rendered")).expect("YAML");
        let node = &config["nodes"][0];
        assert_eq!(node["labels"]["kafka-gateway-lab/id"], "0123456789abcdef");
        let mappings = node["extraPortMappings"].as_array().expect("a list");
        assert!(mappings.iter().all(|m| m["listenAddress"] == "127.0.0.1"));
        let pairs: BTreeMap<_, _> =
            mappings.iter().map(|m| (m["hostPort"].as_u64(), m["containerPort"].as_u64())).collect();
        let wanted = record.ports.all().zip(crate::backends::cluster::NODE_PORTS);
        assert_eq!(pairs, wanted.map(|(host, node)| (Some(host.into()), Some(node.into()))).collect());
    }
}
