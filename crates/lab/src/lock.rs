//! Allows only one `up` or `down` of a lab at a time.

use super::Error;
use camino::{Utf8Path, Utf8PathBuf};
use host::Progress;
use model::{FileError, LabDir};
use std::fs::{File, OpenOptions, TryLockError};
use std::os::unix::fs::{DirBuilderExt, MetadataExt, OpenOptionsExt};
use std::time::Duration;
use std::{fs, io};

const AGAIN: Duration = Duration::from_millis(100);

/// The lock on changes to a lab. It is released when dropped, and by the kernel when the process is killed.
pub(super) struct Turn {
    _file: File,
    path: Utf8PathBuf,
    lab: Utf8PathBuf,
}

impl Drop for Turn {
    /// The file is useless without a lab. It is removed while it is locked, and whoever waits for it notices that.
    fn drop(&mut self) {
        if !self.lab.exists() {
            let _ = fs::remove_file(&self.path);
        }
    }
}

/// Waits for the lock on this lab. The lock file is beside the lab's folder, which `down` removes.
pub(super) async fn take(dir: &LabDir, progress: &Progress) -> Result<Turn, Error> {
    // This comes before anything is written: a file in another user's folder would be in its owner's way.
    dir.mark()?;
    let path = dir.path().with_extension("lab-lock");
    if let Some(parent) = path.parent() {
        fs::DirBuilder::new().recursive(true).mode(0o700).create(parent).map_err(FileError::of("create", parent))?;
    }
    let mut announced = false;
    loop {
        let file = OpenOptions::new().write(true).create(true).truncate(false).mode(0o600).open(&path);
        let file = file.map_err(FileError::of("create", &path))?;
        match file.try_lock() {
            Ok(()) => {}
            // The lock is polled, and not awaited in the kernel, so that Ctrl-C works meanwhile.
            Err(TryLockError::WouldBlock) => {
                if !std::mem::replace(&mut announced, true) {
                    progress.say("waiting: another command is changing this lab");
                }
                tokio::time::sleep(AGAIN).await;
                continue;
            }
            // The file system has no locks: continue, as tools without locking do.
            Err(TryLockError::Error(error)) if error.kind() == io::ErrorKind::Unsupported => {}
            Err(TryLockError::Error(error)) => return Err(FileError::of("lock", &path)(error).into()),
        }
        if is_still(&file, &path) {
            return Ok(Turn { _file: file, path, lab: dir.path().to_owned() });
        }
    }
}

/// Whether the locked file is the one that others find at this path.
fn is_still(file: &File, path: &Utf8Path) -> bool {
    match (file.metadata(), fs::metadata(path)) {
        (Ok(held), Ok(there)) => (held.dev(), held.ino()) == (there.dev(), there.ino()),
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::sync::atomic::{AtomicU32, Ordering};

    #[tokio::test]
    async fn who_waits_for_the_turn_can_be_interrupted() {
        let folder = tempfile::tempdir().expect("a folder");
        let dir = LabDir::at(Utf8Path::from_path(folder.path()).expect("UTF-8").join("one"));
        let _turn = take(&dir, &Progress::stderr()).await.expect("taken");
        let second = tokio::time::timeout(AGAIN * 3, take(&dir, &Progress::stderr())).await;
        assert!(second.is_err(), "the first still has it, and the wait gave way");
    }

    #[test]
    fn nothing_is_left_beside_a_lab_that_is_gone_and_only_one_has_the_turn() {
        let folder = tempfile::tempdir().expect("a folder");
        let path = Utf8Path::from_path(folder.path()).expect("UTF-8").join("one");
        let dir = LabDir::at(path);
        let (holders, most) = (AtomicU32::new(0), AtomicU32::new(0));
        std::thread::scope(|scope| {
            for _ in 0..6 {
                scope.spawn(|| {
                    let runtime = tokio::runtime::Builder::new_current_thread().enable_time().build().expect("built");
                    for _ in 0..5 {
                        let _turn = runtime.block_on(take(&dir, &Progress::stderr())).expect("taken");
                        most.fetch_max(holders.fetch_add(1, Ordering::SeqCst) + 1, Ordering::SeqCst);
                        std::thread::yield_now();
                        holders.fetch_sub(1, Ordering::SeqCst);
                    }
                });
            }
        });
        assert_eq!(most.load(Ordering::SeqCst), 1);
        assert_eq!(fs::read_dir(folder.path()).expect("listed").count(), 0);
    }
}
