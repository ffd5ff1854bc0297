//! The arguments of `bench`.

use super::choice::{self, LabChoice};
use super::{NameArgs, RunArgs, RunOutput, gateway_name};
use clap::{Args, Subcommand, ValueEnum};
use model::KafkaProvider;

#[derive(Debug, Subcommand)]
pub enum BenchVerb {
    /// Start and stop a lab of its own: all at once, one part after another, again while it runs, and with its state kept
    Lab(BenchLabArgs),
    /// Run scenarios in random orders on the running lab, and show their times and where they went
    Scenarios(BenchScenariosArgs),
    /// Run scenarios by turns with scripts of kubectl, openssl and kcat, and with chainsaw, on the running lab
    Compare(BenchCompareArgs),
    /// Measure linting, reports, a run and a lab at several sizes, and show the time of each unit
    Growth(BenchGrowthArgs),
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

#[derive(Args, Clone, Debug)]
pub struct BenchCompareArgs {
    /// How often each task runs on each side
    #[arg(long, default_value_t = 3, value_parser = clap::value_parser!(u32).range(1..=1000))]
    pub runs: u32,
    #[command(flatten)]
    pub name: NameArgs,
    /// Compare only tasks whose name contains this text
    pub filters: Vec<String>,
    /// How often chainsaw repeats its task within one run
    #[arg(long, default_value_t = 50, value_parser = clap::value_parser!(u32).range(1..=10_000))]
    pub times: u32,
    /// How many seconds the idle lab is watched first, to learn how many requests it makes by itself
    #[arg(long, value_name = "SECONDS", default_value_t = 10, value_parser = clap::value_parser!(u64).range(1..=600))]
    pub idle: u64,
}

/// What grows.
#[derive(Clone, Copy, Debug, Eq, PartialEq, ValueEnum)]
pub enum GrowthPart {
    /// Scenarios, read and linted
    Lint,
    /// Results, in every format of a report
    Reports,
    /// Scenarios of a single probe, on the running lab
    Run,
    /// Brokers of a local lab of its own, which starts, runs a few scenarios and stops
    Brokers,
}

#[derive(Args, Clone, Debug)]
pub struct BenchGrowthArgs {
    /// Measure only these [default: all]
    #[arg(value_enum)]
    pub parts: Vec<GrowthPart>,
    #[command(flatten)]
    pub name: NameArgs,
    /// The numbers of scenarios and results for `lint` and `reports`
    #[arg(long, value_name = "N,N", value_delimiter = ',', default_value = "50,500,2000",
          value_parser = clap::value_parser!(u32).range(1..=20_000))]
    pub sizes: Vec<u32>,
    /// The numbers of scenarios for `run`
    #[arg(long, value_name = "N,N", value_delimiter = ',', default_value = "50,500",
          value_parser = clap::value_parser!(u32).range(1..=5_000))]
    pub scenarios: Vec<u32>,
    /// The numbers of brokers for `brokers`
    #[arg(long, value_name = "N,N", value_delimiter = ',', default_value = "1,3,6,9",
          value_parser = clap::value_parser!(u32).range(1..=30))]
    pub brokers: Vec<u32>,
    /// The first of fifteen consecutive gateway ports on this machine, for `brokers`
    #[arg(long, default_value_t = 19092, value_parser = clap::value_parser!(u16).range(1024..=65_500))]
    pub port_base: u16,
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
            replay: None,
            output: RunOutput::Text,
        }
    }
}
