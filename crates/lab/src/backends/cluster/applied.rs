//! Records what the lab applied to a user's cluster, so that exactly that is removed again.

use super::Error;
use crate::backends::cluster::state;
use camino::Utf8PathBuf;
use kubeapi::ObjectRef;
use model::LabDir;
use serde::{Deserialize, Serialize};
use std::sync::{Mutex, PoisonError};

/// `existing.json` in the lab's folder.
#[derive(Clone, Debug, Deserialize, Serialize)]
struct File {
    /// The user's context. The kubeconfig is the one from the environment.
    context: String,
    /// In the order in which they were applied. Each was recorded here before it was applied.
    objects: Vec<ObjectRef>,
}

/// The list, on disk and in memory.
pub struct Applied {
    path: Utf8PathBuf,
    file: Mutex<File>,
}

impl Applied {
    /// The list of this lab, or a new one for this context if there is none.
    ///
    /// # Errors
    /// [`Error::Differs`] if the lab is in another cluster.
    pub fn open(dir: &LabDir, context: &str) -> Result<Self, Error> {
        let path = Self::path(dir);
        let file = match state::read::<File>(&path)? {
            Some(file) if file.context != context => {
                return Err(Error::Differs { what: "the context", has: file.context, wanted: context.to_owned() });
            }
            Some(file) => file,
            None => File { context: context.to_owned(), objects: vec![] },
        };
        Ok(Self { path, file: Mutex::new(file) })
    }

    /// The list that an earlier run of the lab left, and its context.
    pub fn left(dir: &LabDir) -> Result<Option<(Self, String)>, Error> {
        let path = Self::path(dir);
        let file = state::read::<File>(&path)?;
        Ok(file.map(|file| (Self { path, file: Mutex::new(file.clone()) }, file.context)))
    }

    pub fn path(dir: &LabDir) -> Utf8PathBuf {
        dir.path().join("existing.json")
    }

    pub fn contains(&self, object: &ObjectRef) -> bool {
        self.lock().objects.contains(object)
    }

    /// Records the objects. Call this before applying them.
    pub fn add(&self, objects: &[ObjectRef]) -> Result<(), Error> {
        let mut file = self.lock();
        for object in objects {
            if !file.objects.contains(object) {
                file.objects.push(object.clone());
            }
        }
        state::write(&self.path, &*file)
    }

    /// The objects, the last applied first.
    pub fn newest_first(&self) -> Vec<ObjectRef> {
        self.lock().objects.iter().rev().cloned().collect()
    }

    pub fn forget(&self) -> Result<(), Error> {
        state::remove(&self.path)
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, File> {
        self.file.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
