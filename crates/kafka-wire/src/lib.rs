//! Kafka's framing, once for everybody who speaks to a broker without librdkafka: the probes and the stand-in.

mod exchange;

pub use exchange::{WireError, exchange, name, newest};
