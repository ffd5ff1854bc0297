//! Reads files that others wrote, if they are regular files of a reasonable size. Reading a pipe could wait forever,
//! and reading a device might never end.

use camino::Utf8Path;
use std::fs::File;
use std::io::{self, Read};

/// The bytes of a regular file, or of the regular file that a link leads to.
///
/// # Errors
/// If the file cannot be read, is a pipe, a device or a folder, or has more than `most` bytes.
pub fn read(path: &Utf8Path, most: u64) -> io::Result<Vec<u8>> {
    // The type is checked before the file is opened: opening a pipe waits for its writer.
    let found = std::fs::metadata(path)?;
    if !found.is_file() {
        return Err(io::Error::new(io::ErrorKind::InvalidInput, "it is not a regular file"));
    }
    if found.len() > most {
        return Err(too_large(most));
    }
    let mut bytes = Vec::new();
    // A file may grow while it is read, and the files of `/proc` report a size of zero.
    File::open(path)?.take(most + 1).read_to_end(&mut bytes)?;
    if bytes.len() as u64 > most { Err(too_large(most)) } else { Ok(bytes) }
}

fn too_large(most: u64) -> io::Error {
    io::Error::new(io::ErrorKind::FileTooLarge, format!("it has more than {most} bytes"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_a_regular_file_of_a_reasonable_size_is_read() {
        let file = Utf8Path::new(env!("CARGO_MANIFEST_DIR")).join("Cargo.toml");
        assert!(read(&file, 1 << 20).is_ok_and(|bytes| bytes.starts_with(b"[package]")));
        let large = read(&file, 10).expect_err("too large");
        assert_eq!(large.to_string(), "it has more than 10 bytes");
        for (path, kind) in [("/dev/zero", io::ErrorKind::InvalidInput), ("/", io::ErrorKind::InvalidInput)] {
            assert_eq!(read(path.into(), 10).expect_err(path).kind(), kind, "{path}");
        }
    }
}
