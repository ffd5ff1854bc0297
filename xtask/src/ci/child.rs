//! Commands of a stage: started as from a shell, awaited, and ended together with this process.

use super::interrupt::Interrupt;
use rustix::process::{Pid, Signal, kill_process};
use std::os::unix::process::ExitStatusExt;
use std::process::{Child, ExitStatus};
use std::time::{Duration, Instant};
use std::{io, thread};

const PAUSE: Duration = Duration::from_millis(50);

/// Waits for a child, and forwards the signal that this process receives.
///
/// # Errors
/// If its state cannot be read.
pub fn wait(child: &mut Child, interrupt: &Interrupt) -> io::Result<i32> {
    let mut signalled = false;
    loop {
        if let Some(status) = child.try_wait()? {
            return Ok(code(status));
        }
        if let Some(signal) = interrupt.seen()
            && !signalled
        {
            signalled = true;
            if !Interrupt::is_for_children_too(signal) {
                // Fails only if the child has ended in the meantime.
                let _ = kill_process(Pid::from_child(child), Signal::TERM);
            }
        }
        thread::sleep(PAUSE);
    }
}

/// The exit code of a child that ends in time. Otherwise the child is killed.
///
/// # Errors
/// If its state cannot be read.
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

/// The exit code as a shell counts it: 128 plus the signal for a process that a signal ended.
fn code(status: ExitStatus) -> i32 {
    status.code().unwrap_or_else(|| 128 + status.signal().unwrap_or_default())
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::process::Command;

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
