//! Executes `delete`.

use super::ownership::{Ownership, ownership, protected};
use super::{Execute, Outcome, objects};
use crate::journal::Undo;
use crate::{Context, failure};
use model::{Cause, Failure};
use scenario::Target;

impl Execute for Target {
    async fn execute(&self, context: &mut Context<'_>) -> Outcome {
        let object = context.object(&self.kind, &self.name, self.namespace.as_deref()).await?;
        let expected = format!("{object} is deleted");
        let Some(was) = objects::get(context, &object).await? else {
            return Err(Failure::new(Cause::ConditionUnmet, expected, "it does not exist"));
        };
        match ownership(context, &object, true) {
            Ownership::Protected => return Err(protected(&object)),
            Ownership::Borrowed => {
                context.journal.push(Undo::Restore { object: object.clone(), was: Box::new(was.clone()) });
            }
            Ownership::Own => {}
        }
        let removed =
            context.clock.waiting(objects::remove(&context.lab.catalog, &object, was.metadata.uid.as_deref())).await;
        removed.map_err(|error| failure::kubernetes(expected, &error))?;
        context.journal.forget(&object);
        Ok(Vec::new())
    }
}
