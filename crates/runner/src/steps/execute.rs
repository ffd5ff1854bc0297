//! The trait for executing a step.

use crate::Context;
use model::Failure;
use scenario::{Step, with_step};
use std::time::Duration;

/// The evidence of a step, or its failure.
pub type Outcome = Result<Vec<String>, Failure>;

/// The execution of a step. Each step implements this in a file of its own.
pub trait Execute {
    /// Executes the step. Its variables are already replaced.
    ///
    /// # Errors
    /// If the step failed.
    async fn execute(&self, context: &mut Context<'_>) -> Outcome;
}

/// The runner waits this much longer than a step's own deadline, because the step's own error is more precise.
const GRACE: Duration = Duration::from_secs(20);

/// A step's client may first wait for its Secrets.
const SECRETS: Duration = Duration::from_secs(60);

/// Carries a step out.
///
/// # Errors
/// If the step failed.
pub async fn execute(context: &mut Context<'_>, step: &Step) -> Outcome {
    // Variables are replaced only here, so that no step can forget it.
    let step = context.resolve(step)?;
    // The largest step determines the size of this future, and it lies on the stack of every poll unless it is boxed.
    with_step!(&step, step => Box::pin(step.execute(context)).await)
}

/// How long the runner waits for a step that does not keep its own deadline.
pub fn limit(step: &Step) -> Duration {
    step.longest() + SECRETS + GRACE
}
