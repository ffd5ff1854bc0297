//! Locks parts of the lab across threads and processes, with advisory file locks. The kernel releases the locks of a
//! process that dies.

use super::Isolation;
use super::machine::own_clusters;
use camino::{Utf8Path, Utf8PathBuf};
use model::{LabDir, LabKind};
use std::fs::{File, TryLockError};
use std::io;
use std::time::Duration;

/// Waiting for a file lock would block a thread that cannot be interrupted, so the lock is polled.
const AGAIN: Duration = Duration::from_millis(50);

/// A lock that is released when dropped.
#[derive(Debug)]
pub struct LockGuard(#[expect(dead_code, reason = "the open file is the lock")] Option<File>);

/// The lock files of one lab.
#[derive(Clone, Debug)]
pub struct Locks {
    dir: Utf8PathBuf,
    /// How many tasks at a time may have a cluster of their own.
    own_clusters: usize,
}

impl Locks {
    /// # Errors
    /// If the folder cannot be created.
    pub fn of(lab: &LabDir, kind: LabKind) -> io::Result<Self> {
        Ok(Self { dir: lab.folder("locks")?, own_clusters: own_clusters(kind) })
    }

    /// Acquires the right to run under this isolation. Waits without a limit.
    ///
    /// # Errors
    /// If a lock file cannot be opened.
    pub async fn isolation(&self, isolation: Isolation) -> io::Result<Vec<LockGuard>> {
        // Every task takes this lock first, so that an exclusive one is not overtaken forever.
        let door = self.wait("door", true).await?;
        let isolation_lock = self.wait("isolation", isolation == Isolation::Exclusive).await?;
        drop(door);
        let mut guards = vec![isolation_lock];
        if isolation == Isolation::OwnCluster {
            let names: Vec<String> = (1..=self.own_clusters).map(|n| format!("own-cluster-{n}")).collect();
            guards.push(self.one_of(&names).await?.1);
        }
        Ok(guards)
    }

    /// Locks one of several resources. Waits until one is free.
    ///
    /// # Errors
    /// If a lock file cannot be opened.
    pub async fn one_of<'a>(&self, names: &'a [String]) -> io::Result<(&'a str, LockGuard)> {
        loop {
            for name in names {
                if let Some(guard) = attempt(&self.file(name), true)? {
                    return Ok((name, guard));
                }
            }
            tokio::time::sleep(AGAIN).await;
        }
    }

    async fn wait(&self, name: &str, alone: bool) -> io::Result<LockGuard> {
        loop {
            if let Some(guard) = attempt(&self.file(name), alone)? {
                return Ok(guard);
            }
            tokio::time::sleep(AGAIN).await;
        }
    }

    fn file(&self, name: &str) -> Utf8PathBuf {
        self.dir.join(name)
    }
}

fn attempt(path: &Utf8Path, alone: bool) -> io::Result<Option<LockGuard>> {
    let file = File::options().create(true).append(true).open(path)?;
    match if alone { file.try_lock() } else { file.try_lock_shared() } {
        Ok(()) => Ok(Some(LockGuard(Some(file)))),
        Err(TryLockError::WouldBlock) => Ok(None),
        // A file system without locks: continue without a lock.
        Err(TryLockError::Error(error)) if error.kind() == io::ErrorKind::Unsupported => Ok(Some(LockGuard(None))),
        Err(TryLockError::Error(error)) => Err(error),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use tokio::time::timeout;

    const SOON: Duration = Duration::from_millis(200);

    fn locks() -> (tempfile::TempDir, Locks) {
        let dir = tempfile::tempdir().expect("a folder");
        let locks = Locks { dir: dir.path().to_path_buf().try_into().expect("UTF-8"), own_clusters: 1 };
        (dir, locks)
    }

    #[tokio::test]
    async fn an_exclusive_listener_belongs_to_one_run_at_a_time() {
        let (_dir, locks) = locks();
        let listeners = ["slot1".to_owned(), "slot2".to_owned()];
        let (first, held) = locks.one_of(&listeners).await.expect("free");
        let (second, _also_held) = locks.one_of(&listeners).await.expect("free");
        assert_eq!((first, second), ("slot1", "slot2"));
        assert!(timeout(SOON, locks.one_of(&listeners)).await.is_err(), "both are taken");
        drop(held);
        assert_eq!(timeout(SOON, locks.one_of(&listeners)).await.expect("in time").expect("free").0, "slot1");
    }

    #[tokio::test]
    async fn an_exclusive_run_waits_for_others_and_is_not_overtaken() {
        let (_dir, locks) = locks();
        let shared = locks.isolation(Isolation::Parallel).await.expect("free");
        let own = locks.isolation(Isolation::OwnCluster).await.expect("beside it");
        assert!(timeout(SOON, locks.isolation(Isolation::OwnCluster)).await.is_err(), "one own cluster at a time");
        let alone = tokio::spawn({
            let locks = locks.clone();
            async move { locks.isolation(Isolation::Exclusive).await }
        });
        tokio::time::sleep(SOON).await;
        assert!(
            timeout(SOON, locks.isolation(Isolation::Parallel)).await.is_err(),
            "behind the exclusive one that waits"
        );
        drop((shared, own));
        let alone = timeout(SOON, alone).await.expect("in time").expect("no panic").expect("locked");
        assert!(timeout(SOON, locks.isolation(Isolation::Parallel)).await.is_err());
        drop(alone);
        timeout(SOON, locks.isolation(Isolation::Parallel)).await.expect("in time").expect("locked");
    }
}
