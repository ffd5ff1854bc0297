//! A lab that is up: its facts and a connection to its API server.

use super::Error;
use super::backends::{self, Backend};
use crate::gateway::GatewayFixture;
use camino::Utf8Path;
use kubeapi::Catalog;
use model::{FileError, LabDir, LabInfo};
use probe::resolve;
use std::{fs, io};

/// A lab that is up.
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

    /// Opens the lab of this name, and makes its domain resolve in this process.
    ///
    /// # Errors
    /// [`Error::NotUp`] when there is none; [`Error::State`] when its state cannot be read.
    pub async fn open(name: &str) -> Result<Self, Error> {
        let dir = LabDir::of(name)?;
        let info = read_info(&dir)?.ok_or_else(|| Error::NotUp { name: name.to_owned() })?;
        let catalog = connect(&info.kubeconfig, &info.context).await?;
        resolve::map_domain(&info.domain, info.gateway.address);
        Ok(Self::new(info, dir, catalog))
    }

    /// What a diagnosis has to know of the gateway.
    pub fn gateway_facts(&self) -> diagnose::Gateway {
        // A gateway without a fixture is one of a user's own cluster.
        let fixture = GatewayFixture::load(&self.info.gateway.name).ok();
        diagnose::Gateway {
            ports: self.info.gateway.ports.all().collect(),
            default_certificate: fixture.and_then(|fixture| fixture.unknown_sni.common_name),
        }
    }

    /// Writes what is known of the lab, for every later verb.
    pub(super) fn record(&self) -> Result<(), Error> {
        let path = self.dir.info();
        let text = serde_json::to_string_pretty(&self.info)
            .map_err(|error| Error::State { path: path.clone(), problem: error.to_string() })?;
        Ok(write_whole(&path, text.as_bytes())?)
    }
}

/// The facts of a lab, if it has come so far as to write them.
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

/// Replaces a file as a whole, so that a reader never sees half of it.
pub(super) fn write_whole(path: &Utf8Path, content: &[u8]) -> Result<(), FileError> {
    let part = path.with_extension("part");
    fs::write(&part, content).map_err(FileError::of("write", &part))?;
    fs::rename(&part, path).map_err(FileError::of("replace", path))
}
