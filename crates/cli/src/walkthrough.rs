//! The arguments of `walkthrough`.

use super::NameArgs;
use camino::Utf8PathBuf;
use clap::{Args, Subcommand};
use model::{paths, suggest};

#[derive(Args, Clone, Debug)]
#[command(args_conflicts_with_subcommands = true, subcommand_negates_reqs = true)]
pub struct WalkthroughArgs {
    #[command(subcommand)]
    pub verb: Option<WalkthroughVerb>,
    /// 2024: "Accessing Kafka with the Gateway API", with routes written by hand; 2026: "Gateway API and TLSRoute support in
    /// Strimzi", with a listener of `type: tlsroute`
    #[arg(required = true, value_name = "POST", value_parser = post)]
    pub post: Option<String>,
    #[command(flatten)]
    pub name: NameArgs,
    /// Do not wait for Enter before each step
    #[arg(long)]
    pub yes: bool,
    /// Begin with this step, although earlier ones may not be done
    #[arg(long, value_name = "STEP")]
    pub from: Option<String>,
    /// End after this step
    #[arg(long, value_name = "STEP")]
    pub until: Option<String>,
    /// Print the steps and their commands, and run nothing
    #[arg(long, conflicts_with_all = ["yes", "transcript"])]
    pub explain: bool,
    /// Begin with the first step, and at the end write what was done and printed to this file, as Markdown
    #[arg(long, value_name = "FILE", conflicts_with_all = ["from", "until"])]
    pub transcript: Option<Utf8PathBuf>,
}

#[derive(Clone, Debug, Subcommand)]
pub enum WalkthroughVerb {
    /// Remove what walkthroughs made in the lab's cluster, and their folders
    Clean(NameArgs),
}

/// A folder under `fixtures/walkthrough`.
fn post(text: &str) -> Result<String, String> {
    let Ok(entries) = paths::fixtures().join("walkthrough").read_dir_utf8() else { return Ok(text.to_owned()) };
    let mut known: Vec<String> = entries.flatten().map(|entry| entry.file_name().to_owned()).collect();
    known.sort();
    if known.iter().any(|name| name == text) {
        return Ok(text.to_owned());
    }
    Err(format!("unknown post; expected {}", suggest::one_of(known.iter().map(String::as_str))))
}
