//! The listeners of the shared cluster, as scenarios name them.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// A listener of the shared cluster.
#[derive(Clone, Copy, Debug, Deserialize, Eq, JsonSchema, PartialEq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Listener {
    /// The native `type: tlsroute` listener, whose routes the operator writes: `bootstrap.${domain}` and
    /// `broker-{nodeId}.${domain}`, without authentication.
    External,
    /// A second native listener, which demands a client certificate: `bootstrap.mtls.${domain}` and
    /// `broker-{nodeId}.mtls.${domain}`.
    Mtls,
    /// A third native listener, which demands SCRAM-SHA-512: `bootstrap.scram.${domain}` and
    /// `broker-{nodeId}.scram.${domain}`.
    Scram,
    /// A `type: cluster-ip` listener that nobody else uses meanwhile, with names of its own below `${slot.domain}`: for
    /// routes that the scenario writes by hand.
    Slot,
    /// As `slot`, but without TLS at the broker and advertised at `${gateway.terminate-port}`: for a gateway that ends
    /// TLS itself.
    PlainSlot,
    /// As `slot`, but without TLS, and each broker is advertised at a port of its own, `${gateway.tcp-port-10}` and so
    /// on: for TCPRoutes.
    TcpSlot,
}

impl Listener {
    /// Whether the scenario has the listener to itself, so that the `slot` variables have values.
    pub fn is_slot(self) -> bool {
        matches!(self, Self::Slot | Self::PlainSlot | Self::TcpSlot)
    }
}
