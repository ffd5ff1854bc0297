//! A broker that answers as the test says, request by request.

use kafka_protocol::messages::api_versions_response::ApiVersion;
use kafka_protocol::messages::{ApiKey, ApiVersionsRequest, ApiVersionsResponse, RequestHeader, ResponseHeader};
use kafka_protocol::protocol::{Decodable, Encodable, HeaderVersion, Request};
use tokio::io::{AsyncReadExt, AsyncWriteExt, DuplexStream};

/// The broker's end of a connection inside this process.
pub struct ScriptedBroker(DuplexStream);

impl ScriptedBroker {
    /// A broker, and the client's end of the connection.
    pub fn new() -> (Self, DuplexStream) {
        let (theirs, ours) = tokio::io::duplex(1 << 20);
        (Self(theirs), ours)
    }

    /// Answers a client's first request with these kinds of request, in all of their versions.
    ///
    /// # Panics
    /// As for [`ScriptedBroker::answer`].
    pub async fn greet(&mut self, keys: &[ApiKey]) {
        let known = keys.iter().map(|key| {
            let range = key.valid_versions();
            ApiVersion::default().with_api_key(*key as i16).with_min_version(range.min).with_max_version(range.max)
        });
        let answer = ApiVersionsResponse::default().with_api_keys(known.collect());
        self.answer(|_: ApiVersionsRequest| answer).await;
    }

    /// Reads one request and answers it.
    ///
    /// # Panics
    /// If another kind of request arrives, or none.
    pub async fn answer<R: Request>(&mut self, respond: impl FnOnce(R) -> R::Response) {
        let length = self.0.read_u32().await.expect("a request");
        let mut request = vec![0; length as usize];
        self.0.read_exact(&mut request).await.expect("a whole request");
        let key = i16::from_be_bytes([request[0], request[1]]);
        let version = i16::from_be_bytes([request[2], request[3]]);
        assert_eq!(key, R::KEY, "the kind of request");
        let mut request = request.as_slice();
        let header = RequestHeader::decode(&mut request, R::header_version(version)).expect("a header");
        let response = respond(R::decode(&mut request, version).expect("a request"));
        let mut body = Vec::new();
        let head = ResponseHeader::default().with_correlation_id(header.correlation_id);
        head.encode(&mut body, R::Response::header_version(version)).expect("encoded");
        response.encode(&mut body, version).expect("encoded");
        self.0.write_u32(u32::try_from(body.len()).expect("short")).await.expect("sent");
        self.0.write_all(&body).await.expect("sent");
    }
}
