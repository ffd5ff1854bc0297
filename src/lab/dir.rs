//! The folder that holds everything one lab keeps on disk.

use crate::paths;
use camino::{Utf8Path, Utf8PathBuf};

/// `<state>/<name>`: one lab's folder. Private to the user (0700), since it holds keys.
#[derive(Clone, Debug)]
pub struct LabDir(Utf8PathBuf);

impl LabDir {
    pub fn of(name: &str) -> Self {
        Self(paths::state().join(name))
    }

    /// A folder of somebody's own choice.
    #[cfg(test)]
    pub(crate) fn at(path: Utf8PathBuf) -> Self {
        Self(path)
    }

    pub fn path(&self) -> &Utf8Path {
        &self.0
    }

    /// What is known of the running lab; present once `lab up` knows its addresses.
    pub fn info(&self) -> Utf8PathBuf {
        self.0.join("lab.json")
    }

    pub fn kubeconfig(&self) -> Utf8PathBuf {
        self.0.join("kubeconfig")
    }

    /// Keys and certificates of the control plane and of the walkthrough.
    pub fn pki(&self) -> Utf8PathBuf {
        self.0.join("pki")
    }

    /// One log file a component: `<component>.log`.
    pub fn logs(&self) -> Utf8PathBuf {
        self.0.join("logs")
    }

    /// Settings for clients outside the harness: properties, CA, hosts block.
    pub fn client(&self) -> Utf8PathBuf {
        self.0.join("client")
    }

    /// The local lab's Pods, a folder each.
    pub fn pods(&self) -> Utf8PathBuf {
        self.0.join("pods")
    }

    /// What runs found. Beside the lab's folder: reports are read after `lab down`.
    pub fn reports(&self) -> Utf8PathBuf {
        self.0.with_extension("reports")
    }
}
