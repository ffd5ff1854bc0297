//! Executes `produce-and-consume`.

use super::messages::{produce_spec, shares, unproved};
use super::{Execute, Outcome};
use crate::{Context, cause, clients, needs};
use model::{Cause, Failure};
use scenario::{Library, ProduceAndConsume};

impl Execute for ProduceAndConsume {
    async fn execute(&self, context: &mut Context<'_>) -> Outcome {
        let access = clients::access(context, self.client.as_deref()).await?;
        let spec = produce_spec(context, self);
        let every = if self.every_broker { " through every broker" } else { "" };
        let expected =
            format!("{} messages in and out of {}{every} within {:?}", self.messages, spec.topic, spec.within);
        if clients::library(context, self.client.as_deref()) == Library::Java {
            let client = needs::java_client(context.lab)
                .map_err(|error| Failure::new(Cause::Unknown, "the Java client", error))?;
            let both = probe::java_produce_and_consume(&access, &spec, &client);
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
