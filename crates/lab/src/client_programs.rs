//! The programs with which a person works on a lab by hand: kubectl, and Kafka's console tools as scripts that resolve the lab's
//! names.

use super::client_files::{ClientFiles, quoted};
use super::{Error, Lab, obtain};
use camino::{Utf8Path, Utf8PathBuf};
use host::Progress;
use host::files::write_shared;
use model::FileError;
use std::collections::BTreeMap;
use std::fs;
use std::os::unix::fs::PermissionsExt;

/// Where they are.
pub struct ClientPrograms {
    pub kubectl: Utf8PathBuf,
    /// The folder with Kafka's console tools.
    pub kafka_tools: Utf8PathBuf,
}

impl ClientPrograms {
    /// Obtains what is missing.
    ///
    /// # Errors
    /// [`Error::Missing`] with everything that cannot be obtained.
    pub async fn obtain(lab: &Lab, progress: &Progress) -> Result<Self, Error> {
        let mut names = vec!["kubectl".to_owned()];
        let present = console_tools(lab);
        if present.is_none() {
            names.extend(["java", "kafka-tools"].map(str::to_owned));
        }
        let mut parts = obtain::all(names, &BTreeMap::new(), progress).await?.into_iter();
        let kubectl = parts.next().map(|part| part.path).unwrap_or_default();
        let kafka_tools = match (present, parts.next(), parts.next()) {
            (Some(folder), ..) => folder,
            (None, Some(java), Some(tools)) => {
                write_tools(lab, &java.path, &tools.path)?;
                ClientFiles::of(lab).tools
            }
            (None, ..) => return Err(Error::Missing { what: vec!["java and kafka-tools".to_owned()] }),
        };
        Ok(Self { kubectl, kafka_tools })
    }
}

/// The folder with kafka-python, which is downloaded if it is missing.
///
/// # Errors
/// [`Error::Missing`] if it cannot be obtained.
pub async fn kafka_python(progress: &Progress) -> Result<Utf8PathBuf, Error> {
    client_part("kafka-python", progress).await
}

/// The program for franz-go, which is compiled if it is missing.
///
/// # Errors
/// [`Error::Missing`] if it cannot be obtained.
pub async fn franz_go(progress: &Progress) -> Result<Utf8PathBuf, Error> {
    client_part("franz-go", progress).await
}

async fn client_part(name: &str, progress: &Progress) -> Result<Utf8PathBuf, Error> {
    let parts = obtain::all(vec![name.to_owned()], &BTreeMap::new(), progress).await?;
    let missing = || Error::Missing { what: vec![name.to_owned()] };
    parts.into_iter().next().map(|part| part.path).ok_or_else(missing)
}

/// Kafka's console tools, by the names of Kafka's own scripts, with their classes.
const TOOLS: [(&str, &str); 6] = [
    ("kafka-topics.sh", "org.apache.kafka.tools.TopicCommand"),
    ("kafka-console-producer.sh", "org.apache.kafka.tools.ConsoleProducer"),
    ("kafka-console-consumer.sh", "org.apache.kafka.tools.consumer.ConsoleConsumer"),
    ("kafka-consumer-groups.sh", "org.apache.kafka.tools.consumer.group.ConsumerGroupCommand"),
    ("kafka-get-offsets.sh", "org.apache.kafka.tools.GetOffsetShell"),
    ("kafka-acls.sh", "org.apache.kafka.tools.AclCommand"),
];

/// The folder with Kafka's console tools, if the lab has them.
pub fn console_tools(lab: &Lab) -> Option<Utf8PathBuf> {
    let folder = ClientFiles::of(lab).tools;
    TOOLS.iter().all(|(name, _)| folder.join(name).exists()).then_some(folder)
}

/// Writes a script for each console tool. The scripts resolve the lab's names themselves, or those of the file that
/// `LAB_JAVA_HOSTS` names.
pub(super) fn write_tools(lab: &Lab, java: &Utf8Path, libs: &Utf8Path) -> Result<(), Error> {
    let files = ClientFiles::of(lab);
    fs::create_dir_all(&files.tools).map_err(FileError::of("create", &files.tools))?;
    for (name, class) in TOOLS {
        let path = files.tools.join(name);
        write_shared(&path, script(java, libs, &files.java_hosts, class).as_bytes())?;
        fs::set_permissions(&path, fs::Permissions::from_mode(0o755))
            .map_err(FileError::of("make executable", &path))?;
    }
    Ok(())
}

fn script(java: &Utf8Path, libs: &Utf8Path, hosts: &Utf8Path, class: &str) -> String {
    let quoted = |text: String| quoted(&text);
    format!(
        "#!/bin/sh\nhosts={}\nexec {} -Xmx256m \"-Djdk.net.hosts.file=${{LAB_JAVA_HOSTS:-$hosts}}\" -cp {} {class} \"$@\"\n",
        quoted(hosts.to_string()),
        quoted(java.to_string()),
        quoted(libs.join("*").to_string())
    )
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing;

    #[tokio::test]
    async fn the_tools_are_scripts_that_know_the_labs_names() {
        let (_held, lab) = testing::lab("programs");
        let files = ClientFiles::of(&lab);
        // A program that prints its arguments, in place of Java.
        write_tools(&lab, Utf8Path::new("/bin/echo"), Utf8Path::new("/libs of kafka")).expect("written");
        let said = std::process::Command::new(files.tools.join("kafka-topics.sh")).args(["--list", "a b"]).output();
        let said = String::from_utf8(said.expect("it runs").stdout).expect("UTF-8");
        let hosts = format!("-Djdk.net.hosts.file={}", files.java_hosts);
        let wanted = format!("-Xmx256m {hosts} -cp /libs of kafka/* org.apache.kafka.tools.TopicCommand --list a b");
        assert_eq!(said.trim_end(), wanted);
        assert_eq!(console_tools(&lab), Some(files.tools.clone()));

        let other =
            std::process::Command::new(files.tools.join("kafka-topics.sh")).env("LAB_JAVA_HOSTS", "/my hosts").output();
        let other = String::from_utf8(other.expect("it runs").stdout).expect("UTF-8");
        assert!(other.starts_with("-Xmx256m -Djdk.net.hosts.file=/my hosts -cp "), "{other}");
    }
}
