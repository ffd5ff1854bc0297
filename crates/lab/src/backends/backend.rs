//! What differs between the kinds of lab once they are up.

use super::local::status::Component;
use super::{ExistingLab, KindLab, LocalLab};
use crate::{Error, Lab};
use camino::Utf8Path;
use futures::future::BoxFuture;
use host::Progress;
use model::{LabDir, LabKind};
use std::fmt;

/// A kind of lab. All code outside this folder uses this trait and never asks which kind it has.
pub trait Backend: fmt::Debug + Send + Sync {
    /// The processes on this machine that belong to the lab, whether they run or not.
    ///
    /// # Errors
    /// If there is no /proc.
    fn components(&self, lab: &Lab) -> Result<Vec<Component>, Error>;

    /// The namespaces that contain objects of the lab. Empty if the whole cluster belongs to the lab.
    ///
    /// # Errors
    /// If the gateway's fixture cannot be read.
    fn namespaces(&self, lab: &Lab) -> Result<Vec<String>, Error>;

    /// The node whose Pods are processes of this machine, if there is one. Their logs are files of the lab, and
    /// ClusterIPs are addresses of this machine.
    fn process_node(&self) -> Option<&'static str> {
        None
    }

    /// Whether the cluster stops together with the lab.
    fn owns_cluster(&self) -> bool {
        true
    }

    /// What is wrong with the machine that the cluster runs on, apart from what its API server reports.
    fn cluster_trouble<'a>(&'a self, _lab: &'a Lab) -> BoxFuture<'a, Result<Option<String>, Error>> {
        Box::pin(async { Ok(None) })
    }

    /// Restarts the gateway's data plane and waits until it is back. `None` if it consists of Pods, which are deleted
    /// instead.
    fn restart_data_plane<'a>(&'a self, _lab: &'a Lab) -> Option<BoxFuture<'a, Result<(), Error>>> {
        None
    }

    /// Puts the images of an archive into the lab's node, and gives the node's own image `short` the name `name` too. `None` if
    /// the lab has no node of its own.
    fn import_images<'a>(
        &'a self,
        _lab: &'a Lab,
        _archive: &'a Utf8Path,
        _short: &'a str,
        _name: &'a str,
    ) -> Option<BoxFuture<'a, Result<(), Error>>> {
        None
    }

    /// Whether the folder or the machine contains anything of such a lab besides its processes.
    ///
    /// # Errors
    /// If the lab's record cannot be read.
    fn is_there(&self, _dir: &LabDir) -> Result<bool, Error> {
        Ok(false)
    }

    /// Removes everything of the lab except the processes on this machine. Called only if [`Backend::is_there`].
    fn down<'a>(
        &'a self,
        _dir: &'a LabDir,
        _name: &'a str,
        _progress: &'a Progress,
    ) -> BoxFuture<'a, Result<(), Error>> {
        Box::pin(async { Ok(()) })
    }
}

/// The backend for a kind. This is the only place where a kind becomes a backend.
pub fn of(kind: LabKind) -> &'static dyn Backend {
    match kind {
        LabKind::Local => &LocalLab,
        LabKind::Kind => &KindLab,
        LabKind::Existing => &ExistingLab,
    }
}

/// All backends, for a lab that was interrupted before it recorded its kind.
pub fn all() -> impl Iterator<Item = &'static dyn Backend> {
    LabKind::ALL.into_iter().map(of)
}
