//! `matrix`

use super::report::readable;
use super::scenario::chosen;
use ::matrix::{Error, Finding, Folder, FreshLabs, LabSettings, Pages, Selection as Combinations, contradictions, run};
use camino::{Utf8Path, Utf8PathBuf};
use cli::{MatrixArgs, MatrixVerb, PartVersions};
use lab::gateway::names;
use model::{Exit, paths, visible};
use runner::{Job, Selection, Stop};
use std::time::Duration;

/// Runs the combinations that the folder has no report of, and writes the pages of all.
///
/// # Errors
/// If the folder or a page cannot be read or written.
pub async fn matrix(args: &MatrixArgs) -> Result<Exit, Box<dyn std::error::Error>> {
    if let Some(MatrixVerb::Page { reports, folder }) = &args.verb {
        return Ok(page(reports, &in_target(folder.as_deref(), "matrix-page"))?);
    }
    let Some(jobs) = chosen(&Selection::of(&args.filters)) else { return Ok(Exit::Usage) };
    let selection = selection(args, &jobs);
    let gateways = names();
    let combinations = match selection.combinations(|name| gateways.iter().any(|gateway| gateway == name)) {
        Ok(combinations) => combinations,
        Err(error) => return Ok(usage(&error)),
    };
    let folder = match Folder::open(&in_target(args.folder.as_deref(), "matrix"), &selection) {
        Ok(folder) => folder,
        Err(error @ (Error::OtherSelection { .. } | Error::NotASelection { .. })) => return Ok(usage(&error)),
        Err(error) => return Err(error.into()),
    };
    let stop = Stop::default();
    stop.on_signals(None, |line| eprintln!("{line}"))?;
    let settings = LabSettings {
        prefix: args.name.clone(),
        port_base: args.port_base,
        jobs,
        parallel: args.jobs,
        within: Duration::from_secs(args.within),
    };
    let labs = FreshLabs::new(settings, stop.clone())?;
    let outcome = Box::pin(run(&folder, &combinations, &args.name, &labs, &stop)).await?;
    let exit = outcome.exit();
    let contradicted = write(Pages::of(outcome.reports, &outcome.absent), folder.path())?;
    Ok(if exit == Exit::Passed && contradicted { Exit::Failed } else { exit })
}

/// The pages of reports. A file that is not a report is a usage error.
fn page(reports: &[Utf8PathBuf], folder: &Utf8Path) -> Result<Exit, Error> {
    let Some(read) = reports.iter().map(|path| readable(path)).collect::<Option<Vec<_>>>() else {
        return Ok(Exit::Usage);
    };
    let contradicted = write(Pages::of(read, &[]), folder)?;
    Ok(if contradicted { Exit::Failed } else { Exit::Passed })
}

/// Writes the pages, and says where they are. Returns whether a listed deviation is gone, which is printed too.
fn write(pages: Pages, folder: &Utf8Path) -> Result<bool, Error> {
    let page = pages.write(folder)?;
    let said = contradictions(&Finding::all(&names())?, pages.grid());
    for sentence in &said {
        eprintln!("error: {}", visible(sentence));
    }
    println!("{page}");
    Ok(!said.is_empty())
}

fn selection(args: &MatrixArgs, jobs: &[Job]) -> Combinations {
    let versions = args.versions.iter().cloned().map(|PartVersions { part, versions }| (part, versions));
    Combinations {
        gateways: args.gateway.clone(),
        labs: args.lab.clone(),
        kafka: args.kafka,
        versions: versions.collect(),
        scenarios: jobs.iter().map(|job| job.name().to_owned()).collect(),
    }
}

fn usage(error: &dyn std::error::Error) -> Exit {
    eprintln!("error: {}", visible(&error.to_string()));
    Exit::Usage
}

/// The folder that the user named, or one that git ignores.
fn in_target(folder: Option<&Utf8Path>, name: &str) -> Utf8PathBuf {
    folder.map_or_else(|| paths::repo().join("target").join(name), Utf8Path::to_owned)
}
