//! Checksums of files and folders, and the lists of checksums that upstream projects publish.

use super::failure::Failure;
use camino::{Utf8Path, Utf8PathBuf};
use sha2::{Digest, Sha256};
use std::fs::{self, File};
use std::io::Read;

/// The sha256 of a file, in hexadecimal.
pub fn of_file(path: &Utf8Path) -> Result<String, Failure> {
    let mut file = File::open(path).map_err(Failure::io(path))?;
    let mut hasher = Sha256::new();
    let mut buffer = vec![0; 1 << 20];
    loop {
        match file.read(&mut buffer).map_err(Failure::io(path))? {
            0 => return Ok(hex(&hasher.finalize())),
            n => hasher.update(&buffer[..n]),
        }
    }
}

/// [`of_file`] or [`of_folder`], by what the path is.
pub fn of(path: &Utf8Path) -> Result<String, Failure> {
    if path.is_dir() { of_folder(path) } else { of_file(path) }
}

/// The sha256 over the sorted lines `<sha256>  <relative path>` of every file below a folder.
pub fn of_folder(folder: &Utf8Path) -> Result<String, Failure> {
    let mut hasher = Sha256::new();
    for name in files_below(folder)? {
        hasher.update(format!("{}  {name}\n", of_file(&folder.join(&name))?));
    }
    Ok(hex(&hasher.finalize()))
}

/// Every file below a folder, as a sorted list of paths relative to it.
pub fn files_below(folder: &Utf8Path) -> Result<Vec<Utf8PathBuf>, Failure> {
    let mut found = Vec::new();
    let mut open = vec![folder.to_owned()];
    while let Some(current) = open.pop() {
        for entry in current.read_dir_utf8().map_err(Failure::io(&current))? {
            let path = entry.map_err(Failure::io(&current))?.into_path();
            if fs::metadata(&path).map_err(Failure::io(&path))?.is_dir() {
                open.push(path);
            } else {
                found.extend(path.strip_prefix(folder).map(Utf8Path::to_owned));
            }
        }
    }
    found.sort();
    Ok(found)
}

pub fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

/// Reads the checksum of `file` from a published list. There are three formats: the checksum alone, the lines of
/// `sha256sum` with checksum and name, and GnuPG's `name: AAAA BBBB ...` over several lines.
pub fn published(list: &str, file: &str) -> Option<String> {
    let is_checksum = |text: &str| matches!(text.len(), 64 | 128) && text.bytes().all(|b| b.is_ascii_hexdigit());
    if let Some((name, rest)) = list.split_once(':')
        && name.trim() == file
    {
        let joined: String = rest.split_whitespace().collect();
        return is_checksum(&joined).then(|| joined.to_ascii_lowercase());
    }
    list.lines().find_map(|line| {
        let mut words = line.split_whitespace();
        let checksum = words.next().filter(|word| is_checksum(word))?;
        let named = match words.next() {
            Some(name) => name.trim_start_matches('*').rsplit('/').next() == Some(file),
            None => list.split_whitespace().count() == 1,
        };
        named.then(|| checksum.to_ascii_lowercase())
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn published_lists_are_read_in_each_layout() {
        let (a, b) = ("ab".repeat(32), "cd".repeat(32));
        let lines = format!("{a}  other.tar.gz\n{b}  ./tool.tar.gz\n");
        assert_eq!(published(&lines, "tool.tar.gz"), Some(b.clone()));
        assert_eq!(published(&format!("{b} *tool.tar.gz"), "tool.tar.gz"), Some(b.clone()));
        assert_eq!(published(&format!("{a}\n"), "tool"), Some(a));
        let gnupg = format!("kafka.tgz: {}\n   {}\n", "AB12 ".repeat(16), "CD34 ".repeat(16));
        assert_eq!(published(&gnupg, "kafka.tgz"), Some(format!("{}{}", "ab12".repeat(16), "cd34".repeat(16))));
    }

    #[test]
    fn a_list_without_the_file_yields_nothing() {
        let lines = format!("{}  other.tar.gz\n", "ab".repeat(32));
        assert_eq!(published(&lines, "tool.tar.gz"), None);
        assert_eq!(published("<html>Not Found</html>", "tool.tar.gz"), None);
        assert_eq!(published("", "tool.tar.gz"), None);
    }

    #[test]
    fn a_folders_checksum_covers_names_and_contents() {
        let folder = tempfile::tempdir().expect("a folder");
        let path = Utf8Path::from_path(folder.path()).expect("UTF-8");
        fs::create_dir(path.join("lib")).expect("a folder");
        fs::write(path.join("lib/a"), "abc").expect("written");
        let first = of_folder(path).expect("readable");
        assert_eq!(
            of_file(&path.join("lib/a")).expect("readable"),
            "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"
        );
        fs::rename(path.join("lib/a"), path.join("lib/b")).expect("renamed");
        assert_ne!(of_folder(path).expect("readable"), first);
        fs::write(path.join("lib/b"), "ab").expect("written");
        assert_ne!(of_folder(path).expect("readable"), first);
    }
}
