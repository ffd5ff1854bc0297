//! Creates and deletes topics through Kafka itself.

use super::ConnectionConfig;
use super::blocking::blocking;
use super::context::Context;
use super::error::ClientError;
use super::session::{Layout, Limits, Session};
use futures::executor::block_on;
use rdkafka::admin::{AdminClient, AdminOptions, NewTopic as Request, TopicReplication};
use rdkafka::error::KafkaError;
use rdkafka::types::RDKafkaErrorCode;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use std::time::Duration;

/// A topic to create.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize)]
pub struct NewTopic {
    pub name: String,
    pub partitions: i32,
    pub replication: i32,
    /// Puts every partition on exactly these brokers, each of which leads in turn. `replication` is then ignored.
    pub brokers: Option<Vec<i32>>,
    pub config: BTreeMap<String, String>,
}

impl NewTopic {
    pub fn new(name: impl Into<String>, partitions: i32, replication: i32) -> Self {
        Self { name: name.into(), partitions, replication, brokers: None, config: BTreeMap::new() }
    }

    /// The replicas of each partition, if given. The first replica is the preferred leader.
    fn assignment(&self) -> Option<Vec<Vec<i32>>> {
        let brokers = self.brokers.as_ref().filter(|brokers| !brokers.is_empty())?;
        let partitions = usize::try_from(self.partitions).unwrap_or_default();
        let replicas = |partition| {
            let mut replicas = brokers.clone();
            replicas.rotate_left(partition % brokers.len());
            replicas
        };
        Some((0..partitions).map(replicas).collect())
    }
}

/// A partition and the id of its leader.
#[derive(Clone, Copy, Debug, Deserialize, Eq, PartialEq, Serialize)]
pub struct Partition {
    pub id: i32,
    pub leader: i32,
}

/// Creates a topic and waits until each of its partitions has a leader. An existing topic with the same number of
/// partitions is reused.
///
/// # Errors
/// A [`ClientError`] if Kafka refuses, the topic exists with another number of partitions, or the time is up.
pub async fn create_topic(
    access: &ConnectionConfig,
    topic: &NewTopic,
    within: Duration,
) -> Result<Vec<Partition>, ClientError> {
    let operation = format!("create topic {}", topic.name);
    let (access, topic, name) = (access.clone(), topic.clone(), operation.clone());
    blocking(&name, move |stop| {
        let limits = Limits::new(within, None);
        // Metadata comes first, because its failure names the address that does not answer. The failure of an admin
        // request does not.
        let session = Session::open(&access, &operation, &[])?;
        session.metadata(&operation, None, &limits, stop)?;
        let (admin, _events) = access.create::<AdminClient<Context>>(&operation, &[])?;
        let assignment = topic.assignment();
        let assignment: Option<Vec<&[i32]>> = assignment.as_ref().map(|all| all.iter().map(Vec::as_slice).collect());
        let replication = match &assignment {
            Some(replicas) => TopicReplication::Variable(replicas),
            None => TopicReplication::Fixed(topic.replication),
        };
        let request = topic
            .config
            .iter()
            .fold(Request::new(&topic.name, topic.partitions, replication), |request, (key, value)| {
                request.set(key, value)
            });
        let answer = block_on(admin.create_topics([&request], &options(&limits)));
        one(&operation, answer, &[RDKafkaErrorCode::TopicAlreadyExists])?;
        let partitions = session.layout(&operation, &topic.name, true, &limits, stop)?.partitions;
        if partitions.len() != usize::try_from(topic.partitions).unwrap_or_default() {
            let text = format!("it exists with {} partitions, not {}", partitions.len(), topic.partitions);
            return Err(ClientError::harness(operation, text));
        }
        Ok(partitions)
    })
    .await
}

/// Deletes a topic. It is not an error if the topic does not exist.
///
/// # Errors
/// A [`ClientError`] if Kafka refuses or the time is up.
pub async fn delete_topic(access: &ConnectionConfig, topic: &str, within: Duration) -> Result<(), ClientError> {
    let operation = format!("delete topic {topic}");
    let (access, topic, name) = (access.clone(), topic.to_owned(), operation.clone());
    blocking(&name, move |stop| {
        let limits = Limits::new(within, None);
        Session::open(&access, &operation, &[])?.metadata(&operation, None, &limits, stop)?;
        let (admin, _events) = access.create::<AdminClient<Context>>(&operation, &[])?;
        let answer = block_on(admin.delete_topics(&[topic.as_str()], &options(&limits)));
        one(&operation, answer, &[RDKafkaErrorCode::UnknownTopicOrPartition])
    })
    .await
}

/// The partitions of a topic, each with its leader.
///
/// # Errors
/// A [`ClientError`] if the topic is unknown or denied, or the time is up.
pub async fn topic_partitions(
    access: &ConnectionConfig,
    topic: &str,
    within: Duration,
) -> Result<Vec<Partition>, ClientError> {
    let operation = format!("describe topic {topic}");
    let (access, topic, name) = (access.clone(), topic.to_owned(), operation.clone());
    blocking(&name, move |stop| {
        let limits = Limits::new(within, None);
        let Layout { partitions, .. } =
            Session::open(&access, &operation, &[])?.layout(&operation, &topic, true, &limits, stop)?;
        Ok(partitions)
    })
    .await
}

fn options(limits: &Limits) -> AdminOptions {
    // Without the second option, the broker answers before the topic exists everywhere.
    AdminOptions::new().request_timeout(Some(limits.remaining())).operation_timeout(Some(limits.remaining()))
}

type Answer = Result<Vec<Result<String, (String, RDKafkaErrorCode)>>, KafkaError>;

fn one(operation: &str, answer: Answer, fine: &[RDKafkaErrorCode]) -> Result<(), ClientError> {
    let results = answer.map_err(|error| ClientError::kafka(operation, &error))?;
    for result in results {
        match result {
            Err((_, code)) if !fine.contains(&code) => {
                return Err(ClientError::kafka(operation, &KafkaError::AdminOp(code)));
            }
            _ => {}
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use rdkafka::mocking::MockCluster;

    #[tokio::test]
    async fn partitions_come_with_their_leaders() {
        let mock = MockCluster::new(3).expect("a mock cluster");
        mock.create_topic("orders", 3, 1).expect("a topic");
        for partition in 0..3 {
            mock.partition_leader("orders", partition, Some(3 - partition)).expect("a leader");
        }
        let access = ConnectionConfig::plaintext(mock.bootstrap_servers());
        let partitions = topic_partitions(&access, "orders", Duration::from_secs(10)).await.expect("partitions");
        let leaders: Vec<_> = partitions.iter().map(|one| (one.id, one.leader)).collect();
        assert_eq!(leaders, [(0, 3), (1, 2), (2, 1)]);
    }

    #[test]
    fn partitions_are_put_on_the_given_brokers_in_turn() {
        let topic = NewTopic { brokers: Some(vec![10, 12]), ..NewTopic::new("orders", 3, 3) };
        assert_eq!(topic.assignment(), Some(vec![vec![10, 12], vec![12, 10], vec![10, 12]]));
        assert_eq!(NewTopic::new("orders", 3, 3).assignment(), None);
    }

    #[test]
    fn an_answer_is_an_error_unless_it_is_one_of_the_fine_ones() {
        let refused = || Ok(vec![Err(("orders".to_owned(), RDKafkaErrorCode::TopicAlreadyExists))]);
        assert_eq!(one("create", refused(), &[RDKafkaErrorCode::TopicAlreadyExists]), Ok(()));
        let error = one("create", refused(), &[]).expect_err("it exists");
        assert_eq!(error.code, "TopicAlreadyExists");
    }
}
