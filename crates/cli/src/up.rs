//! From the command line to the options of `lab up`.

use super::UpArgs;
use model::{KafkaProvider, UpOptions, UserCluster};
use std::str::FromStr;

/// A part of the lab in a version of the user's choice.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct PartVersion {
    pub part: String,
    pub version: String,
}

impl FromStr for PartVersion {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let word = |text: &str| !text.is_empty() && !text.contains(char::is_whitespace);
        match text.split_once('=') {
            Some((part, version)) if word(part) && word(version) => {
                Ok(Self { part: part.to_owned(), version: version.trim_start_matches('v').to_owned() })
            }
            _ => Err("expected PART=VERSION, such as traefik=3.6.15".to_owned()),
        }
    }
}

/// The first part that is given in two versions.
pub(super) fn twice(versions: &[PartVersion]) -> Option<&str> {
    let before = |index: usize, part: &str| versions[..index].iter().any(|other| other.part == part);
    let mut parts = versions.iter().map(|one| one.part.as_str()).enumerate();
    parts.find_map(|(index, part)| before(index, part).then_some(part))
}

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
            versions: args.versions.iter().cloned().map(|PartVersion { part, version }| (part, version)).collect(),
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
