//! `gateway check`

use cli::CheckGatewayArgs;
use host::Progress;
use lab::Error;
use lab::gateway::check::{CheckOptions, StageResult, check as run};
use model::Exit;

/// Prints the result of each stage as it ends, and what became of the lab.
///
/// # Errors
/// [`Error::Interrupted`] after a Ctrl-C.
pub async fn check(args: &CheckGatewayArgs) -> Result<Exit, Error> {
    let options = CheckOptions {
        gateway: args.name.clone(),
        lab: args.lab,
        port_base: args.port_base,
        dry_run: args.dry_run,
        keep: args.keep,
    };
    let name = options.lab_name();
    let progress = Progress::stderr();
    let mut show = |result: &StageResult| println!("{result}");
    let report = tokio::select! {
        report = run(&options, &progress, &mut show) => report,
        Ok(()) = tokio::signal::ctrl_c() => return Err(Error::Interrupted { name }),
    };
    let exit = report.exit();
    if let Some(why) = &report.cleanup {
        eprintln!("error: cannot take the lab {name} down: {why}; try `cargo xtask lab down --name {name}`");
    }
    if options.keep && report.started_a_lab() {
        println!("\nThe lab {name} is kept; `cargo xtask lab down --name {name}` removes it.");
    }
    if exit == Exit::Passed {
        println!("\n{}", if options.dry_run { nothing_yet(args) } else { passed(args, &name) });
    }
    Ok(exit)
}

fn nothing_yet(args: &CheckGatewayArgs) -> String {
    format!(
        "Nothing is wrong as far as can be seen without a lab. `cargo xtask gateway check {}` goes on from here.",
        args.name
    )
}

fn passed(args: &CheckGatewayArgs, lab: &str) -> String {
    let again = if args.keep { "" } else { "check it again with `--keep`, then " };
    format!("{} works. For a first report: {again}`cargo xtask scenario run --name {lab}`.", args.name)
}
