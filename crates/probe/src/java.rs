//! A second client implementation: the console tools of Apache Kafka's Java client, as processes of this machine where the lab
//! has them, or in a container on its network.
//!
//! Only this client takes another resolver, another TLS library and another Kafka library through the same routes.

mod container;
mod input;
mod output;
mod process;

use super::connection_config::ConnectionConfig;
use super::error::{BrokerShare, ClientError};
use super::produce::ProduceSpec;
use super::resolve;
use super::session::{Layout, Limits, Session};
use camino::{Utf8Path, Utf8PathBuf};
use std::collections::BTreeSet;
use std::time::Duration;
use tokio::time::Instant;

const LOOKUP: Duration = Duration::from_secs(5);

/// How the Java client runs here.
#[derive(Clone, Debug)]
pub enum JavaClient {
    /// In a container of Kafka's image, `name:tag`.
    Container(String),
    /// By Kafka's console scripts in this folder.
    Scripts(Utf8PathBuf),
}

impl JavaClient {
    /// Checks whether it can run.
    ///
    /// # Errors
    /// Why not, in a sentence.
    pub async fn available(&self) -> Result<(), String> {
        match self {
            Self::Container(image) => container::available(image).await,
            Self::Scripts(_) => Ok(()),
        }
    }
}

/// Produces and consumes with the Java client. The messages have keys, which spread them over all partitions.
/// `every_broker` requires that each broker led a partition that received some.
///
/// # Errors
/// A [`ClientError`] with the broker that the Java client could not reach, and its log.
pub async fn java_produce_and_consume(
    access: &ConnectionConfig,
    spec: &ProduceSpec,
    client: &JavaClient,
) -> Result<Vec<BrokerShare>, ClientError> {
    let operation = format!("produce to and consume from {} with the Java client", spec.topic);
    let deadline = Instant::now() + spec.within;
    let layout = layout(access, spec, &operation).await?;
    let hosts = addresses(access, &layout).await;
    let printed = match client {
        JavaClient::Container(image) => {
            let input = input::input(access, spec, container::FOLDER, |tool| container::command(tool.class));
            container::run(image, &hosts, &input, deadline).await
        }
        JavaClient::Scripts(tools) => scripts(access, spec, tools, &hosts, deadline).await,
    };
    let printed = printed.map_err(|text| ClientError::harness(&operation, text))?;
    let mut lines: Vec<String> = String::from_utf8_lossy(&printed).lines().map(str::to_owned).collect();
    if Instant::now() >= deadline {
        lines.push(format!("stopped after {:?}", spec.within));
    }
    output::parse(&lines, spec, &layout, &operation)
}

async fn scripts(
    access: &ConnectionConfig,
    spec: &ProduceSpec,
    tools: &Utf8Path,
    hosts: &[input::Host],
    deadline: Instant,
) -> Result<Vec<u8>, String> {
    let folder = process::Folder::new().map_err(|error| error.to_string())?;
    let path = folder.path().map_err(|error| error.to_string())?;
    let input = input::input(access, spec, path.as_str(), |tool| process::command(tools, tool.script));
    process::run(&folder, hosts, &input, deadline).await
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
/// container's own resolver reports it.
async fn addresses(access: &ConnectionConfig, layout: &Layout) -> Vec<(String, std::net::IpAddr)> {
    let bootstrap = access.bootstrap.split(',').filter_map(|one| Some(one.rsplit_once(':')?.0.trim().to_owned()));
    let names: BTreeSet<String> = bootstrap.chain(layout.brokers.iter().map(|broker| broker.host.clone())).collect();
    let mut found = Vec::new();
    for name in names.into_iter().filter(|name| name.parse::<std::net::IpAddr>().is_err()) {
        if let Some(address) = resolve::lookup(&name, LOOKUP).await.ok().and_then(|all| all.first().copied()) {
            found.push((name, address));
        }
    }
    found
}
