//! `lab down` on kind: removes the cluster, its kubeconfig, and the network if the lab created it.

use super::cluster::Cluster;
use super::engine::Engine;
use super::record::Record;
use crate::backends::cluster::Error;
use camino::Utf8Path;
use host::Progress;
use model::LabDir;

/// Removes the lab's cluster. It is not an error if the cluster does not exist. `kind` is the path of kind's program.
///
/// # Errors
/// [`Error::NotOurs`] for a cluster that the lab did not create, or the engine's failure.
pub async fn down(dir: &LabDir, name: &str, kind: &Utf8Path, progress: &Progress) -> Result<(), Error> {
    let phase = progress.phase("remove the cluster");
    let mut engine = Engine::find().await?;
    // A different engine may answer now than the one that created the cluster.
    if let Some(record) = Record::load(dir)? {
        engine.program = record.engine;
    }
    let cluster = Cluster::of(name, &engine, kind, dir)?;
    let existed = cluster.exists().await?;
    cluster.delete().await?;
    phase.done(if existed { cluster.name.as_str() } else { "none" });
    Ok(())
}
