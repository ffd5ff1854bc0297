//! Compiles programs of this workspace and shows progress, because a first build takes minutes.

use crate::cargo::cargo;
use model::paths;
use std::io::{self, BufRead, BufReader, IsTerminal};
use std::process::Stdio;
use std::thread;
use std::time::{Duration, Instant};

/// How often a line is printed if there is no terminal.
const LINE_EVERY: Duration = Duration::from_secs(5);

/// A build with nothing to do takes half a second.
const SAID_AFTER: Duration = Duration::from_millis(900);

/// A program of this workspace.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Program {
    /// The lab itself.
    Lab,
    /// What obtains the lab's parts while the lab is being compiled.
    Parts,
}

impl Program {
    const fn name(self) -> &'static str {
        match self {
            Self::Lab => "lab",
            Self::Parts => "parts",
        }
    }
}

/// Why a program cannot be built.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    #[error("cannot run cargo: {0}")]
    Cargo(#[from] io::Error),
    #[error("the lab does not compile; cargo's errors are above")]
    Compile,
    #[error("cargo built the lab but did not print its path; update cargo")]
    NoProgram,
}

/// Builds the program if it is not up to date, and returns its path. On a terminal, cargo shows its own progress. Elsewhere,
/// a line every few seconds shows the progress.
///
/// # Errors
/// If cargo cannot be run, or the program does not compile.
pub fn build(wanted: Program) -> Result<String, Error> {
    let terminal = io::stderr().is_terminal();
    let mut cargo = cargo();
    cargo
        .args(["build", "--manifest-path", paths::repo().join("Cargo.toml").as_str()])
        // Cargo chooses the features of dependencies for all these packages at once, so both programs share their builds.
        .args(["--package", "kafka-gateway-lab", "--package", "artifacts"])
        .args(["--bin", wanted.name(), "--message-format", "json-render-diagnostics"])
        .stdout(Stdio::piped());
    if !terminal {
        cargo.arg("--quiet");
    }
    let mut child = cargo.spawn()?;
    let (lines, built) = std::sync::mpsc::channel();
    if let Some(output) = child.stdout.take() {
        thread::spawn(move || {
            for line in BufReader::new(output).lines().map_while(Result::ok) {
                // The receiver is gone if the build has failed.
                let _ = lines.send(line);
            }
        });
    }
    let mut progress = Progress::new(!terminal);
    let mut program = None;
    loop {
        match built.recv_timeout(Duration::from_millis(100)) {
            Ok(line) => {
                let message = Message::of(&line, wanted);
                progress.compiled(message.crate_name, message.fresh);
                program = message.program.or(program);
            }
            Err(std::sync::mpsc::RecvTimeoutError::Timeout) => progress.tick(),
            Err(std::sync::mpsc::RecvTimeoutError::Disconnected) => break,
        }
    }
    if !child.wait()?.success() {
        return Err(Error::Compile);
    }
    program.ok_or(Error::NoProgram)
}

/// One line of cargo's JSON, with the fields that matter here.
#[derive(Debug, Default, Eq, PartialEq)]
struct Message {
    crate_name: Option<String>,
    /// Whether it was up to date.
    fresh: bool,
    program: Option<String>,
}

impl Message {
    fn of(line: &str, wanted: Program) -> Self {
        let value: serde_json::Value = serde_json::from_str(line).unwrap_or_default();
        if value["reason"] != "compiler-artifact" {
            return Self::default();
        }
        let text = |value: &serde_json::Value| value.as_str().map(ToOwned::to_owned);
        Self {
            crate_name: text(&value["target"]["name"]),
            fresh: value["fresh"] == true,
            program: text(&value["executable"]).filter(|_| value["target"]["name"] == wanted.name()),
        }
    }
}

/// Progress lines for output that is not a terminal.
struct Progress {
    shown: bool,
    start: Instant,
    last: Instant,
    compiled: usize,
    newest: String,
    begun: bool,
}

impl Progress {
    fn new(shown: bool) -> Self {
        let now = Instant::now();
        Self { shown, start: now, last: now, compiled: 0, newest: String::new(), begun: false }
    }

    fn compiled(&mut self, name: Option<String>, fresh: bool) {
        if let Some(name) = name.filter(|_| !fresh) {
            self.compiled += 1;
            self.newest = name;
        }
        self.tick();
    }

    /// A build with nothing to do ends before the first line.
    fn tick(&mut self) {
        let due = if self.begun { self.last.elapsed() >= LINE_EVERY } else { self.start.elapsed() >= SAID_AFTER };
        if self.shown && due {
            self.last = Instant::now();
            self.begun = true;
            eprintln!("{}", self.line(self.start.elapsed()));
        }
    }

    fn line(&self, elapsed: Duration) -> String {
        let newest = if self.newest.is_empty() { String::new() } else { format!(", last {}", self.newest) };
        format!(
            "compiling the lab (takes minutes the first time): {} s, {} crates{newest}",
            elapsed.as_secs(),
            self.compiled
        )
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn cargos_messages_name_the_program_and_what_was_compiled() {
        let artifact = r#"{"reason":"compiler-artifact","target":{"name":"tokio"},"fresh":false,"executable":null}"#;
        let expected = Message { crate_name: Some("tokio".into()), fresh: false, program: None };
        assert_eq!(Message::of(artifact, Program::Lab), expected);
        let lab = r#"{"reason":"compiler-artifact","target":{"name":"lab"},"fresh":true,"executable":"/t/debug/lab"}"#;
        assert_eq!(Message::of(lab, Program::Lab).program.as_deref(), Some("/t/debug/lab"));
        let library = r#"{"reason":"compiler-artifact","target":{"name":"lab"},"fresh":true,"executable":null}"#;
        assert_eq!(Message::of(library, Program::Lab).program, None, "the library of the same name");
        assert_eq!(Message::of(lab, Program::Parts).program, None, "another program");
        assert_eq!(Message::of(r#"{"reason":"build-finished","success":true}"#, Program::Lab), Message::default());
        assert_eq!(Message::of("no JSON", Program::Lab), Message::default());
    }

    #[test]
    fn a_line_says_how_far_the_build_is() {
        let mut progress = Progress::new(false);
        assert!(progress.line(Duration::from_secs(1)).ends_with("1 s, 0 crates"));
        progress.compiled(Some("serde".into()), true);
        progress.compiled(Some("kube".into()), false);
        assert!(progress.line(Duration::from_secs(7)).ends_with("7 s, 1 crates, last kube"));
    }
}
