//! Executes `churn`.

use super::{Execute, Outcome, objects};
use crate::{Context, failure};
use scenario::Churn;

impl Execute for Churn {
    async fn execute(&self, context: &mut Context<'_>) -> Outcome {
        let manifest = context.manifest(&self.file)?;
        for _ in 0..self.times {
            let mut applied = Vec::new();
            for object in &manifest {
                applied.push(objects::apply(context, object, &self.file).await?);
            }
            for object in applied.iter().rev() {
                let deleted = context.clock.waiting(kubeapi::delete(&context.lab.catalog, object)).await;
                deleted.map_err(|error| failure::kubernetes(format!("{object} is deleted"), &error))?;
                context.journal.forget(object);
            }
        }
        Ok(vec![format!("{} objects were applied and deleted {} times", manifest.len(), self.times)])
    }
}
