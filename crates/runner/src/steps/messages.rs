//! What `produce`, `consume` and `produce-and-consume` have in common.

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

/// With `every-broker`: a broker whose messages went another way than through its own advertised name.
pub fn unproved(step: &ProduceConsume, brokers: &[BrokerShare], wanted: &str) -> Option<Failure> {
    let share = brokers.iter().find(|share| step.every_broker && !share.proved())?;
    let seen = format!("{} took {} messages over a connection to `{}`", share.broker, share.messages, share.node_name);
    Some(Failure::new(Cause::WrongBroker, wanted, seen))
}

pub fn shares(did: &str, brokers: &[BrokerShare]) -> Vec<String> {
    brokers.iter().map(|share| format!("{} {did} {}", share.broker, share.messages)).collect()
}
