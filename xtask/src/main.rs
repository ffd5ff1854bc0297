//! `cargo xtask` parses the arguments and calls the library. Light commands run here. The others run in the `lab`
//! binary, which is compiled when it is first needed, so `cargo xtask scenario lint` never waits for a Kafka client to
//! compile.

mod ahead;
mod book;
mod build;
mod cargo;
mod ci;
mod heavy;
mod light;
mod released;

use cli::{Cli, LabVerb, ScenarioVerb, Verb};
use host::broken_pipe;
use model::{Exit, paths};
use std::process::ExitCode;

fn main() -> ExitCode {
    broken_pipe::end_quietly();
    let cli = Cli::read();
    if let Err(error) = paths::require_checkout() {
        eprintln!("error: {error}");
        return Exit::Usage.into();
    }
    match cli.verb {
        Verb::Scenario(ScenarioVerb::List) => light::list(),
        Verb::Scenario(ScenarioVerb::Lint { names }) => light::lint(&names),
        Verb::Scenario(ScenarioVerb::Schema) => light::schema(),
        Verb::Scenario(ScenarioVerb::New { name }) => light::new(&name),
        Verb::Book => book::book(),
        Verb::Ci(args) => ci::ci(&args),
        Verb::Lab(LabVerb::Up(args)) => {
            ahead::begin(&args);
            heavy::run()
        }
        Verb::Lab(_)
        | Verb::Bench(_)
        | Verb::Conformance(_)
        | Verb::Diagnose(_)
        | Verb::Gateway(_)
        | Verb::Matrix(_)
        | Verb::Parity(_)
        | Verb::Report(_)
        | Verb::Walkthrough(_)
        | Verb::Scenario(ScenarioVerb::Run(_)) => heavy::run(),
    }
}
