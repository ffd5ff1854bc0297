//! The arguments of `lab up`, and the options that they become.

use super::choice::{self, LabChoice};
use super::{NameArgs, gateway_name};
use clap::Args;
use model::{KafkaProvider, LabKind, UpOptions, UserCluster};
use std::str::FromStr;

#[derive(Args, Clone, Debug)]
pub struct UpArgs {
    #[command(flatten)]
    pub name: NameArgs,
    /// Where the lab runs
    #[arg(long, env = "LAB", default_value = choice::AUTO, value_parser = choice::lab())]
    pub lab: LabChoice,
    /// The gateway implementation: a folder under fixtures/gateways [default: envoy-gateway on kind, traefik on local]
    #[arg(long, env = "LAB_GATEWAY", value_parser = gateway_name)]
    pub gateway: Option<String>,
    /// The operator for Kafka resources [default: strimzi on kind, standin on local]
    #[arg(long, env = "LAB_KAFKA", value_parser = choice::kafka())]
    pub kafka: Option<KafkaProvider>,
    /// The first of fifteen consecutive gateway ports on this machine [default: 9092]
    #[arg(long, env = "LAB_PORT_BASE", value_parser = clap::value_parser!(u16).range(1024..=65_500))]
    pub port_base: Option<u16>,
    /// Also write the lab's names into /etc/hosts, for clients outside the harness; `lab down` removes them
    #[arg(long)]
    pub hosts: bool,
    /// The version of Strimzi, for `--kafka strimzi`
    #[arg(long, env = "LAB_STRIMZI", default_value = "1.2.0")]
    pub strimzi: String,
    /// The image of the kind node [default: the one pinned in fixtures/images.yaml]
    #[arg(long, env = "LAB_NODE_IMAGE")]
    pub node_image: Option<String>,
    /// A part in another version than the pinned one, such as `traefik=3.6.15`; can be repeated; in the variable,
    /// commas separate them; `lab doctor` lists the known versions
    #[arg(long = "version", env = "LAB_VERSIONS", value_name = "PART=VERSION", value_delimiter = ',')]
    pub versions: Vec<PartVersion>,
    /// The context of your kubeconfig, for `--lab existing`
    #[arg(long, required_if_eq("lab", "existing"))]
    pub context: Option<String>,
    /// The address of the gateway of `--lab existing`, as seen from this machine
    #[arg(long, default_value = "127.0.0.1")]
    pub address: std::net::IpAddr,
}

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

/// Flags that contradict each other, in a sentence.
pub(super) fn contradiction(args: &UpArgs) -> Option<String> {
    if args.context.is_some() && args.lab != LabChoice(Some(LabKind::Existing)) {
        return Some(format!(
            "`--context` requires `--lab existing`, and this is `--lab {}`; pass `--lab existing` or omit `--context`",
            args.lab
        ));
    }
    twice(&args.versions).map(|part| format!("`--version` names {part} twice; pass one version of each part"))
}

/// The first part that is given in two versions.
fn twice(versions: &[PartVersion]) -> Option<&str> {
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
