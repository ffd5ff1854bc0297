//! Why a client did not get through: the closed list that scenarios expect and diagnoses name.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use std::fmt;

/// The cause of a failed connection or request, as precise as the evidence allows.
#[derive(Clone, Copy, Debug, Eq, Hash, JsonSchema, Ord, PartialEq, PartialOrd, Deserialize, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Cause {
    /// The name does not resolve where the client runs.
    UnresolvedName,
    /// Nothing accepts connections at the address.
    Unreachable,
    /// The gateway accepted the connection and closed it, since no listener or route serves this server name.
    UnknownSni,
    /// The client sent no server name (it connected by address), so the gateway cannot choose a route.
    NoSni,
    /// No TLSRoute or TCPRoute leads to the name that a broker advertises.
    RouteMissing,
    /// A route exists, but its Gateway did not accept it.
    RouteNotAccepted,
    /// A route exists and is accepted, but its backend cannot be resolved.
    BackendUnresolved,
    /// The route leads to a Service without a ready broker.
    BrokerDown,
    /// The route leads to another broker than the one that advertises the name.
    WrongBroker,
    /// The address that the broker advertises is not one that the gateway serves.
    AdvertisedAddress,
    /// The certificate does not name the host.
    CertificateName,
    /// The certificate is not signed by an authority that the client trusts.
    UntrustedCertificate,
    /// The certificate is not valid at this time.
    CertificateExpired,
    /// The broker wants a client certificate that it did not get, or refused the one it got.
    ClientCertificate,
    /// The broker refused the user name or password.
    Authentication,
    /// The broker knows the user, and denies the operation.
    Authorization,
    /// The topic or partition does not exist.
    UnknownTopic,
    /// An attempt that had to be refused succeeded.
    NotRefused,
    /// Messages were lost, doubled or changed.
    Content,
    /// The API server refused an object.
    ManifestRefused,
    /// A condition did not come true in time.
    ConditionUnmet,
    /// A component of the lab itself does not run, so nothing that needs it can work.
    LabComponentDead,
    /// A deadline passed, and nothing more is known.
    Timeout,
    /// None of the above: the text says what was seen.
    Unknown,
}

impl fmt::Display for Cause {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // One list of names: serde's. A unit variant always serializes to a string.
        match serde_json::to_value(self) {
            Ok(serde_json::Value::String(name)) => f.write_str(&name),
            _ => write!(f, "{self:?}"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_cause_is_written_as_it_is_read() {
        assert_eq!(Cause::RouteMissing.to_string(), "route-missing");
        assert_eq!(serde_json::from_str::<Cause>("\"unknown-sni\"").expect("a known cause"), Cause::UnknownSni);
    }
}
