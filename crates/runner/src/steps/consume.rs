//! Executes `consume`.

use super::messages::shares;
use super::{Execute, Outcome};
use crate::{Context, cause, clients};
use model::{Cause, Failure};
use probe::ConsumeSpec;
use scenario::{Consume, ProduceConsume};

impl Execute for Consume {
    async fn execute(&self, context: &mut Context<'_>) -> Outcome {
        let access = clients::access(context, self.client.as_deref()).await?;
        let within = self.within.unwrap_or(ProduceConsume::WITHIN).0;
        let expected = format!("{} messages from {} within {within:?}", self.messages, context.topic(&self.topic));
        let Some(produced) = context.produced.get(&self.topic) else {
            return Err(Failure::new(Cause::Content, expected, "no earlier `produce` step wrote to this topic"));
        };
        let spec = ConsumeSpec { within, ..ConsumeSpec::all_of(produced) };
        match context.clock.waiting(probe::consume(&access, &spec)).await {
            Ok(consumed) => match consumed.comparison.problem() {
                Some(problem) => Err(Failure::new(Cause::Content, expected, problem)),
                None => Ok(shares("delivered", &consumed.brokers)),
            },
            Err(error) => Err(cause::client(context, expected, &access, &error).await),
        }
    }
}
