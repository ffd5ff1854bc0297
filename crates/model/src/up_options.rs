//! The options of `lab up`.

use crate::{KafkaProvider, LabKind};
use std::collections::BTreeMap;
use std::net::IpAddr;

/// The options of `lab up`. `None` stands for the value of the running lab, or else for the default.
#[derive(Clone, Debug)]
pub struct UpOptions {
    pub name: String,
    pub kind: Option<LabKind>,
    /// A folder of `fixtures/gateways`.
    pub gateway: Option<String>,
    pub kafka: Option<KafkaProvider>,
    pub port_base: Option<u16>,
    /// Whether to also write the lab's names into /etc/hosts.
    pub hosts: bool,
    /// The version of Strimzi.
    pub strimzi: String,
    /// An image for the kind node, in place of the default.
    pub node_image: Option<String>,
    /// The versions of parts that are not the pinned ones, by part.
    pub versions: BTreeMap<String, String>,
    pub existing: Option<UserCluster>,
    /// Whether to start one part after another, so that the time of each is its own. Only `bench lab` does this.
    pub one_by_one: bool,
}

/// The user's own cluster, and what may be installed into it.
#[derive(Clone, Debug)]
pub struct UserCluster {
    pub context: String,
    /// The address of the gateway's data plane, as seen from this machine.
    pub address: IpAddr,
    /// Whether to install the gateway. Otherwise it is assumed to be there.
    pub install_gateway: bool,
    /// Whether to install Strimzi. Otherwise the operator is assumed to be there, or the stand-in runs outside the
    /// cluster.
    pub install_strimzi: bool,
}
