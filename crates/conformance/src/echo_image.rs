//! An image with one program, as the archive that container engines import. It goes into the lab's node only, so that no image
//! of the user's is replaced by one of the same name.

use camino::Utf8Path;
use serde_json::json;
use sha2::{Digest, Sha256};
use std::fmt::Write as _;
use std::fs::{self, File};
use std::io;

/// The program's path in the image.
const PROGRAM: &str = "echo-basic";

/// Writes an archive with an image that has all of `names` and runs `program`.
pub fn write(archive: &Utf8Path, program: &Utf8Path, names: &[String]) -> io::Result<()> {
    let mut layer = tar::Builder::new(Vec::new());
    append(&mut layer, PROGRAM, &fs::read(program)?, 0o755)?;
    let layer = layer.into_inner()?;
    let config = json!({
        "architecture": architecture(),
        "os": "linux",
        "config": {"Entrypoint": [format!("/{PROGRAM}")], "User": "65532"},
        "rootfs": {"type": "layers", "diff_ids": [format!("sha256:{}", sha256(&layer))]},
    })
    .to_string();
    let config_file = format!("{}.json", sha256(config.as_bytes()));
    let manifest = json!([{"Config": config_file, "RepoTags": names, "Layers": ["layer.tar"]}]).to_string();

    let mut image = tar::Builder::new(File::create(archive)?);
    append(&mut image, "layer.tar", &layer, 0o644)?;
    append(&mut image, &config_file, config.as_bytes(), 0o644)?;
    append(&mut image, "manifest.json", manifest.as_bytes(), 0o644)?;
    image.into_inner()?.sync_all()
}

fn append<W: io::Write>(archive: &mut tar::Builder<W>, name: &str, content: &[u8], mode: u32) -> io::Result<()> {
    let mut header = tar::Header::new_gnu();
    header.set_size(content.len() as u64);
    header.set_mode(mode);
    archive.append_data(&mut header, name, content)
}

/// This machine's architecture, by the name that Go and images use. The program was built for this machine.
fn architecture() -> &'static str {
    match std::env::consts::ARCH {
        "x86_64" => "amd64",
        "aarch64" => "arm64",
        other => other,
    }
}

fn sha256(bytes: &[u8]) -> String {
    Sha256::digest(bytes).iter().fold(String::new(), |mut text, byte| {
        let _ = write!(text, "{byte:02x}");
        text
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::io::Read;

    #[test]
    fn the_archive_names_its_image_and_its_layer_has_the_sum_of_its_config() {
        let folder = tempfile::tempdir().expect("a folder");
        let folder = Utf8Path::from_path(folder.path()).expect("UTF-8");
        let (program, archive) = (folder.join("program"), folder.join("image.tar"));
        fs::write(&program, "#!/bin/true\n").expect("written");
        write(&archive, &program, &["example.com/echo:v1".into()]).expect("an archive");

        let mut members = std::collections::BTreeMap::new();
        let mut tar = tar::Archive::new(File::open(&archive).expect("readable"));
        for entry in tar.entries().expect("entries") {
            let mut entry = entry.expect("an entry");
            let mut content = Vec::new();
            entry.read_to_end(&mut content).expect("content");
            members.insert(entry.path().expect("a path").to_string_lossy().into_owned(), content);
        }
        let manifest: serde_json::Value = serde_json::from_slice(&members["manifest.json"]).expect("JSON");
        assert_eq!(manifest[0]["RepoTags"][0], "example.com/echo:v1");
        let config = &members[manifest[0]["Config"].as_str().expect("a name")];
        let config: serde_json::Value = serde_json::from_slice(config).expect("JSON");
        assert_eq!(config["rootfs"]["diff_ids"][0], format!("sha256:{}", sha256(&members["layer.tar"])));
        let mut layer = tar::Archive::new(members["layer.tar"].as_slice());
        let program = layer.entries().expect("entries").next().expect("one").expect("an entry");
        assert_eq!(
            (program.path().expect("a path").to_str(), program.header().mode().ok()),
            (Some(PROGRAM), Some(0o755))
        );
    }
}
