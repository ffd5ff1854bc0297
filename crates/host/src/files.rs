//! Files and folders that only the user may read. A file is written completely or not at all.

use camino::{Utf8Path, Utf8PathBuf};
use model::FileError;
use std::fs::{self, DirBuilder, File, OpenOptions};
use std::io::{self, Read, Seek, SeekFrom, Write};
use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt};

/// Makes a folder and its parents. Each new one gets the mode 0700.
pub fn folder(path: &Utf8Path) -> Result<(), FileError> {
    DirBuilder::new().recursive(true).mode(0o700).create(path).map_err(FileError::of("make the folder", path))
}

/// Writes a file that only the user may read: its mode is 0600 from the first byte on. The file is put in place in one
/// step, so neither a reader nor a killed writer ever sees half of it. An unchanged file is left alone. Returns whether
/// the file was written.
///
/// # Errors
/// If the file cannot be written.
pub fn write(path: &Utf8Path, content: &[u8]) -> Result<bool, FileError> {
    if fs::read(path).is_ok_and(|old| old == content) {
        return Ok(false);
    }
    if let Some(parent) = path.parent() {
        folder(parent)?;
    }
    put(path, content, 0o600)?;
    Ok(true)
}

/// As [`write`], for a file that others may read as far as the user's umask allows, such as a report. Its folder must
/// exist.
///
/// # Errors
/// If the file cannot be written.
pub fn write_shared(path: &Utf8Path, content: &[u8]) -> Result<(), FileError> {
    put(path, content, 0o666)
}

fn put(path: &Utf8Path, content: &[u8], mode: u32) -> Result<(), FileError> {
    // The name is hidden, because some folders are read completely. It is always the same, so the next attempt
    // overwrites what a killed one left.
    let draft = path.with_file_name(format!(".{}.new", path.file_name().unwrap_or_default()));
    let written = OpenOptions::new()
        .write(true)
        .create(true)
        .truncate(true)
        .mode(mode)
        .open(&draft)
        .and_then(|mut file| file.write_all(content))
        .and_then(|()| fs::rename(&draft, path));
    written.map_err(|source| {
        // Reports the first error.
        let _ = fs::remove_file(&draft);
        FileError::of("write", path)(source)
    })
}

/// Removes a folder and its content. It is not an error if the folder does not exist.
pub fn remove_folder(path: &Utf8Path) -> Result<(), FileError> {
    match fs::remove_dir_all(path) {
        Ok(()) => Ok(()),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(()),
        Err(error) => Err(FileError::of("remove", path)(error)),
    }
}

/// Opens a log for appending, with mode 0600.
pub fn log(path: &Utf8Path) -> Result<File, FileError> {
    if let Some(parent) = path.parent() {
        folder(parent)?;
    }
    OpenOptions::new().append(true).create(true).mode(0o600).open(path).map_err(FileError::of("open the log", path))
}

/// The size above which a log is set aside when its program starts again.
const LOG_BYTES: u64 = 8 << 20;

/// As [`log`], but sets a large log aside first, as `<log>.old`, replacing an older one. So a component that restarts
/// again and again does not fill the disk.
pub fn fresh_log(path: &Utf8Path) -> Result<File, FileError> {
    if fs::metadata(path).is_ok_and(|log| log.len() > LOG_BYTES) {
        let aside = Utf8PathBuf::from(format!("{path}.old"));
        fs::rename(path, &aside).map_err(FileError::of("set aside", path))?;
    }
    log(path)
}

/// How much of a log's end is read for its last lines. A broker's log can grow to gigabytes.
pub const TAIL_BYTES: u64 = 1 << 20;

/// The last lines of a log, without blank ones.
///
/// # Errors
/// If the log cannot be read.
pub fn last_lines(path: &Utf8Path, count: usize) -> io::Result<String> {
    let text = end(path, TAIL_BYTES)?;
    let lines: Vec<&str> = text.lines().map(str::trim_end).filter(|line| !line.is_empty()).collect();
    Ok(lines[lines.len().saturating_sub(count)..].join("\n"))
}

/// The last 20 lines of a log for an error message, or why there are none.
pub fn tail(path: &Utf8Path) -> String {
    last_lines(path, 20).unwrap_or_else(|error| format!("(cannot read the log: {error})"))
}

/// The last `bytes` of a file, as text.
pub fn end(path: &Utf8Path, bytes: u64) -> io::Result<String> {
    let mut file = File::open(path)?;
    let length = file.metadata()?.len();
    file.seek(SeekFrom::Start(length.saturating_sub(bytes)))?;
    let mut read = Vec::new();
    file.read_to_end(&mut read)?;
    Ok(String::from_utf8_lossy(&read).into_owned())
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::os::unix::fs::PermissionsExt;

    #[test]
    fn a_written_file_is_private_and_an_unchanged_one_is_left_alone() {
        let dir = tempfile::tempdir().expect("a folder");
        let base = Utf8Path::from_path(dir.path()).expect("UTF-8").join("deep/er");
        let path = base.join("key");
        assert!(write(&path, b"secret").expect("written"));
        assert!(!write(&path, b"secret").expect("unchanged"));
        let mode = |path: &Utf8Path| fs::metadata(path).expect("metadata").permissions().mode() & 0o777;
        assert_eq!((mode(&path), mode(&base)), (0o600, 0o700));
        assert_eq!(fs::read_dir(&base).expect("listed").count(), 1, "no draft is left behind");
    }

    #[test]
    fn a_shared_file_is_replaced_whole_and_readable_by_others() {
        let dir = tempfile::tempdir().expect("a folder");
        let path = Utf8Path::from_path(dir.path()).expect("UTF-8").join("report.json");
        write_shared(&path, b"a long first content").expect("written");
        write_shared(&path, b"short").expect("written again");
        assert_eq!(fs::read_to_string(&path).expect("read"), "short");
        let mode = fs::metadata(&path).expect("metadata").permissions().mode();
        assert_eq!(mode & 0o600, 0o600, "{mode:o}");
        assert_eq!(fs::read_dir(dir.path()).expect("listed").count(), 1, "no draft is left behind");
    }

    #[test]
    fn a_file_that_cannot_be_replaced_leaves_no_draft() {
        let dir = tempfile::tempdir().expect("a folder");
        let path = Utf8Path::from_path(dir.path()).expect("UTF-8").join("taken");
        fs::create_dir_all(path.join("full")).expect("a folder in its place");
        let error = write_shared(&path, b"x").expect_err("a folder is there").to_string();
        assert!(error.contains("taken"), "{error}");
        assert_eq!(fs::read_dir(dir.path()).expect("listed").count(), 1, "no draft is left behind");
    }

    #[test]
    fn a_log_that_has_grown_large_is_put_aside_at_the_next_start() {
        let dir = tempfile::tempdir().expect("a folder");
        let path = Utf8Path::from_path(dir.path()).expect("UTF-8").join("etcd.log");
        fresh_log(&path).expect("opened").write_all(b"small").expect("written");
        fresh_log(&path).expect("opened again").write_all(b" and goes on").expect("written");
        assert_eq!(fs::read_to_string(&path).expect("read"), "small and goes on");
        File::options().append(true).open(&path).and_then(|log| log.set_len(LOG_BYTES + 1)).expect("grown");
        fresh_log(&path).expect("a new one").write_all(b"new").expect("written");
        assert_eq!(fs::read_to_string(&path).expect("read"), "new");
        assert_eq!(fs::metadata(format!("{path}.old")).expect("aside").len(), LOG_BYTES + 1);
    }

    #[test]
    fn a_tail_has_the_last_twenty_lines() {
        let dir = tempfile::tempdir().expect("a folder");
        let path = Utf8Path::from_path(dir.path()).expect("UTF-8").join("log");
        let text: Vec<String> = (1..=50).map(|n| format!("line {n}")).collect();
        fs::write(&path, text.join("\n\n  \n")).expect("written");
        let tail = tail(&path);
        assert_eq!(tail.lines().count(), 20, "blank ones do not count: {tail}");
        assert_eq!(tail.lines().next(), Some("line 31"));
        assert_eq!(tail.lines().last(), Some("line 50"));
    }
}
