//! Starts or repairs a lab. The phases are always the same, and each of them keeps what is in place.

use super::gateway::{Statement, compared_features};
use super::handle::Lab;
use super::target::Target;
use super::{Error, client_files, connectivity, down, hosts, lock};
use host::{Progress, with_causes};
use model::{FileError, LabDir, UpOptions};
use probe::resolve;
use std::fs;

/// A lab for running scenarios.
pub struct Ensured {
    pub lab: Lab,
    /// Whether it was started for this run, so that the caller must stop it again.
    pub fresh: bool,
}

/// Opens the lab with that name if it is up, or starts one.
///
/// # Errors
/// As for [`up`].
pub async fn ensure(options: &UpOptions, progress: &Progress) -> Result<Ensured, Error> {
    match Lab::open(&options.name).await {
        Ok(lab) => Ok(Ensured { lab, fresh: false }),
        Err(Error::NotUp { .. }) => Ok(Ensured { lab: up(options, progress).await?, fresh: true }),
        Err(error) => Err(error),
    }
}

/// Starts the lab, and checks with a client that every broker can be reached through the gateway.
///
/// # Errors
/// If a part is missing, a port is busy, a component does not start, or a client does not reach a broker. Whatever was
/// started keeps running, so that the next `up` can continue and `down` can remove it.
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
        // The request was refused before anything was created, so nothing of the lab must be left.
        dir.remove_if_empty()?;
    }
    up
}

async fn in_folder(dir: &LabDir, options: &UpOptions, progress: &Progress) -> Result<Lab, Error> {
    let (target, why) = Target::decide(dir, options).await?;
    progress.say(format!("{} lab {:?} ({why})", target.kind(), options.name));
    let lab = target.up(dir, progress).await?;
    finish(&lab, options.hosts, progress).await?;
    target.add_tools(&lab, progress).await?;
    Ok(lab)
}

/// The end of every `up`: a client connects to each broker, and the files for other clients are written.
async fn finish(lab: &Lab, in_hosts: bool, progress: &Progress) -> Result<(), Error> {
    resolve::map_domain(&lab.info.domain, lab.info.gateway.address);
    let phase = progress.phase("connectivity check");
    let checked = connectivity::through_every_route(lab).await?;
    phase.done(format!("a message through the route of each of brokers {:?}", checked.brokers));
    compare_features(lab, progress).await;
    let files = client_files::write(lab, &checked.ca, &checked.brokers)?;
    if in_hosts {
        let block = fs::read_to_string(&files.hosts).map_err(FileError::of("read", &files.hosts))?;
        hosts::write(&lab.info.name, &block)?;
    }
    Ok(())
}

/// Compares the features that the fixture claims with those that the GatewayClass lists. A contradiction stops nothing,
/// because one side of it may be out of date.
async fn compare_features(lab: &Lab, progress: &Progress) {
    let gateway = &lab.info.gateway;
    let phase = progress.phase("features");
    match compared_features(&lab.catalog, &gateway.name, &gateway.class, &gateway.features).await {
        Ok(Statement::Contradicts(sentences)) => {
            phase.done(format!("not as GatewayClass {} lists them", gateway.class));
            for sentence in sentences {
                progress.say(format!("warning: {sentence}"));
            }
        }
        Ok(says) => phase.done(says),
        Err(error) => phase.done(format!("not compared: {}", with_causes(&error))),
    }
}
