//! Executes `scale`.

use super::pods::pool_has;
use super::{Execute, Outcome};
use crate::{Context, failure};
use scenario::{Patch, Scale};
use serde_json::json;

impl Execute for Scale {
    async fn execute(&self, context: &mut Context<'_>) -> Outcome {
        let within = self.within.unwrap_or(Scale::WITHIN).0;
        let change = Patch {
            kind: "KafkaNodePool".to_owned(),
            name: self.pool.clone(),
            namespace: Some(context.kafka_namespace.clone()),
            merge: Some(json!({"spec": {"replicas": self.replicas}})),
            json: None,
        };
        change.execute(context).await?;
        let expected = format!("pool {}: {} ready brokers", self.pool, self.replicas);
        let settled = pool_has(
            &context.lab.catalog,
            &context.kafka_namespace,
            &context.cluster,
            &self.pool,
            self.replicas,
            within,
        );
        context.clock.waiting(settled).await.map_err(|error| failure::kubernetes(&expected, &error))?;
        Ok(Vec::new())
    }
}
