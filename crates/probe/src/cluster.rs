//! The identities that brokers report, and whether each one matches the name that reached it.

use super::ConnectionConfig;
use super::blocking::blocking;
use super::context::Context;
use super::error::{BrokerAddr, ClientError};
use super::session::{Limits, Session, brokers};
use futures::executor::block_on;
use rdkafka::admin::{AdminClient, AdminOptions, ResourceSpecifier};
use rdkafka::metadata::MetadataTopic;
use rdkafka::producer::Producer;
use rdkafka::types::RDKafkaErrorCode;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use std::time::Duration;

/// A cluster, as its own metadata describes it.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize)]
pub struct Cluster {
    pub cluster_id: String,
    /// The brokers with their advertised addresses, by id.
    pub brokers: Vec<BrokerAddr>,
    /// The broker that forwards controller requests. A KRaft cluster names any broker here.
    pub controller: Option<i32>,
    /// The broker that answered.
    pub answered_by: i32,
    pub topics: Vec<String>,
    /// The partitions with a replica that is not in sync, in the form `topic-partition`.
    pub behind: Vec<String>,
}

/// Requests the cluster's metadata.
///
/// # Errors
/// A [`ClientError`] with the address that failed, if no broker answers within `within`.
pub async fn cluster(access: &ConnectionConfig, within: Duration) -> Result<Cluster, ClientError> {
    const OPERATION: &str = "describe the cluster";
    let access = access.clone();
    blocking(OPERATION, move |stop| {
        let limits = Limits::new(within, None);
        let session = Session::open(&access, OPERATION, &[])?;
        let metadata = session.metadata(OPERATION, None, &limits, stop)?;
        let client = session.producer.client();
        let mut topics: Vec<_> = metadata.topics().iter().map(|topic| topic.name().to_owned()).collect();
        topics.sort();
        let mut behind: Vec<_> = metadata.topics().iter().flat_map(behind).collect();
        behind.sort();
        Ok(Cluster {
            cluster_id: client.fetch_cluster_id(limits.remaining()).unwrap_or_default(),
            brokers: brokers(&metadata),
            controller: controller(client.native_ptr(), limits.remaining()),
            answered_by: metadata.orig_broker_id(),
            topics,
            behind,
        })
    })
    .await
}

fn behind(topic: &MetadataTopic) -> Vec<String> {
    let late = topic.partitions().iter().filter(|partition| partition.isr().len() < partition.replicas().len());
    late.map(|partition| format!("{}-{}", topic.name(), partition.id())).collect()
}

fn controller(client: *mut rdkafka::types::RDKafka, within: Duration) -> Option<i32> {
    let within = i32::try_from(within.as_millis()).unwrap_or(i32::MAX);
    // SAFETY: the client is alive, because the caller holds its session, and the call only reads. rdkafka has no safe
    // function for it.
    let id = unsafe { rdkafka::bindings::rd_kafka_controllerid(client, within) };
    (id >= 0).then_some(id)
}

/// Whether the broker behind an advertised address is the one that advertises it.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum NodeIdentity {
    Confirmed,
    /// Another broker answered: the route leads to the wrong broker.
    Another,
    /// It could not be asked. Contains librdkafka's text. The user may lack the right to describe configurations.
    Unknown(String),
}

/// Asks each broker, through its advertised address, for the configuration of its own id. A broker refuses to describe
/// another id, so the answer shows whether each name leads to its broker.
///
/// # Errors
/// A [`ClientError`] if the client cannot be created or no metadata arrives.
pub async fn identify(access: &ConnectionConfig, within: Duration) -> Result<BTreeMap<i32, NodeIdentity>, ClientError> {
    const OPERATION: &str = "identify the brokers";
    let found = cluster(access, within).await?;
    let access = access.clone();
    blocking(OPERATION, move |stop| {
        let limits = Limits::new(within, None);
        let (admin, _events) = access.create::<AdminClient<Context>>(OPERATION, &[])?;
        let mut identities = BTreeMap::new();
        let ids: Vec<i32> = found.brokers.iter().filter_map(|broker| broker.id).collect();
        for (position, id) in ids.iter().enumerate() {
            // A broker that does not answer must leave time for the brokers after it.
            let share = limits.remaining() / u32::try_from(ids.len() - position).unwrap_or(1);
            if stop.raised() || share < Duration::from_millis(10) {
                identities.insert(*id, NodeIdentity::Unknown("no time was left to ask".to_owned()));
                continue;
            }
            let options = AdminOptions::new().request_timeout(Some(share));
            let answer = block_on(admin.describe_configs([&ResourceSpecifier::Broker(*id)], &options));
            let identity = match answer.map(|mut results| results.pop()) {
                Ok(Some(Ok(resource))) => match resource.get("node.id").and_then(|entry| entry.value.as_deref()) {
                    Some(answered) if answered == id.to_string() => NodeIdentity::Confirmed,
                    Some(_) => NodeIdentity::Another,
                    // rdkafka drops Kafka's error for a single resource. What remains is a result without entries.
                    None => NodeIdentity::Unknown(REFUSED.to_owned()),
                },
                Ok(Some(Err(RDKafkaErrorCode::InvalidRequest))) => NodeIdentity::Another,
                Ok(Some(Err(code))) => NodeIdentity::Unknown(code.to_string()),
                Ok(None) => NodeIdentity::Unknown("the answer is empty".to_owned()),
                Err(error) => NodeIdentity::Unknown(error.to_string()),
            };
            identities.insert(*id, identity);
        }
        resolve_refusals(&mut identities);
        Ok(identities)
    })
    .await
}

const REFUSED: &str =
    "it did not describe its configuration: either another broker answered, or the user lacks the right";

/// Decides what refusals mean. If one broker returned its configuration, the user has the right to ask, so a refusal
/// means that another broker answered.
fn resolve_refusals(identities: &mut BTreeMap<i32, NodeIdentity>) {
    if identities.values().any(|identity| *identity == NodeIdentity::Confirmed) {
        for identity in identities.values_mut().filter(|one| **one == NodeIdentity::Unknown(REFUSED.to_owned())) {
            *identity = NodeIdentity::Another;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_refusal_means_another_broker_only_where_the_user_may_ask() {
        let refused = || NodeIdentity::Unknown(REFUSED.to_owned());
        let mut identities = BTreeMap::from([(10, refused()), (11, refused())]);
        resolve_refusals(&mut identities);
        assert_eq!(identities[&11], refused());
        identities.insert(10, NodeIdentity::Confirmed);
        resolve_refusals(&mut identities);
        assert_eq!(identities[&11], NodeIdentity::Another);
    }
    use rdkafka::mocking::MockCluster;

    const WITHIN: Duration = Duration::from_secs(10);

    #[tokio::test]
    async fn the_brokers_and_their_advertised_addresses_are_listed() {
        let mock = MockCluster::new(3).expect("a mock cluster");
        mock.create_topic("orders", 3, 1).expect("a topic");
        let bootstrap = mock.bootstrap_servers();
        let found = cluster(&ConnectionConfig::plaintext(&bootstrap), WITHIN).await.expect("metadata");
        let addresses: Vec<_> = found.brokers.iter().map(|broker| format!("{}:{}", broker.host, broker.port)).collect();
        assert_eq!(addresses, bootstrap.split(',').collect::<Vec<_>>());
        assert_eq!(found.brokers.iter().filter_map(|broker| broker.id).collect::<Vec<_>>(), [1, 2, 3]);
        assert!(found.topics.contains(&"orders".to_owned()), "{found:?}");
        assert!(found.behind.is_empty(), "{found:?}");
    }

    #[tokio::test]
    async fn a_name_of_the_lab_reaches_librdkafka() {
        let mock = MockCluster::new(1).expect("a mock cluster");
        let bootstrap = mock.bootstrap_servers();
        let port = bootstrap.rsplit(':').next().expect("a port");
        crate::resolve::map_domain("rdkafka.resolve.invalid", [127, 0, 0, 1].into());
        let access = ConnectionConfig::plaintext(format!("bootstrap.rdkafka.resolve.invalid:{port}"));
        assert_eq!(cluster(&access, WITHIN).await.expect("metadata").brokers.len(), 1);

        crate::resolve::reserve_domain("nowhere.resolve.invalid");
        let access = ConnectionConfig::plaintext(format!("bootstrap.nowhere.resolve.invalid:{port}"));
        let error = cluster(&access, Duration::from_secs(1)).await.expect_err("it resolves nowhere");
        assert_eq!(error.code, "Resolve", "{error:?}");
    }

    #[tokio::test]
    async fn an_address_that_refuses_is_named() {
        let address =
            std::net::TcpListener::bind("127.0.0.1:0").and_then(|socket| socket.local_addr()).expect("a port");
        let error = cluster(&ConnectionConfig::plaintext(address.to_string()), Duration::from_secs(1))
            .await
            .expect_err("refused");
        assert_eq!(error.broker.as_ref().map(|broker| broker.port), Some(address.port()), "{error:?}");
        assert!(error.text.contains("refused") && !error.log.is_empty(), "{error:?}");
    }
}
