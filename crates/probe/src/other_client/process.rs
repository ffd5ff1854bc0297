//! A client as processes of this machine. Neither root nor `/etc/hosts` is needed: a JVM reads its names from a file, and so do
//! our programs for kafka-python and franz-go.

use super::{Host, Input};
use camino::{Utf8Path, Utf8PathBuf};
use std::fs::{self, File, OpenOptions};
use std::io::{self, Read, Seek, Write};
use std::os::unix::fs::{OpenOptionsExt, PermissionsExt};
use std::os::unix::process::CommandExt;
use std::process::{Command, Stdio};
use tokio::time::Instant;

/// What the scripts read their names from.
const HOSTS: &str = "LAB_JAVA_HOSTS";

/// The script of a tool.
pub fn command(tools: &Utf8Path, script: &str) -> String {
    quoted(&tools.join(script))
}

/// A path as the shell reads it.
pub fn quoted(path: &Utf8Path) -> String {
    format!("'{}'", path.as_str().replace('\'', r"'\''"))
}

/// A folder that only this user can read, for the tools' input, which contains keys. It is removed when it is dropped.
pub struct Folder(tempfile::TempDir);

impl Folder {
    /// Makes it.
    ///
    /// # Errors
    /// If the machine's folder for temporary files cannot be written.
    pub fn new() -> io::Result<Self> {
        let only_this_user = fs::Permissions::from_mode(0o700);
        tempfile::Builder::new().prefix("kafka-gateway-lab-client-").permissions(only_this_user).tempdir().map(Self)
    }

    /// Its path.
    ///
    /// # Errors
    /// If that is not UTF-8.
    pub fn path(&self) -> io::Result<Utf8PathBuf> {
        Utf8PathBuf::from_path_buf(self.0.path().to_owned())
            .map_err(|path| io::Error::other(format!("{} is not UTF-8", path.display())))
    }
}

/// Everything that the tools printed, at most until the deadline.
///
/// # Errors
/// If they cannot be started.
pub async fn run(folder: &Folder, hosts: &[Host], input: &[Input], deadline: Instant) -> Result<Vec<u8>, String> {
    let folder = folder.path().map_err(|error| error.to_string())?;
    write(&folder, hosts, input).map_err(|error| format!("write the tools' input: {error}"))?;
    let started = start(&folder).map_err(|error| format!("start the tools: {error}"))?;
    let mut running = Running(started);
    while !running.ended() && Instant::now() < deadline {
        tokio::time::sleep(std::time::Duration::from_millis(50)).await;
    }
    drop(running);
    fs::read(folder.join(PRINTED)).map_err(|error| format!("read what the tools printed: {error}"))
}

const PRINTED: &str = "printed";

fn write(folder: &Utf8Path, hosts: &[Host], input: &[Input]) -> io::Result<()> {
    // A JVM with such a file asks no other resolver, not even for its own machine's name.
    let mut machine = String::new();
    if let Ok(mut file) = File::open("/proc/sys/kernel/hostname") {
        file.read_to_string(&mut machine)?;
    }
    let lines = hosts.iter().map(|(name, address)| format!("{address} {name}\n"));
    let names = std::iter::once(format!("127.0.0.1 localhost {}\n", machine.trim())).chain(lines).collect::<String>();
    let hosts = ("hosts".to_owned(), names);
    for (name, content) in input.iter().chain(std::iter::once(&hosts)) {
        let mut file =
            OpenOptions::new().write(true).create_new(true).mode(0o600).open(folder.join(name).as_std_path())?;
        file.write_all(content.as_bytes())?;
    }
    Ok(())
}

fn start(folder: &Utf8Path) -> io::Result<std::process::Child> {
    let mut printed = File::create(folder.join(PRINTED))?;
    printed.rewind()?;
    Command::new("sh")
        .arg(folder.join("run.sh").as_std_path())
        .env(HOSTS, folder.join("hosts").as_std_path())
        // The JVM of a tool that runs for seconds. Its warnings say which broker is unreachable.
        .env("JDK_JAVA_OPTIONS", "-XX:+UseSerialGC -XX:TieredStopAtLevel=1 -Dlog4j2.level=WARN")
        .stdin(Stdio::null())
        .stderr(printed.try_clone()?)
        .stdout(printed)
        .process_group(0)
        .spawn()
}

/// The shell and its JVM, which end when this is dropped.
struct Running(std::process::Child);

impl Running {
    fn ended(&mut self) -> bool {
        !matches!(self.0.try_wait(), Ok(None))
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        if self.ended() {
            return;
        }
        // The group is the child's own, and exists as long as nobody has waited for the child.
        if let Some(group) = i32::try_from(self.0.id()).ok().and_then(rustix::process::Pid::from_raw) {
            let _ = rustix::process::kill_process_group(group, rustix::process::Signal::KILL);
        }
        let _ = self.0.wait();
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::time::Duration;

    fn input(script: &str) -> [Input; 1] {
        [("run.sh".to_owned(), script.to_owned())]
    }

    #[tokio::test]
    async fn the_tools_find_their_names_in_a_file_that_only_this_user_reads() {
        let folder = Folder::new().expect("made");
        let hosts = [("broker-11.kafka.test".to_owned(), "127.0.0.3".parse().expect("an address"))];
        let deadline = Instant::now() + Duration::from_secs(20);
        let printed = run(&folder, &hosts, &input("cat \"$LAB_JAVA_HOSTS\""), deadline).await.expect("it ran");
        let printed = String::from_utf8_lossy(&printed).into_owned();
        assert!(
            printed.ends_with("127.0.0.3 broker-11.kafka.test\n") && printed.contains("127.0.0.1 localhost"),
            "{printed}"
        );
        let path = folder.path().expect("UTF-8");
        let mode = |path: &Utf8Path| fs::metadata(path).expect("there").permissions().mode() & 0o077;
        assert_eq!((mode(&path), mode(&path.join("run.sh"))), (0, 0));
        drop(folder);
        assert!(!path.exists(), "no key stays on the disk");
    }

    #[tokio::test]
    async fn tools_that_hang_are_ended_with_what_they_started() {
        let folder = Folder::new().expect("made");
        let begun = Instant::now();
        let script = input("echo begun; sleep 60 & echo $!; wait");
        let printed = run(&folder, &[], &script, begun + Duration::from_millis(500)).await.expect("it ran");
        assert!(begun.elapsed() < Duration::from_secs(20));
        let printed = String::from_utf8_lossy(&printed).into_owned();
        let (said, child) = printed.trim().split_once('\n').expect("two lines");
        assert_eq!(said, "begun");
        let gone = || fs::read_to_string(format!("/proc/{child}/stat")).map_or(true, |stat| stat.contains(") Z "));
        for _ in 0..100 {
            if gone() {
                return;
            }
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
        panic!("process {child} still runs");
    }
}
