//! `conformance`

use ::conformance::{Comparison, Known, Run, run};
use cli::ConformanceArgs;
use host::Progress;
use lab::Lab;
use lab::gateway::GatewayFixture;
use model::{Exit, FileError, ScenarioResult};
use runner::report::ReportFolder;
use std::error::Error;
use std::fs;
use std::time::Duration;

/// How many earlier runs are searched for a scenario's last verdict.
const RUNS: usize = 20;

/// Runs the suite, prints the comparison, and fails if it has a difference that nobody has explained.
///
/// # Errors
/// If no lab is up, it cannot run the suite, or the table cannot be written.
pub async fn conformance(args: &ConformanceArgs) -> Result<Exit, Box<dyn Error>> {
    let lab = Lab::open(&args.name.name).await?;
    lab.check().await?;
    let fixture = GatewayFixture::load(&lab.info.gateway.name)?;
    let reports = lab.dir.reports();
    let folder = reports.join("conformance");
    fs::create_dir_all(&folder).map_err(FileError::of("make", &folder))?;
    let (known, progress) = (Known::load()?, Progress::stderr());
    let suite = Run {
        known: &known,
        features: &fixture.features,
        whole: args.whole,
        folder: &folder,
        within: Duration::from_secs(args.within),
        progress: &progress,
    };
    let outcomes = run(&lab, &suite).await?;
    let results: Vec<ScenarioResult> = ReportFolder::newest(&reports, RUNS)
        .into_iter()
        .filter(|report| report.lab.gateway == lab.info.gateway.name && report.lab.kind == lab.info.kind)
        .flat_map(|report| report.scenarios)
        .filter(|result| result.verdict.ran())
        .collect();
    let comparison = Comparison::of(&known, &outcomes, &results);
    let table = comparison.to_string();
    print!("{table}");
    if let Some(file) = &args.write {
        fs::write(file, &table).map_err(FileError::of("write", file))?;
    }
    eprintln!("log and the suite's own report: {folder}");
    Ok(if comparison.different() == 0 { Exit::Passed } else { Exit::Failed })
}
