//! The arguments of `bench`.

use super::choice::{self, LabChoice};
use super::{NameArgs, RunArgs, gateway_name};
use clap::{Args, Subcommand};
use model::KafkaProvider;

#[derive(Debug, Subcommand)]
pub enum BenchVerb {
    /// Start and stop a lab of its own: all at once, one part after another, again while it runs, and with its state kept
    Lab(BenchLabArgs),
    /// Run scenarios in random orders on the running lab, and show their times and where they went
    Scenarios(BenchScenariosArgs),
}

#[derive(Args, Clone, Debug)]
pub struct BenchLabArgs {
    /// How often everything is measured
    #[arg(long, default_value_t = 3, value_parser = clap::value_parser!(u32).range(1..=100))]
    pub runs: u32,
    /// Where the lab runs
    #[arg(long, env = "LAB", default_value = choice::AUTO, value_parser = choice::lab())]
    pub lab: LabChoice,
    /// The gateway implementation: a folder under fixtures/gateways [default: envoy-gateway on kind, traefik on local]
    #[arg(long, env = "LAB_GATEWAY", value_parser = gateway_name)]
    pub gateway: Option<String>,
    /// The operator for Kafka resources
    #[arg(long, env = "LAB_KAFKA", default_value = "standin", value_parser = choice::kafka())]
    pub kafka: KafkaProvider,
    /// The first of fifteen consecutive gateway ports on this machine
    #[arg(long, default_value_t = 19092, value_parser = clap::value_parser!(u16).range(1024..=65_500))]
    pub port_base: u16,
    /// The version of Strimzi, for `--kafka strimzi`
    #[arg(long, env = "LAB_STRIMZI", default_value = "1.2.0")]
    pub strimzi: String,
}

#[derive(Args, Clone, Debug)]
pub struct BenchScenariosArgs {
    /// How often each scenario runs
    #[arg(long, default_value_t = 3, value_parser = clap::value_parser!(u32).range(1..=1000))]
    pub runs: u32,
    #[command(flatten)]
    pub name: NameArgs,
    /// Run only scenarios whose name contains this text, or `tag:WORD` for those with a tag
    pub filters: Vec<String>,
    /// How many scenarios run in parallel [default: two for each processor]
    #[arg(long)]
    pub jobs: Option<usize>,
    /// The number that determines the orders
    #[arg(long, value_name = "SEED", default_value_t = 1)]
    pub shuffle: u64,
}

impl From<&BenchScenariosArgs> for RunArgs {
    fn from(args: &BenchScenariosArgs) -> Self {
        Self {
            name: args.name.clone(),
            filters: args.filters.clone(),
            keep: false,
            pause_on_failure: false,
            rerun_failed: false,
            repeat: args.runs,
            shard: None,
            jobs: args.jobs,
            fail_fast: false,
            shuffle: Some(args.shuffle),
            sabotage: false,
            within: 24 * 3600,
        }
    }
}
