//! The arguments of `diagnose`.

use super::{NameArgs, Output};
use camino::Utf8PathBuf;
use clap::{Args, ValueEnum};
use model::{Cause, Severity};

/// Walks the whole path of a Kafka client, for the bootstrap address and for every broker that it advertises: name, TCP,
/// Gateway, route, backend, TLS, certificate, login, Kafka. Names the first hop that is wrong, with evidence and repair.
///
/// It only reads. Without `--context` it looks at the running lab. With a bootstrap address and no lab it still does all that
/// a client can see, and says what it could not look at.
///
/// Exit codes: 0 no fault; 1 a fault was found; 2 usage; 3 it could not look at anything.
#[derive(Args, Clone, Debug)]
pub struct DiagnoseArgs {
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
    /// Exit with 1 if there is a finding of at least this severity
    #[arg(long, value_name = "SEVERITY", default_value = "error")]
    pub fail_on: FailOn,
    /// Leave out this cause, by number (KGL005) or name; can be repeated
    #[arg(long, value_name = "CODE", value_parser = cause)]
    pub ignore: Vec<Cause>,
    /// The output format
    #[arg(short, long, default_value = "text")]
    pub output: Output,
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
