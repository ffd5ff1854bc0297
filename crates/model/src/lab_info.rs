//! What every command and every scenario needs to know about a running lab.

use camino::Utf8PathBuf;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use std::fmt;
use std::net::IpAddr;

/// A kind of lab.
#[derive(Clone, Copy, Debug, Deserialize, Eq, JsonSchema, PartialEq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum LabKind {
    /// Without a container engine: API server, gateway and brokers as processes of this machine.
    Local,
    /// A KIND cluster.
    Kind,
    /// A cluster of the user's own.
    Existing,
}

impl LabKind {
    pub const ALL: [Self; 3] = [Self::Local, Self::Kind, Self::Existing];

    /// As the command line, scenarios and reports spell it.
    pub fn word(self) -> &'static str {
        match self {
            Self::Local => "local",
            Self::Kind => "kind",
            Self::Existing => "existing",
        }
    }
}

impl fmt::Display for LabKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.word())
    }
}

/// The operator that turns `Kafka` resources into brokers.
#[derive(Clone, Copy, Debug, Deserialize, Eq, JsonSchema, PartialEq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum KafkaProvider {
    /// The operator itself.
    Strimzi,
    /// The lab's own stand-in for Strimzi's operator, for the same resources.
    Standin,
}

impl KafkaProvider {
    pub const ALL: [Self; 2] = [Self::Strimzi, Self::Standin];

    /// As the command line and scenarios spell it.
    pub fn word(self) -> &'static str {
        match self {
            Self::Strimzi => "strimzi",
            Self::Standin => "standin",
        }
    }
}

/// For people: every text that a user sees calls the stand-in a stand-in.
impl fmt::Display for KafkaProvider {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Strimzi => "Strimzi",
            Self::Standin => "stand-in for Strimzi",
        })
    }
}

/// The gateway implementation, and the address of its data plane as seen from this machine.
#[derive(Clone, Debug, Deserialize, Serialize)]
pub struct GatewayReach {
    /// The implementation: a folder under `fixtures/gateways`.
    pub name: String,
    /// The GatewayClass that scenarios name.
    pub class: String,
    /// The address of the shared Gateway.
    pub address: IpAddr,
    /// Whether every Gateway has an address of its own, which its status says.
    #[serde(default)]
    pub separate: bool,
    pub ports: Ports,
    /// Features that the implementation claims, such as `TLSRoute` or `TLSRouteModeTerminate`.
    pub features: Vec<String>,
}

/// The gateway's ports. A Gateway listener's port always equals the port on this machine, because a broker's advertised
/// address must be valid for both.
#[derive(Clone, Debug, Deserialize, Serialize)]
pub struct Ports {
    /// One port for every passthrough listener (base).
    pub passthrough: u16,
    /// One port for all listeners that terminate TLS (base + 1).
    pub terminate: u16,
    /// A second passthrough port (base + 2).
    pub second: u16,
    /// Ports for TCPRoutes: one for the bootstrap, then one for each broker (base + 8 to base + 11).
    pub tcp: Vec<u16>,
}

impl Ports {
    /// The default base.
    pub const USUAL_BASE: u16 = 9092;

    /// The ports, counted from `--port-base`.
    pub fn from_base(base: u16) -> Self {
        Self { passthrough: base, terminate: base + 1, second: base + 2, tcp: (base + 8..base + 12).collect() }
    }

    pub fn all(&self) -> impl Iterator<Item = u16> {
        [self.passthrough, self.terminate, self.second].into_iter().chain(self.tcp.iter().copied())
    }
}

/// The Kafka cluster that `lab up` makes and that scenarios may share.
#[derive(Clone, Debug, Deserialize, Serialize)]
pub struct SharedCluster {
    pub namespace: String,
    pub cluster: String,
    /// Listeners with names of their own that a scenario can claim for hand-written routes.
    pub exclusive_tls: Vec<String>,
    /// The same without TLS at the broker, advertised at the gateway's terminating port.
    pub exclusive_plaintext: Vec<String>,
    /// The same without TLS, each broker advertised at a TCP port of its own.
    pub exclusive_tcp: Vec<String>,
}

/// A running lab, as `lab up` writes it to `lab.json`.
#[derive(Clone, Debug, Deserialize, Serialize)]
pub struct LabInfo {
    pub name: String,
    pub kind: LabKind,
    /// In the harness, every name below this domain resolves to the gateway's address.
    pub domain: String,
    pub kubeconfig: Utf8PathBuf,
    pub context: String,
    pub gateway: GatewayReach,
    pub kafka: KafkaProvider,
    pub shared: SharedCluster,
    /// What runs, by part, and the origin of each.
    pub versions: BTreeMap<String, String>,
    /// What identifies the bytes of a part, where it is known: the sha256 of a file or a folder, the id of an image.
    #[serde(default)]
    pub checksums: BTreeMap<String, String>,
    /// The versions that the user chose in place of the pinned ones, by part. The next `lab up` keeps them.
    #[serde(default)]
    pub chosen_versions: BTreeMap<String, String>,
}
