//! What `lab status` knows of a lab: the model of `-o json`, of which the text is a view.

use model::{KafkaProvider, LabKind};
use serde::Serialize;
use std::net::SocketAddr;

/// The state of a lab at one moment.
#[derive(Clone, Debug, Serialize)]
pub struct Status {
    pub name: String,
    /// `None` for a lab that has come up half way only: what it is to become is not written down yet.
    pub lab: Option<Facts>,
    pub processes: Vec<Process>,
    /// `None` where the API server was not asked: for a lab that is half up.
    pub api: Option<Api>,
    pub objects: Objects,
    /// Per Kafka cluster, what a client met; empty unless `--probe` asked for it.
    pub probes: Vec<Probe>,
    /// What is wrong, worst first, a sentence each. The lab is well where this is empty.
    pub problems: Vec<String>,
}

/// What the lab is.
#[derive(Clone, Debug, Serialize)]
pub struct Facts {
    pub kind: LabKind,
    pub gateway: String,
    pub gateway_class: String,
    pub kafka: KafkaProvider,
}

/// A process of the lab on this machine, running or not.
#[derive(Clone, Debug, Serialize)]
pub struct Process {
    pub name: String,
    /// What it is in the lab, in a few words.
    pub role: String,
    pub pid: Option<u32>,
    pub seconds_up: Option<u64>,
    pub listening: Vec<SocketAddr>,
    /// Such as `is not running`.
    pub trouble: Option<String>,
    /// For one in trouble: the line of its log that tells most.
    pub last_words: Option<String>,
    pub log: String,
}

/// Whether the API server answers.
#[derive(Clone, Debug, Serialize)]
pub struct Api {
    /// Whether it is ready, by its own account.
    pub ready: bool,
    /// `ready`, or what it says instead.
    pub says: String,
    /// What could not be asked for, and why: then the lists below are not whole.
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
    /// `Accepted`, `Programmed`; those that are absent from the status are not here either.
    pub conditions: Vec<Condition>,
    pub listeners: Vec<Listener>,
}

#[derive(Clone, Debug, Serialize)]
pub struct Listener {
    pub name: String,
    pub port: u64,
    pub protocol: String,
    /// `None`: it serves every name.
    pub hostname: Option<String>,
    /// `None` where the gateway does not say.
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
    /// `service:port`, with the namespace before it where it is another.
    pub backends: Vec<String>,
}

/// A parentRef of a route, and what its Gateway's controller says of the route.
#[derive(Clone, Debug, Serialize)]
pub struct Parent {
    /// `namespace/name`, with `#section` where the route names one.
    pub gateway: String,
    /// Empty where no controller has answered.
    pub conditions: Vec<Condition>,
}

/// A Kafka resource: Kafka, KafkaNodePool, KafkaTopic or KafkaUser.
#[derive(Clone, Debug, Serialize)]
pub struct Resource {
    pub kind: String,
    pub namespace: String,
    pub name: String,
    /// What a word of it is worth knowing: a pool's node ids.
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
    /// Such as `Running, 1 of 1 ready`, or what keeps it from running.
    pub says: String,
    pub restarts: i32,
    /// Why it ended last, where it was restarted: the line of its log that tells most, or its exit code.
    pub last_words: Option<String>,
}

/// What a client met that went to a Kafka cluster through the gateway.
#[derive(Clone, Debug, Serialize)]
pub struct Probe {
    /// `namespace/name` of the Kafka resource.
    pub cluster: String,
    /// The listener that was asked, and its bootstrap address.
    pub listener: Option<String>,
    pub bootstrap: Option<String>,
    /// Why the cluster as a whole was not reached, or not asked.
    pub problem: Option<String>,
    /// Whether that is a fault, and not only a listener that wants a client with a name.
    pub failed: bool,
    pub brokers: Vec<ProbedBroker>,
}

#[derive(Clone, Debug, Serialize)]
pub struct ProbedBroker {
    pub id: i32,
    /// Its advertised address.
    pub advertised: String,
    pub reached: bool,
    /// What was met instead.
    pub problem: Option<String>,
}

impl Condition {
    /// Whether it says that something is not as it should be. Some conditions are bad when they are true, most when they
    /// are not.
    pub fn is_bad(&self) -> bool {
        match self.kind.as_str() {
            "NotReady"
            | "Conflicted"
            | "Degraded"
            | "OverlappingTLSConfig"
            | "PartiallyInvalid"
            | "ContainersNotReady" => self.status == "True",
            // Worth reading, and nothing is broken by it.
            "Warning" | "ReconciliationPaused" | "AttachedListenerSets" => false,
            _ => self.status != "True",
        }
    }

    /// Whether it is to be shown although nothing is wrong: a warning.
    pub fn is_warning(&self) -> bool {
        matches!(self.kind.as_str(), "Warning" | "ReconciliationPaused") && self.status == "True"
    }
}

impl std::fmt::Display for Condition {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        // A type alone reads as a fact, so it stands alone only where it is one.
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
