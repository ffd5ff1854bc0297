//! A snapshot: named facts, each a set of short texts.

use super::{Error, gather};
use camino::Utf8Path;
use lab::Lab;
use model::{FileError, KafkaProvider, LabInfo};
use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, BTreeSet};
use std::fs;

/// What a lab has of its shared cluster: names, and nothing that is secret or differs between runs.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize)]
#[serde(deny_unknown_fields)]
pub struct Snapshot {
    /// The operator and its lab, such as `Strimzi 1.1.0 on kind, through envoy-gateway`.
    pub source: String,
    /// By `kind name`, such as `Service my-cluster-kafka-bootstrap`.
    pub facts: BTreeMap<String, BTreeSet<String>>,
}

impl Snapshot {
    /// Takes a snapshot of the lab's shared cluster.
    ///
    /// # Errors
    /// If the API server does not return the objects.
    pub async fn of(lab: &Lab) -> Result<Self, Error> {
        let mut facts = gather::all(lab).await?;
        let ports = port_names(&lab.info);
        for values in facts.values_mut() {
            *values = values.iter().map(|value| without_ports(value, &ports)).collect();
        }
        Ok(Self { source: source(&lab.info), facts })
    }

    /// Reads the output of [`Snapshot::to_text`].
    ///
    /// # Errors
    /// If the file cannot be read or is not a snapshot.
    pub fn read(file: &Utf8Path) -> Result<Self, Error> {
        let text = fs::read_to_string(file).map_err(FileError::of("read", file))?;
        serde_json::from_str(&text)
            .map_err(|error| Error::Content { path: file.to_owned(), problem: format!("not a snapshot: {error}") })
    }

    /// The snapshot as JSON, in a stable order.
    pub fn to_text(&self) -> String {
        // Maps of strings always have a form in JSON.
        serde_json::to_string_pretty(self).unwrap_or_default() + "\n"
    }
}

fn source(info: &LabInfo) -> String {
    let who = match info.kafka {
        KafkaProvider::Standin => "the stand-in".to_owned(),
        KafkaProvider::Strimzi => {
            let operator = info.versions.iter().find(|(name, _)| name.ends_with("/strimzi/operator"));
            format!("Strimzi {}", operator.map_or("", |(_, version)| version))
        }
    };
    let place = serde_json::to_value(info.kind).ok().and_then(|kind| kind.as_str().map(str::to_owned));
    format!("{who} on {}, through {}", place.unwrap_or_default(), info.gateway.name)
}

/// Labs use different ports. That is not a difference between operators.
fn port_names(info: &LabInfo) -> Vec<(String, String)> {
    let ports = &info.gateway.ports;
    let named = [(ports.passthrough, "passthrough"), (ports.terminate, "terminate"), (ports.second, "second")];
    let tcp = ports.tcp.iter().enumerate().map(|(index, port)| (*port, format!("tcp-{index}")));
    named
        .into_iter()
        .map(|(port, name)| (port, name.to_owned()))
        .chain(tcp)
        .map(|(port, name)| (format!(":{port}"), format!(":<{name}>")))
        .collect()
}

fn without_ports(value: &str, ports: &[(String, String)]) -> String {
    // An address inside the cluster has the port of a Service, which may equal one of the gateway's ports.
    if value.rsplit_once(':').is_some_and(|(host, _)| host.ends_with(".svc")) {
        return value.to_owned();
    }
    let found = ports.iter().find_map(|(port, name)| Some(format!("{}{name}", value.strip_suffix(port)?)));
    found.unwrap_or_else(|| value.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_port_of_the_lab_is_replaced_at_the_end_only() {
        let ports = [(":9092".to_owned(), ":<passthrough>".to_owned())];
        assert_eq!(without_ports("broker-10.kafka.test:9092", &ports), "broker-10.kafka.test:<passthrough>");
        assert_eq!(without_ports("a:9092/TCP", &ports), "a:9092/TCP");
        assert_eq!(without_ports("a:19092", &ports), "a:19092");
        let inside = "bootstrapServers my-cluster-kafka-bootstrap.kafka.svc:9092";
        assert_eq!(without_ports(inside, &ports), inside, "the port of a Service is not the gateway's");
    }

    #[test]
    fn a_snapshot_comes_back_as_it_was() {
        let facts = BTreeMap::from([("Service a".to_owned(), BTreeSet::from(["port 1".to_owned()]))]);
        let snapshot = Snapshot { source: "x".into(), facts };
        let file = tempfile::NamedTempFile::new().expect("a file");
        let path = Utf8Path::from_path(file.path()).expect("UTF-8");
        fs::write(path, snapshot.to_text()).expect("written");
        assert_eq!(Snapshot::read(path).expect("read"), snapshot);
        fs::write(path, "{}").expect("written");
        assert!(Snapshot::read(path).expect_err("no snapshot").to_string().contains("not a snapshot"));
    }
}
