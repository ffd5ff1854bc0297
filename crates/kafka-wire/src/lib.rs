//! Kafka's framing, for all code that talks to a broker without librdkafka: the probes and the stand-in.

mod exchange;

pub use exchange::{WireError, exchange, name, newest};
