//! The listeners of the shared cluster, as scenarios name them.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// A listener of the shared cluster. The three exclusive ones are `type: cluster-ip`, have names of their own below
/// `${listener.domain}` and belong to one scenario at a time: for routes that the scenario writes by hand.
#[derive(Clone, Copy, Debug, Deserialize, Eq, JsonSchema, PartialEq, Serialize)]
#[serde(rename_all = "kebab-case")]
#[schemars(extend("x-former-words" = ["slot", "plain-slot", "tcp-slot"]))]
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
    /// An exclusive listener with TLS.
    #[serde(alias = "slot")]
    ExclusiveTls,
    /// An exclusive listener without TLS at the broker, advertised at `${gateway.terminate-port}`: for a gateway that
    /// ends TLS itself.
    #[serde(alias = "plain-slot")]
    ExclusivePlaintext,
    /// An exclusive listener without TLS where each broker is advertised at a port of its own, `${gateway.tcp-port-10}`
    /// and so on: for TCPRoutes.
    #[serde(alias = "tcp-slot")]
    ExclusiveTcp,
}

/// The words of earlier releases, which are still read, with their successors.
pub const FORMER_WORDS: [(&str, &str); 3] =
    [("slot", "exclusive-tls"), ("plain-slot", "exclusive-plaintext"), ("tcp-slot", "exclusive-tcp")];

impl Listener {
    /// Whether the listener belongs to one scenario at a time, so that the `listener` variables have values.
    pub fn is_exclusive(self) -> bool {
        matches!(self, Self::ExclusiveTls | Self::ExclusivePlaintext | Self::ExclusiveTcp)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_former_word_means_what_its_successor_means() {
        let read = |word: &str| serde_json::from_value::<Listener>(word.into()).expect(word);
        for (former, word) in FORMER_WORDS {
            assert_eq!(read(former), read(word));
        }
        let schema = serde_json::to_value(schemars::schema_for!(Listener)).expect("a schema");
        assert_eq!(schema["x-former-words"], serde_json::json!(FORMER_WORDS.map(|(former, _)| former)));
    }
}
