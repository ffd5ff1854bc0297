//! Produces and consumes: the shortest proof that a connection to Kafka works.

use super::{ClientError, ConnectionConfig, ConsumeSpec, Consumed, ProduceSpec, Produced, consume, produce};
use serde::{Deserialize, Serialize};

/// Both halves of a round trip.
#[derive(Clone, Debug, Deserialize, PartialEq, Serialize)]
pub struct Roundtrip {
    pub produced: Produced,
    pub consumed: Consumed,
}

/// Produces as `spec` says, then consumes all of it, as a member of `group` if one is given.
///
/// # Errors
/// The error of either half, or one that says how the received messages differ from those sent.
pub async fn produce_and_consume(
    access: &ConnectionConfig,
    spec: &ProduceSpec,
    group: Option<&str>,
) -> Result<Roundtrip, ClientError> {
    let produced = produce(access, spec).await?;
    let consume_spec = ConsumeSpec {
        group: group.map(ToOwned::to_owned),
        within: spec.within,
        patience: spec.patience,
        ..ConsumeSpec::all_of(&produced)
    };
    let consumed = consume(access, &consume_spec).await?;
    match consumed.comparison.problem() {
        Some(problem) => Err(ClientError {
            served: consumed.brokers,
            ..ClientError::harness(format!("consume from {}", spec.topic), problem)
        }),
        None => Ok(Roundtrip { produced, consumed }),
    }
}
