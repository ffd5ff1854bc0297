//! The state of a lab. This is the model of `-o json`, and the text is a view of it.

use model::{KafkaProvider, LabKind};
use serde::Serialize;
use std::collections::BTreeMap;
use std::net::SocketAddr;

/// The state of a lab at one moment.
#[derive(Clone, Debug, Serialize)]
pub struct Status {
    pub name: String,
    /// `None` for a lab that is only partly up and has not recorded what it is.
    pub lab: Option<Facts>,
    pub processes: Vec<Process>,
    /// `None` if the API server was not asked, because the lab is only partly up.
    pub api: Option<Api>,
    pub objects: Objects,
    /// The results of a client, for each Kafka cluster. Empty without `--probe`.
    pub probes: Vec<Probe>,
    /// What is wrong, worst first, one sentence each. Empty if the lab is healthy.
    pub problems: Vec<String>,
}

/// What the lab is.
#[derive(Clone, Debug, Serialize)]
pub struct Facts {
    pub kind: LabKind,
    pub gateway: String,
    /// `None` if it is not known.
    pub gateway_version: Option<String>,
    pub gateway_class: String,
    pub kafka: KafkaProvider,
    /// What runs, by part, and the origin of each.
    pub versions: BTreeMap<String, String>,
}

/// A process of the lab on this machine, running or not.
#[derive(Clone, Debug, Serialize)]
pub struct Process {
    pub name: String,
    /// Its role in the lab, in a few words.
    pub role: String,
    pub pid: Option<u32>,
    pub seconds_up: Option<u64>,
    pub listening: Vec<SocketAddr>,
    /// Such as `is not running`.
    pub trouble: Option<String>,
    /// The most telling line of its log, if it is in trouble.
    pub last_words: Option<String>,
    pub log: String,
}

/// Whether the API server answers.
#[derive(Clone, Debug, Serialize)]
pub struct Api {
    /// Whether it reports that it is ready.
    pub ready: bool,
    /// `ready`, or its answer otherwise.
    pub says: String,
    /// What could not be listed, and why. If this is not empty, the lists below are incomplete.
    pub gaps: Vec<String>,
}

/// The cluster's objects.
#[derive(Clone, Debug, Default, Serialize)]
pub struct Objects {
    pub gateways: Vec<Gateway>,
    pub routes: Vec<Route>,
    pub resources: Vec<Resource>,
    pub pods: Vec<Pod>,
}

/// A condition of an object's status.
#[derive(Clone, Debug, Eq, PartialEq, Serialize)]
pub struct Condition {
    #[serde(rename = "type")]
    pub kind: String,
    /// `True`, `False` or `Unknown`.
    pub status: String,
    pub reason: String,
    pub message: String,
}

/// A Gateway with its listeners.
#[derive(Clone, Debug, Serialize)]
pub struct Gateway {
    pub namespace: String,
    pub name: String,
    pub class: String,
    pub addresses: Vec<String>,
    /// `Accepted` and `Programmed`. Conditions that the status lacks are omitted here too.
    pub conditions: Vec<Condition>,
    pub listeners: Vec<Listener>,
}

#[derive(Clone, Debug, Serialize)]
pub struct Listener {
    pub name: String,
    pub port: u64,
    pub protocol: String,
    /// `None` means every name.
    pub hostname: Option<String>,
    /// `None` if the gateway does not report it.
    pub attached_routes: Option<u64>,
    pub conditions: Vec<Condition>,
}

/// A TLSRoute or TCPRoute.
#[derive(Clone, Debug, Serialize)]
pub struct Route {
    pub kind: String,
    pub namespace: String,
    pub name: String,
    pub hostnames: Vec<String>,
    pub parents: Vec<Parent>,
    /// `service:port`, preceded by the namespace if it differs.
    pub backends: Vec<String>,
}

/// A parentRef of a route, and what the controller of its Gateway reports about the route.
#[derive(Clone, Debug, Serialize)]
pub struct Parent {
    /// `namespace/name`, with `#section` if the route names one.
    pub gateway: String,
    /// Empty if no controller has answered.
    pub conditions: Vec<Condition>,
}

/// A Kafka resource: Kafka, KafkaNodePool, KafkaTopic or KafkaUser.
#[derive(Clone, Debug, Serialize)]
pub struct Resource {
    pub kind: String,
    pub namespace: String,
    pub name: String,
    /// Further information that is worth knowing: a pool's node ids.
    pub detail: Option<String>,
    pub conditions: Vec<Condition>,
}

#[derive(Clone, Debug, Serialize)]
pub struct Pod {
    pub namespace: String,
    pub name: String,
    /// The Kafka cluster that it is a node of.
    pub cluster: Option<String>,
    pub ready: bool,
    /// Such as `Running, 1 of 1 ready`, or the reason why it does not run.
    pub says: String,
    pub restarts: i32,
    /// Why it ended last, if it was restarted: the most telling line of its log, or its exit code.
    pub last_words: Option<String>,
}

/// The result of a client that connected to a Kafka cluster through the gateway.
#[derive(Clone, Debug, Serialize)]
pub struct Probe {
    /// `namespace/name` of the Kafka resource.
    pub cluster: String,
    /// The listener that the client used, and its bootstrap address.
    pub listener: Option<String>,
    pub bootstrap: Option<String>,
    /// Why the cluster as a whole was not reached, or not probed.
    pub problem: Option<String>,
    /// Whether that is a failure, and not only a listener that requires authentication.
    pub failed: bool,
    pub brokers: Vec<ProbedBroker>,
}

#[derive(Clone, Debug, Serialize)]
pub struct ProbedBroker {
    pub id: i32,
    /// Its advertised address.
    pub advertised: String,
    pub reached: bool,
    /// The problem, if the broker was not reached.
    pub problem: Option<String>,
}

impl Condition {
    /// Whether it reports a problem. Some conditions are bad if they are true, but most are bad if they are not.
    pub fn is_bad(&self) -> bool {
        match self.kind.as_str() {
            "NotReady"
            | "Conflicted"
            | "Degraded"
            | "OverlappingTLSConfig"
            | "PartiallyInvalid"
            | "ContainersNotReady" => self.status == "True",
            // It is worth reading, but nothing is broken.
            "Warning" | "ReconciliationPaused" | "AttachedListenerSets" => false,
            _ => self.status != "True",
        }
    }

    /// Whether to show it although nothing is wrong: it is a warning.
    pub fn is_warning(&self) -> bool {
        matches!(self.kind.as_str(), "Warning" | "ReconciliationPaused") && self.status == "True"
    }
}

impl std::fmt::Display for Condition {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        // A type alone reads as a fact, so it stands alone only if it is one.
        f.write_str(&self.kind)?;
        if self.status != "True" {
            write!(f, "={}", self.status)?;
        }
        if self.is_bad() || self.is_warning() {
            match (self.reason.is_empty(), self.message.trim().is_empty()) {
                (false, false) => write!(f, " ({}: {})", self.reason, self.message.trim())?,
                (false, true) => write!(f, " ({})", self.reason)?,
                (true, false) => write!(f, " ({})", self.message.trim())?,
                (true, true) => {}
            }
        }
        Ok(())
    }
}
