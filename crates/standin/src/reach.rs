//! Connections to a broker's replication listener, and their TLS.

use super::admin::{Admin, AdminError};
use super::certs::Identity;
use super::names::REPLICATION_PORT;
use super::wire::{Wire, WireError};
use k8s_openapi::api::core::v1::Pod;
use kube::{Api, Client};
use serde::{Deserialize, Serialize};
use std::sync::Arc;
use std::time::Duration;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::TcpStream;
use tokio::time::timeout;
use tokio_rustls::TlsConnector;
use tokio_rustls::client::TlsStream;
use tokio_rustls::rustls::crypto::ring;
use tokio_rustls::rustls::pki_types::pem::PemObject;
use tokio_rustls::rustls::pki_types::{CertificateDer, PrivateKeyDer, ServerName};
use tokio_rustls::rustls::{ClientConfig, RootCertStore};

const CONNECT: Duration = Duration::from_secs(5);
const ANSWER: Duration = Duration::from_secs(20);

/// How the stand-in reaches Pods.
#[derive(Clone, Copy, Debug, Deserialize, Eq, PartialEq, Serialize)]
pub enum Reach {
    /// By the Pod's address, in the local lab.
    Direct,
    /// Through the API server, because the stand-in runs outside the cluster's network.
    PortForward,
}

/// A broker that cannot be reached.
#[derive(Debug, thiserror::Error)]
pub enum ReachError {
    #[error("Pod {0} has no address yet")]
    NoAddress(String),
    #[error("cannot reach Pod {pod}: {problem}")]
    Connect { pod: String, problem: String },
    #[error("cannot use the certificates for requests to brokers: {0}")]
    Tls(String),
    #[error(transparent)]
    Admin(#[from] AdminError),
}

impl From<WireError> for ReachError {
    fn from(error: WireError) -> Self {
        Self::Admin(error.into())
    }
}

/// Either kind of connection.
pub trait Stream: AsyncRead + AsyncWrite + Send + Unpin {}
impl<S: AsyncRead + AsyncWrite + Send + Unpin> Stream for S {}

pub type BrokerAdmin = Admin<TlsStream<Box<dyn Stream>>>;

/// The identity that the stand-in presents to a cluster's brokers, and the authority that it trusts.
#[derive(Clone)]
pub struct Credentials(Arc<ClientConfig>);

impl Credentials {
    /// # Errors
    /// If a text is not PEM, or the key does not match the certificate.
    pub fn new(ca: &str, own: &Identity) -> Result<Self, ReachError> {
        let broken = |problem: &dyn std::fmt::Display| ReachError::Tls(problem.to_string());
        let mut roots = RootCertStore::empty();
        for certificate in CertificateDer::pem_slice_iter(ca.as_bytes()) {
            roots.add(certificate.map_err(|error| broken(&error))?).map_err(|error| broken(&error))?;
        }
        let chain: Vec<_> = CertificateDer::pem_slice_iter(own.certificate.as_bytes())
            .collect::<Result<_, _>>()
            .map_err(|error| broken(&error))?;
        let key = PrivateKeyDer::from_pem_slice(own.key.as_bytes()).map_err(|error| broken(&error))?;
        let config = ClientConfig::builder_with_provider(Arc::new(ring::default_provider()))
            .with_safe_default_protocol_versions()
            .and_then(|builder| builder.with_root_certificates(roots).with_client_auth_cert(chain, key))
            .map_err(|error| broken(&error))?;
        Ok(Self(Arc::new(config)))
    }
}

/// A connection to the replication listener of a Pod. Its certificate must name `dns`.
///
/// # Errors
/// If the Pod has no address, refuses the connection, or shows the certificate of another Pod.
pub async fn connect(
    client: &Client,
    reach: Reach,
    pod: &Pod,
    dns: &str,
    credentials: &Credentials,
) -> Result<BrokerAdmin, ReachError> {
    let name = pod.metadata.name.clone().unwrap_or_default();
    let broken = |problem: String| ReachError::Connect { pod: name.clone(), problem };
    let opened = timeout(CONNECT, async {
        let stream = open(client, reach, pod).await?;
        let server = ServerName::try_from(dns.to_owned()).map_err(|error| broken(error.to_string()))?;
        TlsConnector::from(credentials.0.clone())
            .connect(server, stream)
            .await
            .map_err(|error| broken(error.to_string()))
    });
    let stream = opened.await.map_err(|_| broken(format!("no TLS connection within {CONNECT:?}")))??;
    Ok(Admin::new(Wire::open(stream, format!("Pod {name}"), ANSWER).await?))
}

async fn open(client: &Client, reach: Reach, pod: &Pod) -> Result<Box<dyn Stream>, ReachError> {
    let name = pod.metadata.name.clone().unwrap_or_default();
    let broken = |problem: String| ReachError::Connect { pod: name.clone(), problem };
    match reach {
        Reach::Direct => {
            let address = pod.status.as_ref().and_then(|status| status.pod_ip.clone());
            let address = address.ok_or_else(|| ReachError::NoAddress(name.clone()))?;
            let stream = TcpStream::connect((address.as_str(), REPLICATION_PORT)).await;
            Ok(Box::new(stream.map_err(|error| broken(format!("{address}:{REPLICATION_PORT}: {error}")))?))
        }
        Reach::PortForward => {
            let pods = Api::<Pod>::namespaced(client.clone(), pod.metadata.namespace.as_deref().unwrap_or_default());
            let mut forwarder =
                pods.portforward(&name, &[REPLICATION_PORT]).await.map_err(|error| broken(error.to_string()))?;
            let stream = forwarder.take_stream(REPLICATION_PORT);
            Ok(Box::new(stream.ok_or_else(|| broken("the API server does not forward that port".to_owned()))?))
        }
    }
}
