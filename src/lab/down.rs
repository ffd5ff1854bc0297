//! Taking a lab down: nothing of it is left, whatever state it was in.

use super::{Error, LabDir, hosts, kind_lab, lock};
use crate::local;
use crate::progress::Progress;

/// Stops everything that the lab runs, removes what it made, and forgets it. A lab that is not up is fine.
///
/// # Errors
/// What could not be stopped or removed.
pub async fn down(dir: &LabDir, name: &str, progress: &Progress) -> Result<(), Error> {
    let _turn = lock::take(dir, progress)?;
    let phase = progress.phase("down");
    kind_lab::down(dir, name, progress).await?;
    hosts::remove(name)?;
    let stopped = local::down::down(dir).await?;
    if stopped.components.is_empty() && !stopped.removed {
        phase.done("no such lab was up");
    } else {
        phase.done(format!("{} processes stopped, state removed", stopped.components.len()));
    }
    Ok(())
}
