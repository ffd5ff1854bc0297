//! The heavy verbs of `cargo xtask`: everything that needs a cluster, a broker or a process.

use kafka_gateway_lab::cli::{Cli, Exit, ImagesVerb, LabVerb, ParityVerb, ReportVerb, ScenarioVerb, Verb};
use kafka_gateway_lab::{broken_pipe, lab, paths, verbs};
use std::error::Error;
use std::process::ExitCode;

fn main() -> ExitCode {
    broken_pipe::end_quietly();
    let cli = Cli::read();
    if let Err(error) = paths::require_checkout() {
        eprintln!("error: {error}");
        return Exit::Usage.into();
    }
    let runtime = match tokio::runtime::Builder::new_multi_thread().enable_all().build() {
        Ok(runtime) => runtime,
        Err(error) => return fail(&error),
    };
    let exit = match runtime.block_on(dispatch(cli.verb)) {
        Ok(exit) => exit.into(),
        Err(error) => fail(error.as_ref()),
    };
    // After a Ctrl-C a command may still be waited for on another thread, and nobody wants its result any more.
    runtime.shutdown_background();
    exit
}

async fn dispatch(verb: Verb) -> Result<Exit, Box<dyn Error>> {
    match verb {
        Verb::Lab(LabVerb::Up(args)) => verbs::up(&args).await?,
        Verb::Lab(LabVerb::Down(args)) => verbs::down(&args).await?,
        Verb::Lab(LabVerb::Status(args)) => return Ok(verbs::status(&args).await?),
        Verb::Lab(LabVerb::Logs(args)) => verbs::logs(&args).await?,
        Verb::Lab(LabVerb::Env(args)) => verbs::env(&args).await?,
        Verb::Lab(LabVerb::Doctor) => verbs::doctor().await?,
        Verb::Lab(LabVerb::Images(ImagesVerb::List(args))) => verbs::list_images(&args).await?,
        Verb::Lab(LabVerb::Images(ImagesVerb::Save { file, images })) => verbs::save_images(&file, &images).await?,
        Verb::Lab(LabVerb::Images(ImagesVerb::Load { file, images })) => {
            return Ok(verbs::load_images(&file, &images).await?);
        }
        Verb::Lab(LabVerb::Agent(args)) => lab::run_agent(&args.name).await?,
        Verb::Scenario(ScenarioVerb::Run(args)) => return verbs::run(&args).await,
        Verb::Report(ReportVerb::Table { reports, write }) => {
            return Ok(verbs::report_table(&reports, write.as_deref())?);
        }
        Verb::Parity(ParityVerb::Snapshot { name, file }) => verbs::snapshot(&name, file.as_deref()).await?,
        Verb::Parity(ParityVerb::Compare { standin, strimzi, write }) => {
            return Ok(verbs::compare(&standin, &strimzi, write.as_deref())?);
        }
        Verb::Scenario(_) => return Err("this verb is light: run it as `cargo xtask scenario ...`".into()),
    }
    Ok(Exit::Passed)
}

/// Prints an error with its causes, a line each.
fn fail(error: &dyn Error) -> ExitCode {
    eprintln!("error: {error}");
    let mut cause = error.source();
    while let Some(error) = cause {
        eprintln!("  caused by: {error}");
        cause = error.source();
    }
    Exit::Lab.into()
}
