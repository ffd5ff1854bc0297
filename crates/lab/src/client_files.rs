//! Settings for clients outside the harness, such as kcat, Java's tools and resolvers.

use super::{Error, Lab};
use camino::Utf8PathBuf;
use host::files::write_shared;
use model::FileError;
use std::fs;

/// The files, by their purpose.
pub struct ClientFiles {
    /// The cluster CA, PEM.
    pub ca: Utf8PathBuf,
    /// For Java's tools: `--command-config`.
    pub properties: Utf8PathBuf,
    /// For kcat: `-F`.
    pub kcat: Utf8PathBuf,
    /// Lines for a hosts file.
    pub hosts: Utf8PathBuf,
    /// For `-Djdk.net.hosts.file`: the lab's names and this machine's own, because a JVM with such a file asks no other
    /// resolver.
    pub java_hosts: Utf8PathBuf,
    /// Kafka's console tools as scripts, if the lab has their jars.
    pub tools: Utf8PathBuf,
}

impl ClientFiles {
    pub fn of(lab: &Lab) -> Self {
        let folder = lab.dir.client();
        Self {
            ca: folder.join("ca.crt"),
            properties: folder.join("client.properties"),
            kcat: folder.join("kcat.conf"),
            hosts: folder.join("hosts"),
            java_hosts: folder.join("java-hosts"),
            tools: folder.join("bin"),
        }
    }
}

/// The bootstrap address of the shared cluster's native listener. It is computed, because the status says port 443
/// whatever the gateway's port is.
pub fn bootstrap(lab: &Lab) -> String {
    format!("bootstrap.{}:{}", lab.info.domain, lab.info.gateway.ports.passthrough)
}

/// Writes all files again.
pub(super) fn write(lab: &Lab, ca: &str, broker_ids: &[i32]) -> Result<ClientFiles, Error> {
    let files = ClientFiles::of(lab);
    let folder = lab.dir.client();
    fs::create_dir_all(&folder).map_err(FileError::of("create", &folder))?;
    let bootstrap = bootstrap(lab);
    write_shared(&files.ca, ca.as_bytes())?;
    let properties = format!(
        "bootstrap.servers={bootstrap}\nsecurity.protocol=SSL\nssl.truststore.type=PEM\nssl.truststore.location={}\n",
        files.ca
    );
    write_shared(&files.properties, properties.as_bytes())?;
    let kcat = format!("bootstrap.servers={bootstrap}\nsecurity.protocol=ssl\nssl.ca.location={}\n", files.ca);
    write_shared(&files.kcat, kcat.as_bytes())?;
    let names = hosts(lab, broker_ids);
    write_shared(&files.hosts, names.as_bytes())?;
    let machine = fs::read_to_string("/proc/sys/kernel/hostname").unwrap_or_default();
    let every = every_listeners_hosts(lab, broker_ids);
    write_shared(&files.java_hosts, format!("127.0.0.1 localhost {}\n{every}", machine.trim()).as_bytes())?;
    Ok(files)
}

/// Quotes a word for a POSIX shell.
pub(super) fn quoted(value: &str) -> String {
    format!("'{}'", value.replace('\'', r"'\''"))
}

fn hosts(lab: &Lab, broker_ids: &[i32]) -> String {
    hosts_below(lab, broker_ids, &lab.info.domain)
}

/// The names of every listener of the shared cluster.
fn every_listeners_hosts(lab: &Lab, broker_ids: &[i32]) -> String {
    let shared = &lab.info.shared;
    let exclusive = [&shared.exclusive_tls, &shared.exclusive_plaintext, &shared.exclusive_tcp]
        .into_iter()
        .flatten()
        .map(String::as_str);
    let below =
        ["mtls", "scram"].into_iter().chain(exclusive).map(|listener| format!("{listener}.{}", lab.info.domain));
    std::iter::once(lab.info.domain.clone()).chain(below).map(|domain| hosts_below(lab, broker_ids, &domain)).collect()
}

fn hosts_below(lab: &Lab, broker_ids: &[i32], domain: &str) -> String {
    let address = lab.info.gateway.address;
    let names = std::iter::once("bootstrap".to_owned()).chain(broker_ids.iter().map(|id| format!("broker-{id}")));
    names.map(|name| format!("{address} {name}.{domain}\n")).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing;

    #[test]
    fn a_quote_in_a_path_ends_no_word() {
        assert_eq!(quoted("/home/o'neill/lab"), r"'/home/o'\''neill/lab'");
    }

    #[tokio::test]
    async fn javas_tools_get_the_labs_names_and_the_machines_own() {
        let (_held, lab) = testing::lab("files");
        let files = write(&lab, "CA", &[10, 11]).expect("written");
        let hosts = fs::read_to_string(&files.java_hosts).expect("read");
        for line in [
            "127.0.0.1 localhost",
            "127.0.0.1 bootstrap.kafka.test",
            "127.0.0.1 broker-11.kafka.test",
            "127.0.0.1 bootstrap.mtls.kafka.test",
        ] {
            assert!(hosts.contains(line), "{line} in {hosts}");
        }
    }
}
