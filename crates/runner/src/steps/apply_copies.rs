//! Executes `apply-copies`.

use super::{Execute, Outcome, objects};
use crate::Context;
use scenario::ApplyCopies;

impl Execute for ApplyCopies {
    async fn execute(&self, context: &mut Context<'_>) -> Outcome {
        let mut objects = 0;
        for copy in 1..=self.copies {
            for object in &context.copy_of_manifest(&self.file, copy)? {
                objects::apply(context, object, &self.file).await?;
                objects += 1;
            }
        }
        Ok(vec![format!("applied {objects} objects: {} copies of {}", self.copies, self.file)])
    }
}
