//! A shared archive of the classes that a broker loads, made once: with it four brokers need half the processor time to
//! start, which on two cores is most of what `lab up` waits for.

use super::node::JvmRuntime;
use super::{Error, files, ports};
use crate::file_error::FileError;
use crate::paths;
use camino::{Utf8Path, Utf8PathBuf};
use rustix::process::{Pid, Signal, kill_process};
use std::process::Stdio;
use std::time::Duration;
use std::{fs, io};
use tokio::io::{AsyncBufReadExt, BufReader};
use tokio::process::{Child, Command};
use tokio::time::timeout;

/// A broker on a busy machine takes half a minute to start, and the archive some seconds to be written.
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

/// The archive for these versions of Java and Kafka: the cached one, or one made now by a broker that is started for
/// nothing else.
///
/// # Errors
/// When that broker does not start, or leaves no archive. Brokers run without one as well, only later.
pub async fn archive(jvm: &JvmRuntime, java_version: &str, kafka_version: &str) -> Result<Utf8PathBuf, Error> {
    let folder = paths::cache()?.join("jvm");
    let path = folder.join(format!("kafka-{kafka_version}-java-{java_version}.jsa"));
    if path.exists() {
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
        component: "the broker that makes the class archive".to_owned(),
        within: WITHIN,
        last: how,
        log: scratch.join("log"),
        tail: String::new(),
    };
    match trained {
        Ok(Ok(())) if fresh.exists() => {}
        Ok(Ok(())) => return Err(failed("it ended and left no archive".to_owned())),
        Ok(Err(error)) => return Err(failed(error.to_string())),
        Err(_) => return Err(failed("time is up".to_owned())),
    }
    fs::rename(&fresh, &path).map_err(FileError::of("replace", &path))?;
    Ok(path)
}

/// One node that is broker and controller, on loopback, with its data in `scratch`.
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
        // As the node spells it: an archive is for exactly one class path.
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
            None => return Err(io::Error::other(format!("it ended before it had started: {last}"))),
        }
    }
    let pid = broker.id().and_then(|id| i32::try_from(id).ok()).and_then(Pid::from_raw);
    kill_process(pid.ok_or(io::ErrorKind::NotFound)?, Signal::TERM)?;
    // Its farewell must not block on a full pipe.
    while lines.next_line().await?.is_some() {}
    broker.wait().await.map(|_| ())
}
