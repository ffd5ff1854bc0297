//! The folder that holds everything that one lab keeps on disk, and the mark that identifies it as a lab's folder.

use crate::file_error::FileError;
use crate::paths::{self, PathsError};
use camino::{Utf8Path, Utf8PathBuf};
use rustix::process::geteuid;
use serde::{Deserialize, Serialize};
use std::fs::{self, DirBuilder, Metadata, OpenOptions};
use std::hash::{BuildHasher, Hasher, RandomState};
use std::io::{self, Write};
use std::os::unix::fs::{DirBuilderExt, MetadataExt, OpenOptionsExt};

/// One lab's folder, `<state>/<name>`. It is private to the user (0700) because it holds keys.
#[derive(Clone, Debug)]
pub struct LabDir(Utf8PathBuf);

/// The file that marks a folder as a lab's. Nothing is ever removed from a folder without it.
const MARK: &str = ".kafka-gateway-lab.json";

/// What a lab's folder records about itself.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize)]
pub struct Mark {
    /// Explains the folder to people who find it.
    note: String,
    /// The lab's name. A copy under another name is not that lab.
    lab: String,
    /// The lab's processes carry this id, so they are found even if the folder's path changes.
    pub id: String,
    /// The inode of the folder. A copy has another one, and the processes do not belong to the copy.
    inode: u64,
}

/// Why a folder cannot be used as a lab's.
#[derive(Debug, thiserror::Error)]
pub enum FolderError {
    #[error(
        "{path} is not a lab's folder: it has no {MARK}. Nothing in it was changed; choose \
         another --name, or set LAB_STATE to another folder"
    )]
    Foreign { path: Utf8PathBuf },
    #[error("{path} is a copy of the folder of lab {lab}. Nothing in it was changed; you can remove it by hand")]
    Copy { path: Utf8PathBuf, lab: String },
    #[error("{path} belongs to user id {owner}, and you are user id {user}; run this command as its owner")]
    Owner { path: Utf8PathBuf, owner: u32, user: u32 },
    #[error(
        "{path} is damaged ({problem}), so the owner of its folder is unknown. Nothing was changed; \
        remove the folder by hand if it belonged to a lab"
    )]
    Mark { path: Utf8PathBuf, problem: String },
    #[error(transparent)]
    File(#[from] FileError),
}

impl LabDir {
    /// The folder of the lab with this name. It need not exist.
    ///
    /// # Errors
    /// If no variable says where labs keep their state.
    pub fn of(name: &str) -> Result<Self, PathsError> {
        Ok(Self(resolved(&paths::state()?).join(name)))
    }

    /// A folder at a path of the caller's choice.
    pub fn at(path: Utf8PathBuf) -> Self {
        Self(path)
    }

    pub fn path(&self) -> &Utf8Path {
        &self.0
    }

    /// The mark, if the folder exists.
    ///
    /// # Errors
    /// Returns a [`FolderError`] if something else is at this path: not a folder, another lab's, or another user's.
    pub fn mark(&self) -> Result<Option<Mark>, FolderError> {
        let path = &self.0;
        let folder = match fs::symlink_metadata(path) {
            Ok(folder) => folder,
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
            Err(error) => return Err(FileError::of("inspect", path)(error).into()),
        };
        let user = geteuid().as_raw();
        if folder.uid() != user {
            return Err(FolderError::Owner { path: path.clone(), owner: folder.uid(), user });
        }
        let foreign = || FolderError::Foreign { path: path.clone() };
        if !folder.is_dir() {
            return Err(foreign());
        }
        let text = match fs::read_to_string(path.join(MARK)) {
            Ok(text) => text,
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Err(foreign()),
            Err(error) => return Err(FileError::of("read", path.join(MARK))(error).into()),
        };
        let damaged =
            |problem: serde_json::Error| FolderError::Mark { path: path.join(MARK), problem: problem.to_string() };
        let mark: Mark = serde_json::from_str(&text).map_err(damaged)?;
        if Some(mark.lab.as_str()) != path.file_name() {
            return Err(FolderError::Copy { path: path.clone(), lab: mark.lab });
        }
        Ok(Some(mark))
    }

    /// Makes the folder together with its mark, unless it exists. The caller holds the lab's lock.
    ///
    /// # Errors
    /// As for [`LabDir::mark`], or if the folder cannot be made.
    pub fn make(&self) -> Result<(), FolderError> {
        if self.mark()?.is_some() {
            return Ok(());
        }
        // The folder is made under another name first: a kill in between must not leave one without its mark.
        let draft = self.draft();
        let (file, folder) = (draft.join(MARK), self.0.clone());
        // A killed attempt may have left a draft. It is removed only if it holds the mark and nothing else.
        let _ = fs::remove_file(&file);
        let _ = fs::remove_dir(&draft);
        let private =
            |recursive: bool, path: &Utf8Path| DirBuilder::new().recursive(recursive).mode(0o700).create(path);
        if let Some(parent) = draft.parent() {
            private(true, parent).map_err(FileError::of("make the folder", parent))?;
        }
        private(false, &draft).map_err(FileError::of("make the folder", &draft))?;
        let made = fs::metadata(&draft).map_err(FileError::of("inspect", &draft))?;
        let text = serde_json::to_string_pretty(&self.new_mark(&made))
            .map_err(|problem| FolderError::Mark { path: file.clone(), problem: problem.to_string() })?;
        let written = OpenOptions::new().write(true).create_new(true).mode(0o600).open(&file);
        written.and_then(|mut file| file.write_all(text.as_bytes())).map_err(FileError::of("write", &file))?;
        fs::rename(&draft, &folder).map_err(FileError::of("make the folder", folder))?;
        Ok(())
    }

    /// Removes the folder and its content. Returns whether the folder existed.
    ///
    /// # Errors
    /// As for [`LabDir::mark`], or if a file cannot be removed. The mark is removed last, so that the next attempt can
    /// continue.
    pub fn remove(&self) -> Result<bool, FolderError> {
        if self.mark()?.is_none() {
            return Ok(false);
        }
        let cannot = |path: &Utf8Path| FileError::of("remove", path.to_owned());
        for entry in self.0.read_dir_utf8().map_err(cannot(&self.0))? {
            let entry = entry.map_err(cannot(&self.0))?;
            if entry.file_name() == MARK {
                continue;
            }
            let path = entry.path();
            let is_folder = entry.file_type().map_err(cannot(path))?.is_dir();
            if is_folder { fs::remove_dir_all(path) } else { fs::remove_file(path) }.map_err(cannot(path))?;
        }
        // The folder is renamed first, so that neither a kill nor a run that still writes can leave this name without
        // its mark.
        let last = self.draft();
        fs::rename(&self.0, &last).map_err(cannot(&self.0))?;
        fs::remove_dir_all(&last).map_err(cannot(&last))?;
        Ok(true)
    }

    /// Removes the folder if it holds nothing except its mark.
    ///
    /// # Errors
    /// As for [`LabDir::remove`].
    pub fn remove_if_empty(&self) -> Result<(), FolderError> {
        let entries = self.0.read_dir_utf8().map_err(FileError::of("inspect", &self.0))?;
        if entries.flatten().all(|entry| entry.file_name() == MARK) {
            self.remove()?;
        }
        Ok(())
    }

    /// A subfolder of this lab's folder, for a run. Unlike `create_dir_all`, this never makes the lab's own folder,
    /// which would then have no mark.
    ///
    /// # Errors
    /// If the lab is gone, or the subfolder cannot be made.
    pub fn folder(&self, name: &str) -> io::Result<Utf8PathBuf> {
        let path = self.0.join(name);
        match fs::create_dir(&path) {
            Err(error) if error.kind() != io::ErrorKind::AlreadyExists => Err(error),
            _ => Ok(path),
        }
    }

    /// The folder's path before it gets its name, and while it is removed.
    fn draft(&self) -> Utf8PathBuf {
        self.0.with_extension("draft")
    }

    /// The id that this lab's processes carry. A folder that was copied or restored from a backup has none.
    pub fn id(&self) -> Option<String> {
        let mark = self.mark().ok().flatten()?;
        let folder = fs::metadata(&self.0).ok()?;
        (folder.ino() == mark.inode).then_some(mark.id)
    }

    fn new_mark(&self, folder: &Metadata) -> Mark {
        Mark {
            note: "A lab of the Kafka Gateway Lab made this folder; `cargo xtask lab down` removes it.".to_owned(),
            lab: self.0.file_name().unwrap_or_default().to_owned(),
            id: format!("{:016x}", RandomState::new().build_hasher().finish()),
            inode: folder.ino(),
        }
    }

    /// What is known about the running lab. The file exists once `lab up` knows the lab's addresses.
    pub fn info(&self) -> Utf8PathBuf {
        self.0.join("lab.json")
    }

    pub fn kubeconfig(&self) -> Utf8PathBuf {
        self.0.join("kubeconfig")
    }

    /// The keys and certificates of the control plane and of the walkthrough.
    pub fn pki(&self) -> Utf8PathBuf {
        self.0.join("pki")
    }

    /// One log file for each component: `<component>.log`.
    pub fn logs(&self) -> Utf8PathBuf {
        self.0.join("logs")
    }

    /// Settings for clients outside the harness: properties, CA and hosts block.
    pub fn client(&self) -> Utf8PathBuf {
        self.0.join("client")
    }

    /// The local lab's Pods, one folder for each.
    pub fn pods(&self) -> Utf8PathBuf {
        self.0.join("pods")
    }

    /// The results of runs. They lie beside the lab's folder, because reports are read after `lab down`.
    pub fn reports(&self) -> Utf8PathBuf {
        self.0.with_extension("reports")
    }
}

/// The absolute path of a folder, with every link resolved. Its last components need not exist.
fn resolved(path: &Utf8Path) -> Utf8PathBuf {
    let known = path.ancestors().find_map(|above| Some((above, above.canonicalize_utf8().ok()?)));
    match known {
        Some((above, real)) => path.strip_prefix(above).map_or_else(|_| path.to_owned(), |below| real.join(below)),
        None => path.to_owned(),
    }
}

#[cfg(test)]
#[path = "lab_dir_tests.rs"]
mod tests;
