//! Whether a disk has room for a lab.

use super::Error;
use camino::Utf8Path;

/// Checks that the disk of a folder, which need not exist yet, has this many megabytes free for the user. A file system
/// that does not say counts as large enough.
///
/// # Errors
/// [`Error::DiskFull`] with what is free.
pub fn check(folder: &Utf8Path, needed: u64) -> Result<(), Error> {
    let there = folder.ancestors().find(|path| path.exists()).unwrap_or(folder);
    let Ok(disk) = rustix::fs::statvfs(there.as_std_path()) else { return Ok(()) };
    // Some file systems of containers say that they have no blocks at all.
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
