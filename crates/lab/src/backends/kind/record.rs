//! Records that the lab created its kind cluster, because nothing else can prove it.

use crate::backends::cluster::Error;
use crate::backends::cluster::state;
use camino::Utf8PathBuf;
use model::{LabDir, Ports};
use serde::{Deserialize, Serialize};
use std::hash::{BuildHasher, Hasher, RandomState};

/// The content of `kind.json` in the lab's folder, written before the cluster is created.
#[derive(Clone, Debug, Deserialize, Serialize)]
pub struct Record {
    pub cluster: String,
    /// The id is also a label of the node. A cluster with the same name and another id is not ours.
    pub id: String,
    pub engine: String,
    pub node_image: String,
    pub ports: Ports,
    pub gateway: String,
    /// Whether `kind create cluster` succeeded.
    pub ready: bool,
}

impl Record {
    pub fn new_id() -> String {
        format!("{:016x}", RandomState::new().build_hasher().finish())
    }

    pub fn path(dir: &LabDir) -> Utf8PathBuf {
        dir.path().join("kind.json")
    }

    pub fn load(dir: &LabDir) -> Result<Option<Self>, Error> {
        state::read(&Self::path(dir))
    }

    pub fn store(&self, dir: &LabDir) -> Result<(), Error> {
        state::write(&Self::path(dir), self)
    }
}
