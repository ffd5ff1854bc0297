//! External commands with a deadline. A duct expression says what runs and where its output goes.

use std::io;
use std::process::Output;
use std::thread;
use std::time::{Duration, Instant};

/// How often the caller is told that the command still runs.
const TICK: Duration = Duration::from_millis(500);

/// How long a program file may be busy before that becomes an error.
const BUSY_FOR: Duration = Duration::from_secs(5);

/// Runs a command to its end and returns what it captured, whatever its exit code. Calls `tick` with the elapsed time
/// twice a second. Returns `None` if the command did not end in time; the command is then killed.
///
/// # Errors
/// If the command cannot be started.
pub fn run(
    expression: &duct::Expression,
    within: Duration,
    mut tick: impl FnMut(Duration),
) -> io::Result<Option<Output>> {
    // The caller decides what an exit code means.
    let handle = start(&expression.unchecked())?;
    let begun = Instant::now();
    let deadline = begun + within;
    loop {
        if let Some(output) = handle.wait_deadline(deadline.min(Instant::now() + TICK))? {
            return Ok(Some(output.clone()));
        }
        if Instant::now() >= deadline {
            // Fails only if the command ended in the meantime.
            let _ = handle.kill();
            return Ok(None);
        }
        tick(begun.elapsed());
    }
}

fn start(expression: &duct::Expression) -> io::Result<duct::Handle> {
    let begun = Instant::now();
    loop {
        match expression.start() {
            // A program file that this process has just written stays busy until every child that another thread forked
            // in the meantime has reached its own exec.
            Err(error) if error.kind() == io::ErrorKind::ExecutableFileBusy && begun.elapsed() < BUSY_FOR => {
                thread::sleep(Duration::from_millis(10));
            }
            other => return other,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const LONG: Duration = Duration::from_secs(60);

    fn sh(script: &str) -> duct::Expression {
        duct::cmd("sh", ["-c", script]).stdin_null().stdout_capture()
    }

    #[test]
    fn an_exit_code_is_an_answer() {
        let output = run(&sh("echo out; exit 3"), LONG, |_| {}).expect("started").expect("it ends");
        assert_eq!((output.status.code(), output.stdout.as_slice()), (Some(3), b"out\n".as_slice()));
    }

    #[test]
    fn a_command_that_hangs_is_killed() {
        let begun = Instant::now();
        let mut ticks = 0;
        let output = run(&sh("exec sleep 60"), TICK * 4, |_| ticks += 1).expect("started");
        assert!(output.is_none() && begun.elapsed() < LONG, "{output:?}");
        assert!(ticks > 0, "the caller heard of it meanwhile");
    }

    #[test]
    fn a_missing_program_is_an_error() {
        let error = run(&duct::cmd!("no-such-program-here"), LONG, |_| {}).expect_err("there is none");
        assert_eq!(error.kind(), io::ErrorKind::NotFound);
    }
}
