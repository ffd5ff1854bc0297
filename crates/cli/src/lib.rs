//! What `cargo xtask` understands. Parsed by the light `xtask` binary and again by the `lab` binary that does the work.

mod choice;
mod up;

pub use choice::LabChoice;

use camino::Utf8PathBuf;
use clap::builder::Resettable;
use clap::{Args, CommandFactory, FromArgMatches, Parser, Subcommand, ValueEnum};
use model::{KafkaProvider, LabKind, suggest};
use std::ffi::OsString;

/// A lab for Kafka behind the Kubernetes Gateway API, and the scenarios that prove it.
///
/// Exit codes: 0 all passed, or skipped with a reason; 1 a scenario failed; 2 usage or lint; 3 the lab itself;
/// 4 cleanup failed.
#[derive(Debug, Parser)]
#[command(name = "cargo xtask", bin_name = "cargo xtask", version, max_term_width = 110)]
pub struct Cli {
    #[command(subcommand)]
    pub verb: Verb,
}

impl Cli {
    /// Reads the command line and the environment. A variable that is empty counts as unset.
    ///
    /// # Errors
    /// Clap's own, which know how they are shown and which exit code they mean; the request for help is one of them.
    pub fn read_from<T: Into<OsString> + Clone>(arguments: impl IntoIterator<Item = T>) -> Result<Self, clap::Error> {
        let cli = Self::from_arg_matches(&without_empty_variables(Self::command()).try_get_matches_from(arguments)?)?;
        cli.consistent()
    }

    /// What flags mean for each other, as far as clap cannot say it.
    fn consistent(self) -> Result<Self, clap::Error> {
        match &self.verb {
            Verb::Lab(LabVerb::Up(up)) if up.context.is_some() && up.lab != LabChoice(Some(LabKind::Existing)) => {
                let problem = format!(
                    "`--context` names a cluster of yours, and `--lab {}` is another: add `--lab existing`, or leave `--context` out",
                    up.lab
                );
                Err(Self::command().error(clap::error::ErrorKind::ArgumentConflict, problem))
            }
            _ => Ok(self),
        }
    }

    /// As [`Cli::read_from`] with this process's arguments; an error is shown, and ends the process.
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
    /// Bring a lab up, look at it, take it down
    #[command(subcommand)]
    Lab(LabVerb),
    /// List, check, write and run scenarios
    #[command(subcommand)]
    Scenario(ScenarioVerb),
    /// What runs found, as pages
    #[command(subcommand)]
    Report(ReportVerb),
    /// How the stand-in and Strimzi compare, for the same Kafka resource
    #[command(subcommand)]
    Parity(ParityVerb),
}

#[derive(Debug, Subcommand)]
pub enum LabVerb {
    /// Bring the lab up, or repair it; what is in place is left as it is
    Up(UpArgs),
    /// Stop everything that the lab runs and remove its state
    Down(NameArgs),
    /// What runs, what the API server says of it, and what is wrong; 1 when anything is
    Status(StatusArgs),
    /// The end of a component's log, or the list of components
    Logs(LogsArgs),
    /// Shell variables for kubectl and Kafka clients: `eval "$(cargo xtask lab env)"`
    Env(NameArgs),
    /// What this machine offers, and where each part would come from
    Doctor,
    /// The container images of a kind lab: listed, saved into an archive, loaded from one
    #[command(subcommand)]
    Images(ImagesVerb),
    /// The lab's background process
    #[command(hide = true)]
    Agent(NameArgs),
}

#[derive(Args, Clone, Debug)]
pub struct NameArgs {
    /// The lab's name; several can run side by side
    #[arg(long, env = "LAB_NAME", default_value = "lab", value_parser = lab_name)]
    pub name: String,
}

#[derive(Args, Clone, Debug)]
pub struct StatusArgs {
    #[command(flatten)]
    pub name: NameArgs,
    /// Also go to every broker through the gateway, as a client does
    #[arg(long)]
    pub probe: bool,
    /// The form of the answer
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
    /// A component such as `kube-apiserver`, `gateway`, or a Pod by its name alone or as `kafka/my-cluster-broker-10`
    pub component: Option<String>,
    /// How many lines of the end
    #[arg(long, default_value_t = 100)]
    pub lines: usize,
}

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
    /// Who makes Kafka resources real [default: strimzi on kind, standin on local]
    #[arg(long, env = "LAB_KAFKA", value_parser = choice::kafka())]
    pub kafka: Option<KafkaProvider>,
    /// The first of the gateway's ports on this machine; fifteen are used from it on [default: 9092]
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
    /// The context of your kubeconfig, for `--lab existing`
    #[arg(long, required_if_eq("lab", "existing"))]
    pub context: Option<String>,
    /// Where the gateway of `--lab existing` is reached from this machine
    #[arg(long, default_value = "127.0.0.1")]
    pub address: std::net::IpAddr,
}

#[derive(Debug, Subcommand)]
pub enum ImagesVerb {
    /// Every image with its pin, what needs it, and whether the container engine has it
    List(ImagesArgs),
    /// Write the images of a lab into one archive, pulling what the engine lacks
    Save {
        /// The archive
        file: Utf8PathBuf,
        #[command(flatten)]
        images: ImagesArgs,
    },
    /// Read such an archive into the engine, and say what a lab would still lack
    Load {
        /// The archive
        file: Utf8PathBuf,
        #[command(flatten)]
        images: ImagesArgs,
    },
}

#[derive(Args, Clone, Debug)]
pub struct ImagesArgs {
    /// The gateways, separated by commas [default: every one for `list`, else envoy-gateway]
    #[arg(long, env = "LAB_GATEWAY", value_delimiter = ',', value_parser = gateway_name)]
    pub gateway: Vec<String>,
    /// Who makes Kafka resources real [default: both for `list`, else strimzi]
    #[arg(long, env = "LAB_KAFKA", value_parser = choice::kafka())]
    pub kafka: Option<KafkaProvider>,
    /// The version of Strimzi
    #[arg(long, env = "LAB_STRIMZI", default_value = "1.2.0")]
    pub strimzi: String,
    /// The image of the kind node [default: the one pinned in fixtures/images.yaml]
    #[arg(long, env = "LAB_NODE_IMAGE")]
    pub node_image: Option<String>,
}

#[derive(Debug, Subcommand)]
pub enum ReportVerb {
    /// The verdicts of many runs by scenario, gateway and lab, with workloads and sabotages, as Markdown
    Table {
        /// Each run's report.json
        #[arg(required = true)]
        reports: Vec<Utf8PathBuf>,
        /// Into this file instead of standard output
        #[arg(long)]
        write: Option<Utf8PathBuf>,
    },
}

#[derive(Debug, Subcommand)]
pub enum ParityVerb {
    /// Write down what the running lab has of a Kafka cluster: names, listeners, certificates' names; no key, no password
    Snapshot {
        #[command(flatten)]
        name: NameArgs,
        /// Where to; standard output without it
        file: Option<Utf8PathBuf>,
    },
    /// Compare two such files; differences have to be in fixtures/standin/differences.yaml
    Compare {
        /// What the stand-in made
        standin: Utf8PathBuf,
        /// What Strimzi made
        strimzi: Utf8PathBuf,
        /// Also write the table into this file
        #[arg(long)]
        write: Option<Utf8PathBuf>,
    },
}

#[derive(Debug, Subcommand)]
pub enum ScenarioVerb {
    /// The scenarios and what each needs
    List,
    /// Check scenario folders without a lab
    Lint {
        /// Only these scenarios
        names: Vec<String>,
    },
    /// The JSON Schema of scenario.yaml, for editors
    Schema,
    /// Write a new scenario that passes, to start from
    New {
        /// Lower-case words joined by hyphens
        name: String,
    },
    /// Run scenarios on the running lab
    Run(RunArgs),
}

#[derive(Args, Clone, Debug)]
pub struct RunArgs {
    #[command(flatten)]
    pub name: NameArgs,
    /// Scenarios by a part of their name, or `tag:WORD`
    pub filters: Vec<String>,
    /// Leave everything in place, until `lab down` or until a run needs the same listener to itself
    #[arg(long)]
    pub keep: bool,
    /// Stop at a failed scenario before its cleanup, until Enter is pressed
    #[arg(long)]
    pub pause_on_failure: bool,
    /// Only what failed in the last run
    #[arg(long)]
    pub rerun_failed: bool,
    /// Run each scenario this often; a pass after a failure is flaky, and flaky is a failure
    #[arg(long, default_value_t = 1)]
    pub repeat: u32,
    /// The I-th of N equal parts, such as 1/3
    #[arg(long, value_name = "I/N")]
    pub shard: Option<String>,
    /// Scenarios side by side [default: the number of processors]
    #[arg(long)]
    pub jobs: Option<usize>,
    /// Start no further scenario after a failure
    #[arg(long)]
    pub fail_fast: bool,
    /// Run in an order drawn from this number
    #[arg(long, value_name = "SEED")]
    pub shuffle: Option<u64>,
    /// Run each scenario once per sabotage, and demand that it turns red for the named cause
    #[arg(long)]
    pub sabotage: bool,
    /// Seconds for the whole run
    #[arg(long, default_value_t = 3600)]
    pub within: u64,
}

fn lab_name(text: &str) -> Result<String, String> {
    let fits = (1..=30).contains(&text.len())
        && text.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-')
        && text.starts_with(|c: char| c.is_ascii_lowercase())
        && !text.ends_with('-');
    if fits {
        Ok(text.to_owned())
    } else {
        Err("expected up to 30 lower-case letters, digits and hyphens, a letter first".to_owned())
    }
}

/// A folder under `fixtures/gateways`. Where there are none to be seen, the lab itself says what it lacks.
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
        Some(near) => format!("there is no such gateway; did you mean `{near}`?"),
        None => format!("there is no such gateway; known are {}", suggest::all_of(names())),
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use model::Exit;

    #[test]
    fn a_context_without_an_existing_lab_is_a_usage_error() {
        let read = |args: &str| Cli::read_from(format!("xtask lab up {args}").split_whitespace());
        for args in
            ["--context prod --lab kind", "--context prod --lab auto --gateway traefik", "--context prod --lab local"]
        {
            let error = read(args).expect_err(args);
            assert_eq!(error.exit_code(), Exit::Usage as i32, "{error}");
            assert!(error.to_string().contains("--lab existing"), "{error}");
        }
        read("--context prod --lab existing").expect("sound");
    }

    #[test]
    fn the_command_line_is_consistent() {
        Cli::command().debug_assert();
    }

    #[test]
    fn a_gateway_that_is_not_there_is_a_slip_of_the_command_line() {
        let up = |gateway: &str| Cli::try_parse_from(["xtask", "lab", "up", "--gateway", gateway]);
        assert!(up("traefik").is_ok());
        let error = up("nginx").expect_err("no such folder");
        assert_eq!(error.exit_code(), i32::from(Exit::Usage as u8));
        assert!(error.to_string().contains("known are `envoy-gateway`"), "{error}");
        assert!(up("traefick").expect_err("no such folder").to_string().contains("did you mean `traefik`?"));
    }

    #[test]
    fn a_lab_name_is_a_dns_label() {
        assert!(lab_name("lab-2").is_ok());
        for wrong in ["", "Lab", "2lab", "lab-", "a/b", "../x", &"a".repeat(31)] {
            assert!(lab_name(wrong).is_err(), "{wrong}");
        }
    }
}
