//! What the harness knows as a client: names, TCP, TLS, and Kafka itself.
//!
//! Everything here is a question with a deadline and a typed answer. Failures say which broker failed and how, since
//! "Broker transport failure" alone has never helped anybody.

mod access;
mod blocking;
mod certificate;
mod cluster;
mod connections;
mod consume;
mod content;
mod context;
mod error;
mod hello;
mod java;
mod peer;
mod produce;
pub mod resolve;
mod roundtrip;
mod session;
mod tally;
pub mod tcp;
pub mod tls;
mod topics;
mod trust;
mod workload;
mod workload_receiving;
mod workload_sending;

pub use access::{Access, Identity, Trust};
pub use certificate::{CertificateInfo, CertifiedBroker};
pub use cluster::{Cluster, NodeIdentity, cluster, identify};
pub use connections::{Held, hold};
pub use consume::{ConsumeSpec, Consumed, consume};
pub use content::new_run;
pub use error::{BrokerAddr, BrokerShare, ClientError};
pub use hello::{Hello, hello};
pub use java::{java_available, java_produce_and_consume};
pub use peer::{OwnWord, Peer, Whose, counted, own_word};
pub use produce::{ProduceSpec, Produced, produce};
pub use roundtrip::{Roundtrip, produce_and_consume};
pub use tally::Comparison;
pub use topics::{NewTopic, Partition, create_topic, delete_topic, topic_partitions};
pub use workload::{Workload, WorkloadResult, WorkloadSpec, start_workload};
