//! The harness as a client: names, TCP, TLS and Kafka itself.
//!
//! Everything here is a question with a deadline and a typed answer. A failure says which broker failed and how,
//! because "Broker transport failure" alone helps nobody.

mod blocking;
mod broker_handshake;
mod certificate;
mod cluster;
mod connection_config;
mod connections;
mod consume;
mod content;
mod context;
mod conversation;
mod delivery_check;
mod error;
mod hosts_file;
mod listen;
mod load;
mod load_receiving;
mod load_sending;
mod load_timeline;
mod other_client;
mod peer;
mod produce;
pub mod resolve;
mod roundtrip;
mod scram;
mod session;
mod speaks;
mod split;
pub mod tcp;
pub mod tls;
mod topics;
mod trust;

pub use broker_handshake::{BrokerInfo, broker_handshake};
pub use certificate::{CertificateInfo, CertifiedBroker};
pub use cluster::{Cluster, NodeIdentity, cluster, identify};
pub use connection_config::{ConnectionConfig, Identity, Trust};
pub use connections::{OpenConnections, hold};
pub use consume::{ConsumeSpec, Consumed, consume};
pub use content::new_run;
pub use conversation::{Conversation, Login, LoginOutcome, Mechanism, converse};
pub use delivery_check::Comparison;
pub use error::{BrokerAddr, BrokerShare, ClientError};
pub use hosts_file::{HostsFileError, map_hosts_file};
pub use listen::{Heard, Hello, Request, Spoken, hear};
pub use load::{Load, LoadResult, LoadSpec, start_load};
pub use load_timeline::{LoadBin, LoadGap, LoadTimeline};
pub use other_client::OtherClient;
pub use peer::{OwnWord, Peer, Whose, counted, own_word};
pub use produce::{ProduceSpec, Produced, produce};
pub use roundtrip::{Roundtrip, produce_and_consume};
pub use speaks::{Speaks, speaks, starts_as_tls};
pub use topics::{NewTopic, Partition, create_topic, delete_topic, topic_partitions};
