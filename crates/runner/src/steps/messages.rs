//! Helpers of `produce`, `consume` and `produce-and-consume`.

use crate::Context;
use model::{Cause, Failure};
use probe::{BrokerShare, ProduceSpec};
use scenario::ProduceConsume;

pub fn produce_spec(context: &Context<'_>, step: &ProduceConsume) -> ProduceSpec {
    ProduceSpec {
        every_broker: step.every_broker,
        only_brokers: step.brokers.clone(),
        within: step.within.unwrap_or(ProduceConsume::WITHIN).0,
        ..ProduceSpec::new(context.topic(&step.topic), u64::from(step.messages))
    }
}

/// With `every-broker`: the failure of a broker that took messages over a connection to another name than its own.
pub fn unproved(step: &ProduceConsume, brokers: &[BrokerShare], expected: &str) -> Option<Failure> {
    let share = brokers.iter().find(|share| step.every_broker && !share.proved())?;
    let seen = format!("{} took {} messages over a connection to `{}`", share.broker, share.messages, share.node_name);
    Some(Failure::new(Cause::WrongBroker, expected, seen))
}

pub fn shares(did: &str, brokers: &[BrokerShare]) -> Vec<String> {
    brokers.iter().map(|share| format!("{} {did} {}", share.broker, share.messages)).collect()
}
