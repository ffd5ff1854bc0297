//! Taking a lab down: nothing of it is left, whatever state it was in, and nothing else is touched.

use super::{Error, LabDir, hosts, kind_lab, lock};
use crate::local;
use crate::progress::Progress;

/// Stops everything that the lab runs, removes what it made, and forgets it. A lab that is not up is fine.
///
/// # Errors
/// What could not be stopped or removed. A folder without the lab's mark is left as it is, which is an error too.
pub async fn down(dir: &LabDir, name: &str, progress: &Progress) -> Result<(), Error> {
    let _turn = lock::take(dir, progress)?;
    let phase = progress.phase("down");
    kind_lab::down(dir, name, progress).await?;
    let components = local::down::stop(dir).await?;
    let removed = dir.remove()?;
    // Last, and told last: what the user's own file is like must not keep anything of the lab running.
    hosts::remove(name)?;
    if components.is_empty() && !removed {
        phase.done("no such lab was up");
    } else {
        phase.done(format!("{} processes stopped, state removed", components.len()));
    }
    Ok(())
}
