//! Executes `ca-config-map`.

use super::{Execute, Outcome, objects};
use crate::{Context, clients};
use ::kube::api::DynamicObject;
use model::{Cause, Failure};
use scenario::CaConfigMap;
use serde_json::json;

impl Execute for CaConfigMap {
    async fn execute(&self, context: &mut Context<'_>) -> Outcome {
        let certificates = clients::certificates(context, self.trust.as_ref()).await?;
        let object: DynamicObject = serde_json::from_value(json!({
            "apiVersion": "v1",
            "kind": "ConfigMap",
            "metadata": {"name": self.name, "namespace": self.namespace.as_deref().unwrap_or(&context.namespace)},
            "data": {"ca.crt": certificates},
        }))
        .map_err(|error| Failure::new(Cause::Unknown, "a ConfigMap", error.to_string()))?;
        Ok(vec![format!("applied {}", objects::apply(context, &object, "this step").await?)])
    }
}
