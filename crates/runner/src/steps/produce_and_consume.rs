//! Executes `produce-and-consume`.

use super::messages::{produce_spec, shares, unproved};
use super::{Execute, Outcome};
use crate::{Context, cause, clients};
use model::{Cause, Failure};
use scenario::ProduceAndConsume;

impl Execute for ProduceAndConsume {
    async fn execute(&self, context: &mut Context<'_>) -> Outcome {
        let access = clients::access(context, self.client.as_deref()).await?;
        let spec = produce_spec(context, self);
        let every = if self.every_broker { " through every broker" } else { "" };
        let expected =
            format!("{} messages in and out of {}{every} within {:?}", self.messages, spec.topic, spec.within);
        let library = clients::library(context, self.client.as_deref());
        if let Some(client) = context.other_clients.get(library, context.lab).await {
            let client =
                client.as_ref().map_err(|reason| Failure::new(Cause::Unknown, library.name(), reason.clone()))?;
            let both = client.produce_and_consume(&access, &spec);
            return match context.clock.waiting(Box::pin(both)).await {
                Ok(brokers) => Ok(shares("took and gave", &brokers)),
                Err(error) => Err(cause::client(context, expected, &access, &error).await),
            };
        }
        match context.clock.waiting(probe::produce_and_consume(&access, &spec, None)).await {
            Ok(both) => {
                let brokers = &both.produced.brokers;
                match unproved(self, brokers, &expected) {
                    Some(failure) => Err(failure),
                    None => Ok(shares("acknowledged", brokers)),
                }
            }
            Err(error) => Err(cause::client(context, expected, &access, &error).await),
        }
    }
}
