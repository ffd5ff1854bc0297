//! The heavy commands of `cargo xtask`: all that need a cluster, a broker or a process.

mod commands;

use cli::{BenchVerb, Cli, GatewayVerb, ImagesVerb, LabVerb, ParityVerb, ReportVerb, ScenarioVerb, Verb};
use host::broken_pipe;
use model::{Exit, paths};
use std::error::Error;
use std::process::ExitCode;

// Resolves the lab's names in this process. docs/design/name-resolution.md explains why.
probe::define_getaddrinfo!();

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
    // After a Ctrl-C, another thread may still wait for a command whose result nobody needs.
    runtime.shutdown_background();
    exit
}

async fn dispatch(verb: Verb) -> Result<Exit, Box<dyn Error>> {
    match verb {
        Verb::Lab(LabVerb::Up(args)) => commands::up(&args).await?,
        Verb::Lab(LabVerb::Down(args)) => commands::down(&args).await?,
        Verb::Lab(LabVerb::Status(args)) => return Ok(commands::status(&args).await?),
        Verb::Lab(LabVerb::Logs(args)) => commands::logs(&args).await?,
        Verb::Lab(LabVerb::Env(args)) => commands::env(&args).await?,
        Verb::Lab(LabVerb::Doctor(args)) => commands::doctor(&args).await?,
        Verb::Lab(LabVerb::Images(ImagesVerb::List(args))) => commands::list_images(&args).await?,
        Verb::Lab(LabVerb::Images(ImagesVerb::Save { file, images })) => commands::save_images(&file, &images).await?,
        Verb::Lab(LabVerb::Images(ImagesVerb::Load { file, images })) => {
            return Ok(commands::load_images(&file, &images).await?);
        }
        Verb::Lab(LabVerb::Agent(args)) => lab::run_agent(&args.name).await?,
        Verb::Scenario(ScenarioVerb::Run(args)) => return commands::run(&args).await,
        Verb::Bench(BenchVerb::Lab(args)) => return commands::bench_lab(&args).await,
        Verb::Bench(BenchVerb::Compare(args)) => return commands::bench_compare(&args).await,
        Verb::Bench(BenchVerb::Growth(args)) => return commands::bench_growth(&args).await,
        Verb::Bench(BenchVerb::Scenarios(args)) => return commands::bench_scenarios(&args).await,
        Verb::Gateway(GatewayVerb::New(args)) => return Ok(commands::new_gateway(&args)),
        Verb::Gateway(GatewayVerb::Check(args)) => return Ok(commands::check_gateway(&args).await?),
        Verb::Walkthrough(args) => return commands::walkthrough(&args).await,
        Verb::Diagnose(args) => return commands::diagnose(&args).await,
        Verb::Report(ReportVerb::Open(name)) => commands::open_report(&name)?,
        Verb::Report(ReportVerb::Diff { before, after }) => return Ok(commands::report_diff(&before, &after)),
        Verb::Report(ReportVerb::Table { reports, differences, write }) => {
            return Ok(commands::report_table(&reports, differences, write.as_deref())?);
        }
        Verb::Conformance(args) => return commands::conformance(&args).await,
        Verb::Matrix(args) => return commands::matrix(&args).await,
        Verb::Parity(ParityVerb::Snapshot { name, file }) => commands::snapshot(&name, file.as_deref()).await?,
        Verb::Parity(ParityVerb::Compare { standin, strimzi, write }) => {
            return Ok(commands::compare(&standin, &strimzi, write.as_deref())?);
        }
        Verb::Scenario(_) | Verb::Ci(_) | Verb::Book => {
            return Err("the `lab` binary does not have this command; run it with `cargo xtask`".into());
        }
    }
    Ok(Exit::Passed)
}

/// Prints an error and its causes, one line each.
fn fail(error: &dyn Error) -> ExitCode {
    eprintln!("error: {error}");
    for cause in host::causes(error) {
        eprintln!("  caused by: {cause}");
    }
    Exit::Lab.into()
}

#[cfg(test)]
mod tests {
    use std::net::{IpAddr, ToSocketAddrs};

    /// Without `define_getaddrinfo`, this name would be looked up in DNS.
    #[test]
    fn this_program_resolves_the_lab_s_names() {
        let address = IpAddr::from([127, 64, 0, 9]);
        probe::resolve::map_domain("main.resolve.invalid", address);
        let found = ("broker-10.main.resolve.invalid", 9092).to_socket_addrs().expect("mapped");
        assert_eq!(found.map(|found| found.ip()).collect::<Vec<_>>(), [address]);
    }
}
