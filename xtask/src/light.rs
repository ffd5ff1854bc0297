//! The commands that need no lab.

use model::{Exit, paths};
use scenario::{Broken, Folder, Problem, Schemas, Severity};
use std::process::ExitCode;

const WIDTH: usize = 110;

pub fn list() -> ExitCode {
    let (folders, broken) = load(&[]);
    let width = terminal_size::terminal_size().map_or(WIDTH, |(width, _)| usize::from(width.0).clamp(50, WIDTH));
    print!("{}", scenario::listing(&scenario::rows(&folders), width));
    for Broken { name, .. } in &broken {
        let name = model::visible(name);
        println!("{name}  broken: see `cargo xtask scenario lint {name}`");
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
    let unreadable = broken.len();
    let found = folders.iter().flat_map(|folder| scenario::lint_with_schemas(folder, &schemas));
    let problems: Vec<Problem> = broken.into_iter().flat_map(|broken| broken.problems).chain(found).collect();
    for problem in &problems {
        show(problem);
    }
    let errors = problems.iter().filter(|problem| problem.severity == Severity::Error).count();
    println!("{}", summary(folders.len() + unreadable, errors, problems.len() - errors));
    exit(errors == 0)
}

pub fn schema() -> ExitCode {
    print!("{}", scenario::schema_text());
    Exit::Passed.into()
}

pub fn new(name: &str) -> ExitCode {
    match scenario::create(&paths::scenarios(), name) {
        Ok(path) => {
            println!("wrote {path}; try `cargo xtask scenario lint {name}` and `cargo xtask scenario run {name}`");
            Exit::Passed.into()
        }
        Err(error) => {
            eprintln!("error: {error}");
            Exit::Usage.into()
        }
    }
}

/// The scenarios with these names, or all of them.
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
    eprintln!("{}", problem.for_terminal());
}

/// How many scenarios were checked, and what was found.
fn summary(scenarios: usize, errors: usize, others: usize) -> String {
    let count = |number: usize, what: &str| format!("{number} {what}{}", if number == 1 { "" } else { "s" });
    format!("{}, {}, {}", count(scenarios, "scenario"), count(errors, "error"), count(others, "other remark"))
}

fn exit(clean: bool) -> ExitCode {
    if clean { Exit::Passed.into() } else { Exit::Usage.into() }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_of_a_kind_is_one() {
        assert_eq!(summary(1, 1, 0), "1 scenario, 1 error, 0 other remarks");
        assert_eq!(summary(50, 0, 1), "50 scenarios, 0 errors, 1 other remark");
    }
}
