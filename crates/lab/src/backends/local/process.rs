//! The lab's processes: started independently of the terminal, found by their environment, and stopped within a time
//! limit.
//!
//! There are no PID files. The environment of a process names its lab, so whatever was started is found again, even by
//! the `up` or `down` after one that was killed.

pub use super::process_table::{Running, identify, identity_env, running};

use super::process_table::INSTANCE;
use super::{Error, last_words};
use camino::Utf8PathBuf;
use futures::future::join_all;
use host::files;
use model::{FileError, LabDir};
use rustix::process::{Pid, PidfdFlags, Signal, WaitOptions, pidfd_open, pidfd_send_signal, waitpid};
use std::io::Write;
use std::os::fd::OwnedFd;
use std::os::unix::process::{CommandExt, ExitStatusExt};
use std::process::{Command, ExitStatus, Stdio};
use std::time::Duration;
use std::{env, io};
use tokio::io::Interest;
use tokio::io::unix::AsyncFd;
use tokio::time::timeout;

/// How long a killed process may take to vanish.
const AFTER_KILL: Duration = Duration::from_secs(5);

/// A process to start.
#[derive(Clone, Debug)]
pub struct Spec {
    pub component: String,
    /// Distinguishes processes of the same component over time, for example by a Pod's uid. May be empty.
    pub instance: String,
    pub program: Utf8PathBuf,
    pub args: Vec<String>,
    /// The only variables that the process gets, besides a few harmless ones.
    pub env: Vec<(String, String)>,
    /// The working directory.
    pub dir: Utf8PathBuf,
}

/// The log of a component.
pub fn log_of(dir: &LabDir, component: &str) -> Utf8PathBuf {
    dir.logs().join(format!("{component}.log"))
}

/// Starts a process in its own group, with empty standard input, and appends both outputs to its log.
///
/// # Errors
/// If the program cannot be run or the log cannot be opened. Only [`spawn_and_watch`] detects that it ends at once.
pub fn spawn(dir: &LabDir, spec: &Spec) -> Result<u32, Error> {
    let mut log = files::fresh_log(&log_of(dir, &spec.component))?;
    writeln!(log, "{}", last_words::STARTED).map_err(FileError::of("write", log_of(dir, &spec.component)))?;
    let second = log.try_clone().map_err(FileError::of("open the log", log_of(dir, &spec.component)))?;
    files::folder(&spec.dir)?;
    let mut command = Command::new(&spec.program);
    command
        .args(&spec.args)
        .current_dir(&spec.dir)
        .env_clear()
        .envs(env::vars().filter(|(name, _)| harmless(name)))
        .envs(spec.env.iter().map(|(name, value)| (name, value)))
        .envs(identity_env(dir, &spec.component))
        .env(INSTANCE, &spec.instance)
        .stdin(Stdio::null())
        .stdout(log)
        .stderr(second)
        .process_group(0);
    let child = command.spawn().map_err(|source| Error::Spawn {
        component: spec.component.clone(),
        program: spec.program.clone(),
        source,
    })?;
    Ok(child.id())
}

/// Starts a process and watches it for a moment.
///
/// # Errors
/// As for [`spawn`], and [`Error::ExitedEarly`] with the end of its log if it ends within `moment`.
pub async fn spawn_and_watch(dir: &LabDir, spec: &Spec, moment: Duration) -> Result<u32, Error> {
    let pid = spawn(dir, spec)?;
    match timeout(moment, exit(pid)).await {
        Err(_) => Ok(pid),
        Ok(status) => Err(exited_early(dir, &spec.component, status?)),
    }
}

/// The error for a component that ended while others waited for it.
pub fn exited_early(dir: &LabDir, component: &str, status: Option<ExitStatus>) -> Error {
    let log = log_of(dir, component);
    let how = status.map_or_else(|| "its exit status is not known".to_owned(), |status| status.to_string());
    let words = last_words::of_file(&log);
    Error::ExitedEarly { component: component.to_owned(), how, words, tail: files::tail(&log), log }
}

/// Asks processes to end, all at once, and kills those that still run after `grace`.
///
/// # Errors
/// [`Error::StillRunning`] for the first one that survives even that.
pub async fn stop(processes: &[Running], grace: Duration) -> Result<(), Error> {
    join_all(processes.iter().map(|process| stop_one(process, grace))).await.into_iter().collect()
}

async fn stop_one(process: &Running, grace: Duration) -> Result<(), Error> {
    let Some(handle) = open(process.pid)? else { return Ok(()) };
    // From here on, the handle means this process and no later one with its pid.
    if !process.is_alive() {
        return Ok(());
    }
    for (signal, patience) in [(Signal::TERM, grace), (Signal::KILL, AFTER_KILL)] {
        // It may end between the check and the signal, which is fine.
        let _ = pidfd_send_signal(&handle, signal);
        if timeout(patience, handle.readable()).await.is_ok() {
            reap(process.pid);
            return Ok(());
        }
    }
    Err(Error::StillRunning { component: process.component.clone(), pid: process.pid, after: AFTER_KILL })
}

/// Stops the process of a component, and starts it again with the same program, arguments and environment.
///
/// # Errors
/// [`Error::NotRunning`], or an error if it cannot be stopped or started.
pub async fn restart(dir: &LabDir, component: &str, grace: Duration) -> Result<u32, Error> {
    let process = running(dir)?.into_iter().find(|process| process.component == component);
    let not_running = || Error::NotRunning { component: component.to_owned() };
    let process = process.ok_or_else(not_running)?;
    let spec = process.spec().ok_or_else(not_running)?;
    stop(&[process], grace).await?;
    spawn_and_watch(dir, &spec, Duration::from_millis(200)).await
}

/// Waits until a process has ended. Its status is known only if it is a child of this process.
///
/// # Errors
/// If the kernel has no pidfd.
pub async fn exit(pid: u32) -> Result<Option<ExitStatus>, Error> {
    let Some(handle) = open(pid)? else { return Ok(reap(pid)) };
    // An error means that the handle cannot be polled, and then there is nothing to wait for.
    let _ = handle.readable().await;
    Ok(reap(pid))
}

/// Waits until this process has ended. It has ended if its pid belongs to another process.
///
/// # Errors
/// If the kernel has no pidfd.
pub async fn exit_of(process: &Running) -> Result<Option<ExitStatus>, Error> {
    if process.is_alive() { exit(process.pid).await } else { Ok(reap(process.pid)) }
}

fn open(pid: u32) -> Result<Option<AsyncFd<OwnedFd>>, Error> {
    let unsupported = |error: io::Error| Error::Unsupported { lacks: format!("pidfd: {error}") };
    let Some(raw) = i32::try_from(pid).ok().and_then(Pid::from_raw) else { return Ok(None) };
    match pidfd_open(raw, PidfdFlags::NONBLOCK) {
        Ok(handle) => {
            // A pidfd becomes readable when its process ends, and is never written to.
            // SAFETY: the AsyncFd owns the descriptor, and nothing else can close it while it is registered.
            let registered = unsafe { AsyncFd::register_with_interest(handle, Interest::READABLE) };
            registered.map(Some).map_err(|error| unsupported(error.into()))
        }
        Err(rustix::io::Errno::SRCH) => Ok(None),
        Err(error) => Err(unsupported(error.into())),
    }
}

/// Collects the status of an ended child, so that it leaves the process table. Other processes belong to other parents.
fn reap(pid: u32) -> Option<ExitStatus> {
    let pid = i32::try_from(pid).ok().and_then(Pid::from_raw)?;
    let (_, status) = waitpid(Some(pid), WaitOptions::NOHANG).ok()??;
    Some(ExitStatus::from_raw(status.as_raw()))
}

/// Whether a program may inherit the variable. All others could change its behaviour: proxies, `KUBECONFIG`,
/// `JAVA_TOOL_OPTIONS`.
fn harmless(name: &str) -> bool {
    const NAMES: [&str; 10] =
        ["HOME", "LANG", "LC_ALL", "LOGNAME", "PATH", "SHELL", "TMPDIR", "TZ", "USER", "JAVA_HOME"];
    NAMES.contains(&name) || ["LAB", "XDG_", "RUST_"].iter().any(|prefix| name.starts_with(prefix))
}

#[cfg(test)]
mod tests {
    use super::*;
    use camino::Utf8Path;

    fn lab() -> (tempfile::TempDir, LabDir) {
        let folder = tempfile::tempdir().expect("a folder");
        let path = Utf8Path::from_path(folder.path()).expect("UTF-8").join("lab");
        let dir = LabDir::at(path);
        dir.make().expect("made");
        (folder, dir)
    }

    fn shell(dir: &LabDir, component: &str, script: &str) -> Spec {
        Spec {
            component: component.to_owned(),
            instance: "one".to_owned(),
            program: "/bin/sh".into(),
            args: vec!["-c".to_owned(), script.to_owned()],
            env: vec![],
            dir: dir.path().to_owned(),
        }
    }

    #[tokio::test]
    async fn a_stopped_process_differs_from_a_running_one() {
        let (_folder, dir) = lab();
        let spec = shell(&dir, "sleeper", "exec sleep 60");
        let pid = spawn_and_watch(&dir, &spec, Duration::from_millis(50)).await.expect("started");
        let process = identify(&spec, pid);
        assert!(!process.is_stopped());
        let handle = open(pid).expect("a pidfd").expect("it runs");
        pidfd_send_signal(&handle, Signal::STOP).expect("sent");
        while !process.is_stopped() {
            tokio::task::yield_now().await;
        }
        stop(&[process], Duration::ZERO).await.expect("killed");
    }

    #[tokio::test]
    async fn a_process_is_found_by_its_environment_and_stopped() {
        let (_folder, dir) = lab();
        let spec = shell(&dir, "sleeper", "exec sleep 60");
        let pid = spawn_and_watch(&dir, &spec, Duration::from_millis(50)).await.expect("started");
        let found = running(&dir).expect("listed");
        assert_eq!(found.len(), 1);
        assert_eq!((found[0].component.as_str(), found[0].instance.as_str(), found[0].pid), ("sleeper", "one", pid));
        stop(&found, Duration::from_secs(5)).await.expect("stopped");
        assert_eq!(running(&dir).expect("listed"), []);
    }

    #[tokio::test]
    async fn a_process_is_found_through_another_path_to_the_folder_but_not_through_a_copy() {
        let (folder, dir) = lab();
        let pid = spawn_and_watch(&dir, &shell(&dir, "sleeper", "exec sleep 60"), Duration::from_millis(50))
            .await
            .expect("started");
        let root = Utf8Path::from_path(folder.path()).expect("UTF-8");
        let (moved, copy) = (root.join("moved/lab"), root.join("copied/lab"));
        for path in [&moved, &copy] {
            std::fs::create_dir_all(path.parent().expect("below the root")).expect("made");
        }
        std::fs::rename(dir.path(), &moved).expect("moved");
        std::fs::create_dir(&copy).expect("made");
        for entry in std::fs::read_dir(&moved).expect("listed").flatten() {
            if entry.path().is_file() {
                std::fs::copy(entry.path(), copy.as_std_path().join(entry.file_name())).expect("copied");
            }
        }
        assert_eq!(running(&LabDir::at(copy)).expect("listed"), []);
        let found = running(&LabDir::at(moved)).expect("listed");
        assert_eq!(found.iter().map(|process| process.pid).collect::<Vec<_>>(), [pid]);
        stop(&found, Duration::from_secs(5)).await.expect("stopped");
    }

    #[tokio::test]
    async fn one_that_ignores_the_request_is_killed() {
        let (_folder, dir) = lab();
        let spec = shell(&dir, "stubborn", "trap '' TERM; while :; do sleep 0.05; done");
        let pid = spawn_and_watch(&dir, &spec, Duration::from_millis(100)).await.expect("started");
        let before = std::time::Instant::now();
        stop(&[identify(&spec, pid)], Duration::from_millis(200)).await.expect("killed");
        assert!(before.elapsed() >= Duration::from_millis(200), "it was given its grace");
        assert_eq!(running(&dir).expect("listed").iter().filter(|p| p.pid == pid).count(), 0);
    }

    #[tokio::test]
    async fn one_that_ends_at_once_is_an_error_with_its_last_words() {
        let (_folder, dir) = lab();
        let spec = shell(&dir, "broken", "echo 'no such flag: --frob' >&2; exit 3");
        let error = spawn_and_watch(&dir, &spec, Duration::from_secs(5)).await.expect_err("it ends");
        let text = error.to_string();
        assert!(text.contains("no such flag: --frob") && text.contains("exit status: 3"), "{text}");
    }

    #[tokio::test]
    async fn the_reason_is_named_even_where_a_stack_trace_buries_it() {
        let (_folder, dir) = lab();
        let script = "echo 'cannot save: no space left on device' >&2; i=0; \
            while [ $i -lt 40 ]; do echo \"    zapcore.(*CheckedEntry).Write $i\" >&2; i=$((i+1)); done; exit 2";
        let error =
            spawn_and_watch(&dir, &shell(&dir, "etcd", script), Duration::from_secs(5)).await.expect_err("it ends");
        let first = error.to_string().lines().next().unwrap_or_default().to_owned();
        assert!(first.contains("cannot save: no space left on device"), "{error}");
    }

    #[tokio::test]
    async fn a_pid_in_other_hands_is_never_signalled() {
        let (_folder, dir) = lab();
        let spec = shell(&dir, "innocent", "exec sleep 60");
        let pid = spawn_and_watch(&dir, &spec, Duration::from_millis(50)).await.expect("started");
        let real = identify(&spec, pid);
        let stale = Running { started: real.started - 1, ..real.clone() };
        stop(&[stale], Duration::from_millis(10)).await.expect("nothing to do");
        assert!(real.is_alive());
        stop(&[real], Duration::from_secs(5)).await.expect("stopped");
    }
}
