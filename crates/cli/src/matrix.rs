//! The arguments of `matrix`.

use super::{choice, gateway_name, lab_name};
use camino::Utf8PathBuf;
use clap::{Args, Subcommand};
use model::{KafkaProvider, LabKind};
use std::str::FromStr;

/// Run the catalogue on each combination of gateway, version and lab, and show all verdicts on one page.
///
/// Each combination has a lab of its own, which is taken down afterwards. What a combination cannot do is skipped, and the page
/// says why. The folder keeps the report of each finished combination, so that the same command continues after an interruption.
/// It has the page matrix.html, the table matrix.md, and conformance/*.yaml for each implementation.
///
/// Exit codes: 0 every scenario passed, failed as a known deviation, or was skipped; 1 a scenario failed, a known deviation
/// is gone, or the matrix was interrupted; 2 usage; 3 a lab failed; 4 a cleanup failed.
#[derive(Args, Clone, Debug)]
#[command(args_conflicts_with_subcommands = true, subcommand_negates_reqs = true)]
pub struct MatrixArgs {
    #[command(subcommand)]
    pub verb: Option<MatrixVerb>,
    /// Run only scenarios whose name contains this text, or `tag:WORD` for those with a tag
    #[arg(value_name = "FILTER")]
    pub filters: Vec<String>,
    /// The gateways: folders under fixtures/gateways, separated by commas
    #[arg(long, required = true, value_delimiter = ',', value_parser = gateway_name)]
    pub gateway: Vec<String>,
    /// Where the labs run, separated by commas
    #[arg(long, required = true, value_delimiter = ',', value_parser = choice::lab_of_a_check())]
    pub lab: Vec<LabKind>,
    /// The operator for Kafka resources [default: strimzi on kind, standin on local]
    #[arg(long, value_parser = choice::kafka())]
    pub kafka: Option<KafkaProvider>,
    /// Several versions of a part, such as `traefik=3.6.15,3.7.15`; `gateway` stands for each gateway; can be repeated
    #[arg(long, value_name = "PART=VERSION,...")]
    pub versions: Vec<PartVersions>,
    /// Where the reports and the pages are kept [default: target/matrix in the checkout]
    #[arg(long, value_name = "DIR")]
    pub folder: Option<Utf8PathBuf>,
    /// The names of the labs begin with it; two matrices at the same time need two
    #[arg(long, default_value = "matrix", value_parser = prefix)]
    pub name: String,
    /// The first of fifteen consecutive gateway ports on this machine
    #[arg(long, default_value_t = 22_092, value_parser = clap::value_parser!(u16).range(1024..=65_500))]
    pub port_base: u16,
    /// How many scenarios run in parallel [default: two for each processor]
    #[arg(long)]
    pub jobs: Option<usize>,
    /// The time limit for the scenarios on one lab, in seconds
    #[arg(long, value_name = "SECONDS", default_value_t = 3600)]
    pub within: u64,
}

#[derive(Clone, Debug, Subcommand)]
pub enum MatrixVerb {
    /// Make the pages from reports that there are already; nothing is run
    Page {
        /// The report.json of each run
        #[arg(required = true)]
        reports: Vec<Utf8PathBuf>,
        /// Where the pages are written [default: target/matrix-page in the checkout]
        #[arg(long, value_name = "DIR")]
        folder: Option<Utf8PathBuf>,
    },
}

/// A part of the lab in several versions.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct PartVersions {
    pub part: String,
    pub versions: Vec<String>,
}

impl FromStr for PartVersions {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let word = |text: &str| !text.is_empty() && !text.contains(char::is_whitespace);
        let plain = |version: &str| version.trim_start_matches('v').to_owned();
        match text.split_once('=') {
            Some((part, versions)) if word(part) && versions.split(',').all(word) => {
                Ok(Self { part: part.to_owned(), versions: versions.split(',').map(plain).collect() })
            }
            _ => Err("expected PART=VERSION,..., such as traefik=3.6.15,3.7.15".to_owned()),
        }
    }
}

/// The beginning of a lab's name, with room for a number.
fn prefix(text: &str) -> Result<String, String> {
    lab_name(&format!("{text}-999"))
        .map(|_name| text.to_owned())
        .map_err(|_| "expected up to 26 lower-case letters, digits and hyphens, beginning with a letter".to_owned())
}

/// The first part that is given in two flags.
pub(super) fn twice(versions: &[PartVersions]) -> Option<&str> {
    let mut seen = std::collections::BTreeSet::new();
    versions.iter().map(|one| one.part.as_str()).find(|part| !seen.insert(*part))
}
