//! What the user asks of `lab up`.

use crate::{KafkaProvider, LabKind};
use std::net::IpAddr;

/// What the user asks of `lab up`. `None` stands for what the lab that is up has, or for the usual choice.
#[derive(Clone, Debug)]
pub struct UpOptions {
    pub name: String,
    pub kind: Option<LabKind>,
    /// A folder of `fixtures/gateways`.
    pub gateway: Option<String>,
    pub kafka: Option<KafkaProvider>,
    pub port_base: Option<u16>,
    /// Whether the lab's names also go into /etc/hosts.
    pub hosts: bool,
    /// The version of Strimzi.
    pub strimzi: String,
    /// Another image for the kind node.
    pub node_image: Option<String>,
    pub existing: Option<UserCluster>,
}

/// A cluster of the user's own, and what may be installed into it.
#[derive(Clone, Debug)]
pub struct UserCluster {
    pub context: String,
    /// The address of the gateway's data plane as seen from this machine.
    pub address: IpAddr,
    /// Whether to install the gateway; else it is taken to be there.
    pub install_gateway: bool,
    /// Whether to install Strimzi; else the operator is taken to be there, or the stand-in runs beside the cluster.
    pub install_strimzi: bool,
}
