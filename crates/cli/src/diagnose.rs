//! The arguments of `diagnose`.

use super::{NameArgs, Output};
use camino::Utf8PathBuf;
use clap::{Args, Subcommand, ValueEnum};
use model::{Cause, Severity};
use std::time::Duration;

/// Walks the whole path of a Kafka client, for the bootstrap address and for every broker that it advertises: name, TCP,
/// Gateway, route, backend, TLS, certificate, login, Kafka. Names the first hop that is wrong, with evidence and repair.
///
/// It only reads. Without `--context` it looks at the running lab. With a bootstrap address and no lab it still does all that
/// a client can see, and says what it could not look at.
///
/// Exit codes: 0 no fault; 1 a fault was found; 2 usage; 3 it could not look at anything.
#[derive(Args, Clone, Debug)]
#[command(args_conflicts_with_subcommands = true)]
pub struct DiagnoseArgs {
    #[command(subcommand)]
    pub verb: Option<DiagnoseVerb>,
    /// The address, as a client has it [default: that of --client-properties, else the lab's external listener, else the
    /// only one that the cluster's Kafka resources declare]
    #[arg(value_name = "HOST:PORT")]
    pub bootstrap: Option<String>,
    #[command(flatten)]
    pub name: NameArgs,
    /// Look at the cluster of this context of your kubeconfig instead of the lab
    #[arg(long)]
    pub context: Option<String>,
    /// The kubeconfig file, for `--context` [default: KUBECONFIG, or ~/.kube/config]
    #[arg(long, requires = "context")]
    pub kubeconfig: Option<Utf8PathBuf>,
    /// Connect as this properties file says, in the format of Kafka's Java clients
    #[arg(long, value_name = "FILE", conflicts_with_all = ["ca", "cert", "scram_user", "plaintext"])]
    pub client_properties: Option<Utf8PathBuf>,
    /// The authorities that the client trusts, in PEM form [default: the cluster CA, if the cluster can be read]
    #[arg(long, value_name = "FILE", conflicts_with = "plaintext")]
    pub ca: Option<Utf8PathBuf>,
    /// The client's certificate chain, in PEM form
    #[arg(long, value_name = "FILE", requires = "key", conflicts_with = "plaintext")]
    pub cert: Option<Utf8PathBuf>,
    /// The key of the client's certificate, in PEM form
    #[arg(long, value_name = "FILE", requires = "cert")]
    pub key: Option<Utf8PathBuf>,
    /// Log in as this user with SCRAM-SHA-512; the password comes from --password-file or from DIAGNOSE_PASSWORD
    #[arg(long, value_name = "USER")]
    pub scram_user: Option<String>,
    /// The file with the password of --scram-user
    #[arg(long, value_name = "FILE", requires = "scram_user")]
    pub password_file: Option<Utf8PathBuf>,
    /// The client speaks no TLS
    #[arg(long)]
    pub plaintext: bool,
    /// Resolve these names as this file says, in the format of /etc/hosts; this machine's own file stays as it is
    #[arg(long, value_name = "FILE")]
    pub hosts: Option<Utf8PathBuf>,
    /// Repeat until there is no finding of that severity, or until this time has passed, such as 60s or 2m
    #[arg(long, value_name = "DURATION", value_parser = duration)]
    pub wait: Option<Duration>,
    /// Also leave a connection idle for this time, and report when it is ended
    #[arg(long, value_name = "DURATION", value_parser = duration)]
    pub idle: Option<Duration>,
    /// Also hold so many TLS connections to the bootstrap address at the same time
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u16).range(1..=20_000))]
    pub connections: Option<u16>,
    /// Exit with 1 if there is a finding of at least this severity
    #[arg(long, value_name = "SEVERITY", default_value = "error")]
    pub fail_on: FailOn,
    /// Leave out this cause, by number (KGL005) or name; can be repeated
    #[arg(long, value_name = "CODE", value_parser = cause)]
    pub ignore: Vec<Cause>,
    /// The output format
    #[arg(short, long, default_value = "text")]
    pub output: DiagnosisOutput,
}

#[derive(Clone, Debug, Subcommand)]
pub enum DiagnoseVerb {
    /// Show what another client really sends: its TLS settings, the size and the segments of its ClientHello, its first Kafka
    /// requests
    ///
    /// Point the client's bootstrap.servers at it. Each connection is shown as soon as it has ended. No password is read.
    Listen(ListenArgs),
    /// Check manifests before they are applied: routes, Gateways, Services, Kafka resources and node pools of all files together
    ///
    /// Names what a diagnosis of the cluster would name, with file, line and column. Nothing is claimed that the files alone
    /// do not prove; what they leave open is listed as not checked.
    ///
    /// Exit codes: 0 nothing found; 1 a finding of at least `--fail-on`; 2 usage, or a file that cannot be read or is not YAML.
    Manifest(ManifestArgs),
}

#[derive(Args, Clone, Debug)]
pub struct ManifestArgs {
    /// A file of YAML documents, a folder (its .yaml and .yml files, also below it), or - for standard input
    #[arg(required = true, value_name = "FILE")]
    pub files: Vec<Utf8PathBuf>,
    /// The namespace of objects that name none, as `kubectl apply -n` takes it [default: unknown, shown as `default`]
    #[arg(short, long)]
    pub namespace: Option<String>,
    /// Exit with 1 if there is a finding of at least this severity
    #[arg(long, value_name = "SEVERITY", default_value = "error")]
    pub fail_on: FailOn,
    /// Leave out this cause, by number (KGL005) or name; can be repeated
    #[arg(long, value_name = "CODE", value_parser = cause)]
    pub ignore: Vec<Cause>,
    /// The output format
    #[arg(short, long, default_value = "text")]
    pub output: ManifestOutput,
}

/// How the findings in manifests are written.
#[derive(Clone, Copy, Debug, Eq, PartialEq, ValueEnum)]
pub enum ManifestOutput {
    /// For people
    Text,
    /// For programs
    Json,
    /// For a GitHub workflow: annotations at the lines of the files
    Github,
}

#[derive(Args, Clone, Debug)]
pub struct ListenArgs {
    /// The address to listen at; 0.0.0.0 is for clients on other machines
    #[arg(long, default_value = "127.0.0.1")]
    pub address: std::net::IpAddr,
    /// The port to listen at; 0 chooses a free one
    #[arg(long, default_value_t = 9092)]
    pub port: u16,
    /// End after so many connections [default: listen until Ctrl-C]
    #[arg(long, value_name = "N")]
    pub count: Option<usize>,
    /// The output format; JSON is one line for each connection
    #[arg(short, long, default_value = "text")]
    pub output: Output,
}

/// How a diagnosis is written.
#[derive(Clone, Copy, Debug, Eq, PartialEq, ValueEnum)]
pub enum DiagnosisOutput {
    /// For people
    Text,
    /// For programs
    Json,
    /// For CI: a test case for each path, with its finding as the failure
    Junit,
}

/// A number with `ms`, `s` or `m`.
fn duration(text: &str) -> Result<Duration, String> {
    let expected = || format!("{text:?} is not a duration; expected a number with ms, s or m, such as 60s");
    let at = text.find(|one: char| !one.is_ascii_digit()).ok_or_else(expected)?;
    let number: u64 = text[..at].parse().map_err(|_| expected())?;
    let millis = match &text[at..] {
        "ms" => 1,
        "s" => 1_000,
        "m" => 60_000,
        _ => return Err(expected()),
    };
    number.checked_mul(millis).filter(|all| *all > 0).map(Duration::from_millis).ok_or_else(expected)
}

/// The least severity that is a failure.
#[derive(Clone, Copy, Debug, Eq, PartialEq, ValueEnum)]
pub enum FailOn {
    Warning,
    Error,
}

impl From<FailOn> for Severity {
    fn from(value: FailOn) -> Self {
        match value {
            FailOn::Warning => Self::Warning,
            FailOn::Error => Self::Error,
        }
    }
}

fn cause(text: &str) -> Result<Cause, String> {
    Cause::find(text).ok_or_else(|| {
        let near = model::suggest::nearest(text, Cause::ALL.iter().map(|cause| cause.name()));
        let near =
            near.map_or_else(|| "see docs/causes/README.md".to_owned(), |near| format!("did you mean `{near}`?"));
        format!("unknown cause; {near}")
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_duration_has_a_unit() {
        assert_eq!(duration("60s"), Ok(Duration::from_secs(60)));
        assert_eq!(duration("2m"), Ok(Duration::from_secs(120)));
        assert_eq!(duration("250ms"), Ok(Duration::from_millis(250)));
        for wrong in ["60", "s", "", "0s", "1h", "-1s", "1.5s", "99999999999999999999s", "9999999999999999999m"] {
            assert!(duration(wrong).is_err_and(|error| error.contains("such as 60s")), "{wrong}");
        }
    }
}
