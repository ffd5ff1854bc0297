//! Keeps the operator from repairing what a sabotage breaks.

use super::conditions::check;
use super::{Execute, Outcome, objects};
use crate::{Context, failure};
use ::kube::api::DynamicObject;
use kubeapi::{ObjectRef, wait_for};
use scenario::{Patch, Span, Wait};
use serde_json::json;

/// Strimzi notices the annotation at its next reconciliation, and may be in the middle of one.
const WITHIN: Span = Span::seconds(60);

/// If the operator created the object, pauses the reconciliation of its Kafka cluster. Otherwise the operator would
/// restore the object within two minutes, perhaps before the step that must fail has noticed the change.
///
/// # Errors
/// If the operator does not report the pause in time.
pub async fn pause(context: &mut Context<'_>, kind: &str, name: &str, namespace: Option<&str>) -> Outcome {
    let object = context.object(kind, name, namespace).await?;
    let found = objects::get(context, &object).await?;
    let Some(cluster) = found.as_ref().and_then(|found| made_for(kind, found)) else { return Ok(Vec::new()) };
    let annotate = Patch {
        kind: "Kafka".to_owned(),
        name: cluster.to_owned(),
        namespace: Some(object.namespace.clone()),
        merge: Some(json!({"metadata": {"annotations": {"strimzi.io/pause-reconciliation": "true"}}})),
        json: None,
    };
    annotate.execute(context).await?;
    let kafka: ObjectRef = context.object("Kafka", cluster, Some(&object.namespace)).await?;
    let paused = Wait {
        kind: annotate.kind,
        name: annotate.name,
        namespace: annotate.namespace,
        condition: Some("ReconciliationPaused".to_owned()),
        status: None,
        reason: None,
        field: None,
        equals: None,
        gone: false,
        within: WITHIN,
    };
    let expected = "ReconciliationPaused=True";
    let waited = wait_for(&context.lab.catalog, &kafka, expected, WITHIN.0, |seen| check(&paused, seen));
    context.clock.waiting(waited).await.map_err(|error| failure::kubernetes(format!("{kafka}: {expected}"), &error))?;
    Ok(Vec::new())
}

/// The cluster for which an operator created the object. Users, topics and pools also have the cluster's label, but the
/// operator does not create them.
fn made_for<'a>(kind: &str, object: &'a DynamicObject) -> Option<&'a str> {
    let written_by_hand = ["KafkaNodePool", "KafkaUser", "KafkaTopic"].contains(&kind);
    let label = object.metadata.labels.as_ref()?.get("strimzi.io/cluster")?;
    (!written_by_hand).then_some(label.as_str())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_operator_only_repairs_objects_that_it_created() {
        let object = |labels: serde_json::Value| -> DynamicObject {
            serde_json::from_value(json!({"metadata": {"name": "x", "labels": labels}})).expect("an object")
        };
        let labelled = object(json!({"strimzi.io/cluster": "my-cluster"}));
        assert_eq!(made_for("TLSRoute", &labelled), Some("my-cluster"));
        assert_eq!(made_for("KafkaUser", &labelled), None);
        assert_eq!(made_for("TLSRoute", &object(json!({"app": "y"}))), None);
    }
}
