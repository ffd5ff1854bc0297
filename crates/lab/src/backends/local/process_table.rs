//! The lab's processes, from the kernel's process table. There are no PID files: the environment of a process names the
//! lab that it belongs to.

use super::Error;
use super::process::Spec;
use camino::Utf8PathBuf;
use model::LabDir;
use procfs::process::{Process, all_processes};
use procfs::{Current, Uptime, ticks_per_second};
use rustix::process::geteuid;
use std::collections::HashMap;
use std::ffi::{OsStr, OsString};
use std::time::Duration;

const LAB: &str = "KAFKA_GATEWAY_LAB";
const ID: &str = "KAFKA_GATEWAY_LAB_ID";
const COMPONENT: &str = "KAFKA_GATEWAY_LAB_COMPONENT";
pub(super) const INSTANCE: &str = "KAFKA_GATEWAY_LAB_INSTANCE";

/// A running process of the lab.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Running {
    pub component: String,
    pub instance: String,
    pub pid: u32,
    /// The clock ticks from boot to its start. Together with the pid, they identify it.
    pub started: u64,
}

impl Running {
    /// How long it has been running.
    pub fn age(&self) -> Option<Duration> {
        let uptime = Uptime::current().ok()?.uptime_duration();
        Some(uptime.saturating_sub(Duration::from_millis(self.started * 1000 / ticks_per_second())))
    }

    /// Whether it was started with this program and these arguments.
    pub fn runs(&self, spec: &Spec) -> bool {
        self.command_line().is_some_and(|line| {
            line.split_first().is_some_and(|(program, args)| *program == spec.program.as_str() && args == spec.args)
        })
    }

    /// The specification that it was started with, for starting it again.
    pub fn spec(&self) -> Option<Spec> {
        let process = entry(self.pid)?;
        let line = process.cmdline().ok()?;
        let (program, args) = line.split_first()?;
        let text = |value: OsString| value.into_string().ok();
        Some(Spec {
            component: self.component.clone(),
            instance: self.instance.clone(),
            program: program.into(),
            args: args.to_vec(),
            env: process
                .environ()
                .ok()?
                .into_iter()
                .filter_map(|(name, value)| Some((text(name)?, text(value)?)))
                .collect(),
            dir: Utf8PathBuf::from_path_buf(process.cwd().ok()?).ok()?,
        })
    }

    fn command_line(&self) -> Option<Vec<String>> {
        entry(self.pid)?.cmdline().ok()
    }

    /// Whether it is stopped, for example by SIGSTOP or a debugger: it exists, but does nothing.
    pub fn is_stopped(&self) -> bool {
        entry(self.pid).and_then(|process| process.stat().ok()).is_some_and(|stat| matches!(stat.state, 'T' | 't'))
    }

    /// Whether its pid still belongs to it.
    pub fn is_alive(&self) -> bool {
        entry(self.pid).and_then(|process| started_at(&process)) == Some(self.started)
    }
}

/// Every running process of this lab and this user, in the order of their starts. An ended process that waits for its
/// parent does not count.
///
/// # Errors
/// If there is no /proc.
pub fn running(dir: &LabDir) -> Result<Vec<Running>, Error> {
    let id = dir.id();
    let all = all_processes().map_err(|error| Error::Unsupported { lacks: format!("/proc: {error}") })?;
    let user = geteuid().as_raw();
    let mut found: Vec<_> = all
        .flatten()
        .filter(|process| process.uid().is_ok_and(|uid| uid == user))
        .filter_map(|process| component_of(&process, dir, id.as_deref()))
        .collect();
    found.sort_by_key(|process| (process.started, process.pid));
    Ok(found)
}

fn component_of(process: &Process, dir: &LabDir, id: Option<&str>) -> Option<Running> {
    // This is read before the environment: if the pid changes hands in between, the identity no longer matches later.
    let started = started_at(process)?;
    let variables = process.environ().ok()?;
    // By the id, whatever the folder's path is now, or by the path if the folder is gone.
    let fits = |name: &str, value: Option<&str>| value.is_some() && variable(&variables, name) == value;
    if !fits(ID, id) && !fits(LAB, Some(dir.path().as_str())) {
        return None;
    }
    Some(Running {
        component: variable(&variables, COMPONENT)?.to_owned(),
        instance: variable(&variables, INSTANCE).unwrap_or_default().to_owned(),
        pid: u32::try_from(process.pid()).ok()?,
        started,
    })
}

/// The identity of a process that was just started.
pub fn identify(spec: &Spec, pid: u32) -> Running {
    let started = entry(pid).and_then(|process| started_at(&process)).unwrap_or_default();
    Running { component: spec.component.clone(), instance: spec.instance.clone(), pid, started }
}

/// The environment that marks a process as a component of this lab, even if another program starts it.
pub fn identity_env(dir: &LabDir, component: &str) -> Vec<(&'static str, String)> {
    let id = dir.id().map(|id| (ID, id));
    id.into_iter().chain([(LAB, dir.path().to_string()), (COMPONENT, component.to_owned())]).collect()
}

fn entry(pid: u32) -> Option<Process> {
    Process::new(i32::try_from(pid).ok()?).ok()
}

fn variable<'a>(variables: &'a HashMap<OsString, OsString>, name: &str) -> Option<&'a str> {
    variables.get(OsStr::new(name))?.to_str()
}

/// When a process started, in ticks since boot. `None` if it does not exist, or has ended and its parent has not
/// collected it.
fn started_at(process: &Process) -> Option<u64> {
    let stat = process.stat().ok()?;
    (!matches!(stat.state, 'Z' | 'X' | 'x')).then_some(stat.starttime)
}
