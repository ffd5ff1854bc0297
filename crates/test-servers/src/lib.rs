//! Certificates and servers for unit tests, all in this process and on loopback.

mod scripted_broker;

pub use scripted_broker::ScriptedBroker;

use kafka_protocol::ResponseError;
use kafka_protocol::messages::api_versions_response::ApiVersion;
use kafka_protocol::messages::describe_configs_response::{DescribeConfigsResourceResult, DescribeConfigsResult};
use kafka_protocol::messages::metadata_response::MetadataResponseBroker;
use kafka_protocol::messages::{
    ApiKey, ApiVersionsResponse, DescribeConfigsRequest, DescribeConfigsResponse, MetadataResponse, RequestHeader,
    ResponseHeader,
};
use kafka_protocol::protocol::{Decodable, Encodable, StrBytes};
use rcgen::{
    BasicConstraints, CertificateParams, DistinguishedName, DnType, ExtendedKeyUsagePurpose, IsCa, Issuer, KeyPair,
};
use std::future::Future;
use std::net::SocketAddr;
use std::sync::Arc;
use time::{Duration, OffsetDateTime};
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio_rustls::TlsAcceptor;
use tokio_rustls::rustls::RootCertStore;
use tokio_rustls::rustls::crypto::ring;
use tokio_rustls::rustls::pki_types::pem::PemObject;
use tokio_rustls::rustls::pki_types::{CertificateDer, PrivateKeyDer};
use tokio_rustls::rustls::server::{ServerConfig, WebPkiClientVerifier};

pub struct Authority {
    pub pem: String,
    issuer: Issuer<'static, KeyPair>,
}

pub struct Leaf {
    pub cert: String,
    pub key: String,
}

fn params(common_name: &str, names: &[&str]) -> CertificateParams {
    let names: Vec<String> = names.iter().map(|name| (*name).to_owned()).collect();
    let mut params = CertificateParams::new(names).expect("names");
    params.distinguished_name = DistinguishedName::new();
    params.distinguished_name.push(DnType::CommonName, common_name);
    params.extended_key_usages = vec![ExtendedKeyUsagePurpose::ServerAuth, ExtendedKeyUsagePurpose::ClientAuth];
    params.not_before = OffsetDateTime::now_utc() - Duration::days(2);
    params.not_after = OffsetDateTime::now_utc() + Duration::days(2);
    params
}

impl Authority {
    pub fn new(name: &str) -> Self {
        let mut params = params(name, &[]);
        params.extended_key_usages.clear();
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        let key = KeyPair::generate().expect("a key");
        let pem = params.self_signed(&key).expect("an authority").pem();
        Self { pem, issuer: Issuer::new(params, key) }
    }

    pub fn leaf(&self, common_name: &str, names: &[&str]) -> Leaf {
        self.sign(&params(common_name, names))
    }

    pub fn expired(&self, names: &[&str]) -> Leaf {
        let mut params = params("expired", names);
        params.not_after = OffsetDateTime::now_utc() - Duration::days(1);
        self.sign(&params)
    }

    fn sign(&self, params: &CertificateParams) -> Leaf {
        let key = KeyPair::generate().expect("a key");
        let cert = params.signed_by(&key, &self.issuer).expect("a leaf").pem();
        Leaf { cert, key: key.serialize_pem() }
    }
}

impl Leaf {
    pub fn der(&self) -> Vec<u8> {
        CertificateDer::from_pem_slice(self.cert.as_bytes()).expect("PEM").to_vec()
    }

    /// A server with this certificate. With `clients`, it requires a client certificate signed by that authority.
    pub fn server(&self, clients: Option<&Authority>) -> ServerConfig {
        let provider = Arc::new(ring::default_provider());
        let builder = ServerConfig::builder_with_provider(provider.clone())
            .with_safe_default_protocol_versions()
            .expect("versions");
        let builder = match clients {
            None => builder.with_no_client_auth(),
            Some(authority) => {
                let mut roots = RootCertStore::empty();
                roots.add(CertificateDer::from_pem_slice(authority.pem.as_bytes()).expect("PEM")).expect("a root");
                let verifier = WebPkiClientVerifier::builder_with_provider(Arc::new(roots), provider);
                builder.with_client_cert_verifier(verifier.build().expect("a verifier"))
            }
        };
        let chain = vec![CertificateDer::from_pem_slice(self.cert.as_bytes()).expect("PEM")];
        let key = PrivateKeyDer::from_pem_slice(self.key.as_bytes()).expect("PEM");
        builder.with_single_cert(chain, key).expect("a server")
    }
}

/// Runs `handle` on each connection until the test ends.
pub async fn serve<F, T>(handle: F) -> SocketAddr
where
    F: Fn(TcpStream) -> T + Send + 'static,
    T: Future<Output = ()> + Send + 'static,
{
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
    let address = listener.local_addr().expect("its address");
    tokio::spawn(async move {
        while let Ok((stream, _)) = listener.accept().await {
            tokio::spawn(handle(stream));
        }
    });
    address
}

/// A TLS server that keeps each connection open until the client closes it, and answers nothing.
pub async fn serve_tls(config: ServerConfig) -> SocketAddr {
    let acceptor = TlsAcceptor::from(Arc::new(config));
    serve(move |stream| {
        let acceptor = acceptor.clone();
        async move {
            if let Ok(mut stream) = acceptor.accept(stream).await {
                let _ = tokio::io::copy(&mut stream, &mut tokio::io::sink()).await;
            }
        }
    })
    .await
}

/// A broker of a cluster called `the-cluster`, with just enough to identify it: API versions, metadata, and the
/// configuration of its own id. For another id it refuses, in Kafka's own words.
pub async fn broker<S: AsyncRead + AsyncWrite + Unpin>(stream: S, id: i32) {
    broker_of(stream, id, &[]).await;
}

/// As [`broker`], with these brokers in its metadata.
pub async fn broker_of<S: AsyncRead + AsyncWrite + Unpin>(stream: S, id: i32, all: &[(i32, SocketAddr)]) {
    let all: Vec<_> = all.iter().map(|(id, address)| (*id, address.ip().to_string(), address.port())).collect();
    broker_with_names(stream, id, &all).await;
}

/// As [`broker`], with brokers that advertise these hosts and ports in its metadata.
pub async fn broker_with_names<S: AsyncRead + AsyncWrite + Unpin>(mut stream: S, id: i32, all: &[Advertised]) {
    // Ends when the connection ends.
    while answer(&mut stream, id, all).await.is_some() {}
}

/// The id, the host and the port of a broker.
pub type Advertised = (i32, String, u16);

async fn answer<S: AsyncRead + AsyncWrite + Unpin>(stream: &mut S, id: i32, all: &[Advertised]) -> Option<()> {
    let length = usize::try_from(stream.read_u32().await.ok()?).ok()?;
    let mut request = vec![0; length];
    stream.read_exact(&mut request).await.ok()?;
    let (key, version) = (i16::from_be_bytes([request[0], request[1]]), i16::from_be_bytes([request[2], request[3]]));
    let mut request = request.as_slice();
    let key = ApiKey::try_from(key).ok()?;
    let header = RequestHeader::decode(&mut request, key.request_header_version(version)).ok()?;
    let mut body = 0u32.to_be_bytes().to_vec();
    let head = ResponseHeader::default().with_correlation_id(header.correlation_id);
    head.encode(&mut body, key.response_header_version(version)).ok()?;
    match key {
        ApiKey::ApiVersions => {
            let known = [ApiKey::ApiVersions, ApiKey::Metadata, ApiKey::DescribeConfigs].map(|key| {
                let range = key.valid_versions();
                ApiVersion::default().with_api_key(key as i16).with_min_version(range.min).with_max_version(range.max)
            });
            ApiVersionsResponse::default().with_api_keys(known.to_vec()).encode(&mut body, version).ok()?;
        }
        ApiKey::Metadata => {
            let brokers = all.iter().map(|(id, host, port)| {
                MetadataResponseBroker::default()
                    .with_node_id((*id).into())
                    .with_host(StrBytes::from_string(host.clone()))
                    .with_port((*port).into())
            });
            let answer = MetadataResponse::default()
                .with_cluster_id(Some("the-cluster".into()))
                .with_controller_id(id.into())
                .with_brokers(brokers.collect());
            answer.encode(&mut body, version).ok()?;
        }
        ApiKey::DescribeConfigs => {
            let asked = DescribeConfigsRequest::decode(&mut request, version).ok()?;
            let name = asked.resources.first()?.resource_name.to_string();
            let result = if name == id.to_string() {
                let entry = DescribeConfigsResourceResult::default()
                    .with_name("node.id".into())
                    .with_value(Some(StrBytes::from_string(name)));
                DescribeConfigsResult::default().with_configs(vec![entry])
            } else {
                let text = format!("Unexpected broker id, expected {id} or empty string, but received {name}");
                DescribeConfigsResult::default()
                    .with_error_code(ResponseError::InvalidRequest.code())
                    .with_error_message(Some(StrBytes::from_string(text)))
            };
            DescribeConfigsResponse::default().with_results(vec![result]).encode(&mut body, version).ok()?;
        }
        _ => return None,
    }
    let length = u32::try_from(body.len() - 4).ok()?;
    body[..4].copy_from_slice(&length.to_be_bytes());
    stream.write_all(&body).await.ok()
}
