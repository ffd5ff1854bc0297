//! Settings for clients outside the harness: what kcat, Java's tools and a resolver need to reach the lab.

use super::handle::write_whole;
use super::{Error, Lab};
use crate::file_error::FileError;
use camino::Utf8PathBuf;
use std::fs;

/// The files, by what they are for.
pub struct ClientFiles {
    /// The cluster CA, PEM.
    pub ca: Utf8PathBuf,
    /// For Java's tools: `--command-config`.
    pub properties: Utf8PathBuf,
    /// For kcat: `-F`.
    pub kcat: Utf8PathBuf,
    /// Lines for a hosts file.
    pub hosts: Utf8PathBuf,
}

impl ClientFiles {
    pub fn of(lab: &Lab) -> Self {
        let folder = lab.dir.client();
        Self {
            ca: folder.join("ca.crt"),
            properties: folder.join("client.properties"),
            kcat: folder.join("kcat.conf"),
            hosts: folder.join("hosts"),
        }
    }
}

/// The bootstrap address of the shared cluster's native listener. Computed, since its status says port 443 whatever the
/// gateway's port is.
pub fn bootstrap(lab: &Lab) -> String {
    format!("bootstrap.{}:{}", lab.info.domain, lab.info.gateway.ports.passthrough)
}

/// Writes the files anew.
pub(super) fn write(lab: &Lab, ca: &str, broker_ids: &[i32]) -> Result<ClientFiles, Error> {
    let files = ClientFiles::of(lab);
    let folder = lab.dir.client();
    fs::create_dir_all(&folder).map_err(FileError::of("create", &folder))?;
    let bootstrap = bootstrap(lab);
    write_whole(&files.ca, ca.as_bytes())?;
    let properties = format!(
        "bootstrap.servers={bootstrap}\nsecurity.protocol=SSL\nssl.truststore.type=PEM\nssl.truststore.location={}\n",
        files.ca
    );
    write_whole(&files.properties, properties.as_bytes())?;
    let kcat = format!("bootstrap.servers={bootstrap}\nsecurity.protocol=ssl\nssl.ca.location={}\n", files.ca);
    write_whole(&files.kcat, kcat.as_bytes())?;
    write_whole(&files.hosts, hosts(lab, broker_ids).as_bytes())?;
    Ok(files)
}

fn hosts(lab: &Lab, broker_ids: &[i32]) -> String {
    let address = lab.info.gateway.address;
    let names = std::iter::once("bootstrap".to_owned()).chain(broker_ids.iter().map(|id| format!("broker-{id}")));
    names.map(|name| format!("{address} {name}.{}\n", lab.info.domain)).collect()
}
