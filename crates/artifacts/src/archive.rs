//! Members of a `.tar.gz`.

use super::failure::Failure;
use camino::{Utf8Component, Utf8Path, Utf8PathBuf};
use flate2::read::GzDecoder;
use std::fs::{self, File};
use std::io::{self, BufReader};

/// Unpacks one member into the folder `into`. If `member` ends with a slash, unpacks every file in that folder. A
/// single member keeps its file name.
pub fn unpack(archive: &Utf8Path, member: &str, into: &Utf8Path) -> Result<(), Failure> {
    let file = File::open(archive).map_err(Failure::io(archive))?;
    let mut tar = tar::Archive::new(GzDecoder::new(BufReader::new(file)));
    let mut found = false;
    for entry in tar.entries().map_err(Failure::io(archive))? {
        let mut entry = entry.map_err(Failure::io(archive))?;
        if !entry.header().entry_type().is_file() {
            continue;
        }
        let name = entry.path().map_err(Failure::io(archive))?.to_string_lossy().into_owned();
        let Some(target) = below(name.trim_start_matches("./"), member) else { continue };
        let target = into.join(target);
        if let Some(folder) = target.parent() {
            fs::create_dir_all(folder).map_err(Failure::io(folder))?;
        }
        let mut out = File::create(&target).map_err(Failure::io(&target))?;
        io::copy(&mut entry, &mut out).map_err(Failure::io(&target))?;
        found = true;
        if !member.ends_with('/') {
            break;
        }
    }
    match found {
        true => Ok(()),
        false => Err(Failure::Contents { what: archive.file_name().unwrap_or_default().into(), wanted: member.into() }),
    }
}

/// The path of a member below the folder, if it was requested. `None` for a name that would leave the folder.
fn below(name: &str, member: &str) -> Option<Utf8PathBuf> {
    let relative = match member.ends_with('/') {
        true => Utf8Path::new(name.strip_prefix(member)?),
        false => Utf8Path::new((name == member).then(|| name.rsplit('/').next())??),
    };
    let normal = relative.components().all(|part| matches!(part, Utf8Component::Normal(_)));
    (normal && !relative.as_str().is_empty()).then(|| relative.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;
    use flate2::{Compression, write::GzEncoder};

    fn archive(folder: &Utf8Path) -> Utf8PathBuf {
        let path = folder.join("a.tar.gz");
        let mut tar = tar::Builder::new(GzEncoder::new(File::create(&path).expect("a file"), Compression::fast()));
        for (name, text) in [("tool-1/tool", "program"), ("tool-1/libs/a.jar", "a"), ("tool-1/libs/b.jar", "b")] {
            let mut header = tar::Header::new_gnu();
            header.set_size(text.len() as u64);
            header.set_mode(0o755);
            tar.append_data(&mut header, name, text.as_bytes()).expect("appended");
        }
        tar.into_inner().and_then(GzEncoder::finish).expect("written");
        path
    }

    #[test]
    fn a_member_and_a_folder_are_unpacked() {
        let folder = tempfile::tempdir().expect("a folder");
        let folder = Utf8Path::from_path(folder.path()).expect("UTF-8");
        let path = archive(folder);
        unpack(&path, "tool-1/tool", folder).expect("there");
        assert_eq!(fs::read_to_string(folder.join("tool")).expect("unpacked"), "program");
        let libs = folder.join("libs");
        unpack(&path, "tool-1/libs/", &libs).expect("there");
        assert_eq!(fs::read_to_string(libs.join("b.jar")).expect("unpacked"), "b");
        assert!(!libs.join("tool").exists());
    }

    #[test]
    fn a_missing_member_and_a_cut_archive_are_errors() {
        let folder = tempfile::tempdir().expect("a folder");
        let folder = Utf8Path::from_path(folder.path()).expect("UTF-8");
        let path = archive(folder);
        let missing = unpack(&path, "tool-1/other", folder).expect_err("not there").to_string();
        assert_eq!(missing, "a.tar.gz does not contain tool-1/other");
        let bytes = fs::read(&path).expect("readable");
        fs::write(&path, &bytes[..bytes.len() / 2]).expect("written");
        assert!(unpack(&path, "tool-1/libs/", folder).is_err());
    }

    #[test]
    fn a_name_cannot_leave_the_folder() {
        assert_eq!(below("libs/../../etc/passwd", "libs/"), None);
        assert_eq!(below("libs//etc/passwd", "libs/"), None);
        assert_eq!(below("libs/", "libs/"), None);
        assert_eq!(below("libs/a/b.jar", "libs/"), Some("a/b.jar".into()));
        assert_eq!(below("deep/tool", "deep/tool"), Some("tool".into()));
    }
}
