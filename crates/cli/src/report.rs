//! The arguments of `report`.

use super::NameArgs;
use camino::Utf8PathBuf;
use clap::Subcommand;

#[derive(Debug, Subcommand)]
pub enum ReportVerb {
    /// Print the path of the last run's page, and open it where there is a desktop
    Open(NameArgs),
    /// Say what changed from one run to another: results, versions, the lab
    Diff {
        /// The `report.json` of the earlier run
        before: Utf8PathBuf,
        /// The `report.json` of the later run
        after: Utf8PathBuf,
    },
    /// Print the verdicts of many runs by scenario, gateway and lab, with load figures and sabotages, as Markdown
    Table {
        /// The report.json of each run
        #[arg(required = true)]
        reports: Vec<Utf8PathBuf>,
        /// Only the scenarios that did not end alike on all labs, such as labs with different versions of a gateway
        #[arg(long)]
        differences: bool,
        /// Write to this file instead of standard output
        #[arg(long)]
        write: Option<Utf8PathBuf>,
    },
}
