//! From the command line to the options of `lab up`.

use super::UpArgs;
use model::{KafkaProvider, UpOptions, UserCluster};

impl From<&UpArgs> for UpOptions {
    fn from(args: &UpArgs) -> Self {
        Self {
            name: args.name.name.clone(),
            kind: args.lab.0,
            gateway: args.gateway.clone(),
            kafka: args.kafka,
            port_base: args.port_base,
            hosts: args.hosts,
            strimzi: args.strimzi.clone(),
            node_image: args.node_image.clone(),
            one_by_one: false,
            existing: args.context.as_ref().map(|context| UserCluster {
                context: context.clone(),
                address: args.address,
                install_gateway: args.gateway.is_some(),
                install_strimzi: args.kafka == Some(KafkaProvider::Strimzi),
            }),
        }
    }
}
