//! The commands of a walkthrough, as a person would type them.

use super::Error;
use camino::Utf8PathBuf;
use std::time::Duration;

/// Where and how commands run.
#[derive(Clone, Debug)]
pub struct Shell {
    pub folder: Utf8PathBuf,
    /// Variables beside this process's own.
    pub environment: Vec<(String, String)>,
}

/// A command that has ended.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct CommandResult {
    pub command: String,
    /// What it printed, standard error included.
    pub output: String,
    /// `None` if it did not end in time or was killed.
    pub exit: Option<i32>,
}

impl Shell {
    /// Runs a command to its end. Calls `tick` with the elapsed time twice a second.
    ///
    /// # Errors
    /// If no shell can be started.
    pub fn run(&self, command: &str, within: Duration, tick: impl FnMut(Duration)) -> Result<CommandResult, Error> {
        let expression = self.expression(command).stdin_null().stderr_to_stdout().stdout_capture();
        let ended = host::command::run(&expression, within, tick).map_err(|source| failed(command, source))?;
        let command = command.to_owned();
        Ok(match ended {
            Some(output) => CommandResult {
                command,
                output: String::from_utf8_lossy(&output.stdout).into_owned(),
                exit: output.status.code(),
            },
            None => CommandResult { command, output: format!("ended after {} s\n", within.as_secs()), exit: None },
        })
    }

    /// Runs a command that reads from this process's terminal and writes to it.
    ///
    /// # Errors
    /// If no shell can be started.
    pub fn hand_over(&self, command: &str) -> Result<CommandResult, Error> {
        let output = self.expression(command).unchecked().run().map_err(|source| failed(command, source))?;
        Ok(CommandResult { command: command.to_owned(), output: String::new(), exit: output.status.code() })
    }

    fn expression(&self, command: &str) -> duct::Expression {
        let mut expression = duct::cmd("sh", ["-c", command]).dir(self.folder.as_std_path());
        for (name, value) in &self.environment {
            expression = expression.env(name, value);
        }
        expression
    }
}

fn failed(command: &str, source: std::io::Error) -> Error {
    Error::Command { command: command.to_owned(), source }
}
