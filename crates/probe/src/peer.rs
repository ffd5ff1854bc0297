//! The identity of a connection's peer: from its certificate, or else from what it reports over the connection.

use super::broker_handshake::{BrokerInfo, api_versions, call, greet, newest};
use super::tls::Probe;
use super::{CertifiedBroker, tcp};
use kafka_protocol::ResponseError;
use kafka_protocol::messages::describe_configs_request::DescribeConfigsResource;
use kafka_protocol::messages::describe_configs_response::DescribeConfigsResult;
use kafka_protocol::messages::{ApiVersionsResponse, DescribeConfigsRequest};
use kafka_protocol::protocol::StrBytes;
use serde::{Deserialize, Serialize};
use std::net::SocketAddr;
use std::time::Duration;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::time::timeout;

/// The resource type of a broker in requests about configurations.
const BROKER: i8 = 4;
const NODE_ID: &str = "node.id";

/// The peer of one connection.
#[derive(Clone, Debug, Eq, PartialEq)]
pub enum Peer {
    /// A broker, identified by the certificate that its operator issued.
    Certified(CertifiedBroker),
    /// A broker, by its own report.
    Said { id: i32, cluster_id: Option<String> },
    /// A different broker than the requested one. It did not say which.
    Another,
    /// The peer could not be identified. The text says why.
    Unknown(String),
}

/// A Kafka cluster, as far as it is known. Unknown fields match any value.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub struct Whose {
    pub namespace: Option<String>,
    pub cluster: Option<String>,
    /// The id that the cluster gave itself.
    pub cluster_id: Option<String>,
}

impl Whose {
    /// Whether the peer can be a broker of this cluster.
    pub fn fits(&self, peer: &Peer) -> bool {
        let same = |wanted: &Option<String>, found: &str| wanted.as_ref().is_none_or(|wanted| wanted == found);
        match peer {
            Peer::Certified(broker) => same(&self.namespace, &broker.namespace) && same(&self.cluster, &broker.cluster),
            Peer::Said { cluster_id: Some(found), .. } => same(&self.cluster_id, found),
            Peer::Said { cluster_id: None, .. } | Peer::Another | Peer::Unknown(_) => true,
        }
    }

    /// The peer in words. The cluster is named only if it is another one.
    pub fn name(&self, peer: &Peer) -> String {
        match peer {
            Peer::Certified(broker) if !self.fits(peer) => {
                format!("broker {} of Kafka {}/{}", broker.id, broker.namespace, broker.cluster)
            }
            Peer::Said { id, cluster_id: Some(found) } if !self.fits(peer) => {
                format!("broker {id} of another cluster (its id is {found})")
            }
            Peer::Certified(CertifiedBroker { id, .. }) | Peer::Said { id, .. } => format!("broker {id}"),
            Peer::Another => "another broker".to_owned(),
            Peer::Unknown(why) => format!("an unknown peer ({why})"),
        }
    }
}

impl Peer {
    /// The node id, if it is known.
    pub fn id(&self) -> Option<i32> {
        match self {
            Self::Certified(CertifiedBroker { id, .. }) | Self::Said { id, .. } => Some(*id),
            Self::Another | Self::Unknown(_) => None,
        }
    }

    /// Whether the peer is this broker of this cluster. `None` if that is unknown.
    pub fn is(&self, id: i32, whose: &Whose) -> Option<bool> {
        match self {
            Self::Unknown(_) => None,
            known => Some(known.id() == Some(id) && whose.fits(known)),
        }
    }

    /// The peer behind `address`, over TLS if `tls` is given, otherwise in plain text. `wanted` is the expected node
    /// id. With the expected id, the answer does not depend on the text of Kafka's error.
    pub async fn at(address: SocketAddr, tls: Option<&Probe<'_>>, wanted: i32, within: Duration) -> Self {
        let word = match tls {
            Some(probe) => {
                let (outcome, stream) = probe.open().await;
                if let Some(broker) = outcome.chain.first().and_then(super::CertificateInfo::broker) {
                    return Self::Certified(broker);
                }
                let Some(mut stream) = stream else { return Self::Unknown(outcome.handshake.to_string()) };
                own_word(&mut stream, wanted, within).await
            }
            None => match tcp::connect(address, within).await {
                Ok(mut stream) => own_word(&mut stream, wanted, within).await,
                Err(outcome) => return Self::Unknown(outcome.to_string()),
            },
        };
        word.map_or_else(Self::Unknown, Self::from)
    }
}

impl From<OwnWord> for Peer {
    fn from(word: OwnWord) -> Self {
        match word.node {
            Ok(Some(id)) => Self::Said { id, cluster_id: word.hello.cluster_id },
            Ok(None) => Self::Another,
            Err(why) => Self::Unknown(why),
        }
    }
}

/// How often each peer answered, in the order of their first answers.
pub fn counted(whose: &Whose, peers: &[Peer]) -> String {
    let mut counts: Vec<(String, usize)> = Vec::new();
    for peer in peers {
        let name = whose.name(peer);
        match counts.iter_mut().find(|(known, _)| *known == name) {
            Some((_, count)) => *count += 1,
            None => counts.push((name, 1)),
        }
    }
    let all = peers.len();
    let mut parts = counts.into_iter();
    let Some((first, count)) = parts.next() else { return "no connection was made".to_owned() };
    let mut text = format!("{count} of {all} connections reached {first}");
    for (name, count) in parts {
        text.extend([", ", &count.to_string(), " ", &name]);
    }
    text
}

/// The identity that the broker at the other end of this connection reports.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize)]
pub struct OwnWord {
    pub hello: BrokerInfo,
    /// The node id, `None` if the broker only said that it is not the expected one, or why it did not answer.
    pub node: Result<Option<i32>, String>,
}

/// Asks the broker at the other end of a connection for its identity. Metadata does not help, because every broker
/// lists all of them. But a broker describes only the configuration of its own id. For another id it refuses, and its
/// text contains both ids.
///
/// # Errors
/// A text that says what answered instead of a broker.
pub async fn own_word<S>(stream: &mut S, wanted: i32, within: Duration) -> Result<OwnWord, String>
where
    S: AsyncRead + AsyncWrite + Unpin,
{
    let talk = async {
        let versions = api_versions(stream).await.map_err(|error| format!("no Kafka answer: {error}"))?;
        let hello = greet(stream, &versions).await;
        let node = match &hello.brokers {
            Ok(_) => node(stream, &versions, wanted).await,
            Err(why) => Err(why.clone()),
        };
        Ok(OwnWord { hello, node })
    };
    timeout(within, talk).await.map_err(|_| format!("no Kafka answer within {within:?}"))?
}

pub(crate) async fn node<S>(stream: &mut S, versions: &ApiVersionsResponse, wanted: i32) -> Result<Option<i32>, String>
where
    S: AsyncRead + AsyncWrite + Unpin,
{
    let version =
        newest::<DescribeConfigsRequest>(versions).ok_or("it does not support requests for configurations")?;
    let resource = DescribeConfigsResource::default()
        .with_resource_type(BROKER)
        .with_resource_name(StrBytes::from_string(wanted.to_string()))
        .with_configuration_keys(Some(vec![StrBytes::from_static_str(NODE_ID)]));
    let request = DescribeConfigsRequest::default().with_resources(vec![resource]);
    let response = call(stream, 3, version, &request).await.map_err(|error| error.to_string())?;
    node_id(response.results.first().ok_or("the answer is empty")?)
}

/// The node id in a broker's answer, whether it describes itself or refuses to describe another id.
fn node_id(result: &DescribeConfigsResult) -> Result<Option<i32>, String> {
    let text = result.error_message.as_ref().map(ToString::to_string).unwrap_or_default();
    match ResponseError::try_from_code(result.error_code) {
        None => {
            let entry = result.configs.iter().find(|entry| entry.name.as_str() == NODE_ID);
            let value = entry.and_then(|entry| entry.value.as_ref()).and_then(|value| value.parse().ok());
            value.map(Some).ok_or_else(|| format!("its configuration has no {NODE_ID}"))
        }
        // `Unexpected broker id, expected 12 or empty string, but received 10`
        Some(ResponseError::InvalidRequest) => Ok(text
            .split_once(", expected ")
            .and_then(|(_, rest)| rest.split(|one: char| !one.is_ascii_digit()).next()?.parse().ok())),
        Some(error) => Err(format!("it does not describe its configuration ({error:?}): {text}")),
    }
}

#[cfg(test)]
#[path = "peer_tests.rs"]
mod tests;
