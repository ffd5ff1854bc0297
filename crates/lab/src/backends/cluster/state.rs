//! Small JSON files that are either complete or absent.

use crate::backends::cluster::Error;
use camino::Utf8Path;
use host::files;
use model::FileError;
use serde::Serialize;
use serde::de::DeserializeOwned;
use std::fs;
use std::io;

/// The file's content. `None` if there is no file.
pub fn read<T: DeserializeOwned>(path: &Utf8Path) -> Result<Option<T>, Error> {
    match fs::read_to_string(path) {
        Ok(text) => serde_json::from_str(&text)
            .map(Some)
            .map_err(|problem| Error::State { path: path.to_owned(), problem: problem.to_string() }),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
        Err(source) => Err(FileError::of("read", path)(source).into()),
    }
}

/// Replaces the file in one step, so that an interrupt leaves either the old one or the new one.
pub fn write<T: Serialize>(path: &Utf8Path, value: &T) -> Result<(), Error> {
    let text = serde_json::to_vec_pretty(value)
        .map_err(|problem| Error::State { path: path.to_owned(), problem: problem.to_string() })?;
    files::write(path, &text)?;
    Ok(())
}

/// Removes the file. It is not an error if the file does not exist.
pub fn remove(path: &Utf8Path) -> Result<(), Error> {
    match fs::remove_file(path) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => Err(FileError::of("remove", path)(error).into()),
        _ => Ok(()),
    }
}
