//! Executes `start`.

use super::{Execute, Outcome};
use crate::{Context, cause, clients};
use probe::LoadSpec;
use scenario::Start;
use std::time::Duration;

/// The deadline of the first message.
const FIRST_WITHIN: Duration = Duration::from_secs(30);

impl Execute for Start {
    async fn execute(&self, context: &mut Context<'_>) -> Outcome {
        let access = clients::access(context, self.client.as_deref()).await?;
        let rate = match self.every {
            Some(every) => 1.0 / every.0.as_secs_f64().max(0.001),
            None => f64::from(self.rate.unwrap_or(100)),
        };
        let quiet = self.every.is_some();
        let spec = LoadSpec { rate, quiet, ..LoadSpec::new(context.topic(&self.topic)) };
        let expected = format!("load generator {} on {}", self.producer, spec.topic);
        match context.clock.waiting(probe::start_load(&access, &spec, FIRST_WITHIN)).await {
            Ok(workload) => {
                context.workloads.insert(self.producer.clone(), workload);
                Ok(Vec::new())
            }
            Err(error) => Err(cause::client(context, expected, &access, &error).await),
        }
    }
}
