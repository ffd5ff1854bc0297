//! Creates, grows and reconfigures the topic of a KafkaTopic, and deletes it through the finalizer.

use super::context::{API_VERSION, Context, Key, key_of};
use super::model::{TopicSpec, config_text};
use super::reach::BrokerAdmin;
use super::strict::{self, Refusal};
use super::{Error, names, status};
use kube::api::{DynamicObject, Patch, PatchParams, TypeMeta};
use kube::runtime::controller::Action;
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::sync::Arc;

/// Brings a topic closer to its resource, and writes the state to its status.
///
/// # Errors
/// If a step failed. The status reports it too.
pub async fn topic(object: Arc<DynamicObject>, context: Arc<Context>) -> Result<Action, Error> {
    let Some(cluster) = cluster_of(&object) else { return Ok(Action::await_change()) };
    let mut object = DynamicObject::clone(&object);
    object.types = Some(TypeMeta { api_version: API_VERSION.to_owned(), kind: "KafkaTopic".to_owned() });
    if object.metadata.deletion_timestamp.is_some() {
        remove(&context, &object, &cluster).await?;
        return Ok(Action::await_change());
    }
    let converged = converge(&context, &object, &cluster).await;
    status::conclude(&context, "KafkaTopic", &object, converged).await
}

/// The cluster that the label of a KafkaTopic or KafkaUser names.
pub fn cluster_of(object: &DynamicObject) -> Option<Key> {
    let name = object.metadata.labels.as_ref()?.get(names::CLUSTER_LABEL)?;
    Some((object.metadata.namespace.clone()?, name.clone()))
}

fn topic_name(object: &DynamicObject) -> String {
    let own = object.data["spec"]["topicName"].as_str().map(ToOwned::to_owned);
    own.or_else(|| object.metadata.name.clone()).unwrap_or_default()
}

async fn converge(context: &Context, object: &DynamicObject, cluster: &Key) -> Result<Value, Error> {
    let spec: TopicSpec = strict::spec(&object.data["spec"])?;
    let name = topic_name(object);
    let remembered = object.data["status"]["topicName"].as_str();
    if let Some(other) = remembered.filter(|other| *other != name) {
        return Err(Refusal::Invalid(format!("Changing spec.topicName is not supported (it was {other})")).into());
    }
    let config: BTreeMap<String, String> =
        spec.config.iter().map(|(key, value)| (key.clone(), config_text(value))).collect();
    let mut admin = context.admin(cluster).await?;
    finalizer(context, object, true).await?;
    let Some(found) = admin.topic(&name).await? else {
        admin.create_topic(&name, spec.partitions.unwrap_or(-1), spec.replicas.unwrap_or(-1), &config).await?;
        let id = admin.topic(&name).await?.map(|topic| topic.id);
        return Ok(json!({"topicName": name, "topicId": id}));
    };
    if let Some(wanted) = spec.partitions {
        if wanted < found.partitions {
            return Err(Refusal::Invalid("Decreasing partitions not supported".to_owned()).into());
        }
        if wanted > found.partitions {
            admin.create_partitions(&name, wanted).await?;
        }
    }
    if let Some(wanted) = spec.replicas.filter(|wanted| *wanted != found.replicas) {
        let text = format!("spec.replicas: a change from {} to {wanted} on an existing topic", found.replicas);
        return Err(Refusal::NotHonoured(vec![text]).into());
    }
    reconfigure(&mut admin, &name, &config).await?;
    Ok(json!({"topicName": name, "topicId": found.id}))
}

async fn reconfigure(admin: &mut BrokerAdmin, name: &str, wanted: &BTreeMap<String, String>) -> Result<(), Error> {
    let found = admin.topic_config(name).await?;
    let set = wanted
        .iter()
        .filter(|(key, value)| found.get(*key) != Some(*value))
        .map(|(key, value)| (key.clone(), Some(value.clone())));
    let reset = found.keys().filter(|key| !wanted.contains_key(*key)).map(|key| (key.clone(), None));
    let changes: BTreeMap<_, _> = set.chain(reset).collect();
    if changes.is_empty() { Ok(()) } else { Ok(admin.alter_topic_config(name, &changes).await?) }
}

async fn remove(context: &Context, object: &DynamicObject, cluster: &Key) -> Result<(), Error> {
    let held =
        object.metadata.finalizers.as_deref().unwrap_or_default().iter().any(|name| name == names::TOPIC_FINALIZER);
    if !held {
        return Ok(());
    }
    if cluster_lives(context, cluster).await? {
        context.admin(cluster).await?.delete_topic(&topic_name(object)).await?;
    }
    finalizer(context, object, false).await
}

/// Whether there is a Kafka resource with this name that is not being deleted.
async fn cluster_lives(context: &Context, cluster: &Key) -> Result<bool, Error> {
    let api = context.kafka.api(context.catalog.client(), &cluster.0);
    let found = api.get_opt(&cluster.1).await;
    let found = found.map_err(kubeapi::Error::request(format!("read Kafka {}/{}", cluster.0, cluster.1)))?;
    Ok(found.is_some_and(|kafka| kafka.metadata.deletion_timestamp.is_none()))
}

/// Adds or removes the stand-in's finalizer, and keeps those of others.
async fn finalizer(context: &Context, object: &DynamicObject, wanted: bool) -> Result<(), Error> {
    let mut all = object.metadata.finalizers.clone().unwrap_or_default();
    let held = all.iter().any(|name| name == names::TOPIC_FINALIZER);
    if held == wanted {
        return Ok(());
    }
    if wanted {
        all.push(names::TOPIC_FINALIZER.to_owned());
    } else {
        all.retain(|name| name != names::TOPIC_FINALIZER);
    }
    let (namespace, name) = key_of(object);
    let kind = context.catalog.kind("KafkaTopic", Some(API_VERSION)).await?;
    // The version turns a concurrent change by somebody else into an error, which is retried.
    let patch = json!({"metadata": {"finalizers": all, "resourceVersion": object.metadata.resource_version}});
    match kind
        .api(context.catalog.client(), &namespace)
        .patch(&name, &PatchParams::default(), &Patch::Merge(&patch))
        .await
    {
        Ok(_) => Ok(()),
        Err(kube::Error::Api(answer)) if answer.code == 404 => Ok(()),
        Err(error) => {
            Err(kubeapi::Error::request(format!("set the finalizer of KafkaTopic {namespace}/{name}"))(error).into())
        }
    }
}
