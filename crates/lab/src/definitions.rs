//! Applies resource definitions and waits for them.

use super::Error;
use ::kube::api::DynamicObject;
use camino::Utf8Path;
use futures::future::try_join_all;
use kubeapi::{Catalog, MANAGER};
use model::FileError;
use std::fs;

/// Applies every object of the files in parallel, because definitions do not depend on each other, and waits until the
/// API server serves what they define.
pub(super) async fn apply(catalog: &Catalog, files: &[&Utf8Path]) -> Result<(), Error> {
    let objects = objects(files)?;
    try_join_all(objects.iter().map(|object| kubeapi::apply(catalog, object, "default", MANAGER))).await?;
    try_join_all(objects.iter().map(|object| kubeapi::established(catalog, object))).await?;
    Ok(())
}

/// The objects of the files.
pub(super) fn objects(files: &[&Utf8Path]) -> Result<Vec<DynamicObject>, Error> {
    let mut objects = Vec::new();
    for file in files {
        let text = fs::read_to_string(file).map_err(FileError::of("read", *file))?;
        objects.extend(kubeapi::parse_manifests(file.as_str(), &text)?);
    }
    Ok(objects)
}
