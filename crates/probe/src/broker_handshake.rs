//! A broker is behind a connection if it answers Kafka's first request. A gateway that terminates TLS does not answer
//! it.

use super::error::BrokerAddr;
use super::tcp;
use super::tls::Probe;
use super::trust::Recorder;
use kafka_protocol::messages::{ApiVersionsRequest, ApiVersionsResponse, MetadataRequest};
use kafka_protocol::protocol::Request;
use kafka_wire::WireError;
use serde::{Deserialize, Serialize};
use std::net::SocketAddr;
use std::time::Duration;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::time::timeout;

/// What a broker reports about itself.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize)]
pub struct BrokerInfo {
    /// How many kinds of request it supports. This proves that it is a broker.
    pub apis: usize,
    /// The brokers from its metadata, or why it did not return them. It may require authentication first.
    pub brokers: Result<Vec<BrokerAddr>, String>,
    /// The id of its cluster, if its metadata contains one.
    pub cluster_id: Option<String>,
}

/// Asks the broker behind `address` to identify itself, over TLS if `tls` is given, otherwise in plain text.
///
/// # Errors
/// A text that says what answered instead of a broker.
pub async fn broker_handshake(
    address: SocketAddr,
    tls: Option<&Probe<'_>>,
    within: Duration,
) -> Result<BrokerInfo, String> {
    let talk = async {
        match tls {
            Some(probe) => {
                let stream = probe.connect(Recorder::new()).await.map_err(|handshake| handshake.to_string())?;
                exchange(stream).await
            }
            None => exchange(tcp::connect(address, within).await.map_err(|outcome| outcome.to_string())?).await,
        }
    };
    timeout(within, talk).await.map_err(|_| format!("no Kafka answer within {within:?}"))?
}

async fn exchange<S: AsyncRead + AsyncWrite + Unpin>(mut stream: S) -> Result<BrokerInfo, String> {
    let versions = api_versions(&mut stream).await.map_err(|error| format!("no Kafka answer: {error}"))?;
    Ok(greet(&mut stream, &versions).await)
}

/// Asks a broker for its metadata.
pub(super) async fn greet<S: AsyncRead + AsyncWrite + Unpin>(
    stream: &mut S,
    versions: &ApiVersionsResponse,
) -> BrokerInfo {
    let apis = versions.api_keys.len();
    let silent = |why: String| BrokerInfo { apis, brokers: Err(why), cluster_id: None };
    let Some(version) = newest::<MetadataRequest>(versions) else {
        return silent("it does not support metadata requests".to_owned());
    };
    // Requests no topics, so that none is created.
    let request = MetadataRequest::default().with_topics(Some(Vec::new())).with_allow_auto_topic_creation(false);
    let response = match call(stream, 2, version, &request).await {
        Ok(response) => response,
        Err(error) => return silent(format!("no metadata without authentication: {error}")),
    };
    let brokers = response.brokers.into_iter().map(|broker| BrokerAddr {
        id: Some(broker.node_id.0),
        host: broker.host.to_string(),
        port: u16::try_from(broker.port).unwrap_or_default(),
    });
    BrokerInfo { apis, brokers: Ok(brokers.collect()), cluster_id: response.cluster_id.map(|id| id.to_string()) }
}

/// The newest version of a request that both sides support.
pub(super) fn newest<R: Request>(versions: &ApiVersionsResponse) -> Option<i16> {
    let api = versions.api_keys.iter().find(|api| api.api_key == R::KEY)?;
    kafka_wire::newest::<R>(api.min_version, api.max_version)
}

/// Kafka's first request, in a version that every broker answers and that needs no authentication.
pub(crate) async fn api_versions<S>(stream: &mut S) -> Result<ApiVersionsResponse, WireError>
where
    S: AsyncRead + AsyncWrite + Unpin,
{
    call(stream, 1, 0, &ApiVersionsRequest::default()).await
}

pub(super) async fn call<R, S>(
    stream: &mut S,
    correlation: i32,
    version: i16,
    request: &R,
) -> Result<R::Response, WireError>
where
    R: Request,
    S: AsyncRead + AsyncWrite + Unpin,
{
    kafka_wire::exchange(stream, "kafka-gateway-lab", correlation, version, request).await
}

#[cfg(test)]
mod tests {
    use super::*;
    use rdkafka::mocking::MockCluster;
    use test_servers::{Authority, serve, serve_tls};
    use tokio::io::AsyncWriteExt;

    const WITHIN: Duration = Duration::from_secs(5);

    #[tokio::test]
    async fn a_broker_answers_with_its_cluster() {
        let mock = MockCluster::new(3).expect("a mock cluster");
        let bootstrap = mock.bootstrap_servers();
        let address = bootstrap.split(',').next().expect("an address").parse().expect("in figures");
        let hello = broker_handshake(address, None, WITHIN).await.expect("a hello");
        assert!(hello.apis > 5, "{hello:?}");
        let ids: Vec<_> = hello.brokers.expect("metadata").into_iter().filter_map(|broker| broker.id).collect();
        assert_eq!(ids, [1, 2, 3]);
    }

    #[tokio::test]
    async fn a_peer_that_is_not_a_broker_is_reported() {
        let address = serve(|mut stream| async move {
            let _ = stream.write_all(b"HTTP/1.1 400 Bad Request\r\n\r\n").await;
            let _ = tokio::io::copy(&mut stream, &mut tokio::io::sink()).await;
        })
        .await;
        let error = broker_handshake(address, None, WITHIN).await.expect_err("HTTP is not Kafka");
        assert!(error.contains("not valid Kafka"), "{error}");
    }

    #[tokio::test]
    async fn a_terminating_server_without_a_broker_stays_silent() {
        let address = serve_tls(Authority::new("gateway").leaf("gateway", &["x.kafka.test"]).server(None)).await;
        let probe = Probe::new(address, Some("x.kafka.test"), WITHIN);
        let error =
            broker_handshake(address, Some(&probe), Duration::from_millis(300)).await.expect_err("nobody answers");
        assert!(error.contains("no Kafka answer"), "{error}");
    }
}
