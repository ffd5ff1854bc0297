//! Kafka requests over any byte stream, one at a time.

use kafka_protocol::messages::{ApiVersionsRequest, ApiVersionsResponse, RequestHeader, ResponseHeader};
use kafka_protocol::protocol::{
    Decodable, HeaderVersion, Message, Request, StrBytes, VersionRange, encode_request_header_into_buffer,
};
use std::collections::BTreeMap;
use std::time::Duration;
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};
use tokio::time::timeout;

/// The longest answer that is read: a broker's metadata is some kilobytes.
const LONGEST: usize = 64 << 20;

/// An exchange that failed.
#[derive(Debug, thiserror::Error)]
pub enum WireError {
    #[error("the connection to {peer} broke: {source}")]
    Io {
        peer: String,
        #[source]
        source: std::io::Error,
    },
    #[error("{peer} sent what is no Kafka answer: {problem}")]
    Protocol { peer: String, problem: String },
    #[error("{peer} did not answer within {within:?}")]
    Silent { peer: String, within: Duration },
    #[error("{peer} does not speak a version of {api} that the stand-in knows")]
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
    /// Learns which versions the broker speaks. `peer` is how errors name it; every exchange ends `within` that time.
    ///
    /// # Errors
    /// When the broker does not answer as Kafka does.
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

    /// Sends a request in the newest version that both sides know.
    ///
    /// # Errors
    /// When there is none, or the exchange fails.
    pub async fn send<R: Request>(&mut self, request: &R) -> Result<R::Response, WireError> {
        let ours = <R as Message>::VERSIONS;
        let version = self
            .versions
            .get(&R::KEY)
            .map(|theirs| (theirs.min.max(ours.min), theirs.max.min(ours.max)))
            .filter(|(least, most)| least <= most)
            .map(|(_, most)| most)
            .ok_or_else(|| WireError::Version { peer: self.peer.clone(), api: std::any::type_name::<R>() })?;
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
        let peer = self.peer.clone();
        let protocol = |problem: String| WireError::Protocol { peer: peer.clone(), problem };
        let io = |source| WireError::Io { peer: peer.clone(), source };
        self.correlation += 1;
        let mut header = RequestHeader::default();
        header.request_api_key = R::KEY;
        header.request_api_version = version;
        header.correlation_id = self.correlation;
        header.client_id = Some(StrBytes::from_static_str("kafka-lab-standin"));
        let mut frame = vec![0; 4];
        encode_request_header_into_buffer(&mut frame, &header).map_err(|error| protocol(error.to_string()))?;
        request.encode(&mut frame, version).map_err(|error| protocol(error.to_string()))?;
        let length = i32::try_from(frame.len() - 4).map_err(|error| protocol(error.to_string()))?;
        frame[..4].copy_from_slice(&length.to_be_bytes());
        self.stream.write_all(&frame).await.map_err(io)?;
        self.stream.flush().await.map_err(io)?;

        let length = self.stream.read_u32().await.map_err(io)? as usize;
        if length > LONGEST {
            return Err(protocol(format!("an answer of {length} bytes")));
        }
        let mut answer = vec![0; length];
        self.stream.read_exact(&mut answer).await.map_err(io)?;
        let mut rest = answer.as_slice();
        let head = ResponseHeader::decode(&mut rest, R::Response::header_version(version))
            .map_err(|error| protocol(error.to_string()))?;
        if head.correlation_id != self.correlation {
            return Err(protocol(format!("an answer to request {}, wanted {}", head.correlation_id, self.correlation)));
        }
        R::Response::decode(&mut rest, version).map_err(|error| protocol(error.to_string()))
    }
}
