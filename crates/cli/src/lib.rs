//! The command line of `cargo xtask`. The light `xtask` binary parses it, and so does the `lab` binary that does the
//! work.

mod bench;
mod choice;
mod diagnose;
mod gateway;
mod matrix;
mod report;
mod up;
mod walkthrough;

pub use bench::{BenchCompareArgs, BenchGrowthArgs, BenchLabArgs, BenchScenariosArgs, BenchVerb, GrowthPart};
pub use choice::LabChoice;
pub use diagnose::{DiagnoseArgs, DiagnoseVerb, DiagnosisOutput, FailOn, ListenArgs, ManifestArgs, ManifestOutput};
pub use gateway::{CheckGatewayArgs, GatewayVerb, NewGatewayArgs};
pub use matrix::{MatrixArgs, MatrixVerb, PartVersions};
pub use report::ReportVerb;
pub use up::{PartVersion, UpArgs};
pub use walkthrough::{WalkthroughArgs, WalkthroughVerb};

use camino::Utf8PathBuf;
use clap::builder::Resettable;
use clap::{Args, CommandFactory, FromArgMatches, Parser, Subcommand, ValueEnum};
use model::{KafkaProvider, suggest};
use std::ffi::OsString;

/// A lab for Kafka behind the Kubernetes Gateway API, and scenarios that test it.
///
/// Exit codes: 0 all passed, or were skipped with a reason; 1 a scenario failed, or a fault was found; 2 usage or lint
/// error; 3 the lab failed; 4 cleanup failed.
#[derive(Debug, Parser)]
#[command(name = "cargo xtask", bin_name = "cargo xtask", version, max_term_width = 110)]
pub struct Cli {
    #[command(subcommand)]
    pub verb: Verb,
}

impl Cli {
    /// Reads the command line and the environment. An empty variable counts as unset.
    ///
    /// # Errors
    /// Clap's own errors, which know their output and their exit code. A request for help is one of them.
    pub fn read_from<T: Into<OsString> + Clone>(arguments: impl IntoIterator<Item = T>) -> Result<Self, clap::Error> {
        let cli = Self::from_arg_matches(&without_empty_variables(Self::command()).try_get_matches_from(arguments)?)?;
        cli.consistent()
    }

    /// Checks what clap cannot express about flags that depend on each other.
    fn consistent(self) -> Result<Self, clap::Error> {
        let problem = match &self.verb {
            Verb::Lab(LabVerb::Up(up)) => up::contradiction(up),
            Verb::Matrix(args) => matrix::twice(&args.versions)
                .map(|part| format!("`--versions` names {part} twice; separate its versions by commas")),
            _ => None,
        };
        match problem {
            None => Ok(self),
            Some(problem) => Err(Self::command().error(clap::error::ErrorKind::ArgumentConflict, problem)),
        }
    }

    /// As [`Cli::read_from`] with this process's arguments. An error is printed and ends the process.
    pub fn read() -> Self {
        Self::read_from(std::env::args_os()).unwrap_or_else(|error| error.exit())
    }
}

fn without_empty_variables(command: clap::Command) -> clap::Command {
    let is_empty =
        |arg: &clap::Arg| arg.get_env().is_some_and(|name| std::env::var_os(name).is_some_and(|v| v.is_empty()));
    command
        .mut_args(|arg| if is_empty(&arg) { arg.env(Resettable::<clap::builder::OsStr>::Reset) } else { arg })
        .mut_subcommands(without_empty_variables)
}

#[derive(Debug, Subcommand)]
pub enum Verb {
    /// Start, inspect and stop a lab
    #[command(subcommand)]
    Lab(LabVerb),
    /// List, check, write and run scenarios
    #[command(subcommand)]
    Scenario(ScenarioVerb),
    /// Add a gateway implementation to those that labs can run
    #[command(subcommand)]
    Gateway(GatewayVerb),
    /// Follow one of Strimzi's posts about Kafka and the Gateway API, step by step, on the running lab
    ///
    /// Each step says why it is done, shows its manifest, runs the commands that a person would type, and compares what they print
    /// with what they must print. After an interruption, the next call goes on where the last one ended.
    ///
    /// Exit codes: 0 every step did what it must; 1 a step did not; 2 usage; 3 the lab.
    Walkthrough(Box<WalkthroughArgs>),
    /// Find out why a Kafka client does not get through: from the symptom to the cause, with evidence and repair
    Diagnose(Box<DiagnoseArgs>),
    /// Look at the results of runs: as a page, compared with each other, as a Markdown table
    #[command(subcommand)]
    Report(ReportVerb),
    Matrix(Box<MatrixArgs>),
    /// Compare what the stand-in and Strimzi create from the same Kafka resource
    #[command(subcommand)]
    Parity(ParityVerb),
    /// Run the Gateway API's own conformance tests on a kind lab, and compare their verdicts with the scenarios'
    Conformance(ConformanceArgs),
    /// Measure how long a lab takes to start, and scenarios to run, compared with other tools and at several sizes
    #[command(subcommand)]
    Bench(BenchVerb),
    /// Make the documentation into a book with mdBook, in target/book, and check its links
    Book,
    /// Run all checks that a change must pass, and stop at the first that fails
    Ci(CiArgs),
}

#[derive(Args, Clone, Debug)]
pub struct CiArgs {
    /// Run only these stages; each must be able to run on this machine [default: all that can run]
    #[arg(value_name = "STAGE")]
    pub stages: Vec<String>,
    /// Show what each stage checks, runs and requires
    #[arg(long)]
    pub list: bool,
}

#[derive(Debug, Subcommand)]
pub enum LabVerb {
    /// Start the lab, or repair it; parts that work are left alone
    Up(UpArgs),
    /// Stop everything that the lab runs, and remove its state
    Down(DownArgs),
    /// Show what runs, what the API server reports about it, and what is wrong; exits with 1 if anything is wrong
    Status(StatusArgs),
    /// Print the end of a component's log, or list the components
    Logs(LogsArgs),
    /// Print shell variables for kubectl and Kafka clients: `eval "$(cargo xtask lab env)"`
    Env(NameArgs),
    /// Show which labs can run on this machine, and the source of each part
    Doctor(DoctorArgs),
    /// List, save or load the container images of a kind lab
    #[command(subcommand)]
    Images(ImagesVerb),
    /// Run the lab's background process
    #[command(hide = true)]
    Agent(NameArgs),
}

#[derive(Args, Clone, Debug)]
pub struct NameArgs {
    /// The lab's name; several labs can run in parallel
    #[arg(long, env = "LAB_NAME", default_value = "lab", value_parser = lab_name)]
    pub name: String,
}

#[derive(Args, Clone, Debug)]
pub struct DoctorArgs {
    /// Ask the package registries which pins of fixtures/parts.yaml are behind, and show nothing else
    #[arg(long)]
    pub updates: bool,
}

#[derive(Args, Clone, Debug)]
pub struct DownArgs {
    #[command(flatten)]
    pub name: NameArgs,
    /// Keep the state of a local lab, so that the next `lab up` continues with the same objects and messages
    #[arg(long)]
    pub keep_state: bool,
}

#[derive(Args, Clone, Debug)]
pub struct StatusArgs {
    #[command(flatten)]
    pub name: NameArgs,
    /// Also connect to every broker through the gateway, as a client would
    #[arg(long)]
    pub probe: bool,
    /// The output format
    #[arg(short, long, default_value = "text")]
    pub output: Output,
}

#[derive(Clone, Copy, Debug, Eq, PartialEq, ValueEnum)]
pub enum Output {
    /// For people
    Text,
    /// For programs
    Json,
}

#[derive(Args, Clone, Debug)]
pub struct LogsArgs {
    #[command(flatten)]
    pub name: NameArgs,
    /// A component such as `kube-apiserver` or `gateway`, or a Pod, such as `my-cluster-broker-10` or
    /// `kafka/my-cluster-broker-10`
    pub component: Option<String>,
    /// The number of lines to print
    #[arg(long, default_value_t = 100)]
    pub lines: usize,
}

#[derive(Debug, Subcommand)]
pub enum ImagesVerb {
    /// List every image with its pin, what needs it, and whether the container engine has it
    List(ImagesArgs),
    /// Write the images of a lab into one archive, and pull those that the engine lacks
    Save {
        /// The path of the archive
        file: Utf8PathBuf,
        #[command(flatten)]
        images: ImagesArgs,
    },
    /// Load an archive into the engine, and show which images are still missing
    Load {
        /// The path of the archive
        file: Utf8PathBuf,
        #[command(flatten)]
        images: ImagesArgs,
    },
}

#[derive(Args, Clone, Debug)]
pub struct ImagesArgs {
    /// The gateways, separated by commas [default: all for `list`, otherwise envoy-gateway]
    #[arg(long, env = "LAB_GATEWAY", value_delimiter = ',', value_parser = gateway_name)]
    pub gateway: Vec<String>,
    /// The operator for Kafka resources [default: both for `list`, otherwise strimzi]
    #[arg(long, env = "LAB_KAFKA", value_parser = choice::kafka())]
    pub kafka: Option<KafkaProvider>,
    /// The version of Strimzi
    #[arg(long, env = "LAB_STRIMZI", default_value = "1.2.0")]
    pub strimzi: String,
    /// The image of the kind node [default: the one pinned in fixtures/images.yaml]
    #[arg(long, env = "LAB_NODE_IMAGE")]
    pub node_image: Option<String>,
}

#[derive(Args, Clone, Debug)]
pub struct ConformanceArgs {
    #[command(flatten)]
    pub name: NameArgs,
    /// Run the whole profiles, with the tests of Gateways, and write the suite's own report
    #[arg(long)]
    pub whole: bool,
    /// The seconds after which the tests are stopped
    #[arg(long, value_name = "SECONDS", default_value_t = 1800)]
    pub within: u64,
    /// Also write the table to this file
    #[arg(long)]
    pub write: Option<Utf8PathBuf>,
}

#[derive(Debug, Subcommand)]
pub enum ParityVerb {
    /// Record the running lab's Kafka cluster: names, listeners, certificate names; no keys and no passwords
    Snapshot {
        #[command(flatten)]
        name: NameArgs,
        /// The file to write [default: standard output]
        file: Option<Utf8PathBuf>,
    },
    /// Compare two snapshots; differences must be listed in fixtures/standin/differences.yaml
    Compare {
        /// The snapshot of the stand-in
        standin: Utf8PathBuf,
        /// The snapshot of Strimzi
        strimzi: Utf8PathBuf,
        /// Also write the table to this file
        #[arg(long)]
        write: Option<Utf8PathBuf>,
    },
}

#[derive(Debug, Subcommand)]
pub enum ScenarioVerb {
    /// List the scenarios and what each requires
    List,
    /// Check scenario folders without a lab
    Lint {
        /// Check only these scenarios
        names: Vec<String>,
    },
    /// Print the JSON Schema of scenario.yaml, for editors
    Schema,
    /// Write a new scenario that passes, as a starting point
    New {
        /// The scenario's name: lower-case words joined by hyphens
        name: String,
    },
    /// Run scenarios on the running lab
    Run(RunArgs),
}

#[derive(Args, Clone, Debug)]
pub struct RunArgs {
    #[command(flatten)]
    pub name: NameArgs,
    /// Run only scenarios whose name contains this text, or `tag:WORD` for those with a tag
    pub filters: Vec<String>,
    /// Keep everything in place until `lab down`, or until a run needs the same listener for itself
    #[arg(long)]
    pub keep: bool,
    /// Pause before the cleanup of a failed scenario until Enter is pressed
    #[arg(long)]
    pub pause_on_failure: bool,
    /// Run only the scenarios that failed in the last run
    #[arg(long)]
    pub rerun_failed: bool,
    /// Run each scenario this many times; a scenario that both passes and fails is flaky, which is a failure
    #[arg(long, default_value_t = 1)]
    pub repeat: u32,
    /// Run one of N equal parts, given as I/N, such as 1/3
    #[arg(long, value_name = "I/N")]
    pub shard: Option<String>,
    /// How many scenarios run in parallel [default: two for each processor]
    #[arg(long)]
    pub jobs: Option<usize>,
    /// Start no further scenarios after a failure
    #[arg(long)]
    pub fail_fast: bool,
    /// Run in a random order that this number determines
    #[arg(long, value_name = "SEED")]
    pub shuffle: Option<u64>,
    /// Run each scenario once for each sabotage, and require that it fails for the named cause
    #[arg(long)]
    pub sabotage: bool,
    /// The time limit for the whole run, in seconds
    #[arg(long, default_value_t = 3600)]
    pub within: u64,
    /// Run again what the run with this `report.json` ran: the same scenarios, order, jobs and sabotages
    #[arg(long, value_name = "REPORT", conflicts_with_all = ["filters", "rerun_failed", "repeat", "shard", "jobs", "fail_fast",
          "shuffle", "sabotage"])]
    pub replay: Option<Utf8PathBuf>,
    /// The form of the output; `cargo test --test e2e` takes it from the variable
    #[arg(short, long, env = "LAB_OUTPUT", default_value = "text")]
    pub output: RunOutput,
}

#[derive(Clone, Copy, Debug, Default, Eq, PartialEq, ValueEnum)]
pub enum RunOutput {
    /// A line for each scenario
    #[default]
    Text,
    /// Groups and annotations for a job of GitHub Actions
    Github,
}

fn lab_name(text: &str) -> Result<String, String> {
    let fits = (1..=30).contains(&text.len())
        && text.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-')
        && text.starts_with(|c: char| c.is_ascii_lowercase())
        && !text.ends_with('-');
    if fits {
        Ok(text.to_owned())
    } else {
        Err("expected up to 30 lower-case letters, digits and hyphens, beginning with a letter".to_owned())
    }
}

/// A folder under `fixtures/gateways`. If there are no such folders, every name is accepted here, and the lab reports
/// what is missing.
fn gateway_name(text: &str) -> Result<String, String> {
    let folders = model::paths::fixtures().join("gateways");
    let Ok(entries) = folders.read_dir_utf8() else { return Ok(text.to_owned()) };
    let mut known: Vec<String> =
        entries.flatten().filter(|entry| entry.path().is_dir()).map(|entry| entry.file_name().to_owned()).collect();
    known.sort();
    if known.is_empty() || known.iter().any(|name| name == text) {
        return Ok(text.to_owned());
    }
    let names = || known.iter().map(String::as_str);
    Err(match suggest::nearest(text, names()) {
        Some(near) => format!("unknown gateway; did you mean `{near}`?"),
        None => format!("unknown gateway; expected {}", suggest::one_of(names())),
    })
}

#[cfg(test)]
mod tests;
