//! Executes `produce`.

use super::messages::{produce_spec, shares, unproved};
use super::{Execute, Outcome};
use crate::{Context, cause, clients};
use scenario::Produce;

impl Execute for Produce {
    async fn execute(&self, context: &mut Context<'_>) -> Outcome {
        let access = clients::access(context, self.client.as_deref()).await?;
        let spec = produce_spec(context, self);
        let expected = format!("{} messages to {} within {:?}", self.messages, spec.topic, spec.within);
        match context.clock.waiting(probe::produce(&access, &spec)).await {
            Ok(produced) => {
                let evidence = shares("acknowledged", &produced.brokers);
                let unproved = unproved(self, &produced.brokers, &expected);
                context.produced.insert(self.topic.clone(), produced);
                unproved.map_or(Ok(evidence), Err)
            }
            Err(error) => Err(cause::client(context, expected, &access, &error).await),
        }
    }
}
