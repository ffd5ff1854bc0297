//! Other client implementations than librdkafka: Apache Kafka's own Java client, kafka-python and franz-go. They run as processes of
//! this machine, or the Java client in a container on its network.
//!
//! Each takes another resolver, another TLS library and another Kafka library through the same routes.

mod container;
mod go;
mod java;
mod output;
mod process;
mod python;

use super::connection_config::ConnectionConfig;
use super::content::encode;
use super::error::{BrokerShare, ClientError};
use super::produce::ProduceSpec;
use super::resolve;
use super::session::{Layout, Limits, Session};
use camino::Utf8PathBuf;
use std::collections::BTreeSet;
use std::net::IpAddr;
use std::time::Duration;
use tokio::time::Instant;

const LOOKUP: Duration = Duration::from_secs(5);

/// A file's name and content.
type Input = (String, String);
/// A name and its address.
type Host = (String, IpAddr);

/// A client implementation, and how it runs here.
#[derive(Clone, Debug)]
pub enum OtherClient {
    /// Kafka's console tools in a container of Kafka's image, `name:tag`.
    JavaContainer(String),
    /// Kafka's console scripts in this folder.
    JavaScripts(Utf8PathBuf),
    /// kafka-python in this folder, with this machine's Python 3.
    Python(Utf8PathBuf),
    /// The lab's program for franz-go.
    Go(Utf8PathBuf),
}

impl OtherClient {
    /// As reports spell it.
    pub fn name(&self) -> &'static str {
        match self {
            Self::JavaContainer(_) | Self::JavaScripts(_) => "the Java client",
            Self::Python(_) => "kafka-python",
            Self::Go(_) => "franz-go",
        }
    }

    /// Checks whether it can run.
    ///
    /// # Errors
    /// Why not, in a sentence.
    pub async fn available(&self) -> Result<(), String> {
        match self {
            Self::JavaContainer(image) => container::available(image).await,
            Self::JavaScripts(_) => Ok(()),
            Self::Python(packages) => python::available(packages).await,
            Self::Go(program) => go::available(program).await,
        }
    }

    /// Produces and consumes. The messages have keys, which spread them over all partitions. `every_broker` requires that each
    /// broker led a partition that received some.
    ///
    /// # Errors
    /// A [`ClientError`] with the broker that the client could not reach, and its log.
    pub async fn produce_and_consume(
        &self,
        access: &ConnectionConfig,
        spec: &ProduceSpec,
    ) -> Result<Vec<BrokerShare>, ClientError> {
        let operation = format!("produce to and consume from {} with {}", spec.topic, self.name());
        let deadline = Instant::now() + spec.within;
        let layout = layout(access, spec, &operation).await?;
        let hosts = addresses(access, &layout).await;
        let printed = match self {
            Self::JavaContainer(image) => {
                let input = java::input(access, spec, container::FOLDER, |tool| container::command(tool.class));
                container::run(image, &hosts, &input, deadline).await
            }
            Self::JavaScripts(_) | Self::Python(_) | Self::Go(_) => self.here(access, spec, &hosts, deadline).await,
        };
        let printed = printed.map_err(|text| ClientError::harness(&operation, text))?;
        let mut lines: Vec<String> = String::from_utf8_lossy(&printed).lines().map(str::to_owned).collect();
        if Instant::now() >= deadline {
            lines.push(format!("stopped after {:?}", spec.within));
        }
        output::parse(&lines, spec, &layout, &operation)
    }

    /// Everything that it printed as a process of this machine.
    async fn here(
        &self,
        access: &ConnectionConfig,
        spec: &ProduceSpec,
        hosts: &[Host],
        deadline: Instant,
    ) -> Result<Vec<u8>, String> {
        let folder = process::Folder::new().map_err(|error| error.to_string())?;
        let path = folder.path().map_err(|error| error.to_string())?;
        let input = match self {
            Self::Python(packages) => python::input(access, spec, &path, packages),
            Self::Go(program) => go::input(access, spec, &path, program),
            Self::JavaScripts(tools) => {
                java::input(access, spec, path.as_str(), |tool| process::command(tools, tool.script))
            }
            Self::JavaContainer(_) => {
                return Err("internal error: a container is no process of this machine".to_owned());
            }
        };
        process::run(&folder, hosts, &input, deadline).await
    }
}

/// A line for each message: its number, which is its key, and its content.
fn messages(spec: &ProduceSpec) -> String {
    // The shortest content is one line, whose end the tools interpret as the end of the message.
    let line = |sequence| format!("{sequence}\t{}", String::from_utf8_lossy(&encode(&spec.run, sequence, 0)));
    (0..spec.messages).map(line).collect()
}

async fn layout(access: &ConnectionConfig, spec: &ProduceSpec, operation: &str) -> Result<Layout, ClientError> {
    let (access, topic, within, name) = (access.clone(), spec.topic.clone(), spec.within, operation.to_owned());
    super::blocking::blocking(operation, move |stop| {
        let session = Session::open(&access, &name, &[])?;
        session.layout(&name, &topic, true, &Limits::new(within, None), stop)
    })
    .await
}

/// The names that the client needs, as this process resolves them. A name that does not resolve is omitted, so that the
/// client's own resolver reports it.
async fn addresses(access: &ConnectionConfig, layout: &Layout) -> Vec<Host> {
    let bootstrap = access.bootstrap.split(',').filter_map(|one| Some(one.rsplit_once(':')?.0.trim().to_owned()));
    let names: BTreeSet<String> = bootstrap.chain(layout.brokers.iter().map(|broker| broker.host.clone())).collect();
    let mut found = Vec::new();
    for name in names.into_iter().filter(|name| name.parse::<IpAddr>().is_err()) {
        if let Some(address) = resolve::lookup(&name, LOOKUP).await.ok().and_then(|all| all.first().copied()) {
            found.push((name, address));
        }
    }
    found
}
