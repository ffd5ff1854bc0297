//! One connection, as far as it goes: TLS, Kafka's first request, the login, the metadata, and who answers.

use super::broker_handshake::{api_versions, call, greet};
use super::scram::{ScramHash, first, last, nonce};
use super::tls::{Probe, TlsOutcome};
use super::{BrokerInfo, Peer, peer, tcp};
use kafka_protocol::ResponseError;
use kafka_protocol::messages::{SaslAuthenticateRequest, SaslHandshakeRequest};
use kafka_protocol::protocol::StrBytes;
use serde::Serialize;
use std::fmt;
use std::net::SocketAddr;
use std::time::Duration;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::time::timeout;

/// A SASL mechanism that this program can use.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Mechanism {
    Plain,
    ScramSha256,
    ScramSha512,
}

impl Mechanism {
    pub const ALL: [Self; 3] = [Self::Plain, Self::ScramSha256, Self::ScramSha512];

    /// Kafka's name for it.
    pub fn name(self) -> &'static str {
        match self {
            Self::Plain => "PLAIN",
            Self::ScramSha256 => "SCRAM-SHA-256",
            Self::ScramSha512 => "SCRAM-SHA-512",
        }
    }
}

/// A user with its password. Debug output shows no password.
#[derive(Clone, Eq, PartialEq)]
pub struct Login {
    pub mechanism: Mechanism,
    pub user: String,
    pub password: String,
}

impl fmt::Debug for Login {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Login({} {})", self.mechanism.name(), self.user)
    }
}

/// How the login ended.
#[derive(Clone, Debug, Eq, PartialEq, Serialize)]
#[serde(rename_all = "kebab-case", tag = "ended")]
pub enum LoginOutcome {
    Accepted,
    /// The listener has no such mechanism.
    OtherMechanisms {
        /// What the broker enables instead, in its own words.
        enabled: Vec<String>,
    },
    /// The broker refused the user or the password.
    Refused {
        text: String,
    },
    /// The listener ends the connection at the first SASL request, as one without SASL does.
    NoSasl {
        text: String,
    },
}

/// What one connection showed.
#[derive(Clone, Debug)]
pub struct Conversation {
    /// `None` for a client without TLS.
    pub tls: Option<TlsOutcome>,
    /// How the connection failed before Kafka's first answer, or the number of kinds of request that the broker supports.
    pub kafka: Result<usize, String>,
    pub login: Option<LoginOutcome>,
    /// What the broker answered to a request for metadata. `None` if the connection did not get that far.
    pub info: Option<BrokerInfo>,
    /// Who answered, if a node id was expected.
    pub peer: Option<Peer>,
}

impl Conversation {
    fn failed(tls: Option<TlsOutcome>, text: String) -> Self {
        Self { tls, kafka: Err(text), login: None, info: None, peer: None }
    }
}

/// Talks to whatever is behind `address`. `wanted` is the node id that must answer, if one must. Each part takes `within`
/// at most: the connection with its handshake, and everything after it.
pub async fn converse(
    address: SocketAddr,
    tls: Option<&Probe<'_>>,
    login: Option<&Login>,
    wanted: Option<i32>,
    within: Duration,
) -> Conversation {
    let Some(probe) = tls else {
        return match tcp::connect(address, within).await {
            Ok(stream) => talk(None, stream, login, wanted, within).await,
            Err(outcome) => Conversation::failed(None, outcome.to_string()),
        };
    };
    let (outcome, stream) = probe.open().await;
    match stream {
        Some(stream) => talk(Some(outcome), stream, login, wanted, within).await,
        None => {
            let text = outcome.handshake.to_string();
            Conversation::failed(Some(outcome), text)
        }
    }
}

async fn talk<S: AsyncRead + AsyncWrite + Unpin>(
    tls: Option<TlsOutcome>,
    mut stream: S,
    login: Option<&Login>,
    wanted: Option<i32>,
    within: Duration,
) -> Conversation {
    let mut seen = Conversation::failed(tls, format!("no Kafka answer within {within:?}"));
    // What was seen before the deadline stays.
    let _ = timeout(within, exchange(&mut seen, &mut stream, login, wanted)).await;
    seen
}

async fn exchange<S: AsyncRead + AsyncWrite + Unpin>(
    seen: &mut Conversation,
    stream: &mut S,
    login: Option<&Login>,
    wanted: Option<i32>,
) {
    let versions = match api_versions(stream).await {
        Ok(versions) => versions,
        Err(error) => {
            seen.kafka = Err(format!("no Kafka answer: {error}"));
            return;
        }
    };
    seen.kafka = Ok(versions.api_keys.len());
    if let Some(login) = login {
        let outcome = authenticate(stream, login).await;
        let accepted = outcome == LoginOutcome::Accepted;
        seen.login = Some(outcome);
        if !accepted {
            return;
        }
    }
    let info = greet(stream, &versions).await;
    let known = info.brokers.is_ok();
    let cluster_id = info.cluster_id.clone();
    seen.info = Some(info);
    if let (Some(wanted), true) = (wanted, known) {
        seen.peer = Some(match peer::node(stream, &versions, wanted).await {
            Ok(Some(id)) => Peer::Said { id, cluster_id },
            Ok(None) => Peer::Another,
            Err(why) => Peer::Unknown(why),
        });
    }
}

async fn authenticate<S: AsyncRead + AsyncWrite + Unpin>(stream: &mut S, login: &Login) -> LoginOutcome {
    let name = StrBytes::from_static_str(login.mechanism.name());
    let request = SaslHandshakeRequest::default().with_mechanism(name);
    let shaken = match call(stream, 10, 1, &request).await {
        Ok(answer) => answer,
        Err(error) => return LoginOutcome::NoSasl { text: error.to_string() },
    };
    match ResponseError::try_from_code(shaken.error_code) {
        None => {}
        Some(ResponseError::UnsupportedSaslMechanism) => {
            let enabled = shaken.mechanisms.iter().map(ToString::to_string).collect();
            return LoginOutcome::OtherMechanisms { enabled };
        }
        // A listener without SASL answers with ILLEGAL_SASL_STATE.
        Some(error) => return LoginOutcome::NoSasl { text: format!("{error:?}") },
    }
    match proofs(stream, login).await {
        Ok(()) => LoginOutcome::Accepted,
        Err(text) => LoginOutcome::Refused { text },
    }
}

async fn proofs<S: AsyncRead + AsyncWrite + Unpin>(stream: &mut S, login: &Login) -> Result<(), String> {
    let hash = match login.mechanism {
        Mechanism::Plain => {
            let message = format!("\0{}\0{}", login.user, login.password);
            return send(stream, 11, message).await.map(drop);
        }
        Mechanism::ScramSha256 => ScramHash::Sha256,
        Mechanism::ScramSha512 => ScramHash::Sha512,
    };
    let own = first(&login.user, &nonce()?);
    let server = send(stream, 11, format!("n,,{own}")).await?;
    let answer = last(hash, &login.password, &own, &server)?;
    send(stream, 12, answer).await.map(drop)
}

/// One step of a login. The broker's text never contains what was sent.
async fn send<S: AsyncRead + AsyncWrite + Unpin>(stream: &mut S, id: i32, message: String) -> Result<String, String> {
    let request = SaslAuthenticateRequest::default().with_auth_bytes(message.into_bytes().into());
    let answer = call(stream, id, 0, &request).await.map_err(|error| error.to_string())?;
    match ResponseError::try_from_code(answer.error_code) {
        None => Ok(String::from_utf8_lossy(&answer.auth_bytes).into_owned()),
        Some(error) => {
            let text = answer.error_message.map(|text| text.to_string()).unwrap_or_default();
            Err(if text.is_empty() { format!("{error:?}") } else { text })
        }
    }
}

#[cfg(test)]
#[path = "conversation_tests.rs"]
mod tests;
