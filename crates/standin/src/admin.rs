//! The stand-in's requests to brokers: registered brokers, topics, SCRAM credentials and ACLs.

use super::cluster::uuid_text;
use super::scram;
use super::wire::{Wire, WireError};
use kafka_protocol::error::ParseResponseErrorCode;
use kafka_protocol::messages::alter_user_scram_credentials_request::{
    ScramCredentialDeletion, ScramCredentialUpsertion,
};
use kafka_protocol::messages::create_partitions_request::CreatePartitionsTopic;
use kafka_protocol::messages::create_topics_request::{CreatableTopic, CreatableTopicConfig};
use kafka_protocol::messages::delete_topics_request::DeleteTopicState;
use kafka_protocol::messages::describe_configs_request::DescribeConfigsResource;
use kafka_protocol::messages::incremental_alter_configs_request::{AlterConfigsResource, AlterableConfig};
use kafka_protocol::messages::metadata_request::MetadataRequestTopic;
use kafka_protocol::messages::{
    AlterUserScramCredentialsRequest, CreatePartitionsRequest, CreateTopicsRequest, DeleteTopicsRequest,
    DescribeClusterRequest, DescribeConfigsRequest, DescribeUserScramCredentialsRequest,
    IncrementalAlterConfigsRequest, MetadataRequest, TopicName, UnregisterBrokerRequest,
};
use kafka_protocol::protocol::StrBytes;
use std::collections::{BTreeMap, BTreeSet};
use std::num::NonZeroU32;
use tokio::io::{AsyncRead, AsyncWrite};

const SCRAM_SHA_512: i8 = 2;
const ITERATIONS: NonZeroU32 = NonZeroU32::new(4096).expect("4096 is not zero");
const TOPIC_RESOURCE: i8 = 2;
const TIMEOUT_MS: i32 = 15_000;
const UNKNOWN_TOPIC: i16 = 3;
const TOPIC_EXISTS: i16 = 36;
const RESOURCE_NOT_FOUND: i16 = 91;
const TOPIC_CONFIG_SOURCE: i8 = 1;

/// A request that a broker refused, or that did not reach it.
#[derive(Debug, thiserror::Error)]
pub enum AdminError {
    #[error(transparent)]
    Wire(#[from] WireError),
    #[error("the broker refused to {what}: {code}{}", text.as_ref().map(|text| format!(", {text}")).unwrap_or_default())]
    Refused { what: String, code: String, text: Option<String> },
}

/// A topic, as a broker describes it.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Topic {
    /// The form that Kafka's tools print.
    pub id: String,
    pub partitions: i32,
    pub replicas: i16,
}

/// Administrative requests on one connection.
pub struct Admin<S>(pub(super) Wire<S>);

impl<S: AsyncRead + AsyncWrite + Unpin> Admin<S> {
    pub fn new(wire: Wire<S>) -> Self {
        Self(wire)
    }

    /// The ids of the registered brokers, and whether each is fenced.
    ///
    /// # Errors
    /// If the broker refuses or does not answer.
    pub async fn brokers(&mut self) -> Result<BTreeMap<i32, bool>, AdminError> {
        let request = DescribeClusterRequest::default().with_endpoint_type(1).with_include_fenced_brokers(true);
        let answer = self.0.send(&request).await?;
        check("describe the cluster", answer.error_code, answer.error_message.as_ref())?;
        Ok(answer.brokers.iter().map(|broker| (broker.broker_id.0, broker.is_fenced)).collect())
    }

    /// Removes a broker that is permanently gone from the cluster.
    ///
    /// # Errors
    /// If the broker refuses or does not answer.
    pub async fn unregister(&mut self, broker: i32) -> Result<(), AdminError> {
        let answer = self.0.send(&UnregisterBrokerRequest::default().with_broker_id(broker.into())).await?;
        check(&format!("unregister broker {broker}"), answer.error_code, answer.error_message.as_ref())
    }

    /// The number of partitions with replicas that are not in sync.
    ///
    /// # Errors
    /// If the broker does not answer.
    pub async fn out_of_sync(&mut self) -> Result<usize, AdminError> {
        let answer = self.0.send(&MetadataRequest::default().with_topics(None)).await?;
        let partitions = answer.topics.iter().flat_map(|topic| &topic.partitions);
        Ok(partitions.filter(|partition| partition.isr_nodes.len() < partition.replica_nodes.len()).count())
    }

    /// A topic, or `None` if the cluster does not have it.
    ///
    /// # Errors
    /// If the broker refuses or does not answer.
    pub async fn topic(&mut self, name: &str) -> Result<Option<Topic>, AdminError> {
        let wanted = MetadataRequestTopic::default().with_name(Some(topic_name(name)));
        let request = MetadataRequest::default().with_topics(Some(vec![wanted])).with_allow_auto_topic_creation(false);
        let answer = self.0.send(&request).await?;
        let Some(topic) = answer.topics.first() else { return Ok(None) };
        if topic.error_code == UNKNOWN_TOPIC {
            return Ok(None);
        }
        check(&format!("describe topic {name}"), topic.error_code, None)?;
        Ok(Some(Topic {
            id: uuid_text(topic.topic_id.into_bytes()),
            partitions: i32::try_from(topic.partitions.len()).unwrap_or(i32::MAX),
            replicas: topic
                .partitions
                .first()
                .map_or(0, |partition| i16::try_from(partition.replica_nodes.len()).unwrap_or(i16::MAX)),
        }))
    }

    /// Creates a topic. -1 stands for the broker's default. It is not an error if the topic exists.
    ///
    /// # Errors
    /// If the broker refuses or does not answer.
    pub async fn create_topic(
        &mut self,
        name: &str,
        partitions: i32,
        replicas: i16,
        config: &BTreeMap<String, String>,
    ) -> Result<(), AdminError> {
        let configs = config
            .iter()
            .map(|(key, value)| CreatableTopicConfig::default().with_name(text(key)).with_value(Some(text(value))))
            .collect();
        let topic = CreatableTopic::default()
            .with_name(topic_name(name))
            .with_num_partitions(partitions)
            .with_replication_factor(replicas)
            .with_configs(configs);
        let answer =
            self.0.send(&CreateTopicsRequest::default().with_topics(vec![topic]).with_timeout_ms(TIMEOUT_MS)).await?;
        answer.topics.iter().filter(|topic| topic.error_code != TOPIC_EXISTS).try_for_each(|topic| {
            check(&format!("create topic {name}"), topic.error_code, topic.error_message.as_ref())
        })
    }

    /// Raises the number of partitions.
    ///
    /// # Errors
    /// If the broker refuses or does not answer.
    pub async fn create_partitions(&mut self, name: &str, count: i32) -> Result<(), AdminError> {
        let topic =
            CreatePartitionsTopic::default().with_name(topic_name(name)).with_count(count).with_assignments(None);
        let request = CreatePartitionsRequest::default().with_topics(vec![topic]).with_timeout_ms(TIMEOUT_MS);
        let answer = self.0.send(&request).await?;
        answer.results.iter().try_for_each(|result| {
            check(&format!("give topic {name} {count} partitions"), result.error_code, result.error_message.as_ref())
        })
    }

    /// Deletes a topic. It is not an error if the topic is already gone.
    ///
    /// # Errors
    /// If the broker refuses or does not answer.
    pub async fn delete_topic(&mut self, name: &str) -> Result<(), AdminError> {
        // Version 6 reads one field, and earlier versions read the other.
        let request = DeleteTopicsRequest::default()
            .with_topics(vec![DeleteTopicState::default().with_name(Some(topic_name(name)))])
            .with_timeout_ms(TIMEOUT_MS);
        let answer = self.0.send(&request).await?;
        answer.responses.iter().filter(|result| result.error_code != UNKNOWN_TOPIC).try_for_each(|result| {
            check(&format!("delete topic {name}"), result.error_code, result.error_message.as_ref())
        })
    }

    /// The settings of a topic that differ from the defaults.
    ///
    /// # Errors
    /// If the broker refuses or does not answer.
    pub async fn topic_config(&mut self, name: &str) -> Result<BTreeMap<String, String>, AdminError> {
        let resource = DescribeConfigsResource::default()
            .with_resource_type(TOPIC_RESOURCE)
            .with_resource_name(text(name))
            .with_configuration_keys(None);
        let answer = self.0.send(&DescribeConfigsRequest::default().with_resources(vec![resource])).await?;
        let mut config = BTreeMap::new();
        for result in &answer.results {
            check(&format!("describe the settings of topic {name}"), result.error_code, result.error_message.as_ref())?;
            let own = result.configs.iter().filter(|entry| entry.config_source == TOPIC_CONFIG_SOURCE);
            config.extend(own.filter_map(|entry| Some((entry.name.to_string(), entry.value.as_ref()?.to_string()))));
        }
        Ok(config)
    }

    /// Sets (`Some`) and resets (`None`) settings of a topic.
    ///
    /// # Errors
    /// If the broker refuses or does not answer.
    pub async fn alter_topic_config(
        &mut self,
        name: &str,
        changes: &BTreeMap<String, Option<String>>,
    ) -> Result<(), AdminError> {
        let configs = changes
            .iter()
            .map(|(key, value)| {
                let operation = i8::from(value.is_none());
                AlterableConfig::default()
                    .with_name(text(key))
                    .with_config_operation(operation)
                    .with_value(value.as_deref().map(text))
            })
            .collect();
        let resource = AlterConfigsResource::default()
            .with_resource_type(TOPIC_RESOURCE)
            .with_resource_name(text(name))
            .with_configs(configs);
        let answer = self.0.send(&IncrementalAlterConfigsRequest::default().with_resources(vec![resource])).await?;
        answer.responses.iter().try_for_each(|result| {
            check(&format!("change the settings of topic {name}"), result.error_code, result.error_message.as_ref())
        })
    }

    /// The users with a SCRAM-SHA-512 credential.
    ///
    /// # Errors
    /// If the broker refuses or does not answer.
    pub async fn scram_users(&mut self) -> Result<BTreeSet<String>, AdminError> {
        let answer = self.0.send(&DescribeUserScramCredentialsRequest::default().with_users(None)).await?;
        check("list SCRAM credentials", answer.error_code, answer.error_message.as_ref())?;
        let with = answer
            .results
            .iter()
            .filter(|result| result.credential_infos.iter().any(|info| info.mechanism == SCRAM_SHA_512));
        Ok(with.map(|result| result.user.to_string()).collect())
    }

    /// Sets a user's SCRAM-SHA-512 password. `salt` should be random.
    ///
    /// # Errors
    /// If the broker refuses or does not answer.
    pub async fn set_scram(&mut self, user: &str, password: &str, salt: [u8; 16]) -> Result<(), AdminError> {
        let salted = scram::salted_password(password.as_bytes(), &salt, ITERATIONS);
        let credential = ScramCredentialUpsertion::default()
            .with_name(text(user))
            .with_mechanism(SCRAM_SHA_512)
            .with_iterations(ITERATIONS.get().cast_signed())
            .with_salt(salt.to_vec().into())
            .with_salted_password(salted.to_vec().into());
        self.alter_scram(
            &format!("set the password of {user}"),
            AlterUserScramCredentialsRequest::default().with_upsertions(vec![credential]),
        )
        .await
    }

    /// Removes a user's SCRAM-SHA-512 password, if there is one.
    ///
    /// # Errors
    /// If the broker refuses or does not answer.
    pub async fn delete_scram(&mut self, user: &str) -> Result<(), AdminError> {
        let deletion = ScramCredentialDeletion::default().with_name(text(user)).with_mechanism(SCRAM_SHA_512);
        self.alter_scram(
            &format!("remove the password of {user}"),
            AlterUserScramCredentialsRequest::default().with_deletions(vec![deletion]),
        )
        .await
    }

    async fn alter_scram(&mut self, what: &str, request: AlterUserScramCredentialsRequest) -> Result<(), AdminError> {
        let answer = self.0.send(&request).await?;
        answer
            .results
            .iter()
            .filter(|result| result.error_code != RESOURCE_NOT_FOUND)
            .try_for_each(|result| check(what, result.error_code, result.error_message.as_ref()))
    }
}

pub(super) fn text(value: &str) -> StrBytes {
    StrBytes::from_string(value.to_owned())
}

fn topic_name(name: &str) -> TopicName {
    TopicName(text(name))
}

pub(super) fn check(what: &str, code: i16, message: Option<&StrBytes>) -> Result<(), AdminError> {
    match code.err() {
        None => Ok(()),
        Some(error) => Err(AdminError::Refused {
            what: what.to_owned(),
            code: error.to_string(),
            text: message.map(ToString::to_string),
        }),
    }
}

#[cfg(test)]
#[path = "admin_tests.rs"]
mod tests;
