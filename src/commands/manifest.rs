//! `diagnose manifest`

use cli::{ManifestArgs, ManifestOutput};
use diagnose::manifest::{Inputs, check, github};
use model::Exit;
use std::io::IsTerminal;

/// The width of a text that does not go to a terminal.
const WIDTH: usize = 110;

/// Narrower excerpts cannot be read.
const NARROWEST: usize = 40;

/// Checks manifests and prints what it found.
pub fn manifest(args: &ManifestArgs) -> Exit {
    let report = check(Inputs::read(&args.files), args.namespace.as_deref(), &args.ignore);
    match args.output {
        ManifestOutput::Text => {
            let terminal = std::io::stdout().is_terminal();
            let refused = std::env::var_os("NO_COLOR").is_some_and(|value| !value.is_empty());
            print!("{}", report.text(width(terminal), terminal && !refused));
        }
        ManifestOutput::Json => println!("{:#}", report.json()),
        ManifestOutput::Github => print!("{}", github(&report)),
    }
    if !report.problems.is_empty() {
        Exit::Usage
    } else if report.fails_on(args.fail_on.into()) {
        Exit::Failed
    } else {
        Exit::Passed
    }
}

fn width(terminal: bool) -> usize {
    let of_the_terminal = || terminal_size::terminal_size().map(|(width, _)| usize::from(width.0));
    terminal.then(of_the_terminal).flatten().map_or(WIDTH, |width| width.clamp(NARROWEST, WIDTH + 10))
}
