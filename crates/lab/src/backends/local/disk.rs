//! Whether a disk has room for a lab.

use super::Error;
use camino::Utf8Path;

/// Checks that the disk of a folder has this many megabytes free for the user. The folder need not exist. A file system
/// that reports no size counts as large enough.
///
/// [`Error::DiskFull`] with the free space.
/// [`Error::DiskFull`] with what is free.
pub fn check(folder: &Utf8Path, needed: u64) -> Result<(), Error> {
    let there = folder.ancestors().find(|path| path.exists()).unwrap_or(folder);
    let Ok(disk) = rustix::fs::statvfs(there.as_std_path()) else { return Ok(()) };
    // Some file systems of containers report that they have no blocks at all.
    if disk.f_blocks == 0 {
        return Ok(());
    }
    let free = disk.f_bavail.saturating_mul(disk.f_frsize) / 1_000_000;
    if free < needed { Err(Error::DiskFull { path: there.to_owned(), free, needed }) } else { Ok(()) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_disk_with_less_than_is_needed_is_named_with_what_it_has() {
        let folder = Utf8Path::new("/tmp/no/such/folder/yet");
        check(folder, 1).expect("a megabyte is free");
        let text = check(folder, u64::MAX).expect_err("nobody has that").to_string();
        assert!(text.starts_with("/tmp has only") && text.contains("LAB_STATE"), "{text}");
    }
}
