//! `bench scenarios`

use cli::{BenchScenariosArgs, RunArgs};
use model::Exit;
use std::error::Error;

/// Runs scenarios several times in random orders, and shows how long each takes and how much of that it waits.
///
/// # Errors
/// As for `scenario run`.
pub async fn scenarios(args: &BenchScenariosArgs) -> Result<Exit, Box<dyn Error>> {
    let Some((exit, report)) = crate::commands::scenario::run_for_report(&RunArgs::from(args)).await? else {
        return Ok(Exit::Usage);
    };
    // Without the children: brokers and gateways are processes of the lab.
    let own = rustix::time::clock_gettime(rustix::time::ClockId::ProcessCPUTime);
    print!("{}", runner::report::times(&report));
    println!(
        "the harness itself used {:.1} s of processor time in {:.1} s",
        own.tv_sec as f64 + own.tv_nsec as f64 / 1e9,
        report.seconds
    );
    Ok(exit)
}
