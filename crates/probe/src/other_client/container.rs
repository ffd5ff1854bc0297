//! The tools in a container on this machine's network.

use super::{Host, Input};
use std::time::Duration;
use testcontainers::core::{ExecCommand, Host as HostEntry};
use testcontainers::runners::AsyncRunner;
use testcontainers::{ContainerAsync, GenericImage, ImageExt, TestcontainersError};
use tokio::io::AsyncReadExt;
use tokio::time::{Instant, timeout_at};

/// A machine without the image must pull it first.
const START: Duration = Duration::from_secs(300);
/// The path of the input's folder inside the container.
pub const FOLDER: &str = "/kafka-gateway-lab";
/// The JVM of a tool that runs for seconds. Its warnings say which broker is unreachable.
const JAVA: &str = "java -Xmx256m -XX:+UseSerialGC -XX:TieredStopAtLevel=1 -Dlog4j2.level=WARN -cp '/opt/kafka/libs/*'";

/// The command of each tool in Kafka's image.
pub fn command(class: &str) -> String {
    format!("{JAVA} org.apache.kafka.tools.{class}")
}

/// Checks whether a container of `image` (`name:tag`) can run on this machine, on its network.
///
/// # Errors
/// Why not, in a sentence.
pub async fn available(image: &str) -> Result<(), String> {
    if !cfg!(target_os = "linux") {
        return Err("a container can share this machine's network only on Linux".to_owned());
    }
    match start(image, &[], &[]).await {
        Ok(container) => container.rm().await.map_err(|error| error.to_string()),
        Err(error) => Err(format!("cannot run a container of {image}: {error}")),
    }
}

/// Everything that the tools printed, at most until the deadline.
///
/// # Errors
/// If the container cannot run, or cannot be removed.
pub async fn run(image: &str, hosts: &[Host], input: &[Input], deadline: Instant) -> Result<Vec<u8>, String> {
    let container = start(image, hosts, input).await.map_err(|error| format!("start {image}: {error}"))?;
    let output = tools(&container, deadline).await;
    // Dropping it removes the container too, but only this reports a failure.
    let removed = container.rm().await.map_err(|error| format!("remove the container: {error}"));
    let output = output.map_err(|error| format!("run the tools in {image}: {error}"))?;
    removed.map(|()| output)
}

async fn start(
    image: &str,
    hosts: &[Host],
    input: &[Input],
) -> Result<ContainerAsync<GenericImage>, TestcontainersError> {
    let (name, tag) = image.rsplit_once(':').unwrap_or((image, "latest"));
    // Longer than any step. If this process is killed, the container ends by itself, and the engine removes it.
    let idle = ["-c".to_owned(), "exec sleep 1800".to_owned()];
    let mut request = GenericImage::new(name, tag)
        .with_entrypoint("sh")
        .with_cmd(idle)
        .with_network("host")
        .with_startup_timeout(START)
        .with_host_config_modifier(|config| config.auto_remove = Some(true))
        .with_label("kafka-gateway-lab", "java-client");
    for (host, address) in hosts {
        request = request.with_host(host, HostEntry::Addr(*address));
    }
    for (file, content) in input {
        request = request.with_copy_to(format!("{FOLDER}/{file}"), content.clone().into_bytes());
    }
    request.start().await
}

async fn tools(container: &ContainerAsync<GenericImage>, deadline: Instant) -> Result<Vec<u8>, TestcontainersError> {
    let command = ExecCommand::new(["sh", "-c", &format!("exec sh {FOLDER}/run.sh 2>&1")]);
    let mut running = container.exec(command).await?;
    let mut out = Vec::new();
    let mut reader = running.stdout();
    let mut buffer = [0; 16384];
    while let Ok(read) = timeout_at(deadline, reader.read(&mut buffer)).await {
        match read? {
            0 => break,
            read => out.extend_from_slice(&buffer[..read]),
        }
    }
    Ok(out)
}
