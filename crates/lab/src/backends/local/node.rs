//! The local lab's node: it does the work of a kubelet, for Pods that each run a Kafka JVM.
//!
//! A Pod with `spec.nodeName: local` becomes a process with an address of its own. Its volumes become files, its
//! readiness is probed, and it is restarted when it ends. Each Pod has one worker for that. This file assigns addresses
//! and names.

mod container;
mod hosts;
mod lost;
mod sources;
mod status;
mod volumes;
mod worker;

pub use container::pod_of;
pub use lost::mark_lost;
pub use sources::Sources;
pub use volumes::MOUNT_ROOT;

use super::process::Running;
use super::{Error, Net, process};
use camino::Utf8PathBuf;
use futures::{StreamExt, pin_mut};
use host::{files, with_causes};
use k8s_openapi::api::core::v1::Pod;
use kube::api::Api;
use kube::runtime::WatchStreamExt;
use kube::runtime::watcher::{self, Event, watcher};
use kubeapi::Catalog;
use model::LabDir;
use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, BTreeSet};
use std::net::Ipv4Addr;
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::{Mutex, watch};
use tokio::task::JoinSet;
use tracing::{error, warn};
use worker::Worker;

/// The node's name. Pods with this `spec.nodeName` run here.
pub const NAME: &str = "local";

/// The programs and files that run Kafka.
#[derive(Clone, Debug, Deserialize, Serialize)]
pub struct JvmRuntime {
    /// The `java` program, version 17 or newer.
    pub java: Utf8PathBuf,
    /// The folder of Kafka's jars.
    pub libs: Utf8PathBuf,
    /// An archive of Kafka's classes for this Java, which makes brokers start faster.
    pub archive: Option<Utf8PathBuf>,
}

#[derive(Clone, Debug)]
pub struct NodeConfig {
    pub jvm: JvmRuntime,
    pub net: Net,
}

/// A Pod that this node has accepted.
struct Entry {
    pod: Arc<Pod>,
    address: Ipv4Addr,
    /// `None` once the Pod is gone from the API.
    updates: watch::Sender<Option<Arc<Pod>>>,
}

struct Node {
    client: kube::Client,
    dir: LabDir,
    config: Arc<NodeConfig>,
    sources: Sources,
    /// By uid, because a Pod and its successor with the same name are different.
    entries: BTreeMap<String, Entry>,
    /// By folder: the successor waits until the folder is free.
    folders: BTreeMap<String, Arc<Mutex<()>>>,
    workers: JoinSet<String>,
}

/// Runs the node until it is dropped. Its processes outlive it, and the next node finds them again.
///
/// # Errors
/// If the hosts file cannot be written, or processes cannot be listed or stopped.
pub async fn run(catalog: Catalog, dir: LabDir, config: NodeConfig) -> Result<(), Error> {
    let client = catalog.client().clone();
    let (sources, follow) = Sources::follow(&client);
    let node = Node {
        client,
        dir,
        config: Arc::new(config),
        sources,
        entries: BTreeMap::new(),
        folders: BTreeMap::new(),
        workers: JoinSet::new(),
    };
    tokio::select! {
        ended = follow => ended,
        ended = node.serve() => ended,
    }
}

impl Node {
    async fn serve(mut self) -> Result<(), Error> {
        let config = watcher::Config::default().fields(&format!("spec.nodeName={NAME}"));
        let events = watcher(Api::<Pod>::all(self.client.clone()), config).default_backoff();
        pin_mut!(events);
        let mut listed = Vec::new();
        let mut first = true;
        loop {
            tokio::select! {
                Some(ended) = self.workers.join_next() => match ended {
                    Ok(uid) => {
                        self.entries.remove(&uid);
                        self.write_hosts()?;
                    }
                    Err(error) => error!(target: "node", "{}", with_causes(&error)),
                },
                event = events.next() => match event {
                    Some(Ok(Event::Init)) => listed.clear(),
                    Some(Ok(Event::InitApply(pod))) => listed.push(pod),
                    Some(Ok(Event::InitDone)) => {
                        let pods = std::mem::take(&mut listed);
                        let present: BTreeSet<String> = pods.iter().map(uid).collect();
                        self.entries.iter().filter(|(uid, _)| !present.contains(*uid)).for_each(|(_, entry)| entry.gone());
                        let adopted = if std::mem::take(&mut first) { self.adopt(&pods).await? } else { BTreeMap::new() };
                        self.apply(pods, adopted)?;
                    }
                    Some(Ok(Event::Apply(pod))) => self.apply(vec![pod], BTreeMap::new())?,
                    Some(Ok(Event::Delete(pod))) => {
                        if let Some(entry) = self.entries.get(&uid(&pod)) {
                            entry.gone();
                        }
                    }
                    Some(Err(error)) => error!(target: "node", "{}", with_causes(&error)),
                    None => return Ok(()),
                },
            }
        }
    }

    /// Records Pods, and starts a worker for each new one once the hosts file contains all of them.
    fn apply(&mut self, pods: Vec<Pod>, mut adopted: BTreeMap<String, Running>) -> Result<(), Error> {
        let mut new = Vec::new();
        for pod in pods {
            let (uid, pod) = (uid(&pod), Arc::new(pod));
            if let Some(entry) = self.entries.get_mut(&uid) {
                entry.pod = pod.clone();
                entry.updates.send_replace(Some(pod));
                continue;
            }
            let used: BTreeSet<Ipv4Addr> = self.entries.values().map(|entry| entry.address).collect();
            let Some(address) = known_address(&pod, self.config.net)
                .filter(|ip| !used.contains(ip))
                .or_else(|| self.config.net.free_pod(&used))
            else {
                warn!(target: "node", "no address is left for Pod {}", container::folder_name(&pod));
                continue;
            };
            let updates = watch::Sender::new(Some(pod.clone()));
            new.push((uid.clone(), pod.clone(), address, updates.subscribe()));
            self.entries.insert(uid, Entry { pod, address, updates });
        }
        if new.is_empty() {
            return Ok(());
        }
        self.write_hosts()?;
        for (uid, pod, address, updates) in new {
            let folder_name = container::folder_name(&pod);
            let folder_lock = self.folders.entry(folder_name.clone()).or_default().clone();
            let worker = Worker {
                client: self.client.clone(),
                dir: self.dir.clone(),
                config: self.config.clone(),
                sources: self.sources.clone(),
                address,
                folder: self.dir.pods().join(folder_name),
                hosts: self.hosts(),
                updates,
            };
            let adopted = adopted.remove(&uid);
            self.workers.spawn(async move {
                let _held = folder_lock.lock().await;
                worker.run(pod, adopted).await;
                uid
            });
        }
        Ok(())
    }

    /// The processes of an earlier node whose Pods still exist, by uid. All others are stopped.
    async fn adopt(&self, pods: &[Pod]) -> Result<BTreeMap<String, Running>, Error> {
        let by_uid: BTreeMap<String, &Pod> = pods.iter().map(|pod| (uid(pod), pod)).collect();
        let mut adopted = BTreeMap::new();
        let mut orphans = Vec::new();
        for process in process::running(&self.dir)? {
            if !process.component.starts_with("kafka-") {
                continue;
            }
            // Without an address in the status, the address on which it listens is unknown.
            let pod = by_uid.get(&process.instance).filter(|pod| known_address(pod, self.config.net).is_some());
            if pod.is_some_and(|pod| container::component(pod) == process.component)
                && !adopted.contains_key(&process.instance)
            {
                adopted.insert(process.instance.clone(), process);
            } else {
                orphans.push(process);
            }
        }
        process::stop(&orphans, Duration::from_secs(5)).await?;
        Ok(adopted)
    }

    fn hosts(&self) -> Utf8PathBuf {
        self.dir.pods().join("hosts")
    }

    fn write_hosts(&self) -> Result<(), Error> {
        let pods = self.entries.values().map(|entry| (entry.pod.as_ref(), entry.address));
        files::write(&self.hosts(), hosts::text(pods).as_bytes())?;
        Ok(())
    }
}

impl Entry {
    fn gone(&self) {
        self.updates.send_replace(None);
    }
}

/// The address that an earlier node gave to this Pod.
fn known_address(pod: &Pod, net: Net) -> Option<Ipv4Addr> {
    let address = pod.status.as_ref()?.pod_ip.as_deref()?.parse().ok()?;
    net.is_pod(address).then_some(address)
}

fn uid(pod: &Pod) -> String {
    pod.metadata.uid.clone().unwrap_or_default()
}
