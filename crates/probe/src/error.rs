//! A failure for people: which broker failed, during which operation, with librdkafka's text.

use rdkafka::error::KafkaError;
use serde::{Deserialize, Serialize};
use std::fmt;

/// An address that a client connected to: one that a broker advertises, or a bootstrap address, whose `id` is `None`.
#[derive(Clone, Debug, Deserialize, Eq, Hash, Ord, PartialEq, PartialOrd, Serialize)]
pub struct BrokerAddr {
    pub id: Option<i32>,
    pub host: String,
    pub port: u16,
}

impl fmt::Display for BrokerAddr {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.id {
            Some(id) => write!(f, "broker {id} ({}:{})", self.host, self.port),
            None => write!(f, "bootstrap {}:{}", self.host, self.port),
        }
    }
}

/// What one broker did, which proves that it was reached by its own advertised name.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize)]
pub struct BrokerShare {
    pub broker: BrokerAddr,
    /// Messages that this broker, as the leader of their partitions, acknowledged or returned.
    pub messages: u64,
    /// The name by which librdkafka's connection called it, from the client's statistics. Empty if it never connected.
    pub node_name: String,
    /// Bytes sent over that connection.
    pub sent: u64,
    pub received: u64,
}

impl BrokerShare {
    /// Whether messages used a connection that was opened to the advertised name.
    pub fn proved(&self) -> bool {
        self.messages > 0 && self.received > 0 && self.node_name == format!("{}:{}", self.broker.host, self.broker.port)
    }
}

/// An operation that a Kafka client could not carry out.
#[derive(Clone, Debug, Deserialize, PartialEq, Serialize)]
pub struct ClientError {
    /// The broker at fault, if known.
    pub broker: Option<BrokerAddr>,
    /// What was attempted, such as `produce to orders`.
    pub operation: String,
    /// librdkafka's name for the error, such as `BrokerTransportFailure`, `SSL` or `TopicAuthorizationFailed`, or
    /// `Harness` if the harness itself found the fault.
    pub code: String,
    /// The text of librdkafka, or that of the harness.
    pub text: String,
    /// What librdkafka logged meanwhile, oldest first.
    pub log: Vec<String>,
    /// What the other brokers did meanwhile.
    pub served: Vec<BrokerShare>,
}

/// The code of a fault that the harness found, rather than librdkafka.
pub const HARNESS: &str = "Harness";

impl ClientError {
    pub fn harness(operation: impl Into<String>, text: impl Into<String>) -> Self {
        Self {
            broker: None,
            operation: operation.into(),
            code: HARNESS.to_owned(),
            text: text.into(),
            log: Vec::new(),
            served: Vec::new(),
        }
    }

    pub(crate) fn kafka(operation: impl Into<String>, error: &KafkaError) -> Self {
        Self { code: code_of(error), ..Self::harness(operation, error.to_string()) }
    }
}

/// The stable name of librdkafka's error code.
pub(crate) fn code_of(error: &KafkaError) -> String {
    let code = match error {
        // rdkafka itself has no code for this error.
        KafkaError::AdminOp(code) => Some(*code),
        other => other.rdkafka_error_code(),
    };
    code.map_or_else(|| HARNESS.to_owned(), |code| format!("{code:?}"))
}

impl fmt::Display for ClientError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: ", self.operation)?;
        if let Some(broker) = &self.broker {
            write!(f, "{broker}: ")?;
        }
        write!(f, "{}", self.text)?;
        let others: Vec<_> = self
            .served
            .iter()
            .filter(|share| share.messages > 0)
            .map(|share| format!("{} served {}", share.broker, share.messages))
            .collect();
        if !others.is_empty() {
            write!(f, "; meanwhile {}", others.join(", "))?;
        }
        Ok(())
    }
}

impl std::error::Error for ClientError {}

#[cfg(test)]
mod tests {
    use super::*;

    fn share(id: i32, messages: u64) -> BrokerShare {
        let broker = BrokerAddr { id: Some(id), host: format!("broker-{id}.kafka.test"), port: 9092 };
        let node_name = format!("broker-{id}.kafka.test:9092");
        BrokerShare { broker, messages, node_name, sent: 10, received: 10 }
    }

    #[test]
    fn an_error_names_the_broker_and_says_who_still_served() {
        let mut error = ClientError::harness("produce to orders", "Disconnected");
        error.broker = Some(share(11, 0).broker);
        error.served = vec![share(10, 34), share(11, 0)];
        assert_eq!(
            error.to_string(),
            "produce to orders: broker 11 (broker-11.kafka.test:9092): Disconnected; \
             meanwhile broker 10 (broker-10.kafka.test:9092) served 34"
        );
    }

    #[test]
    fn a_broker_reached_by_another_name_is_no_proof() {
        assert!(share(10, 1).proved());
        assert!(!share(10, 0).proved());
        assert!(!BrokerShare { node_name: "10.0.0.1:9092".into(), ..share(10, 1) }.proved());
    }

    #[test]
    fn codes_are_librdkafkas_names() {
        let error = KafkaError::Global(rdkafka::types::RDKafkaErrorCode::BrokerTransportFailure);
        assert_eq!(code_of(&error), "BrokerTransportFailure");
        assert_eq!(code_of(&KafkaError::Canceled), HARNESS);
    }
}
