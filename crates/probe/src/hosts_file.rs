//! A file of names in the format of /etc/hosts, for this process only.

use super::resolve::map_domain;
use camino::{Utf8Path, Utf8PathBuf};
use std::net::IpAddr;
use std::{fs, io};

/// Why such a file cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum HostsFileError {
    #[error("cannot read {path}: {source}")]
    Read { path: Utf8PathBuf, source: io::Error },
    #[error("{path}:{line}: found {found:?}; expected an IP address and then names, as in /etc/hosts")]
    Line { path: Utf8PathBuf, line: usize, found: String },
}

/// From now on, the names of the file resolve to their addresses in this process. If a name has several lines, the first counts.
/// Nothing is mapped if a line is wrong.
///
/// # Errors
/// If the file cannot be read or a line has no address or no name.
pub fn map_hosts_file(path: &Utf8Path) -> Result<(), HostsFileError> {
    let text = fs::read_to_string(path).map_err(|source| HostsFileError::Read { path: path.to_owned(), source })?;
    let names = names(&text).map_err(|(line, found)| HostsFileError::Line { path: path.to_owned(), line, found })?;
    names.into_iter().rev().for_each(|(name, address)| map_domain(name, address));
    Ok(())
}

/// The names with their addresses, or the number and the text of the first line that has none.
fn names(text: &str) -> Result<Vec<(&str, IpAddr)>, (usize, String)> {
    let mut names = Vec::new();
    for (index, line) in text.lines().enumerate() {
        let mut words = line.split('#').next().unwrap_or_default().split_whitespace();
        let Some(first) = words.next() else { continue };
        let before = names.len();
        if let Ok(address) = first.parse() {
            names.extend(words.map(|name| (name, address)));
        }
        if names.len() == before {
            return Err((index + 1, line.to_owned()));
        }
    }
    Ok(names)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::resolve::mapped;

    #[test]
    fn names_resolve_to_the_addresses_of_the_file() {
        let folder = tempfile::tempdir().expect("a folder");
        let path = Utf8Path::from_path(folder.path()).expect("UTF-8").join("hosts");
        let text = "# mine\n127.9.0.1 one.hosts.invalid two.hosts.invalid # both\n\n::9 three.hosts.invalid\n\
                    127.9.0.2 one.hosts.invalid\n";
        fs::write(&path, text).expect("written");
        map_hosts_file(&path).expect("sound");
        assert_eq!(
            mapped("one.hosts.invalid"),
            Some("127.9.0.1".parse().expect("an address")),
            "the first line counts"
        );
        assert_eq!(mapped("two.hosts.invalid"), mapped("one.hosts.invalid"));
        assert_eq!(mapped("three.hosts.invalid"), Some("::9".parse().expect("an address")));
    }

    #[test]
    fn a_line_that_is_none_is_named() {
        let folder = tempfile::tempdir().expect("a folder");
        let path = Utf8Path::from_path(folder.path()).expect("UTF-8").join("hosts");
        for line in ["four.hosts.invalid 127.0.0.1", "127.0.0.1", "127.0.0.300 four.hosts.invalid"] {
            fs::write(&path, format!("127.0.0.1 localhost\n{line}\n")).expect("written");
            let error = map_hosts_file(&path).expect_err("a mistake").to_string();
            assert!(error.contains("hosts:2: found ") && error.contains(line), "{error}");
        }
        let error = map_hosts_file(&path.with_file_name("none")).expect_err("there is none").to_string();
        assert!(error.starts_with("cannot read "), "{error}");
    }
}
