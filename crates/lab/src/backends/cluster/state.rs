//! Small JSON files that are either whole or absent.

use crate::backends::cluster::Error;
use camino::Utf8Path;
use model::FileError;
use serde::Serialize;
use serde::de::DeserializeOwned;
use std::fs;
use std::io::{self, Write};
use std::os::unix::fs::DirBuilderExt;

/// The file's content; `None` when there is no file.
pub fn read<T: DeserializeOwned>(path: &Utf8Path) -> Result<Option<T>, Error> {
    match fs::read_to_string(path) {
        Ok(text) => serde_json::from_str(&text)
            .map(Some)
            .map_err(|problem| Error::State { path: path.to_owned(), problem: problem.to_string() }),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
        Err(source) => Err(FileError::of("read", path)(source).into()),
    }
}

/// Writes a new file beside the old one and puts it in its place, so that an interrupt leaves one of them.
pub fn write<T: Serialize>(path: &Utf8Path, value: &T) -> Result<(), Error> {
    let folder = path.parent().unwrap_or(Utf8Path::new("."));
    // A lab's folder holds keys.
    fs::DirBuilder::new().recursive(true).mode(0o700).create(folder).map_err(FileError::of("make", folder))?;
    let text = serde_json::to_vec_pretty(value)
        .map_err(|problem| Error::State { path: path.to_owned(), problem: problem.to_string() })?;
    let mut file = tempfile::NamedTempFile::new_in(folder).map_err(FileError::of("write", path))?;
    file.write_all(&text).map_err(FileError::of("write", path))?;
    file.persist(path).map_err(|error| FileError::of("write", path)(error.error))?;
    Ok(())
}

/// Removes the file; one that is gone is fine.
pub fn remove(path: &Utf8Path) -> Result<(), Error> {
    match fs::remove_file(path) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => Err(FileError::of("remove", path)(error).into()),
        _ => Ok(()),
    }
}
