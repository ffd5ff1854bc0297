//! One request and its answer. The peer may not be a broker, so nothing that it sends is trusted.

use kafka_protocol::messages::{RequestHeader, ResponseHeader};
use kafka_protocol::protocol::{
    Decodable, HeaderVersion, Message, Request, StrBytes, encode_request_header_into_buffer,
};
use std::io;
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};

/// The largest answer that is read, in bytes. The metadata of a large cluster takes some megabytes. The first four
/// bytes of HTTP or TLS, read as a length, are far above this limit.
const LARGEST: usize = 16 << 20;

/// The size of the correlation id, with which every answer begins.
const SHORTEST: usize = 4;

/// An exchange that failed.
#[derive(Debug, thiserror::Error)]
pub enum WireError {
    #[error(transparent)]
    Io(#[from] io::Error),
    #[error("cannot encode the request: {0}")]
    Request(String),
    #[error("{0}")]
    NotKafka(String),
}

/// Sends one request in this version and reads its answer. The caller limits the time.
///
/// # Errors
/// If the connection breaks, or if the answer is not a valid Kafka answer to this request.
pub async fn exchange<R, S>(
    stream: &mut S,
    client: &'static str,
    correlation: i32,
    version: i16,
    request: &R,
) -> Result<R::Response, WireError>
where
    R: Request,
    S: AsyncRead + AsyncWrite + Unpin,
{
    let frame = frame(client, correlation, version, request)?;
    stream.write_all(&frame).await?;
    stream.flush().await?;

    let length = stream.read_u32().await? as usize;
    if !(SHORTEST..=LARGEST).contains(&length) {
        return Err(WireError::NotKafka(format!("an answer of {length} bytes is not valid Kafka")));
    }
    let mut answer = vec![0; length];
    stream.read_exact(&mut answer).await?;
    // The decoder panics on some short inputs, so the correlation id is checked before the decoder sees the rest.
    let echoed = i32::from_be_bytes([answer[0], answer[1], answer[2], answer[3]]);
    if echoed != correlation {
        return Err(WireError::NotKafka(format!(
            "not valid Kafka: the answer is for request {echoed}, not {correlation}"
        )));
    }
    let not_kafka = |error: &dyn std::fmt::Display| WireError::NotKafka(format!("not a valid Kafka answer: {error}"));
    let mut rest = answer.as_slice();
    ResponseHeader::decode(&mut rest, R::Response::header_version(version)).map_err(|error| not_kafka(&error))?;
    R::Response::decode(&mut rest, version).map_err(|error| not_kafka(&error))
}

fn frame<R: Request>(client: &'static str, correlation: i32, version: i16, request: &R) -> Result<Vec<u8>, WireError> {
    let failed = |error: &dyn std::fmt::Display| WireError::Request(error.to_string());
    let header = RequestHeader::default()
        .with_request_api_key(R::KEY)
        .with_request_api_version(version)
        .with_correlation_id(correlation)
        .with_client_id(Some(StrBytes::from_static_str(client)));
    let mut frame = vec![0; SHORTEST];
    encode_request_header_into_buffer(&mut frame, &header).map_err(|error| failed(&error))?;
    request.encode(&mut frame, version).map_err(|error| failed(&error))?;
    let length = i32::try_from(frame.len() - SHORTEST).map_err(|error| failed(&error))?;
    frame[..SHORTEST].copy_from_slice(&length.to_be_bytes());
    Ok(frame)
}

/// The newest version of a request that we and a broker with these limits support.
pub fn newest<R: Request>(least: i16, most: i16) -> Option<i16> {
    let ours = <R as Message>::VERSIONS;
    let version = most.min(ours.max);
    (version >= least.max(ours.min)).then_some(version)
}

/// The name of a request in Kafka's documentation.
pub fn name<R: Request>() -> &'static str {
    std::any::type_name::<R>().rsplit("::").next().unwrap_or("the request")
}

#[cfg(test)]
mod tests {
    use super::*;
    use kafka_protocol::messages::{ApiVersionsRequest, ApiVersionsResponse, MetadataRequest};
    use kafka_protocol::protocol::Encodable;

    /// The result of an exchange with a peer that reads the request and then sends these bytes.
    async fn after(answer: &[u8]) -> Result<ApiVersionsResponse, WireError> {
        let (mut ours, mut theirs) = tokio::io::duplex(64 << 10);
        let peer = async {
            let length = theirs.read_u32().await.expect("a length");
            let mut request = vec![0; length as usize];
            theirs.read_exact(&mut request).await.expect("a request");
            assert_eq!(request[..8], [0, 18, 0, 0, 0, 0, 0, 7], "ApiVersions, version 0, request 7");
            theirs.write_all(answer).await.expect("sent");
            drop(theirs);
        };
        let request = ApiVersionsRequest::default();
        let (outcome, ()) = tokio::join!(exchange(&mut ours, "test", 7, 0, &request), peer);
        outcome
    }

    fn framed(body: &[u8]) -> Vec<u8> {
        let length = u32::try_from(body.len()).expect("short");
        [&length.to_be_bytes(), body].concat()
    }

    #[tokio::test]
    async fn an_answer_to_this_request_is_read() {
        let mut body = 7_i32.to_be_bytes().to_vec();
        ApiVersionsResponse::default().with_error_code(35).encode(&mut body, 0).expect("encoded");
        assert_eq!(after(&framed(&body)).await.expect("Kafka's").error_code, 35);
    }

    #[tokio::test]
    async fn what_is_not_kafka_s_is_refused_before_it_is_decoded() {
        let wrong: [(&[u8], &str); 5] = [
            (b"HTTP/1.1 400 Bad Request\r\n\r\n", "an answer of 1213486160 bytes is not valid Kafka"),
            (&framed(&[]), "an answer of 0 bytes is not valid Kafka"),
            (&framed(&[0, 0, 7]), "an answer of 3 bytes is not valid Kafka"),
            (&framed(&[0, 0, 0, 6, 0, 0]), "not valid Kafka: the answer is for request 6, not 7"),
            (&framed(&[0, 0, 0, 7, 0]), "not a valid Kafka answer"),
        ];
        for (bytes, words) in wrong {
            let error = after(bytes).await.expect_err(words);
            assert!(matches!(&error, WireError::NotKafka(_)) && error.to_string().contains(words), "{error:?}");
        }
    }

    #[tokio::test]
    async fn an_answer_that_breaks_off_is_a_broken_connection() {
        let error = after(&[0, 0, 0, 9, 0, 0]).await.expect_err("half an answer");
        assert!(matches!(&error, WireError::Io(source) if source.kind() == io::ErrorKind::UnexpectedEof), "{error:?}");
    }

    #[test]
    fn versions_that_do_not_meet_are_none() {
        let ours = <MetadataRequest as Message>::VERSIONS;
        assert_eq!(newest::<MetadataRequest>(0, i16::MAX), Some(ours.max));
        assert_eq!(newest::<MetadataRequest>(0, ours.max - 1), Some(ours.max - 1));
        assert_eq!(newest::<MetadataRequest>(ours.max + 1, ours.max + 2), None);
    }

    #[test]
    fn a_request_is_called_as_kafka_calls_it() {
        assert_eq!(name::<MetadataRequest>(), "MetadataRequest");
    }
}
