//! A program that is measured: its wall time, and the processor time of itself and of all that it starts and waits for.

use camino::Utf8PathBuf;
use host::command;
use procfs::process::Process;
use std::time::{Duration, Instant};

/// Longer than any task takes. A program that hangs must not stop the others.
const WITHIN: Duration = Duration::from_secs(3600);

/// How many of the last lines are shown of a program that failed.
const LAST_LINES: usize = 12;

/// Why a program has no times.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    #[error("cannot start {program}: {source}")]
    NotStarted { program: String, source: std::io::Error },
    #[error("{program} did not end within {within:?}, and was killed")]
    Late { program: String, within: Duration },
    #[error("{program} failed ({status}), so its times mean nothing; its last lines:\n{last}")]
    Failed { program: String, status: std::process::ExitStatus, last: String },
    #[error("cannot read the processor time of ended processes: {0}")]
    Processor(#[from] procfs::ProcError),
    #[error("there is no path of this program: {0}")]
    Own(std::io::Error),
}

/// What one run took, in seconds.
#[derive(Clone, Copy, Debug)]
pub struct Times {
    pub wall: f64,
    pub processor: f64,
}

/// A program with its arguments and what it finds in its environment.
#[derive(Clone, Debug)]
pub struct Contestant {
    program: String,
    arguments: Vec<String>,
    variables: Vec<(String, String)>,
}

impl Contestant {
    pub fn new(program: impl Into<String>, arguments: impl IntoIterator<Item = impl Into<String>>) -> Self {
        let arguments = arguments.into_iter().map(Into::into).collect();
        Self { program: program.into(), arguments, variables: Vec::new() }
    }

    /// This program, as another process: what it costs to start counts as well.
    ///
    /// # Errors
    /// If this program's file is gone.
    pub fn ours(arguments: impl IntoIterator<Item = impl Into<String>>) -> Result<Self, Error> {
        let program = std::env::current_exe().map_err(Error::Own)?;
        let program = Utf8PathBuf::from_path_buf(program)
            .map_err(|path| Error::Own(std::io::Error::other(format!("{} is not UTF-8", path.display()))))?;
        Ok(Self::new(program, arguments))
    }

    #[must_use]
    pub fn with<N: Into<String>, V: Into<String>>(mut self, variables: impl IntoIterator<Item = (N, V)>) -> Self {
        self.variables.extend(variables.into_iter().map(|(name, value)| (name.into(), value.into())));
        self
    }

    /// Runs it to its end. Nothing else that this process started may end meanwhile.
    ///
    /// # Errors
    /// If it cannot be started, fails or hangs.
    pub async fn run(&self) -> Result<Times, Error> {
        let mut expression = duct::cmd(&self.program, &self.arguments).stdin_null().stderr_to_stdout().stdout_capture();
        for (name, value) in &self.variables {
            expression = expression.env(name, value);
        }
        let program = || format!("{} {}", self.program, self.arguments.join(" ")).trim_end().to_owned();
        let (before, begun) = (of_ended_children()?, Instant::now());
        let ended = tokio::task::spawn_blocking(move || command::run(&expression, WITHIN, |_| {})).await;
        let wall = begun.elapsed().as_secs_f64();
        let output = ended
            .unwrap_or_else(|error| Err(std::io::Error::other(error)))
            .map_err(|source| Error::NotStarted { program: program(), source })?
            .ok_or_else(|| Error::Late { program: program(), within: WITHIN })?;
        if !output.status.success() {
            let text = String::from_utf8_lossy(&output.stdout);
            let lines: Vec<&str> = text.lines().collect();
            let last = lines[lines.len().saturating_sub(LAST_LINES)..].join("\n");
            return Err(Error::Failed { program: program(), status: output.status, last });
        }
        Ok(Times { wall, processor: of_ended_children()? - before })
    }
}

/// The processor time of all ended children of this process, and of those that they waited for. The kernel adds a
/// process to its parent's sum when the parent has waited for it, in steps of a hundredth of a second.
fn of_ended_children() -> Result<f64, procfs::ProcError> {
    let stat = Process::myself()?.stat()?;
    let ticks = stat.cutime.max(0) + stat.cstime.max(0);
    Ok(ticks as f64 / procfs::ticks_per_second() as f64)
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::sync::LazyLock;
    use tokio::sync::Mutex;

    /// A child of another test that ends meanwhile would be counted.
    static ALONE: LazyLock<Mutex<()>> = LazyLock::new(Mutex::default);

    /// Counts to a number, which needs no other program.
    const BUSY: &str = "i=0; while [ $i -lt 200000 ]; do i=$((i+1)); done";

    #[tokio::test]
    async fn the_time_of_a_grandchild_counts_and_waiting_does_not() {
        let _alone = ALONE.lock().await;
        let busy = Contestant::new("sh", ["-c", "sh -c \"$BUSY\"; true"]).with([("BUSY", BUSY)]);
        let busy = busy.run().await.expect("it runs");
        assert!(busy.processor > 0.02 && busy.processor < busy.wall * 1.5 + 0.1, "{busy:?}");
        let waiting = Contestant::new("sleep", ["0.5"]).run().await.expect("it runs");
        assert!(waiting.wall >= 0.5 && waiting.processor < 0.2, "{waiting:?}");
    }

    #[tokio::test]
    async fn a_program_that_fails_has_no_times() {
        let _alone = ALONE.lock().await;
        let error = Contestant::new("sh", ["-c", "echo why >&2; exit 3"]).run().await.expect_err("it fails");
        let text = error.to_string();
        assert!(text.contains("exit status: 3") && text.ends_with("\nwhy"), "{text}");
        let error = Contestant::new("no-such-program", [""; 0]).run().await.expect_err("there is none");
        assert!(error.to_string().starts_with("cannot start no-such-program: "), "{error}");
    }
}
