//! One `up` or `down` of a lab at a time.

use super::{Error, LabDir};
use crate::file_error::FileError;
use crate::progress::Progress;
use std::fs::{File, TryLockError};
use std::os::unix::fs::DirBuilderExt;
use std::{fs, io};

/// Held while a lab is changed; let go when dropped, and by the kernel when the process is killed.
pub(super) struct Turn {
    _file: File,
}

/// Waits for the turn to change this lab. The lock lies beside the lab's folder, which `down` removes.
pub(super) fn take(dir: &LabDir, progress: &Progress) -> Result<Turn, Error> {
    let path = dir.path().with_extension("lock");
    if let Some(parent) = path.parent() {
        fs::DirBuilder::new().recursive(true).mode(0o700).create(parent).map_err(FileError::of("create", parent))?;
    }
    let file = File::create(&path).map_err(FileError::of("create", &path))?;
    match file.try_lock() {
        Ok(()) => {}
        Err(TryLockError::WouldBlock) => {
            progress.say("another command is changing this lab; waiting for it");
            file.lock().map_err(FileError::of("lock", &path))?;
        }
        // A file system without locks: go on, as every tool without a lock does.
        Err(TryLockError::Error(error)) if error.kind() == io::ErrorKind::Unsupported => {}
        Err(TryLockError::Error(error)) => return Err(FileError::of("lock", &path)(error).into()),
    }
    Ok(Turn { _file: file })
}
