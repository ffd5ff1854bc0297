//! Images in a file, for a machine without a network. The file is written on a machine that has one.

use super::engine::Engine;
use crate::backends::cluster::images::RequiredImage;
use crate::backends::cluster::{Error, images};
use camino::Utf8Path;
use model::FileError;
use std::time::Duration;

const WITHIN: Duration = Duration::from_secs(1800);

/// Writes all images into one archive, and pulls those that the engine lacks.
///
/// # Errors
/// [`Error::MissingImages`], or an error if the file cannot be written.
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

/// Loads an archive into the engine, and returns the required images that are still missing.
///
/// # Errors
/// If the file does not exist, or is not an archive of images.
pub async fn load(engine: &Engine, wanted: &[RequiredImage], file: &Utf8Path) -> Result<Vec<RequiredImage>, Error> {
    std::fs::metadata(file).map_err(FileError::of("read", file))?;
    engine.call(["load", "--input", file.as_str()], WITHIN).run().await?;
    images::lacking(engine, wanted).await
}
