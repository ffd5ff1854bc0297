//! Keeps the operator from repairing what a sabotage breaks.

use super::conditions::check;
use super::{Execute, Outcome, objects};
use crate::{Context, failure};
use ::kube::api::DynamicObject;
use kubeapi::{ObjectRef, wait_for};
use scenario::{Patch, Span, Wait};
use serde_json::json;

/// Strimzi takes notice at its next look at the resource, and may be in the midst of one.
const WITHIN: Span = Span::seconds(60);

/// Pauses the reconciliation of the Kafka cluster that an object was made for, if it is one of the operator's own. The
/// operator puts such an object right at its next look, at the latest after two minutes, which may be in the midst of
/// the step that has to notice.
///
/// # Errors
/// When the operator does not say that it pauses.
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
    let wanted = "ReconciliationPaused=True";
    let waited = wait_for(&context.lab.catalog, &kafka, wanted, WITHIN.0, |seen| check(&paused, seen));
    context.clock.waiting(waited).await.map_err(|error| failure::kubernetes(format!("{kafka}: {wanted}"), &error))?;
    Ok(Vec::new())
}

/// The cluster that an operator made the object for. Users, topics and pools carry its label too, and are not made by it.
fn made_for<'a>(kind: &str, object: &'a DynamicObject) -> Option<&'a str> {
    let written_by_hand = ["KafkaNodePool", "KafkaUser", "KafkaTopic"].contains(&kind);
    let label = object.metadata.labels.as_ref()?.get("strimzi.io/cluster")?;
    (!written_by_hand).then_some(label.as_str())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_the_operator_made_is_its_to_repair() {
        let object = |labels: serde_json::Value| -> DynamicObject {
            serde_json::from_value(json!({"metadata": {"name": "x", "labels": labels}})).expect("an object")
        };
        let labelled = object(json!({"strimzi.io/cluster": "my-cluster"}));
        assert_eq!(made_for("TLSRoute", &labelled), Some("my-cluster"));
        assert_eq!(made_for("KafkaUser", &labelled), None);
        assert_eq!(made_for("TLSRoute", &object(json!({"app": "y"}))), None);
    }
}
