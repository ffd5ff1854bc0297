//! The fields of Strimzi's resources that the stand-in supports. A field that is missing here is reported and never
//! ignored. Fields of type `Value` are allowed and have no effect.

use serde::Deserialize;
use serde_json::Value;
use std::collections::BTreeMap;

#[derive(Clone, Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct KafkaSpec {
    pub kafka: KafkaClusterSpec,
    #[serde(default)]
    pub entity_operator: Option<Value>,
}

#[derive(Clone, Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct KafkaClusterSpec {
    pub version: Option<String>,
    pub metadata_version: Option<String>,
    pub listeners: Vec<Listener>,
    pub authorization: Option<Authorization>,
    #[serde(default)]
    pub config: BTreeMap<String, Value>,
    pub resources: Option<Value>,
    pub jvm_options: Option<JvmOptions>,
}

#[derive(Clone, Debug, Default, Deserialize)]
pub struct JvmOptions {
    #[serde(rename = "-Xms")]
    pub xms: Option<String>,
    #[serde(rename = "-Xmx")]
    pub xmx: Option<String>,
}

#[derive(Clone, Copy, Debug, Default, Deserialize, Eq, PartialEq)]
#[serde(rename_all = "lowercase")]
pub enum ListenerType {
    #[default]
    Internal,
    #[serde(rename = "cluster-ip")]
    ClusterIp,
    TlsRoute,
    NodePort,
    LoadBalancer,
}

#[derive(Clone, Debug, Default, Deserialize)]
pub struct Listener {
    pub name: String,
    pub port: u16,
    #[serde(rename = "type")]
    pub kind: ListenerType,
    pub tls: bool,
    pub authentication: Option<ListenerAuthentication>,
    #[serde(default)]
    pub configuration: ListenerConfiguration,
}

impl Listener {
    pub fn auth(&self) -> Option<AuthType> {
        self.authentication.as_ref().map(|authentication| authentication.kind)
    }
}

#[derive(Clone, Debug, Deserialize)]
pub struct ListenerAuthentication {
    #[serde(rename = "type")]
    pub kind: AuthType,
}

#[derive(Clone, Copy, Debug, Deserialize, Eq, PartialEq)]
pub enum AuthType {
    #[serde(rename = "tls")]
    Tls,
    #[serde(rename = "scram-sha-512")]
    ScramSha512,
}

#[derive(Clone, Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct ListenerConfiguration {
    pub broker_cert_chain_and_key: Option<CertChainAndKey>,
    #[serde(default)]
    pub parent_refs: Vec<ParentRef>,
    #[serde(default)]
    pub bootstrap: BootstrapConfiguration,
    #[serde(default)]
    pub brokers: Vec<BrokerConfiguration>,
    pub host_template: Option<String>,
    pub advertised_host_template: Option<String>,
    pub advertised_port_template: Option<String>,
    pub create_bootstrap_service: Option<bool>,
    pub publish_not_ready_addresses: Option<bool>,
}

#[derive(Clone, Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct CertChainAndKey {
    pub secret_name: String,
    pub certificate: String,
    pub key: String,
}

/// A route's parentRef, passed on as it is.
#[derive(Clone, Debug, Deserialize, serde::Serialize)]
#[serde(rename_all = "camelCase")]
pub struct ParentRef {
    #[serde(skip_serializing_if = "Option::is_none")]
    pub kind: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub group: Option<String>,
    pub name: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub namespace: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub port: Option<i32>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub section_name: Option<String>,
}

#[derive(Clone, Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct BootstrapConfiguration {
    pub host: Option<String>,
    #[serde(default)]
    pub alternative_names: Vec<String>,
    pub node_port: Option<i32>,
    #[serde(default)]
    pub annotations: BTreeMap<String, String>,
    #[serde(default)]
    pub labels: BTreeMap<String, String>,
}

#[derive(Clone, Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct BrokerConfiguration {
    pub broker: u32,
    pub host: Option<String>,
    pub advertised_host: Option<String>,
    pub advertised_port: Option<u16>,
    pub node_port: Option<i32>,
    #[serde(default)]
    pub annotations: BTreeMap<String, String>,
    #[serde(default)]
    pub labels: BTreeMap<String, String>,
}

#[derive(Clone, Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Authorization {
    #[serde(rename = "type")]
    pub kind: AuthorizationType,
    #[serde(default)]
    pub super_users: Vec<String>,
}

#[derive(Clone, Copy, Debug, Default, Deserialize, Eq, PartialEq)]
#[serde(rename_all = "lowercase")]
pub enum AuthorizationType {
    #[default]
    Simple,
}

#[derive(Clone, Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct NodePoolSpec {
    pub replicas: u32,
    pub roles: Vec<Role>,
    pub storage: Storage,
    pub resources: Option<Value>,
    pub jvm_options: Option<JvmOptions>,
}

#[derive(Clone, Copy, Debug, Deserialize, Eq, PartialEq)]
#[serde(rename_all = "lowercase")]
pub enum Role {
    Controller,
    Broker,
}

#[derive(Clone, Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Storage {
    #[serde(rename = "type")]
    pub kind: StorageType,
    #[serde(default)]
    pub volumes: Vec<Volume>,
    // The fields below describe how disks are created, and a lab creates none.
    pub size: Option<Value>,
    pub size_limit: Option<Value>,
    pub class: Option<Value>,
    pub delete_claim: Option<bool>,
    pub kraft_metadata: Option<String>,
}

#[derive(Clone, Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Volume {
    pub id: Option<u32>,
    #[serde(rename = "type")]
    pub kind: StorageType,
    pub size: Option<Value>,
    pub size_limit: Option<Value>,
    pub class: Option<Value>,
    pub delete_claim: Option<bool>,
    pub kraft_metadata: Option<String>,
}

#[derive(Clone, Copy, Debug, Deserialize, Eq, PartialEq)]
#[serde(rename_all = "kebab-case")]
pub enum StorageType {
    Ephemeral,
    Jbod,
    PersistentClaim,
}

impl Storage {
    /// Whether the resource requests disks that outlive a Pod.
    pub fn wants_persistence(&self) -> bool {
        self.kind == StorageType::PersistentClaim
            || self.volumes.iter().any(|volume| volume.kind == StorageType::PersistentClaim)
    }
}

#[derive(Clone, Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct TopicSpec {
    pub topic_name: Option<String>,
    pub partitions: Option<i32>,
    pub replicas: Option<i16>,
    #[serde(default)]
    pub config: BTreeMap<String, Value>,
}

#[derive(Clone, Debug, Deserialize)]
pub struct UserSpec {
    pub authentication: Option<UserAuthentication>,
    pub authorization: Option<UserAuthorization>,
}

#[derive(Clone, Debug, Deserialize)]
pub struct UserAuthentication {
    #[serde(rename = "type")]
    pub kind: AuthType,
}

#[derive(Clone, Debug, Deserialize)]
pub struct UserAuthorization {
    #[serde(rename = "type", default)]
    pub kind: AuthorizationType,
    pub acls: Vec<AclRule>,
}

#[derive(Clone, Debug, Deserialize)]
pub struct AclRule {
    #[serde(rename = "type", default)]
    pub permission: Permission,
    pub resource: AclResource,
    pub operations: Vec<String>,
    pub host: Option<String>,
}

#[derive(Clone, Copy, Debug, Default, Deserialize, Eq, PartialEq)]
#[serde(rename_all = "lowercase")]
pub enum Permission {
    #[default]
    Allow,
    Deny,
}

#[derive(Clone, Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct AclResource {
    #[serde(rename = "type")]
    pub kind: AclResourceType,
    pub name: Option<String>,
    pub pattern_type: Option<PatternType>,
}

#[derive(Clone, Copy, Debug, Deserialize, Eq, PartialEq)]
#[serde(rename_all = "camelCase")]
pub enum AclResourceType {
    Topic,
    Group,
    Cluster,
    TransactionalId,
}

#[derive(Clone, Copy, Debug, Deserialize, Eq, PartialEq)]
#[serde(rename_all = "lowercase")]
pub enum PatternType {
    Literal,
    Prefix,
}

/// A configuration value in Kafka's form.
pub fn config_text(value: &Value) -> String {
    match value {
        Value::String(text) => text.clone(),
        other => other.to_string(),
    }
}
