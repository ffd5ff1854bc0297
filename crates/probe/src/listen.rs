//! The other side of a client: what it really sends, from its ClientHello to its first Kafka requests. Nothing that it sends
//! as a password is read.

use kafka_protocol::messages::api_versions_response::ApiVersion;
use kafka_protocol::messages::{ApiKey, ApiVersionsResponse, ResponseHeader};
use kafka_protocol::protocol::Encodable;
use serde::Serialize;
use std::io;
use std::net::SocketAddr;
use std::pin::Pin;
use std::sync::{Arc, Mutex, PoisonError};
use std::task::{Context, Poll};
use std::time::Duration;
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt, ReadBuf};
use tokio::net::TcpStream;
use tokio::time::{Instant, timeout_at};
use tokio_rustls::LazyConfigAcceptor;
use tokio_rustls::rustls::ServerConfig;
use tokio_rustls::rustls::crypto::ring;
use tokio_rustls::rustls::pki_types::PrivateKeyDer;
use tokio_rustls::rustls::server::{Acceptor, ClientHello};

/// The first byte of a TLS handshake message.
const TLS: u8 = 0x16;
/// A longer first request is not one of Kafka's.
const LONGEST: u32 = 1 << 20;
/// After so many requests, enough is known.
const REQUESTS: usize = 4;
const API_VERSIONS: i16 = 18;
const SASL_HANDSHAKE: i16 = 17;
/// The name in the certificate for a client that sends none.
const NAMELESS: &str = "no-server-name.invalid";

/// What a client speaks.
#[derive(Clone, Copy, Debug, Eq, PartialEq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Spoken {
    Tls,
    PlaintextKafka,
    Http,
    /// It connected and sent nothing.
    Nothing,
    SomethingElse,
}

/// One connection of a client.
#[derive(Clone, Debug, Serialize)]
#[serde(rename_all = "kebab-case")]
pub struct Heard {
    pub from: SocketAddr,
    pub speaks: Spoken,
    pub hello: Option<Hello>,
    /// Why the handshake did not complete. `None` without TLS, or if it completed.
    pub handshake_failed: Option<String>,
    /// The first Kafka requests.
    pub requests: Vec<Request>,
    /// The SASL mechanism that the client asked for.
    pub sasl_mechanism: Option<String>,
}

/// A ClientHello.
#[derive(Clone, Debug, Eq, PartialEq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub struct Hello {
    pub server_name: Option<String>,
    pub alpn: Vec<String>,
    pub versions: Vec<String>,
    pub groups: Vec<String>,
    pub cipher_suites: usize,
    pub bytes: usize,
    /// The sizes of the parts in which it arrived.
    pub segments: Vec<usize>,
}

/// The header of a Kafka request.
#[derive(Clone, Debug, Eq, PartialEq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub struct Request {
    pub api: String,
    pub key: i16,
    pub version: i16,
    pub client_id: Option<String>,
}

/// Listens to one connection until enough is known, the client ends it, or `within` has passed.
pub async fn hear(stream: TcpStream, from: SocketAddr, within: Duration) -> Heard {
    let deadline = Instant::now() + within;
    let mut heard = Heard {
        from,
        speaks: Spoken::Nothing,
        hello: None,
        handshake_failed: None,
        requests: Vec::new(),
        sasl_mechanism: None,
    };
    // What was heard before the deadline stays.
    let ended = timeout_at(deadline, listen(stream, &mut heard)).await;
    if ended.is_err() && heard.speaks == Spoken::Tls && heard.requests.is_empty() && heard.handshake_failed.is_none() {
        heard.handshake_failed = Some(format!("the client sent nothing more within {within:?}"));
    }
    heard
}

async fn listen(mut stream: TcpStream, heard: &mut Heard) {
    let mut first = [0; 5];
    let Ok(seen) = stream.peek(&mut first).await else { return };
    heard.speaks = match &first[..seen] {
        [] => return,
        [TLS, ..] => Spoken::Tls,
        [0, ..] => Spoken::PlaintextKafka,
        text if text.iter().all(|byte| byte.is_ascii_uppercase() || *byte == b' ' || *byte == b'/') => Spoken::Http,
        _ => Spoken::SomethingElse,
    };
    match heard.speaks {
        Spoken::Tls => tls(stream, heard).await,
        Spoken::PlaintextKafka => requests(&mut stream, heard).await,
        _ => {}
    }
}

async fn tls(stream: TcpStream, heard: &mut Heard) {
    let record = Arc::new(Mutex::new(Record::default()));
    let recorded = Recorded { stream, record: record.clone() };
    let start = match LazyConfigAcceptor::new(Acceptor::default(), recorded).await {
        Ok(start) => start,
        Err(error) => {
            heard.handshake_failed = Some(format!("the ClientHello cannot be read: {error}"));
            return;
        }
    };
    let hello = {
        let record = record.lock().unwrap_or_else(PoisonError::into_inner);
        described(&start.client_hello(), &record)
    };
    let config = config(hello.server_name.as_deref().unwrap_or(NAMELESS));
    heard.hello = Some(hello);
    let ended = match config {
        Ok(config) => start.into_stream(Arc::new(config)).await.map_err(|error| error.to_string()),
        Err(why) => Err(why),
    };
    match ended {
        Ok(mut stream) => requests(&mut stream, heard).await,
        Err(why) => heard.handshake_failed = Some(why),
    }
}

fn described(hello: &ClientHello<'_>, record: &Record) -> Hello {
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    Hello {
        server_name: hello.server_name().map(ToOwned::to_owned),
        alpn: hello.alpn().into_iter().flatten().map(text).collect(),
        versions: versions(&record.bytes),
        groups: hello.named_groups().unwrap_or_default().iter().map(|group| format!("{group:?}")).collect(),
        cipher_suites: hello.cipher_suites().len(),
        bytes: record.bytes.len(),
        segments: record.reads.clone(),
    }
}

/// A server whose certificate, signed by itself, names what the client asked for.
fn config(name: &str) -> Result<ServerConfig, String> {
    let made = rcgen::generate_simple_self_signed([name.to_owned()]).map_err(|error| error.to_string())?;
    let key = PrivateKeyDer::try_from(made.signing_key.serialize_der()).map_err(ToOwned::to_owned)?;
    ServerConfig::builder_with_provider(Arc::new(ring::default_provider()))
        .with_safe_default_protocol_versions()
        .and_then(|builder| builder.with_no_client_auth().with_single_cert(vec![made.cert.der().clone()], key))
        .map_err(|error| error.to_string())
}

/// The versions of a ClientHello: those of its extension `supported_versions`, or else its own field. rustls does not show
/// them. `bytes` are the records as they arrived.
fn versions(bytes: &[u8]) -> Vec<String> {
    let message = handshake_message(bytes);
    let found = supported_versions(&message);
    let old = || message.get(4..6).map(|field| vec![[field[0], field[1]]]).unwrap_or_default();
    found.unwrap_or_else(old).into_iter().filter_map(named).collect()
}

/// The message, without the headers of the records around its parts.
fn handshake_message(mut bytes: &[u8]) -> Vec<u8> {
    let mut message = Vec::new();
    while let [TLS, _, _, high, low, rest @ ..] = bytes {
        let length = usize::from(u16::from_be_bytes([*high, *low])).min(rest.len());
        message.extend_from_slice(&rest[..length]);
        bytes = &rest[length..];
    }
    message
}

fn supported_versions(message: &[u8]) -> Option<Vec<[u8; 2]>> {
    const EXTENSION: u16 = 43;
    let short = |bytes: &[u8]| Some(u16::from_be_bytes([*bytes.first()?, *bytes.get(1)?]));
    // Type and length, version, random.
    let rest = message.get(4 + 2 + 32..)?;
    let rest = rest.get(1 + usize::from(*rest.first()?)..)?;
    let rest = rest.get(2 + usize::from(short(rest)?)..)?;
    let rest = rest.get(1 + usize::from(*rest.first()?)..)?;
    let mut extensions = rest.get(2..)?;
    while let (Some(kind), Some(length)) = (short(extensions), short(extensions.get(2..)?)) {
        let body = extensions.get(4..4 + usize::from(length))?;
        if kind == EXTENSION {
            return Some(body.get(1..)?.chunks_exact(2).map(|pair| [pair[0], pair[1]]).collect());
        }
        extensions = &extensions[4 + usize::from(length)..];
    }
    None
}

/// The name of a version. Values that only test servers for tolerance (GREASE) have none.
fn named(version: [u8; 2]) -> Option<String> {
    Some(match version {
        [3, 4] => "TLS 1.3".to_owned(),
        [3, 3] => "TLS 1.2".to_owned(),
        [3, 2] => "TLS 1.1".to_owned(),
        [3, 1] => "TLS 1.0".to_owned(),
        [high, low] if high == low && high & 0x0f == 0x0a => return None,
        [high, low] => format!("{high:#04x}{low:02x}"),
    })
}

async fn requests<S: AsyncRead + AsyncWrite + Unpin>(stream: &mut S, heard: &mut Heard) {
    while heard.requests.len() < REQUESTS && request(stream, heard).await.is_some() {}
}

/// Reads one request, and answers it if another one is wanted.
async fn request<S: AsyncRead + AsyncWrite + Unpin>(stream: &mut S, heard: &mut Heard) -> Option<()> {
    let length = stream.read_u32().await.ok()?;
    if !(10..=LONGEST).contains(&length) {
        heard.speaks = if heard.speaks == Spoken::PlaintextKafka { Spoken::SomethingElse } else { heard.speaks };
        return None;
    }
    let mut bytes = vec![0; usize::try_from(length).ok()?];
    stream.read_exact(&mut bytes).await.ok()?;
    let short = |at: usize| Some(i16::from_be_bytes([*bytes.get(at)?, *bytes.get(at + 1)?]));
    let string = |at: usize| {
        let length = usize::try_from(short(at)?).ok()?;
        Some(String::from_utf8_lossy(bytes.get(at + 2..at + 2 + length)?).into_owned())
    };
    let (key, version, client_id) = (short(0)?, short(2)?, string(8));
    let api = ApiKey::try_from(key).map_or_else(|()| "an unknown request".to_owned(), |key| format!("{key:?}"));
    let body = 10 + client_id.as_ref().map_or(0, String::len);
    heard.requests.push(Request { api, key, version, client_id });
    match key {
        API_VERSIONS => {
            let answer = known(version, bytes.get(4..8)?)?;
            stream.write_all(&answer).await.ok()
        }
        SASL_HANDSHAKE => {
            heard.sasl_mechanism = string(body);
            None
        }
        _ => None,
    }
}

/// An answer that lets every client go on to its next request.
fn known(version: i16, correlation: &[u8]) -> Option<Vec<u8>> {
    let correlation = i32::from_be_bytes(correlation.try_into().ok()?);
    let newest = ApiKey::ApiVersions.valid_versions().max;
    let keys = [ApiKey::ApiVersions, ApiKey::SaslHandshake, ApiKey::SaslAuthenticate, ApiKey::Metadata].map(|key| {
        let range = key.valid_versions();
        ApiVersion::default().with_api_key(key as i16).with_min_version(range.min).with_max_version(range.max)
    });
    let mut answer = ApiVersionsResponse::default().with_api_keys(keys.to_vec());
    // A client that is newer than this program asks again in an older version.
    let version = if version > newest {
        answer.error_code = kafka_protocol::ResponseError::UnsupportedVersion.code();
        0
    } else {
        version
    };
    let mut body = Vec::new();
    let header = ResponseHeader::default().with_correlation_id(correlation);
    header.encode(&mut body, ApiKey::ApiVersions.response_header_version(version)).ok()?;
    answer.encode(&mut body, version).ok()?;
    let mut framed = u32::try_from(body.len()).ok()?.to_be_bytes().to_vec();
    framed.extend(body);
    Some(framed)
}

/// The bytes that arrived, and the size of each part.
#[derive(Default)]
struct Record {
    bytes: Vec<u8>,
    reads: Vec<usize>,
}

/// A stream that keeps the first bytes which it reads.
struct Recorded {
    stream: TcpStream,
    record: Arc<Mutex<Record>>,
}

/// A ClientHello is not longer than this.
const RECORDED: usize = 64 * 1024;

impl AsyncRead for Recorded {
    fn poll_read(mut self: Pin<&mut Self>, cx: &mut Context<'_>, buffer: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        let before = buffer.filled().len();
        let ready = Pin::new(&mut self.stream).poll_read(cx, buffer);
        let read = &buffer.filled()[before..];
        let mut record = self.record.lock().unwrap_or_else(PoisonError::into_inner);
        if !read.is_empty() && record.bytes.len() < RECORDED {
            record.bytes.extend_from_slice(read);
            record.reads.push(read.len());
        }
        ready
    }
}

impl AsyncWrite for Recorded {
    fn poll_write(mut self: Pin<&mut Self>, cx: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.stream).poll_write(cx, bytes)
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_flush(cx)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_shutdown(cx)
    }
}

#[cfg(test)]
#[path = "listen_tests.rs"]
mod tests;
