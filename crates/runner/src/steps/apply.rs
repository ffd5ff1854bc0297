//! Executes `apply`.

use super::{Execute, Outcome, objects};
use crate::Context;
use scenario::Apply;

impl Execute for Apply {
    async fn execute(&self, context: &mut Context<'_>) -> Outcome {
        let manifest = context.manifest(&self.0)?;
        let mut evidence = Vec::new();
        for object in &manifest {
            evidence.push(format!("applied {}", objects::apply(context, object, &self.0).await?));
        }
        Ok(evidence)
    }
}
