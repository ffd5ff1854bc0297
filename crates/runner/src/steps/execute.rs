//! From a step to its execution.

use crate::Context;
use model::Failure;
use scenario::{Step, with_step};
use std::time::Duration;

/// What a step found, or how it failed.
pub type Outcome = Result<Vec<String>, Failure>;

/// How a step of the language is carried out. Each has to say so, in a file of its name.
pub trait Execute {
    /// Carries the step out, whose variables are replaced already.
    ///
    /// # Errors
    /// When it did not do what it had to.
    async fn execute(&self, context: &mut Context<'_>) -> Outcome;
}

/// Time beyond a step's own deadline until the runner gives it up: its own error tells more than the runner could.
const GRACE: Duration = Duration::from_secs(20);

/// A step's client may first have to wait for its Secrets.
const SECRETS: Duration = Duration::from_secs(60);

/// Carries a step out.
///
/// # Errors
/// When it did not do what it had to.
pub async fn execute(context: &mut Context<'_>, step: &Step) -> Outcome {
    // Replaced here and nowhere else, so that no step can forget it.
    let step = context.resolve(step)?;
    with_step!(&step, step => step.execute(context).await)
}

/// When the runner gives a step up that does not keep its own deadline.
pub fn limit(step: &Step) -> Duration {
    step.longest() + SECRETS + GRACE
}
