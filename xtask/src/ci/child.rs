//! Commands of a stage: started as from a shell, waited for, and ended with this process.

use super::interrupt::Interrupt;
use rustix::process::{Pid, Signal, kill_process};
use std::os::unix::process::ExitStatusExt;
use std::process::{Child, Command, ExitStatus};
use std::time::{Duration, Instant};
use std::{env, io, thread};

const PAUSE: Duration = Duration::from_millis(50);

/// Cargo, as a shell would start it.
///
/// What `cargo run` told this process about xtask's own package would reach build scripts, and those that watch such a
/// variable would run again in every stage.
pub fn cargo() -> Command {
    let mut command = Command::new(env::var_os("CARGO").unwrap_or_else(|| "cargo".into()));
    let of_the_package = |name: &str| {
        name.starts_with("CARGO_PKG_")
            || ["CARGO_MANIFEST_DIR", "CARGO_MANIFEST_PATH", "CARGO_BIN_NAME", "CARGO_CRATE_NAME"].contains(&name)
            || name == "CARGO_PRIMARY_PACKAGE"
    };
    for (name, _) in env::vars_os() {
        if name.to_str().is_some_and(of_the_package) {
            command.env_remove(name);
        }
    }
    command
}

/// Waits for a child, and ends it with the signal that this process gets.
///
/// # Errors
/// When its state cannot be had.
pub fn wait(child: &mut Child, interrupt: &Interrupt) -> io::Result<i32> {
    let mut told = false;
    loop {
        if let Some(status) = child.try_wait()? {
            return Ok(code(status));
        }
        if let Some(signal) = interrupt.seen()
            && !told
        {
            told = true;
            if !Interrupt::is_for_children_too(signal) {
                // Fails only when it has ended meanwhile.
                let _ = kill_process(Pid::from_child(child), Signal::TERM);
            }
        }
        thread::sleep(PAUSE);
    }
}

/// The exit code of a child that ends in time; one that does not is killed.
///
/// # Errors
/// When its state cannot be had.
pub fn wait_within(child: &mut Child, within: Duration) -> io::Result<Option<i32>> {
    let start = Instant::now();
    loop {
        if let Some(status) = child.try_wait()? {
            return Ok(Some(code(status)));
        }
        if start.elapsed() > within {
            child.kill()?;
            child.wait()?;
            return Ok(None);
        }
        thread::sleep(PAUSE);
    }
}

/// As a shell counts: 128 and the signal, for a process that a signal has ended.
fn code(status: ExitStatus) -> i32 {
    status.code().unwrap_or_else(|| 128 + status.signal().unwrap_or_default())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_child_that_hangs_is_killed() {
        let mut child = Command::new("sleep").arg("60").spawn().expect("started");
        assert_eq!(wait_within(&mut child, Duration::from_millis(10)).expect("its state"), None);
        assert_eq!(child.try_wait().expect("its state").and_then(|status| status.signal()), Some(9));
    }

    #[test]
    fn a_signal_counts_as_in_a_shell() {
        let mut child = Command::new("sh").args(["-c", "kill -TERM $$"]).spawn().expect("started");
        assert_eq!(wait_within(&mut child, Duration::from_secs(60)).expect("its state"), Some(143));
    }
}
