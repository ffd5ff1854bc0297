//! What differs between the kinds of lab once they are up.

use super::local::status::Component;
use super::{ExistingLab, KindLab, LocalLab};
use crate::{Error, Lab};
use futures::future::BoxFuture;
use host::Progress;
use model::{LabDir, LabKind};
use std::fmt;

/// A kind of lab. Everything outside this folder talks to it and never asks which one it is.
pub trait Backend: fmt::Debug + Send + Sync {
    /// The processes on this machine that the lab consists of, whether they run or not.
    ///
    /// # Errors
    /// Where there is no /proc.
    fn components(&self, lab: &Lab) -> Result<Vec<Component>, Error>;

    /// The namespaces that the lab put something into; empty where the whole cluster is the lab's.
    ///
    /// # Errors
    /// When the gateway's fixture cannot be read.
    fn namespaces(&self, lab: &Lab) -> Result<Vec<String>, Error>;

    /// The node whose Pods are processes of this machine, where there is such a node. Their logs are files of the lab, and
    /// ClusterIPs are addresses of this machine.
    fn process_node(&self) -> Option<&'static str> {
        None
    }

    /// Whether the cluster goes down with the lab.
    fn owns_cluster(&self) -> bool {
        true
    }

    /// What is wrong with the machine that the cluster runs on, apart from what its API server says.
    fn cluster_trouble<'a>(&'a self, _lab: &'a Lab) -> BoxFuture<'a, Result<Option<String>, Error>> {
        Box::pin(async { Ok(None) })
    }

    /// Restarts the gateway's data plane and waits until it is back; `None` where it consists of Pods, which are deleted.
    fn restart_data_plane<'a>(&'a self, _lab: &'a Lab) -> Option<BoxFuture<'a, Result<(), Error>>> {
        None
    }

    /// Whether there is anything of such a lab in the folder beside its processes.
    ///
    /// # Errors
    /// When the lab's record cannot be read.
    fn is_there(&self, _dir: &LabDir) -> Result<bool, Error> {
        Ok(false)
    }

    /// Removes everything of the lab but the processes on this machine. Called only where [`Backend::is_there`].
    fn down<'a>(
        &'a self,
        _dir: &'a LabDir,
        _name: &'a str,
        _progress: &'a Progress,
    ) -> BoxFuture<'a, Result<(), Error>> {
        Box::pin(async { Ok(()) })
    }
}

/// The one place where a kind becomes a backend.
pub fn of(kind: LabKind) -> &'static dyn Backend {
    match kind {
        LabKind::Local => &LocalLab,
        LabKind::Kind => &KindLab,
        LabKind::Existing => &ExistingLab,
    }
}

/// Every backend: what is there of a lab that has not come so far as to write down its kind.
pub fn all() -> impl Iterator<Item = &'static dyn Backend> {
    LabKind::ALL.into_iter().map(of)
}
