//! The running components of a local lab, for `lab status`.

use super::{Error, agent, listening, process};
use camino::Utf8PathBuf;
use model::LabDir;
use serde::Serialize;
use std::net::SocketAddr;
use std::time::Duration;

/// One component of the lab.
#[derive(Clone, Debug, Serialize)]
pub struct Component {
    pub name: String,
    /// `None` if it should run but does not.
    pub process: Option<Process>,
    pub log: Utf8PathBuf,
}

impl Component {
    /// What is wrong with it: it does not run, or is stopped. `None` if it runs.
    pub fn trouble(&self) -> Option<&'static str> {
        match &self.process {
            None => Some("is not running"),
            Some(process) if process.stopped => Some("is stopped (SIGSTOP)"),
            Some(_) => None,
        }
    }
}

/// The process of a component.
#[derive(Clone, Debug, Serialize)]
pub struct Process {
    pub pid: u32,
    pub age: Duration,
    /// Stopped by SIGSTOP or a debugger: it exists, but does nothing.
    pub stopped: bool,
    pub listening: Vec<SocketAddr>,
}

/// The components of a lab with this gateway: those that every lab has, running or not, followed by the running
/// brokers.
///
/// # Errors
/// If there is no /proc.
pub fn components(dir: &LabDir, gateway: &str) -> Result<Vec<Component>, Error> {
    listed(dir, vec!["etcd", "kube-apiserver", gateway, agent::COMPONENT])
}

/// The only component on this machine of a lab in Kubernetes: the stand-in.
///
/// # Errors
/// If there is no /proc.
pub fn agent_only(dir: &LabDir) -> Result<Vec<Component>, Error> {
    listed(dir, vec![agent::COMPONENT])
}

/// Every running component, for a lab that is not completely up.
///
/// # Errors
/// If there is no /proc.
pub fn running(dir: &LabDir) -> Result<Vec<Component>, Error> {
    listed(dir, Vec::new())
}

fn listed(dir: &LabDir, expected: Vec<&str>) -> Result<Vec<Component>, Error> {
    let running = process::running(dir)?;
    let mut names = expected;
    let mut others: Vec<&str> = running.iter().map(|process| process.component.as_str()).collect();
    others.retain(|name| !names.contains(name));
    others.sort_unstable();
    others.dedup();
    names.extend(others);
    let component = |name: &str| {
        let process = running.iter().find(|process| process.component == name);
        Component {
            name: name.to_owned(),
            process: process.map(|process| Process {
                pid: process.pid,
                age: process.age().unwrap_or_default(),
                stopped: process.is_stopped(),
                listening: listening::of_process(process.pid),
            }),
            log: process::log_of(dir, name),
        }
    };
    Ok(names.into_iter().map(component).collect())
}
