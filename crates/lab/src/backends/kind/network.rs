//! The engine's network named `kind`. kind creates it with the first cluster and never removes it.

use super::engine::Engine;
use crate::backends::cluster::Error;
use crate::backends::cluster::state;
use camino::Utf8PathBuf;
use model::paths;
use model::paths::PathsError;
use serde::{Deserialize, Serialize};
use std::env;
use std::time::Duration;

/// The record is kept beside the labs' folders, because several labs may use the network.
#[derive(Deserialize, Serialize)]
struct RecordedNetwork {
    network: String,
    engine: String,
}

/// Its name.
pub fn name() -> String {
    env::var("KIND_EXPERIMENTAL_DOCKER_NETWORK")
        .ok()
        .filter(|name| !name.is_empty())
        .unwrap_or_else(|| "kind".to_owned())
}

fn mark() -> Result<Utf8PathBuf, PathsError> {
    Ok(paths::state()?.join("kind-network.json"))
}

/// Records that the network will be created by a lab. Call this before creating a cluster.
pub async fn note(engine: &Engine) -> Result<(), Error> {
    if engine.has_network(&name()).await? {
        return Ok(());
    }
    state::write(&mark()?, &RecordedNetwork { network: name(), engine: engine.program.clone() })
}

/// Removes the network if a lab created it and nothing uses it any more.
pub async fn tidy(engine: &Engine) -> Result<bool, Error> {
    let Some(made) = state::read::<RecordedNetwork>(&mark()?)? else { return Ok(false) };
    if made.engine != engine.program || !engine.has_network(&made.network).await? {
        return Ok(false);
    }
    match engine.call(["network", "rm", &made.network], Duration::from_secs(30)).run().await {
        Ok(_) => state::remove(&mark()?).map(|()| true),
        // Containers of another cluster use it. The last lab to stop removes it.
        Err(Error::Command { tail, .. }) if in_use(&tail) => Ok(false),
        Err(error) => Err(error),
    }
}

fn in_use(text: &str) -> bool {
    ["active endpoints", "in use", "being used"].iter().any(|words| text.contains(words))
}
