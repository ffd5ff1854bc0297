//! The state of a lab's cluster.

use super::cluster::Cluster;
use super::engine::Engine;
use super::record::Record;
use crate::backends::cluster::Error;
use camino::Utf8Path;
use model::LabDir;
use std::fmt;
use std::time::Duration;

/// The state of a lab's cluster, for `lab status` and `lab doctor`.
#[derive(Clone, Debug, Eq, PartialEq)]
pub enum Status {
    Absent,
    /// `kind create cluster` did not finish, or its container does not run. The next `lab up` repairs it.
    Broken {
        cluster: String,
        why: String,
    },
    Answering {
        cluster: String,
        gateway: String,
    },
}

impl fmt::Display for Status {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Absent => f.write_str("no cluster"),
            Self::Broken { cluster, why } => write!(f, "kind cluster {cluster}: {why}; `lab up` repairs it"),
            Self::Answering { cluster, gateway } => write!(f, "kind cluster {cluster} answers, gateway {gateway}"),
        }
    }
}

/// Checks the lab's cluster. Takes a few seconds at most.
///
/// # Errors
/// If no engine answers, or the lab's record cannot be read.
pub async fn status(dir: &LabDir, name: &str) -> Result<Status, Error> {
    let Some(record) = Record::load(dir)? else { return Ok(Status::Absent) };
    let mut engine = Engine::find().await?;
    engine.program = record.engine;
    let cluster = Cluster::of(name, &engine, Utf8Path::new("kind"), dir)?;
    let broken = |why: String| Ok(Status::Broken { cluster: cluster.name.clone(), why });
    match engine.container_state(&cluster.node()).await? {
        None => return broken("its node is gone".to_owned()),
        Some(_) if !record.ready => return broken("its creation did not finish".to_owned()),
        Some(state) if state != "running" => return broken(format!("its node is {state}")),
        Some(_) => {}
    }
    let catalog = kubeapi::connect(Some(&dir.kubeconfig()), &cluster.context()).await?;
    match kubeapi::wait_ready(&catalog, &cluster.name, Duration::from_secs(3)).await {
        Ok(()) => Ok(Status::Answering { cluster: cluster.name, gateway: record.gateway }),
        Err(error) => broken(error.to_string()),
    }
}
