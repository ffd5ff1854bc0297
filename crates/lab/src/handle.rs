//! A running lab: its facts and a connection to its API server.

use super::Error;
use super::backends::{self, Backend};
use crate::gateway::GatewayFixture;
use camino::Utf8Path;
use host::files::write_shared;
use kubeapi::Catalog;
use model::{FileError, LabDir, LabInfo};
use probe::resolve;
use std::{fs, io};

/// A running lab.
#[derive(Clone)]
pub struct Lab {
    pub info: LabInfo,
    pub dir: LabDir,
    pub catalog: Catalog,
    pub backend: &'static dyn Backend,
}

impl Lab {
    pub(super) fn new(info: LabInfo, dir: LabDir, catalog: Catalog) -> Self {
        let backend = backends::of(info.kind);
        Self { info, dir, catalog, backend }
    }

    /// Opens the lab with this name, and makes its domain resolve in this process.
    ///
    /// # Errors
    /// [`Error::NotUp`] if there is none, or [`Error::State`] if its state cannot be read.
    pub async fn open(name: &str) -> Result<Self, Error> {
        let dir = LabDir::of(name)?;
        let info = read_info(&dir)?.ok_or_else(|| Error::NotUp { name: name.to_owned() })?;
        let catalog = connect(&info.kubeconfig, &info.context).await?;
        resolve::map_domain(&info.domain, info.gateway.address);
        Ok(Self::new(info, dir, catalog))
    }

    /// What a diagnosis needs to know about the gateway.
    pub fn gateway_facts(&self) -> diagnose::Gateway {
        // A gateway without a fixture is one of a user's own cluster.
        let fixture = GatewayFixture::load(&self.info.gateway.name).ok();
        diagnose::Gateway {
            ports: self.info.gateway.ports.all().collect(),
            default_certificate: fixture.and_then(|fixture| fixture.unknown_sni.common_name),
        }
    }

    /// Records what is known about the lab, for later commands.
    pub(super) fn record(&self) -> Result<(), Error> {
        let path = self.dir.info();
        let text = serde_json::to_string_pretty(&self.info)
            .map_err(|error| Error::State { path: path.clone(), problem: error.to_string() })?;
        Ok(write_shared(&path, text.as_bytes())?)
    }
}

/// The facts of a lab, if it was up far enough to record them.
pub(super) fn read_info(dir: &LabDir) -> Result<Option<LabInfo>, Error> {
    let path = dir.info();
    let text = match fs::read_to_string(&path) {
        Ok(text) => text,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
        Err(error) => return Err(FileError::of("read", path)(error).into()),
    };
    serde_json::from_str(&text).map(Some).map_err(|error| Error::State { path, problem: error.to_string() })
}

/// A catalog of the cluster that a kubeconfig's context names.
pub(super) async fn connect(kubeconfig: &Utf8Path, context: &str) -> Result<Catalog, Error> {
    Ok(kubeapi::connect(Some(kubeconfig), context).await?)
}
