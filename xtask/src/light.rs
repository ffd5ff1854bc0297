//! The verbs that need no lab.

use kafka_gateway_lab::cli::Exit;
use kafka_gateway_lab::paths;
use kafka_gateway_lab::scenario::{self, Broken, Folder, Problem, Schemas, Severity};
use std::io::IsTerminal;
use std::process::ExitCode;

const WIDTH: usize = 110;

pub fn list() -> ExitCode {
    let (folders, broken) = load(&[]);
    for row in scenario::rows(&folders) {
        println!("{:<28} {}", row.name, row.title);
        if !row.needs.is_empty() {
            println!("{:<28}   needs {}", "", row.needs.join(", "));
        }
    }
    for name in &broken {
        println!("{:<28} broken: see `cargo xtask scenario lint {}`", name.name, name.name);
    }
    exit(broken.is_empty())
}

pub fn lint(names: &[String]) -> ExitCode {
    let (folders, broken) = load(names);
    let schemas = match Schemas::at_hand() {
        Ok(schemas) => schemas,
        Err(problem) => {
            show(&problem);
            return Exit::Usage.into();
        }
    };
    let found = folders.iter().flat_map(|folder| scenario::lint_with_schemas(folder, &schemas));
    let problems: Vec<Problem> = broken.into_iter().flat_map(|broken| broken.problems).chain(found).collect();
    for problem in &problems {
        show(problem);
    }
    let errors = problems.iter().filter(|problem| problem.severity == Severity::Error).count();
    println!("{} scenarios, {errors} errors, {} other remarks", folders.len(), problems.len() - errors);
    exit(errors == 0)
}

pub fn schema() -> ExitCode {
    print!("{}", scenario::schema_text());
    Exit::Passed.into()
}

pub fn new(name: &str) -> ExitCode {
    match scenario::create(&paths::scenarios(), name) {
        Ok(path) => {
            println!("{path} is written; try `cargo xtask scenario lint {name}` and `cargo xtask scenario run {name}`");
            Exit::Passed.into()
        }
        Err(error) => {
            eprintln!("error: {error}");
            Exit::Usage.into()
        }
    }
}

/// The scenarios of these names, or all of them.
fn load(names: &[String]) -> (Vec<Folder>, Vec<Broken>) {
    let root = paths::scenarios();
    let all = if names.is_empty() { scenario::names(&root) } else { names.to_vec() };
    let (mut folders, mut broken) = (Vec::new(), Vec::new());
    for name in all {
        match scenario::load(&root.join(name)) {
            Ok(folder) => folders.push(folder),
            Err(problems) => broken.push(problems),
        }
    }
    (folders, broken)
}

fn show(problem: &Problem) {
    let stderr = std::io::stderr();
    let colours = stderr.is_terminal() && std::env::var_os("NO_COLOR").is_none();
    eprintln!("{}", problem.render(WIDTH, colours));
}

fn exit(clean: bool) -> ExitCode {
    if clean { Exit::Passed.into() } else { Exit::Usage.into() }
}
