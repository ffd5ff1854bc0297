//! External commands with a deadline. A failure contains the command and the end of its output.

use crate::backends::cluster::Error;
use camino::{Utf8Path, Utf8PathBuf};
use host::{command, files};
use std::io;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

const TAIL_LINES: usize = 15;

/// One command. Its two streams are read as one.
#[derive(Clone, Debug)]
pub struct Call {
    program: String,
    args: Vec<String>,
    env: Vec<(String, String)>,
    within: Duration,
    into: Option<Box<Call>>,
    input: Option<Utf8PathBuf>,
}

impl Call {
    pub fn new<A: Into<String>>(
        program: impl Into<String>,
        args: impl IntoIterator<Item = A>,
        within: Duration,
    ) -> Self {
        let args = args.into_iter().map(Into::into).collect();
        Self { program: program.into(), args, env: vec![], within, into: None, input: None }
    }

    pub fn env(mut self, name: &str, value: &str) -> Self {
        self.env.push((name.to_owned(), value.to_owned()));
        self
    }

    /// Pipes the output into another command. Both count as one, and share the time limit of this one.
    pub fn pipe(mut self, into: Self) -> Self {
        self.into = Some(Box::new(into));
        self
    }

    /// Reads its standard input from a file.
    pub fn input(mut self, file: &Utf8Path) -> Self {
        self.input = Some(file.to_owned());
        self
    }

    /// Runs it and returns its standard output.
    ///
    /// # Errors
    /// If it does not exist, fails, or does not end in time, in which case it is killed.
    pub async fn run(&self) -> Result<String, Error> {
        self.watched(|_| {}).await
    }

    /// As [`Call::run`], and calls `tick` twice a second with the last line on standard error.
    pub async fn watched(&self, mut tick: impl FnMut(&str)) -> Result<String, Error> {
        let call = self.clone();
        let last = Arc::new(Mutex::new(String::new()));
        let seen = Arc::clone(&last);
        let mut running = tokio::task::spawn_blocking(move || call.blocking(&seen));
        loop {
            match tokio::time::timeout(Duration::from_millis(500), &mut running).await {
                Ok(Ok(result)) => return result,
                Ok(Err(broken)) => return Err(Error::Task(broken)),
                Err(_) => tick(&last.lock().unwrap_or_else(PoisonError::into_inner)),
            }
        }
    }

    fn blocking(&self, last: &Mutex<String>) -> Result<String, Error> {
        let io_error = |source| self.spawn_error(source);
        // Standard error goes to a file that can be read while the command still writes to it.
        let log = tempfile::NamedTempFile::new().map_err(io_error)?;
        let errors = log.reopen().map_err(io_error)?;
        let mut expression = self.expression();
        if let Some(into) = &self.into {
            expression = expression.pipe(into.expression());
        }
        let expression = match &self.input {
            Some(file) => expression.stdin_path(file),
            None => expression.stdin_null(),
        };
        let expression = expression.stdout_capture().stderr_file(errors);
        let path = log.path().to_owned();
        let tail =
            |lines| Utf8Path::from_path(&path).and_then(|path| files::last_lines(path, lines).ok()).unwrap_or_default();
        let ended = command::run(&expression, self.within, |_| {
            tail(1).clone_into(&mut last.lock().unwrap_or_else(PoisonError::into_inner));
        });
        let Some(output) = ended.map_err(io_error)? else {
            return Err(Error::Hung { command: self.shown(), within: self.within, tail: tail(TAIL_LINES) });
        };
        let printed = String::from_utf8_lossy(&output.stdout).into_owned();
        if output.status.success() {
            return Ok(printed);
        }
        let tail = match tail(TAIL_LINES) {
            tail if tail.is_empty() => printed,
            tail => tail,
        };
        Err(Error::Command { command: self.shown(), how: output.status.to_string(), tail })
    }

    fn expression(&self) -> duct::Expression {
        let expression = duct::cmd(&self.program, &self.args);
        self.env.iter().fold(expression, |expression, (name, value)| expression.env(name, value))
    }

    fn spawn_error(&self, source: io::Error) -> Error {
        if source.kind() == io::ErrorKind::NotFound {
            let remedy = "install it, or add its folder to PATH".to_owned();
            return Error::NoProgram { program: self.program.clone(), remedy };
        }
        Error::Spawn { command: self.shown(), source }
    }

    fn shown(&self) -> String {
        let own = std::iter::once(&self.program).chain(&self.args).cloned().collect::<Vec<_>>().join(" ");
        match &self.into {
            Some(into) => format!("{own} | {}", into.shown()),
            None => own,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::time::Instant;

    fn sh(script: &str, within: Duration) -> Call {
        Call::new("sh", ["-c", script], within)
    }

    #[tokio::test]
    async fn a_failure_names_the_command_and_the_end_of_its_output() {
        let error = sh("echo out; echo why >&2; exit 3", Duration::from_secs(20)).run().await.expect_err("it fails");
        let text = error.to_string();
        assert!(text.contains("exit status: 3") && text.ends_with("why"), "{text}");
    }

    #[tokio::test]
    async fn a_pipe_fails_with_its_first_half() {
        let secs = Duration::from_secs(20);
        let piped = sh("echo x; exit 4", secs).pipe(sh("cat", secs));
        assert!(matches!(piped.run().await, Err(Error::Command { .. })));
        assert_eq!(sh("echo x", secs).pipe(sh("tr x y", secs)).run().await.expect("both end well"), "y\n");
    }

    #[tokio::test]
    async fn a_command_that_hangs_is_ended() {
        let start = Instant::now();
        let error = sh("echo begun >&2; exec sleep 60", Duration::from_millis(300)).run().await.expect_err("it hangs");
        assert!(matches!(&error, Error::Hung { tail, .. } if tail == "begun"), "{error}");
        assert!(start.elapsed() < Duration::from_secs(20));
    }

    #[tokio::test]
    async fn a_missing_program_is_reported() {
        let call = Call::new("no-such-program-here", ["x"], Duration::from_secs(5));
        assert!(matches!(call.run().await, Err(Error::NoProgram { .. })));
    }
}
