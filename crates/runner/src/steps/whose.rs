//! Finds the cluster of an expected broker, and the cluster's id.

use crate::Context;
use kube::api::{DynamicObject, ListParams};
use probe::Whose;

/// The cluster of this name. The default is the cluster in use. Fields that the API server does not provide stay empty,
/// because a certificate still names the cluster.
pub async fn of(context: &Context<'_>, cluster: Option<&str>) -> Whose {
    let name = cluster.unwrap_or(&context.cluster);
    let in_use = name == context.cluster;
    let namespaces: &[&str] =
        if in_use { &[&context.kafka_namespace] } else { &[&context.namespace, &context.kafka_namespace] };
    for namespace in namespaces {
        if let Some(kafka) = context.clock.waiting(kafka(context, namespace, name)).await {
            return Whose {
                namespace: Some((*namespace).to_owned()),
                cluster: Some(name.to_owned()),
                cluster_id: kafka.data["status"]["clusterId"].as_str().map(ToOwned::to_owned),
            };
        }
    }
    Whose { cluster: Some(name.to_owned()), ..Whose::default() }
}

async fn kafka(context: &Context<'_>, namespace: &str, name: &str) -> Option<DynamicObject> {
    let kind = context.lab.catalog.kind("Kafka", None).await.ok()?;
    let api = kind.api(context.lab.catalog.client(), namespace);
    let fields = ListParams::default().fields(&format!("metadata.name={name}"));
    api.list(&fields).await.ok()?.items.into_iter().next()
}
