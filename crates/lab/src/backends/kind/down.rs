//! `lab down` on kind: the cluster, its kubeconfig, and the network where the lab made it.

use super::cluster::Cluster;
use super::engine::Engine;
use super::record::Record;
use crate::backends::cluster::Error;
use camino::Utf8Path;
use host::Progress;
use model::LabDir;

/// Removes the lab's cluster; one that is gone is fine. `kind` is kind's program.
///
/// # Errors
/// [`Error::NotOurs`] for a cluster that the lab did not make, or the engine's failure.
pub async fn down(dir: &LabDir, name: &str, kind: &Utf8Path, progress: &Progress) -> Result<(), Error> {
    let phase = progress.phase("remove the cluster");
    let mut engine = Engine::find().await?;
    // Another engine may answer now than the one that the cluster was made with.
    if let Some(record) = Record::load(dir)? {
        engine.program = record.engine;
    }
    let cluster = Cluster::of(name, &engine, kind, dir)?;
    let existed = cluster.exists().await?;
    cluster.delete().await?;
    phase.done(if existed { cluster.name.as_str() } else { "there was none" });
    Ok(())
}
