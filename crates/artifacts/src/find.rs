//! Parts that are already on this machine: in a folder that a variable names, or on PATH.

use super::failure::Failure;
use super::manifest::{EnvFile, Form, OnPath, Part};
use camino::{Utf8Path, Utf8PathBuf};
use std::collections::BTreeMap;
use std::fs;
use std::os::unix::fs::PermissionsExt;

/// The variables that decide which parts are found.
pub type Environment = BTreeMap<String, String>;

/// What was found, and the version that it reports.
pub struct Found {
    pub path: Utf8PathBuf,
    pub version: String,
}

/// The file that the user named. Any version is accepted, because the user chose it, and the version is shown.
pub fn overriding(part: &Part, path: &Utf8Path) -> Result<Found, Failure> {
    let path = camino::absolute_utf8(path).map_err(Failure::io(path))?;
    match part.form {
        Form::Folder => {
            let mut entries = path.read_dir_utf8().map_err(Failure::io(&path))?;
            if entries.next().is_none() {
                return Err(Failure::Contents { what: path.to_string(), wanted: "a file".into() });
            }
        }
        Form::File | Form::Program => present(&path, part.form)?,
    }
    let version = match &part.version {
        Some(probe) => probe.ask(&path)?.to_string(),
        None => "as given".into(),
    };
    Ok(Found { path, version })
}

/// A file in the folder that a variable names, if its version matches.
pub fn in_environment(part: &Part, source: &EnvFile, environment: &Environment) -> Result<Found, Failure> {
    let folder = environment.get(&source.variable).filter(|folder| !folder.is_empty());
    let folder = folder.ok_or_else(|| Failure::NotSet(source.variable.clone()))?;
    let path = Utf8Path::new(folder).join(&source.file);
    let path = camino::absolute_utf8(&path).map_err(Failure::io(&path))?;
    present(&path, part.form)?;
    checked(part, path)
}

/// The first program with that name on PATH, if its version matches.
pub fn on_path(part: &Part, source: &OnPath, environment: &Environment) -> Result<Found, Failure> {
    let folders = environment.get("PATH").map(String::as_str).unwrap_or_default();
    let mut candidates = std::env::split_paths(folders)
        .filter_map(|folder| Utf8PathBuf::from_path_buf(folder).ok())
        .map(|folder| folder.join(&source.program));
    let path = candidates.find(|path| present(path, Form::Program).is_ok());
    let path = path.ok_or_else(|| Failure::NotOnPath(source.program.clone()))?;
    let path = camino::absolute_utf8(&path).map_err(Failure::io(&path))?;
    checked(part, path)
}

fn checked(part: &Part, path: Utf8PathBuf) -> Result<Found, Failure> {
    let version = match &part.version {
        Some(probe) => probe.check(&path)?.to_string(),
        None => "as found".into(),
    };
    Ok(Found { path, version })
}

fn present(path: &Utf8Path, form: Form) -> Result<(), Failure> {
    let (wanted, fits): (&'static str, fn(&fs::Metadata) -> bool) = match form {
        Form::Program => ("program", |meta| meta.is_file() && meta.permissions().mode() & 0o111 != 0),
        Form::File => ("file", |meta| meta.is_file() && meta.len() > 0),
        Form::Folder => ("folder", fs::Metadata::is_dir),
    };
    match fs::metadata(path) {
        Ok(meta) if fits(&meta) => Ok(()),
        _ => Err(Failure::Missing { wanted, path: path.to_owned() }),
    }
}
