//! Images in a file, for a machine without a network: written where there is one, read where there is none.

use super::engine::Engine;
use crate::backends::cluster::images::RequiredImage;
use crate::backends::cluster::{Error, images};
use camino::Utf8Path;
use model::FileError;
use std::time::Duration;

const WITHIN: Duration = Duration::from_secs(1800);

/// Writes all the images into one archive, pulling what the engine lacks.
///
/// # Errors
/// [`Error::MissingImages`], or when the file cannot be written.
pub async fn save(
    engine: &Engine,
    wanted: &[RequiredImage],
    file: &Utf8Path,
    tick: impl Fn(&str),
) -> Result<(), Error> {
    images::obtain(engine, wanted, tick).await?;
    let names = wanted.iter().map(|wanted| wanted.image.image.as_str());
    engine.call(["save", "--output", file.as_str()].into_iter().chain(names), WITHIN).run().await?;
    Ok(())
}

/// Reads an archive into the engine, and gives those of the wanted images that are still missing.
///
/// # Errors
/// When the file is not there, or is no archive of images.
pub async fn load(engine: &Engine, wanted: &[RequiredImage], file: &Utf8Path) -> Result<Vec<RequiredImage>, Error> {
    std::fs::metadata(file).map_err(FileError::of("read", file))?;
    engine.call(["load", "--input", file.as_str()], WITHIN).run().await?;
    images::lacking(engine, wanted).await
}
