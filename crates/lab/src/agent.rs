//! The lab's background process: how `up` starts it, and what it does.

use super::handle::read_info;
use super::{Error, log};
use crate::backends::kind::{AddressPool, give_addresses};
use crate::backends::local;
use crate::backends::local::{JvmRuntime, Net, NodeConfig};
use camino::{Utf8Path, Utf8PathBuf};
use host::files::write_shared;
use model::{FileError, LabDir, paths};
use serde::{Deserialize, Serialize};
use std::{env, fs};

/// The agent's settings, which `up` writes to `agent.json`.
#[derive(Debug, Deserialize, Serialize)]
pub(super) struct AgentSettings {
    /// Absent if Strimzi's own operator runs in the cluster.
    pub(super) standin: Option<StandinSettings>,
    /// The addresses for Services of type LoadBalancer. Absent if none gets an address.
    pub(super) pool: Option<AddressPool>,
    /// Runs Pods as processes. Set only in the local lab.
    pub(super) jvm: Option<JvmRuntime>,
}

/// How the stand-in reaches brokers, and where it places them.
#[derive(Debug, Deserialize, Serialize)]
pub(super) struct StandinSettings {
    pub(super) reach: standin::Reach,
    pub(super) placement: standin::Placement,
}

fn settings_file(dir: &LabDir) -> Utf8PathBuf {
    dir.path().join("agent.json")
}

/// Starts the agent, unless it already runs with these settings.
pub(super) async fn start(dir: &LabDir, name: &str, settings: &AgentSettings) -> Result<(), Error> {
    let path = settings_file(dir);
    let text = serde_json::to_string_pretty(settings)
        .map_err(|error| Error::State { path: path.clone(), problem: error.to_string() })?;
    write_shared(&path, text.as_bytes())?;
    let arguments = ["lab", "agent", "--name", name].map(ToOwned::to_owned).to_vec();
    let info = read_info(dir)?.ok_or_else(|| Error::NotUp { name: name.to_owned() })?;
    let server = kubeapi::server(&info.kubeconfig, &info.context).await?;
    Ok(local::agent::start(dir, server, &program()?, arguments, places(dir)?).await?)
}

/// Where this process finds its files. The agent runs in another folder, and outlives this shell's variables.
fn places(dir: &LabDir) -> Result<Vec<(String, String)>, Error> {
    let state = dir.path().parent().unwrap_or(dir.path());
    let places = [
        (paths::STATE, state.to_owned()),
        (paths::CACHE, paths::cache()?),
        (paths::CHECKOUT, paths::repo().to_owned()),
    ];
    Ok(places.map(|(name, path)| (name.to_owned(), path.into_string())).into())
}

/// The `lab` binary: this process, or the one beside it if this is a test.
fn program() -> Result<Utf8PathBuf, Error> {
    let own = env::current_exe().map_err(FileError::of("find", "the path of this program"))?;
    let own = Utf8PathBuf::try_from(own).map_err(|error| Error::State {
        path: Utf8PathBuf::from(error.as_path().to_string_lossy().into_owned()),
        problem: "the path is not UTF-8".to_owned(),
    })?;
    // Test binaries are in `deps` below the program's folder.
    let Some(folder) = own.parent().filter(|folder| folder.file_name() == Some("deps")).and_then(Utf8Path::parent)
    else {
        return Ok(own);
    };
    let beside = folder.join("lab");
    if beside.exists() {
        Ok(beside)
    } else {
        Err(FileError::of("find", beside)(std::io::ErrorKind::NotFound.into()).into())
    }
}

/// Runs the agent of a lab until it is told to stop.
///
/// # Errors
/// If its settings or the kubeconfig cannot be read.
pub async fn run(name: &str) -> Result<(), Error> {
    log::begin();
    let dir = LabDir::of(name)?;
    let path = settings_file(&dir);
    let text = fs::read_to_string(&path).map_err(FileError::of("read", &path))?;
    let settings: AgentSettings =
        serde_json::from_str(&text).map_err(|error| Error::State { path, problem: error.to_string() })?;
    let AgentSettings { standin, pool, jvm } = settings;
    let info = read_info(&dir)?.ok_or_else(|| Error::NotUp { name: name.to_owned() })?;
    let standin = standin
        .map(|StandinSettings { reach, placement }| move |catalog| standin::run(catalog, reach, placement.clone()));
    let addresses = pool.map(|pool| move |catalog| give_addresses(catalog, pool.clone()));
    match (jvm, standin) {
        (Some(jvm), Some(standin)) => {
            let node = NodeConfig { jvm, net: Net::of(name) };
            Ok(Box::pin(local::agent::run(dir, node, standin)).await?)
        }
        (_, standin) => {
            let catalog = super::handle::connect(&info.kubeconfig, &info.context).await?;
            Ok(local::agent::run_beside(catalog, standin, addresses).await?)
        }
    }
}
