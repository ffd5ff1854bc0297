//! Bringing a lab up, or repairing it: the same phases each time, each of which leaves alone what is in place.

use super::handle::Lab;
use super::target::Target;
use super::{Error, client_files, connectivity, down, hosts, lock};
use host::Progress;
use model::{FileError, LabDir, UpOptions};
use probe::resolve;
use std::fs;

/// A lab to run scenarios on.
pub struct Ensured {
    pub lab: Lab,
    /// It was brought up for this run, so whoever asked takes it down again.
    pub fresh: bool,
}

/// Opens the lab of that name where one is up, and brings one up where none is.
///
/// # Errors
/// As [`up`] has them.
pub async fn ensure(options: &UpOptions, progress: &Progress) -> Result<Ensured, Error> {
    match Lab::open(&options.name).await {
        Ok(lab) => Ok(Ensured { lab, fresh: false }),
        Err(Error::NotUp { .. }) => Ok(Ensured { lab: up(options, progress).await?, fresh: true }),
        Err(error) => Err(error),
    }
}

/// Brings the lab up, and shows with a client that every broker is reached through the gateway.
///
/// # Errors
/// A part that cannot be had, a busy port, a component that does not come up, or a broker that a client does not reach.
/// What was started stays, so that the next `up` goes on from there and `down` removes it.
pub async fn up(options: &UpOptions, progress: &Progress) -> Result<Lab, Error> {
    let dir = LabDir::of(&options.name)?;
    if options.hosts {
        hosts::check()?;
    }
    let _turn = lock::take(&dir, progress).await?;
    down::finish_begun(&dir, &options.name, progress).await?;
    dir.make()?;
    let up = in_folder(&dir, options, progress).await;
    if up.is_err() {
        // Refused before anything was made: then nothing is left of it either.
        dir.remove_if_empty()?;
    }
    up
}

async fn in_folder(dir: &LabDir, options: &UpOptions, progress: &Progress) -> Result<Lab, Error> {
    let (target, why) = Target::decide(dir, options).await?;
    progress.say(format!("lab {}: {} ({why})", options.name, target.kind()));
    let lab = target.up(dir, progress).await?;
    finish(&lab, options.hosts, progress).await?;
    target.add_tools(&lab, progress).await?;
    Ok(lab)
}

/// What every lab ends with: a client that reaches each broker, and the files for other clients.
async fn finish(lab: &Lab, in_hosts: bool, progress: &Progress) -> Result<(), Error> {
    resolve::map_domain(&lab.info.domain, lab.info.gateway.address);
    let phase = progress.phase("connectivity check");
    let checked = connectivity::through_every_route(lab).await?;
    phase.done(format!("a message through the route of each of brokers {:?}", checked.brokers));
    let files = client_files::write(lab, &checked.ca, &checked.brokers)?;
    if in_hosts {
        let block = fs::read_to_string(&files.hosts).map_err(FileError::of("read", &files.hosts))?;
        hosts::write(&lab.info.name, &block)?;
    }
    Ok(())
}
