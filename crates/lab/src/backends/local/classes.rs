//! A shared archive of the classes that a broker loads, created once. It halves the processor time that four brokers
//! need to start, which on two cores is most of what `lab up` waits for.

use super::node::JvmRuntime;
use super::{Error, ports};
use camino::{Utf8Path, Utf8PathBuf};
use host::files;
use model::{FileError, paths};
use rustix::process::{Pid, Signal, kill_process};
use std::process::Stdio;
use std::time::Duration;
use std::{fs, io};
use tokio::io::{AsyncBufReadExt, BufReader};
use tokio::process::{Child, Command};
use tokio::time::timeout;

/// On a busy machine, a broker takes half a minute to start, and the archive takes some seconds to write.
const WITHIN: Duration = Duration::from_secs(120);

const STARTED: &str = "Kafka Server started";

const LOG4J2: &str = "\
rootLogger.level=info
rootLogger.appenderRef.out.ref=out
appender.out.type=Console
appender.out.name=out
appender.out.layout.type=PatternLayout
appender.out.layout.pattern=%m%n
";

/// The archive for these versions of Java and Kafka: the cached one, or a new one, which a broker creates that is
/// started only for this.
///
/// # Errors
/// If that broker does not start, or writes no archive. Brokers also run without one, but start later.
pub async fn archive(jvm: &JvmRuntime, java_version: &str, kafka_version: &str) -> Result<Utf8PathBuf, Error> {
    let folder = paths::cache()?.join("jvm");
    let path = folder.join(format!("kafka-{kafka_version}-java-{java_version}.jsa"));
    if is_whole(&path) {
        return Ok(path);
    }
    files::folder(&folder)?;
    let scratch =
        tempfile::Builder::new().prefix("training-").tempdir_in(&folder).map_err(FileError::of("create", &folder))?;
    let scratch = Utf8Path::from_path(scratch.path()).unwrap_or(&folder);
    let fresh = scratch.join("archive.jsa");
    let mut broker = start(jvm, scratch, &fresh)?;
    let trained = timeout(WITHIN, train(&mut broker)).await;
    let failed = |how: String| Error::NotReady {
        component: "the broker that creates the class archive".to_owned(),
        within: WITHIN,
        last: how,
        log: scratch.join("log"),
        tail: String::new(),
    };
    match trained {
        Ok(Ok(())) if fresh.exists() => {}
        Ok(Ok(())) => return Err(failed("it exited without writing an archive".to_owned())),
        Ok(Err(error)) => return Err(failed(error.to_string())),
        Err(_) => return Err(failed("it did not finish in time".to_owned())),
    }
    // The size is written first. An archive without a recorded size is created again, and one with another size is
    // damaged.
    let size = fs::metadata(&fresh).map_err(FileError::of("read", &fresh))?.len();
    files::write(&size_file(&path), size.to_string().as_bytes())?;
    fs::rename(&fresh, &path).map_err(FileError::of("replace", &path))?;
    Ok(path)
}

/// Whether the archive has its original size. The JVM verifies the content and ignores a damaged archive, but it does
/// so silently and then always starts slowly.
fn is_whole(archive: &Utf8Path) -> bool {
    let recorded = fs::read_to_string(size_file(archive)).ok().and_then(|size| size.trim().parse::<u64>().ok());
    recorded.is_some() && fs::metadata(archive).ok().map(|archive| archive.len()) == recorded
}

fn size_file(archive: &Utf8Path) -> Utf8PathBuf {
    archive.with_extension("size")
}

/// One node that is both broker and controller, on loopback, with its data in `scratch`.
fn start(jvm: &JvmRuntime, scratch: &Utf8Path, archive: &Utf8Path) -> Result<Child, Error> {
    let [broker, controller] = ports::free()?;
    let server = format!(
        "process.roles=broker,controller\nnode.id=1\ncontroller.quorum.voters=1@127.0.0.1:{controller}\n\
         controller.listener.names=CONTROLLER\ninter.broker.listener.name=PLAIN\n\
         listeners=PLAIN://127.0.0.1:{broker},CONTROLLER://127.0.0.1:{controller}\n\
         listener.security.protocol.map=PLAIN:PLAINTEXT,CONTROLLER:PLAINTEXT\nlog.dirs={scratch}/data\n"
    );
    let meta = "version=1\ncluster.id=dHJhaW5pbmctY2x1c3Rlcg\nnode.id=1\ndirectory.id=dHJhaW5pbmctZm9sZGVyLQ\n";
    files::folder(&scratch.join("data"))?;
    files::write(&scratch.join("data/meta.properties"), meta.as_bytes())?;
    files::write(&scratch.join("server.properties"), server.as_bytes())?;
    files::write(&scratch.join("log4j2.properties"), LOG4J2.as_bytes())?;
    Command::new(&jvm.java)
        .args(["-Xmx256m", "-XX:+UseSerialGC", "-XX:TieredStopAtLevel=1"])
        .arg(format!("-XX:ArchiveClassesAtExit={archive}"))
        .arg(format!("-Dlog4j2.configurationFile={scratch}/log4j2.properties"))
        // Spelled as the node spells it, because an archive is valid for exactly one class path.
        .args(["-cp", jvm.libs.join("*").as_str(), "kafka.Kafka", scratch.join("server.properties").as_str()])
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .kill_on_drop(true)
        .spawn()
        .map_err(|source| Error::Spawn { component: "training".to_owned(), program: jvm.java.clone(), source })
}

/// Waits until the broker has started, then ends it, which makes it write the archive.
async fn train(broker: &mut Child) -> io::Result<()> {
    let out = broker.stdout.take().ok_or(io::ErrorKind::BrokenPipe)?;
    let mut lines = BufReader::new(out).lines();
    let mut last = String::new();
    loop {
        match lines.next_line().await? {
            Some(line) if line.contains(STARTED) => break,
            Some(line) => last = line,
            None => return Err(io::Error::other(format!("it exited before it was ready: {last}"))),
        }
    }
    let pid = broker.id().and_then(|id| i32::try_from(id).ok()).and_then(Pid::from_raw);
    kill_process(pid.ok_or(io::ErrorKind::NotFound)?, Signal::TERM)?;
    // Its last output must not block on a full pipe.
    while lines.next_line().await?.is_some() {}
    broker.wait().await.map(|_| ())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_archive_that_was_cut_off_is_not_whole() {
        let folder = tempfile::tempdir().expect("a folder");
        let path = Utf8Path::from_path(folder.path()).expect("UTF-8").join("kafka-4.3.0-java-17.0.15.jsa");
        assert!(!is_whole(&path), "there is none");
        fs::write(&path, [7; 4096]).expect("written");
        assert!(!is_whole(&path), "of unknown size");
        files::write(&size_file(&path), b"4096").expect("written");
        assert!(is_whole(&path));
        fs::File::options().write(true).open(&path).and_then(|file| file.set_len(1000)).expect("cut");
        assert!(!is_whole(&path));
    }
}
