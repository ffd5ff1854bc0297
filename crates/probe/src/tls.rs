//! TLS handshakes as questions: which server answers for a name, and how?

use super::certificate::CertificateInfo;
use super::split;
use super::tcp::{self, TcpOutcome};
pub use super::trust::Verdict;
use super::trust::{Recorder, recording_client, verify};
use serde::{Deserialize, Serialize};
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::{Duration, Instant};
use std::{fmt, io};
use tokio::io::AsyncReadExt;
use tokio::net::TcpStream;
use tokio::time::{timeout, timeout_at};
use tokio_rustls::TlsConnector;
use tokio_rustls::client::TlsStream;
use tokio_rustls::rustls::Error as TlsError;
use tokio_rustls::rustls::pki_types::ServerName;

/// One question.
#[derive(Clone, Debug)]
pub struct Probe<'a> {
    pub address: SocketAddr,
    /// The server name to send. `None` sends none, like a client that connects by address.
    pub sni: Option<&'a str>,
    /// Protocols to offer by ALPN. The default is none, because Kafka clients offer none.
    pub alpn: &'a [&'a str],
    /// Authorities in PEM, for [`TlsOutcome::verdict`]. The handshake itself accepts any certificate.
    pub trust: Option<&'a str>,
    /// A client certificate chain and its key, in PEM.
    pub client: Option<(&'a str, &'a str)>,
    /// How long to watch the connection after the handshake. With TLS 1.3, a server rejects a client certificate only
    /// then. Zero disables the watch.
    pub linger: Duration,
    /// Sends the ClientHello in two segments: so many bytes, and the others after a pause.
    pub split: Option<usize>,
    pub within: Duration,
}

impl<'a> Probe<'a> {
    /// A simple question, which watches for 250 ms afterwards.
    pub fn new(address: SocketAddr, sni: Option<&'a str>, within: Duration) -> Self {
        let linger = Duration::from_millis(250);
        Self { address, sni, alpn: &[], trust: None, client: None, linger, split: None, within }
    }

    /// Performs the handshake.
    pub async fn run(&self) -> TlsOutcome {
        let start = Instant::now();
        let (mut outcome, stream) = self.open().await;
        if let Some(mut stream) = stream
            && let Handshake::Completed { afterwards, .. } = &mut outcome.handshake
        {
            *afterwards = self.watch(&mut stream).await;
        }
        outcome.elapsed = start.elapsed();
        outcome
    }

    /// Performs the handshake, and keeps the connection for further requests if the handshake completed.
    pub async fn open(&self) -> (TlsOutcome, Option<TlsStream<TcpStream>>) {
        let start = Instant::now();
        let recorder = Recorder::new();
        let (handshake, stream) = match self.connect(recorder.clone()).await {
            Ok(stream) => (completed(&stream), Some(stream)),
            Err(handshake) => (handshake, None),
        };
        let chain = recorder.chain();
        let verdict = match self.trust {
            Some(authorities) if !chain.is_empty() => Some(verify(authorities, &chain, self.sni)),
            _ => None,
        };
        let outcome = TlsOutcome {
            address: self.address,
            sni: self.sni.map(ToOwned::to_owned),
            handshake,
            chain: chain.iter().filter_map(|der| CertificateInfo::from_der(der).ok()).collect(),
            verdict,
            elapsed: start.elapsed(),
        };
        (outcome, stream)
    }

    /// What happens to the connection after the handshake.
    async fn watch(&self, stream: &mut TlsStream<TcpStream>) -> Afterwards {
        if self.linger.is_zero() {
            return Afterwards::Open;
        }
        let mut buffer = [0; 64];
        match timeout(self.linger, stream.read(&mut buffer)).await {
            Err(_) => Afterwards::Open,
            Ok(Ok(0)) => Afterwards::Closed,
            Ok(Ok(_)) => Afterwards::Data,
            Ok(Err(error)) => match Handshake::from(error) {
                Handshake::Alert { name } => Afterwards::Alert { name },
                Handshake::Reset => Afterwards::Reset,
                _ => Afterwards::Closed,
            },
        }
    }

    /// The connection itself, for callers that continue to use it.
    pub(crate) async fn connect(&self, recorder: Arc<Recorder>) -> Result<TlsStream<TcpStream>, Handshake> {
        let deadline = tokio::time::Instant::now() + self.within;
        let failed = |text: String| Handshake::Failed { text };
        let config = recording_client(recorder, self.alpn, self.client).map_err(failed)?;
        let name = match self.sni {
            // rustls sends no server name if the name is an address.
            None => ServerName::from(self.address.ip()),
            Some(sni) => ServerName::try_from(sni.to_owned()).map_err(|error| failed(format!("{sni}: {error}")))?,
        };
        let stream = tcp::connect(self.address, self.within).await.map_err(|outcome| match outcome {
            TcpOutcome::Refused => Handshake::Refused,
            TcpOutcome::Failed(text) => Handshake::Failed { text },
            TcpOutcome::Connected | TcpOutcome::TimedOut => Handshake::TimedOut { connected: false },
        })?;
        let handshake = async {
            let mut hello = Vec::new();
            let connect = TlsConnector::from(Arc::new(config)).connect_with(name, stream, |session| {
                if self.split.is_some() {
                    // Writing to a Vec cannot fail.
                    let _ = session.write_tls(&mut hello);
                }
            });
            if let (Some(at), Some(stream)) = (self.split, connect.get_ref()) {
                split::send(stream, &hello, at).await?;
            }
            connect.await
        };
        match timeout_at(deadline, handshake).await {
            Ok(Ok(stream)) => Ok(stream),
            Ok(Err(error)) => Err(error.into()),
            Err(_) => Err(Handshake::TimedOut { connected: true }),
        }
    }
}

/// A completed handshake whose connection has not been watched since.
fn completed(stream: &TlsStream<TcpStream>) -> Handshake {
    let (_, session) = stream.get_ref();
    let protocol = session.protocol_version().map_or_else(String::new, |version| format!("{version:?}"));
    let alpn = session.alpn_protocol().map(|name| String::from_utf8_lossy(name).into_owned());
    Handshake::Completed { protocol, alpn, afterwards: Afterwards::Open }
}

/// Asks `address` for `sni` and returns the answer. [`Probe`] has more options.
pub async fn probe(
    address: SocketAddr,
    sni: Option<&str>,
    alpn: &[&str],
    trust: Option<&str>,
    within: Duration,
) -> TlsOutcome {
    Probe { alpn, trust, ..Probe::new(address, sni, within) }.run().await
}

/// The answer.
#[derive(Clone, Debug, Deserialize, PartialEq, Serialize)]
pub struct TlsOutcome {
    pub address: SocketAddr,
    pub sni: Option<String>,
    pub handshake: Handshake,
    /// The certificates that the server showed, its own first. Empty if the handshake did not get that far.
    pub chain: Vec<CertificateInfo>,
    /// The judgement of a client that trusts the given authorities. `None` without authorities or a chain.
    pub verdict: Option<Verdict>,
    pub elapsed: Duration,
}

impl TlsOutcome {
    /// Whether a TCP connection was established.
    pub fn connected(&self) -> bool {
        !matches!(self.handshake, Handshake::Refused | Handshake::TimedOut { connected: false })
    }

    pub fn completed(&self) -> bool {
        matches!(self.handshake, Handshake::Completed { .. })
    }

    /// Whether the server rejected the client: without a handshake, or directly after it.
    pub fn turned_away(&self) -> bool {
        match &self.handshake {
            Handshake::Completed { afterwards, .. } => !matches!(afterwards, Afterwards::Open | Afterwards::Data),
            _ => true,
        }
    }
}

impl TlsOutcome {
    /// The most useful names of a certificate. A broker's certificate has about sixty, and the requested one matters.
    fn names(&self, all: &[String]) -> String {
        const SHOWN: usize = 4;
        let asked = |name: &&String| self.sni.as_ref() == Some(name);
        let shown: Vec<&str> =
            all.iter().filter(asked).chain(all.iter().filter(|n| !asked(n))).take(SHOWN).map(String::as_str).collect();
        match all.len().saturating_sub(SHOWN) {
            0 => shown.join(", "),
            more => format!("{} and {more} more names", shown.join(", ")),
        }
    }
}

impl fmt::Display for TlsOutcome {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let sni = self.sni.as_deref().map_or_else(|| "no SNI".to_owned(), |sni| format!("SNI {sni}"));
        write!(f, "{} with {sni}: {}", self.address, self.handshake)?;
        if let Some(leaf) = self.chain.first() {
            write!(f, "; certificate {} from {}", leaf.subject, leaf.issuer)?;
            if !leaf.dns_names.is_empty() {
                write!(f, " for {}", self.names(&leaf.dns_names))?;
            }
        }
        match &self.verdict {
            Some(verdict) => write!(f, " ({verdict})"),
            None => Ok(()),
        }
    }
}

/// How a handshake ended.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize)]
#[serde(rename_all = "kebab-case", tag = "ended")]
pub enum Handshake {
    Completed {
        /// rustls's name, such as `TLSv1_3`.
        protocol: String,
        alpn: Option<String>,
        afterwards: Afterwards,
    },
    /// The server closed the connection during the handshake, like a gateway that does not know the name.
    Closed,
    Reset,
    /// The server sent a TLS alert. Contains rustls's name for it, such as `UnrecognisedName`.
    Alert {
        name: String,
    },
    /// Nothing listens at the address.
    Refused,
    TimedOut {
        /// Whether TCP was established before.
        connected: bool,
    },
    /// The peer does not speak TLS.
    NotTls,
    Failed {
        text: String,
    },
}

/// What happened to the connection directly after the handshake.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize)]
#[serde(rename_all = "kebab-case", tag = "state")]
pub enum Afterwards {
    Open,
    Closed,
    Reset,
    Alert {
        name: String,
    },
    /// The server sent data first, which a broker never does.
    Data,
}

impl From<io::Error> for Handshake {
    fn from(error: io::Error) -> Self {
        if let Some(tls) = error.get_ref().and_then(|source| source.downcast_ref::<TlsError>()) {
            return match tls {
                TlsError::AlertReceived(alert) => Self::Alert { name: format!("{alert:?}") },
                TlsError::InvalidMessage(_) => Self::NotTls,
                other => Self::Failed { text: other.to_string() },
            };
        }
        match error.kind() {
            io::ErrorKind::UnexpectedEof => Self::Closed,
            // Linux reports a reset as a broken pipe if the client was about to write.
            io::ErrorKind::ConnectionReset | io::ErrorKind::ConnectionAborted | io::ErrorKind::BrokenPipe => {
                Self::Reset
            }
            _ => Self::Failed { text: error.to_string() },
        }
    }
}

impl fmt::Display for Handshake {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Completed { protocol, alpn, afterwards } => {
                write!(f, "handshake completed ({protocol}")?;
                if let Some(alpn) = alpn {
                    write!(f, ", {alpn}")?;
                }
                f.write_str(")")?;
                match afterwards {
                    Afterwards::Open => Ok(()),
                    Afterwards::Closed => f.write_str(", then closed"),
                    Afterwards::Reset => f.write_str(", then reset"),
                    Afterwards::Alert { name } => write!(f, ", then alert {name}"),
                    Afterwards::Data => f.write_str(", and the server spoke first"),
                }
            }
            Self::Closed => f.write_str("closed during the handshake"),
            Self::Reset => f.write_str("reset during the handshake"),
            Self::Alert { name } => write!(f, "alert {name}"),
            Self::Refused => f.write_str("connection refused"),
            Self::TimedOut { connected: true } => f.write_str("no answer to the handshake"),
            Self::TimedOut { connected: false } => f.write_str("no answer to the connection attempt"),
            Self::NotTls => f.write_str("the answer is not TLS"),
            Self::Failed { text } => f.write_str(text),
        }
    }
}

#[cfg(test)]
#[path = "tls_tests.rs"]
mod tests;
