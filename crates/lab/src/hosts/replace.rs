//! Changes a system file by one process at a time. The file always contains either the old text or the new one.

use camino::{Utf8Path, Utf8PathBuf};
use model::FileError;
use rustix::fs::{XattrFlags, fgetxattr, flistxattr, fsetxattr};
use std::fs::{self, File, OpenOptions, TryLockError};
use std::io::{self, Read, Write};
use std::os::unix::fs::{FileExt, MetadataExt, OpenOptionsExt, fchown};
use std::thread;
use std::time::{Duration, Instant};

/// Changes the file with `edit`. An unchanged file is not written, and a missing one is created if necessary.
///
/// # Errors
/// If the file cannot be read or written. Its content is then unchanged.
pub fn replace(path: &Utf8Path, edit: impl Fn(&[u8]) -> Vec<u8>) -> Result<(), FileError> {
    // This replaces the file itself, and not a link that leads to it.
    let path = path.canonicalize_utf8().unwrap_or_else(|_| path.to_owned());
    loop {
        let file = match File::open(&path) {
            Ok(file) => file,
            Err(error) if error.kind() == io::ErrorKind::NotFound => {
                let text = edit(b"");
                if text.is_empty() {
                    return Ok(());
                }
                match OpenOptions::new().write(true).create_new(true).mode(0o644).open(&path) {
                    Ok(_) => continue,
                    Err(error) if error.kind() == io::ErrorKind::AlreadyExists => continue,
                    Err(error) => return Err(FileError::of("create", &path)(error)),
                }
            }
            Err(error) => return Err(FileError::of("read", &path)(error)),
        };
        lock(&file).map_err(FileError::of("lock", &path))?;
        // The previous holder of the lock may have replaced the file.
        if !is_still(&file, &path) {
            continue;
        }
        let mut text = Vec::new();
        (&file).read_to_end(&mut text).map_err(FileError::of("read", &path))?;
        let edited = edit(&text);
        if edited == text {
            return Ok(());
        }
        return exchange(&path, &file, &edited)
            .or_else(|_| in_place(&path, &edited))
            .map_err(FileError::of("write", &path));
    }
}

/// Others hold the lock only while they write a small file. A process that holds it longer is not a lab.
const LOCKED_FOR: Duration = Duration::from_secs(5);

fn lock(file: &File) -> io::Result<()> {
    let deadline = Instant::now() + LOCKED_FOR;
    loop {
        match file.try_lock() {
            Ok(()) => return Ok(()),
            Err(TryLockError::WouldBlock) if Instant::now() < deadline => thread::sleep(Duration::from_millis(20)),
            Err(TryLockError::WouldBlock) => {
                let held = format!("another process has held its lock for {} s", LOCKED_FOR.as_secs());
                return Err(io::Error::other(held));
            }
            // The file system has no locks: continue, as tools without locking do.
            Err(TryLockError::Error(error)) if error.kind() == io::ErrorKind::Unsupported => return Ok(()),
            Err(TryLockError::Error(error)) => return Err(error),
        }
    }
}

fn is_still(file: &File, path: &Utf8Path) -> bool {
    let identity = |metadata: fs::Metadata| (metadata.dev(), metadata.ino());
    match (file.metadata(), fs::metadata(path)) {
        (Ok(held), Ok(there)) => identity(held) == identity(there),
        _ => false,
    }
}

/// Writes a file beside the old one with the same attributes, and puts it in the old one's place in one step.
fn exchange(path: &Utf8Path, old: &File, text: &[u8]) -> io::Result<()> {
    let metadata = old.metadata()?;
    if metadata.nlink() > 1 {
        return Err(io::Error::other("the file has another hard link, which must keep pointing to it"));
    }
    let draft = Draft(Some(Utf8PathBuf::from(format!("{path}.kafka-gateway-lab"))));
    let mut file = draft.create()?;
    file.write_all(text)?;
    fchown(&file, Some(metadata.uid()), Some(metadata.gid()))?;
    file.set_permissions(metadata.permissions())?;
    copy_attributes(old, &file)?;
    file.sync_all()?;
    draft.put_in_place(path)
}

/// Copies security labels and access lists. Without them, the system's own services may be unable to read the file.
fn copy_attributes(from: &File, to: &File) -> io::Result<()> {
    let mut names = vec![0; 64 * 1024];
    let length = match flistxattr(from, &mut names) {
        Ok(length) => length,
        Err(rustix::io::Errno::NOTSUP) => return Ok(()),
        Err(error) => return Err(error.into()),
    };
    for name in names[..length].split(|byte| *byte == 0).filter(|name| !name.is_empty()) {
        let mut value = vec![0; 64 * 1024];
        let size = fgetxattr(from, name, &mut value)?;
        fsetxattr(to, name, &value[..size], XattrFlags::empty())?;
    }
    Ok(())
}

/// In a container the file is a mount, which a rename cannot replace. The new text is written before the file is
/// truncated, so a kill in between duplicates lines but loses none.
fn in_place(path: &Utf8Path, text: &[u8]) -> io::Result<()> {
    let file = OpenOptions::new().write(true).open(path)?;
    file.write_all_at(text, 0)?;
    file.set_len(text.len() as u64)?;
    file.sync_all()
}

/// A draft that is removed unless it was put in place.
struct Draft(Option<Utf8PathBuf>);

impl Draft {
    fn create(&self) -> io::Result<File> {
        let path = self.0.as_deref().unwrap_or(Utf8Path::new(""));
        // A killed process left it. Under the lock, no other process uses it.
        let _ = fs::remove_file(path);
        OpenOptions::new().write(true).create_new(true).mode(0o600).open(path)
    }

    /// From here on, the draft's path belongs to another process, which locks the file that is now in place.
    fn put_in_place(mut self, target: &Utf8Path) -> io::Result<()> {
        let path = self.0.take().unwrap_or_default();
        fs::rename(&path, target).inspect_err(|_| {
            let _ = fs::remove_file(&path);
        })
    }
}

impl Drop for Draft {
    fn drop(&mut self) {
        if let Some(path) = &self.0 {
            let _ = fs::remove_file(path);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::fs::Permissions;
    use std::os::unix::fs::PermissionsExt;

    fn file(text: &str) -> (tempfile::TempDir, Utf8PathBuf) {
        let folder = tempfile::tempdir().expect("a folder");
        let path = Utf8Path::from_path(folder.path()).expect("UTF-8").join("hosts");
        fs::write(&path, text).expect("written");
        (folder, path)
    }

    #[test]
    fn a_reader_that_has_the_file_open_sees_the_old_text_whole() {
        let (_folder, path) = file("old");
        let mut reader = File::open(&path).expect("opened");
        replace(&path, |_| b"new and longer".to_vec()).expect("replaced");
        let mut seen = String::new();
        reader.read_to_string(&mut seen).expect("read");
        assert_eq!((seen.as_str(), fs::read_to_string(&path).expect("read").as_str()), ("old", "new and longer"));
    }

    #[test]
    fn mode_and_links_stay_as_they_are() {
        let (folder, path) = file("old");
        fs::set_permissions(&path, Permissions::from_mode(0o640)).expect("set");
        let link = path.with_extension("link");
        std::os::unix::fs::symlink(&path, &link).expect("linked");
        replace(&link, |_| b"new".to_vec()).expect("replaced");
        assert!(link.is_symlink());
        assert_eq!(fs::metadata(&path).expect("there").permissions().mode() & 0o777, 0o640);
        assert_eq!(fs::read_to_string(&path).expect("read"), "new");
        let second = path.with_extension("second");
        fs::hard_link(&path, &second).expect("linked");
        replace(&path, |_| b"newer".to_vec()).expect("replaced");
        assert_eq!(fs::read_to_string(&second).expect("read"), "newer");
        assert_eq!(fs::read_dir(folder.path()).expect("listed").count(), 3, "no draft is left");
    }

    #[test]
    fn a_lock_that_nobody_lets_go_of_is_an_error() {
        let (_folder, path) = file("old");
        let held = File::open(&path).expect("opened");
        held.lock().expect("locked");
        let error = replace(&path, |_| b"new".to_vec()).expect_err("refused");
        let reason = std::error::Error::source(&error).map(ToString::to_string).unwrap_or_default();
        assert!(reason.contains("has held its lock"), "{error}: {reason}");
        assert_eq!(fs::read_to_string(&path).expect("read"), "old");
    }

    #[test]
    fn a_file_that_cannot_be_renamed_over_is_written_in_place() {
        let (_folder, path) = file("a long text that was there before");
        in_place(&path, b"short").expect("written");
        assert_eq!(fs::read_to_string(&path).expect("read"), "short");
        in_place(&path, b"longer than that").expect("written");
        assert_eq!(fs::read_to_string(&path).expect("read"), "longer than that");
    }

    #[test]
    fn a_file_that_is_not_there_is_made_only_for_something() {
        let (_folder, path) = file("");
        fs::remove_file(&path).expect("removed");
        replace(&path, |_| Vec::new()).expect("nothing to do");
        assert!(!path.exists());
        replace(&path, |text| [text, b"line\n"].concat()).expect("made");
        assert_eq!(fs::read_to_string(&path).expect("read"), "line\n");
    }
}
