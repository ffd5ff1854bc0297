//! Kafka requests over any byte stream, one at a time.

use kafka_protocol::messages::{ApiVersionsRequest, ApiVersionsResponse};
use kafka_protocol::protocol::{Request, StrBytes, VersionRange};
use std::collections::BTreeMap;
use std::time::Duration;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::time::timeout;

/// An exchange that failed.
#[derive(Debug, thiserror::Error)]
pub enum WireError {
    #[error("the connection to {peer} broke: {source}")]
    Io {
        peer: String,
        #[source]
        source: std::io::Error,
    },
    #[error("cannot talk to {peer}: {problem}")]
    Protocol { peer: String, problem: String },
    #[error("{peer} did not answer within {within:?}")]
    Silent { peer: String, within: Duration },
    #[error("{peer} does not support a version of {api} that the stand-in knows")]
    Version { peer: String, api: &'static str },
}

/// A connection to one broker.
pub struct Wire<S> {
    stream: S,
    peer: String,
    within: Duration,
    correlation: i32,
    versions: BTreeMap<i16, VersionRange>,
}

impl<S: AsyncRead + AsyncWrite + Unpin> Wire<S> {
    /// Finds out which versions the broker supports. `peer` is the name for errors. Every exchange is limited to
    /// `within`.
    ///
    /// # Errors
    /// If the broker does not answer as Kafka does.
    pub async fn open(stream: S, peer: String, within: Duration) -> Result<Self, WireError> {
        let mut wire = Self { stream, peer, within, correlation: 0, versions: BTreeMap::new() };
        let mut request = ApiVersionsRequest::default();
        request.client_software_name = StrBytes::from_static_str("kafka-gateway-lab");
        request.client_software_version = StrBytes::from_static_str(env!("CARGO_PKG_VERSION"));
        let answer: ApiVersionsResponse = wire.exchange(&request, 3).await?;
        wire.versions = answer
            .api_keys
            .iter()
            .map(|api| (api.api_key, VersionRange { min: api.min_version, max: api.max_version }))
            .collect();
        Ok(wire)
    }

    /// Sends a request in the newest version that both sides support.
    ///
    /// # Errors
    /// If there is no such version, or the exchange fails.
    pub async fn send<R: Request>(&mut self, request: &R) -> Result<R::Response, WireError> {
        let theirs = self.versions.get(&R::KEY);
        let version = theirs
            .and_then(|theirs| kafka_wire::newest::<R>(theirs.min, theirs.max))
            .ok_or_else(|| WireError::Version { peer: self.peer.clone(), api: kafka_wire::name::<R>() })?;
        self.exchange(request, version).await
    }

    async fn exchange<R: Request>(&mut self, request: &R, version: i16) -> Result<R::Response, WireError> {
        let within = self.within;
        match timeout(within, self.round_trip(request, version)).await {
            Ok(answer) => answer,
            Err(_) => Err(WireError::Silent { peer: self.peer.clone(), within }),
        }
    }

    async fn round_trip<R: Request>(&mut self, request: &R, version: i16) -> Result<R::Response, WireError> {
        self.correlation += 1;
        let answer =
            kafka_wire::exchange(&mut self.stream, "kafka-lab-standin", self.correlation, version, request).await;
        answer.map_err(|error| match error {
            kafka_wire::WireError::Io(source) => WireError::Io { peer: self.peer.clone(), source },
            other => WireError::Protocol { peer: self.peer.clone(), problem: other.to_string() },
        })
    }
}
