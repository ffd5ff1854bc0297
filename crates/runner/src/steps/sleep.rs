//! Executes `sleep`.

use super::{Execute, Outcome};
use crate::Context;
use scenario::Sleep;

impl Execute for Sleep {
    async fn execute(&self, context: &mut Context<'_>) -> Outcome {
        context.clock.waiting(tokio::time::sleep(self.r#for.0)).await;
        Ok(Vec::new())
    }
}
