//! A checkout that has other scenarios or another shared cluster, for a run of this program.
//!
//! It borrows the fixtures of the real checkout by links, so that nothing of a measurement is left in the catalogue.

use camino::{Utf8Path, Utf8PathBuf};
use model::{FileError, paths};
use std::fs;
use std::os::unix::fs::symlink;
use tempfile::TempDir;

#[derive(Debug, thiserror::Error)]
pub enum Error {
    #[error(transparent)]
    File(#[from] FileError),
    #[error("the folder for temporary files, {0:?}, is not UTF-8; set TMPDIR")]
    NotUtf8(std::path::PathBuf),
    #[error("{path} does not start with a line `name: {name}`")]
    Unnamed { path: Utf8PathBuf, name: String },
}

/// The checkout. It exists until this is dropped.
pub struct Checkout {
    _folder: TempDir,
    path: Utf8PathBuf,
}

impl Checkout {
    /// One without any scenario.
    ///
    /// # Errors
    /// If it cannot be written.
    pub fn new() -> Result<Self, Error> {
        let temporary = Utf8PathBuf::from_path_buf(std::env::temp_dir()).map_err(Error::NotUtf8)?;
        let folder = tempfile::tempdir().map_err(FileError::of("create a folder in", &temporary))?;
        let path = Utf8PathBuf::from_path_buf(folder.path().to_owned()).map_err(Error::NotUtf8)?;
        let checkout = Self { _folder: folder, path };
        create(&checkout.scenarios())?;
        create(&checkout.fixtures())?;
        for entry in read(&paths::fixtures())? {
            link(&entry, &checkout.fixtures().join(entry.file_name().unwrap_or_default()))?;
        }
        Ok(checkout)
    }

    pub fn scenarios(&self) -> Utf8PathBuf {
        self.path.join("scenarios")
    }

    fn fixtures(&self) -> Utf8PathBuf {
        self.path.join("fixtures")
    }

    /// What makes the `lab` binary use it.
    pub fn variable(&self) -> [(&'static str, String); 1] {
        [(paths::CHECKOUT, self.path.to_string())]
    }

    /// Adds the scenario of a folder under another name.
    ///
    /// # Errors
    /// If the folder is not a scenario's, or cannot be copied.
    pub fn copy(&self, from: &Utf8Path, name: &str) -> Result<(), Error> {
        let to = self.scenarios().join(name);
        create(&to)?;
        for file in read(from)? {
            let own = file.file_name().unwrap_or_default();
            if own == "scenario.yaml" {
                let text = fs::read_to_string(&file).map_err(FileError::of("read", &file))?;
                write(&to.join(own), &renamed(&file, &text, from.file_name().unwrap_or_default(), name)?)?;
            } else {
                link(&file, &to.join(own))?;
            }
        }
        Ok(())
    }

    /// Adds a scenario that is one file.
    ///
    /// # Errors
    /// If it cannot be written.
    pub fn add(&self, name: &str, text: &str) -> Result<(), Error> {
        let to = self.scenarios().join(name);
        create(&to)?;
        write(&to.join("scenario.yaml"), &format!("name: {name}\n{text}"))
    }

    /// Replaces the shared Kafka cluster.
    ///
    /// # Errors
    /// If it cannot be written.
    pub fn replace_shared_cluster(&self, text: &str) -> Result<(), Error> {
        let folder = self.fixtures().join("kafka");
        fs::remove_file(&folder).map_err(FileError::of("remove", &folder))?;
        create(&folder)?;
        write(&folder.join("shared.yaml"), text)
    }
}

/// A scenario's text with another name.
fn renamed(path: &Utf8Path, text: &str, from: &str, to: &str) -> Result<String, Error> {
    let line = format!("name: {from}");
    if !text.lines().any(|found| found == line) {
        return Err(Error::Unnamed { path: path.to_owned(), name: from.to_owned() });
    }
    Ok(text.replacen(&format!("{line}\n"), &format!("name: {to}\n"), 1))
}

fn read(folder: &Utf8Path) -> Result<Vec<Utf8PathBuf>, Error> {
    let failed = || FileError::of("read", folder);
    let entries = folder.read_dir_utf8().map_err(failed())?;
    Ok(entries.map(|entry| entry.map(|entry| entry.into_path())).collect::<Result<_, _>>().map_err(failed())?)
}

fn create(folder: &Utf8Path) -> Result<(), Error> {
    Ok(fs::create_dir_all(folder).map_err(FileError::of("create", folder))?)
}

fn write(path: &Utf8Path, text: &str) -> Result<(), Error> {
    Ok(fs::write(path, text).map_err(FileError::of("write", path))?)
}

fn link(target: &Utf8Path, path: &Utf8Path) -> Result<(), Error> {
    Ok(symlink(target, path).map_err(FileError::of("create the link", path))?)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_copy_lints_like_the_original_under_its_own_name() {
        let checkout = Checkout::new().expect("made");
        checkout.copy(&paths::scenarios().join("missing-broker-route"), "copy-1").expect("copied");
        let folders = scenario::load_all(&checkout.scenarios());
        assert_eq!(folders.len(), 1);
        let folder = folders.into_iter().next().expect("one").expect("it can be read");
        assert_eq!((folder.name(), scenario::lint(&folder).len()), ("copy-1", 0));
        assert!(checkout.fixtures().join("parts.yaml").is_file(), "it is a checkout");
    }

    #[test]
    fn the_shared_cluster_of_the_real_checkout_stays() {
        let real = fs::read_to_string(paths::fixtures().join("kafka/shared.yaml")).expect("there is one");
        let checkout = Checkout::new().expect("made");
        checkout.replace_shared_cluster("other").expect("replaced");
        assert_eq!(fs::read_to_string(checkout.fixtures().join("kafka/shared.yaml")).expect("read"), "other");
        assert_eq!(fs::read_to_string(paths::fixtures().join("kafka/shared.yaml")).expect("still there"), real);
    }

    #[test]
    fn a_file_without_its_name_is_refused() {
        assert!(matches!(renamed("f".into(), "title: T\n", "one", "two"), Err(Error::Unnamed { .. })));
        assert_eq!(
            renamed("f".into(), "# x\nname: one\nb: 1\n", "one", "two").expect("named"),
            "# x\nname: two\nb: 1\n"
        );
    }
}
