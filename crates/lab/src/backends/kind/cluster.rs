//! Creates, finds, repairs and deletes the lab's own kind cluster, and never touches a cluster that the lab did not
//! create.

use super::command::Call;
use super::engine::{Engine, PROVIDER};
use super::record::Record;
use super::{config, network};
use crate::backends::cluster::Error;
use crate::backends::{local, pods};
use camino::Utf8Path;
use kubeapi::Catalog;
use model::{FileError, LabDir, Ports};
use std::fs;
use std::net::Ipv4Addr;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

const CREATE: Duration = Duration::from_secs(600);
const DELETE: Duration = Duration::from_secs(120);
const GRACE: Duration = Duration::from_secs(2);
const SHORT: Duration = Duration::from_secs(30);
/// How long the API server of a cluster may take to answer after its container was started.
const WAKE: Duration = Duration::from_secs(90);
/// How long its Pods, brokers among them, may take to run again.
const WAKE_PODS: Duration = Duration::from_secs(300);

/// The name of `kind create cluster` among the lab's processes.
const CREATOR: &str = "kind";

const PREFIX: &str = "kafka-gateway-lab-";
/// The node's name is also its host name of at most 63 characters: prefix, lab, `-control-plane`.
const LONGEST_NAME: usize = 63 - PREFIX.len() - NODE.len();
const NODE: &str = "-control-plane";

/// The cluster of one lab.
pub struct Cluster<'a> {
    pub engine: &'a Engine,
    /// The `kind` program.
    pub kind: &'a Utf8Path,
    pub dir: &'a LabDir,
    /// `kafka-gateway-lab-<lab>`.
    pub name: String,
}

/// The container of the only node of the lab with this name.
pub fn node_of(lab: &str) -> String {
    format!("{PREFIX}{lab}{NODE}")
}

/// The settings for a new cluster. An existing cluster must have the same ones.
pub struct ClusterRequest<'a> {
    pub node_image: &'a str,
    pub ports: &'a Ports,
    pub gateway: &'a str,
}

impl<'a> Cluster<'a> {
    /// The cluster of the lab with this name. It need not exist.
    ///
    /// # Errors
    /// [`Error::Name`] if a cluster cannot have this name.
    pub fn of(lab: &str, engine: &'a Engine, kind: &'a Utf8Path, dir: &'a LabDir) -> Result<Self, Error> {
        let allowed = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-';
        if lab.is_empty() || lab.len() > LONGEST_NAME || !lab.chars().all(allowed) || lab.ends_with('-') {
            return Err(Error::Name { name: lab.to_owned(), max: LONGEST_NAME });
        }
        Ok(Self { engine, kind, dir, name: format!("{PREFIX}{lab}") })
    }

    /// The container of its only node.
    pub fn node(&self) -> String {
        format!("{}{NODE}", self.name)
    }

    /// The context in the lab's kubeconfig.
    pub fn context(&self) -> String {
        format!("kind-{}", self.name)
    }

    /// Whether a container with this cluster's name exists, running or not, whether the lab created it or not.
    ///
    /// # Errors
    /// If the engine does not answer.
    pub async fn exists(&self) -> Result<bool, Error> {
        Ok(self.engine.container_state(&self.node()).await?.is_some())
    }

    /// Finds the lab's cluster, and starts it if necessary. A cluster that is incomplete, or whose API server stays
    /// silent, is deleted.
    ///
    /// # Errors
    /// [`Error::NotOurs`], or [`Error::Differs`] if it was created with other ports or another gateway.
    pub async fn find(&self, wanted: &ClusterRequest<'_>) -> Result<Option<Catalog>, Error> {
        let Some(state) = self.engine.container_state(&self.node()).await? else { return Ok(None) };
        let Some(record) = Record::load(self.dir)? else { return Err(self.not_ours()) };
        if record.ready {
            let woken = (state != "running").then(SystemTime::now);
            if woken.is_some() {
                self.engine.call(["start", &self.node()], SHORT).run().await?;
            }
            self.check_ours(&record).await?;
            check_same(&record, wanted)?;
            if let Some(catalog) = self.answering().await? {
                if let Some(since) = woken.and_then(|at| at.duration_since(UNIX_EPOCH).ok()) {
                    pods::awake(&catalog, since.as_secs().cast_signed(), WAKE_PODS).await?;
                }
                return Ok(Some(catalog));
            }
        }
        self.delete().await?;
        Ok(None)
    }

    async fn answering(&self) -> Result<Option<Catalog>, Error> {
        let kubeconfig = self.dir.kubeconfig();
        if !kubeconfig.is_file() {
            self.kind(&["export", "kubeconfig", "--name", &self.name, "--kubeconfig", kubeconfig.as_str()], SHORT)
                .run()
                .await?;
        }
        let catalog = kubeapi::connect(Some(&kubeconfig), &self.context()).await?;
        match kubeapi::wait_ready(&catalog, &self.name, WAKE).await {
            Ok(()) => Ok(Some(catalog)),
            Err(kubeapi::Error::NotUp { .. }) => Ok(None),
            Err(error) => Err(error.into()),
        }
    }

    /// Creates the cluster. Calls `tick` with what kind is doing. The caller has checked that there is none.
    ///
    /// # Errors
    /// If a port is busy, before anything is created. If kind fails, the next call handles what it left.
    pub async fn create(&self, wanted: &ClusterRequest<'_>, tick: impl FnMut(&str)) -> Result<Catalog, Error> {
        check_ports(wanted.ports)?;
        network::note(self.engine).await?;
        let mut record = Record {
            cluster: self.name.clone(),
            id: Record::new_id(),
            engine: self.engine.program.clone(),
            node_image: wanted.node_image.to_owned(),
            ports: wanted.ports.clone(),
            gateway: wanted.gateway.to_owned(),
            ready: false,
        };
        record.store(self.dir)?;
        let file = self.dir.path().join("kind-cluster.yaml");
        fs::write(&file, config::render(&record)?).map_err(FileError::of("write", &file))?;
        let kubeconfig = self.dir.kubeconfig();
        let args = [
            "create",
            "cluster",
            "--name",
            &self.name,
            "--image",
            wanted.node_image,
            "--config",
            file.as_str(),
            "--kubeconfig",
            kubeconfig.as_str(),
        ];
        let identity = local::process::identity_env(self.dir, CREATOR);
        let create = identity.iter().fold(self.kind(&args, CREATE), |call, (name, value)| call.env(name, value));
        create.watched(tick).await?;
        let catalog = kubeapi::connect(Some(&kubeconfig), &self.context()).await?;
        kubeapi::wait_ready(&catalog, &self.name, WAKE).await?;
        record.ready = true;
        record.store(self.dir)?;
        Ok(catalog)
    }

    /// Deletes the cluster and the network, if a lab created them. It is not an error if the cluster does not exist.
    ///
    /// # Errors
    /// [`Error::NotOurs`], or kind's own failure.
    pub async fn delete(&self) -> Result<(), Error> {
        self.end_creator().await?;
        if let Some(state) = self.engine.container_state(&self.node()).await? {
            let record = Record::load(self.dir)?.ok_or_else(|| self.not_ours())?;
            // A stopped container cannot be asked. The record was written when there was no such cluster.
            if record.ready && state == "running" {
                self.check_ours(&record).await?;
            }
            let kubeconfig = self.dir.kubeconfig();
            self.kind(&["delete", "cluster", "--name", &self.name, "--kubeconfig", kubeconfig.as_str()], DELETE)
                .run()
                .await?;
        }
        network::tidy(self.engine).await?;
        for path in [Record::path(self.dir), self.dir.kubeconfig(), self.dir.path().join("kind-cluster.yaml")] {
            crate::backends::cluster::state::remove(&path)?;
        }
        Ok(())
    }

    /// Ends a `kind` process that outlived a killed `lab up`. It would clean up once its container is gone, and would
    /// delete the next cluster with the same name.
    async fn end_creator(&self) -> Result<(), Error> {
        // Without /proc, the process cannot be found.
        let Ok(running) = local::process::running(self.dir) else { return Ok(()) };
        let creators: Vec<_> = running.into_iter().filter(|process| process.component == CREATOR).collect();
        Ok(local::process::stop(&creators, GRACE).await?)
    }

    async fn check_ours(&self, record: &Record) -> Result<(), Error> {
        let file = self.engine.call(["exec", &self.node(), "cat", "/kind/kubeadm.conf"], SHORT).run().await?;
        if file.contains(&config::id_label(&record.id)) { Ok(()) } else { Err(self.not_ours()) }
    }

    fn not_ours(&self) -> Error {
        Error::NotOurs { cluster: self.name.clone() }
    }

    fn kind(&self, args: &[&str], within: Duration) -> Call {
        Call::new(self.kind.as_str(), args.iter().copied(), within).env(PROVIDER, &self.engine.program)
    }
}

fn check_same(record: &Record, wanted: &ClusterRequest<'_>) -> Result<(), Error> {
    let differs = |what, has: String, wanted: String| Err(Error::Differs { what, has, wanted });
    if record.gateway != wanted.gateway {
        return differs("the gateway", record.gateway.clone(), wanted.gateway.to_owned());
    }
    if !record.ports.all().eq(wanted.ports.all()) {
        return differs("the port base", record.ports.passthrough.to_string(), wanted.ports.passthrough.to_string());
    }
    Ok(())
}

/// kind would fail because of a busy port only after it created the container.
fn check_ports(ports: &Ports) -> Result<(), Error> {
    for port in ports.all() {
        local::ports::check((Ipv4Addr::LOCALHOST, port).into())?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::net::TcpListener;

    #[test]
    fn a_name_that_no_host_can_have_is_refused() {
        let engine = Engine { program: "docker".into(), version: "1".into() };
        let dir = LabDir::at("x".into());
        let name = |lab: &str| Cluster::of(lab, &engine, Utf8Path::new("kind"), &dir).map(|cluster| cluster.node());
        assert_eq!(name("lab").expect("a good name"), "kafka-gateway-lab-lab-control-plane");
        assert_eq!(name(&"a".repeat(LONGEST_NAME)).expect("the longest").len(), 63);
        for bad in ["", "Lab", "a_b", "a-", &"a".repeat(LONGEST_NAME + 1)] {
            assert!(matches!(name(bad), Err(Error::Name { .. })), "{bad}");
        }
    }

    #[test]
    fn a_busy_port_is_named_before_anything_is_made() {
        let held = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).expect("bound");
        let port = held.local_addr().expect("an address").port();
        let mut ports = Ports::from_base(20000);
        // The first port that is checked. Whether other programs use the rest on this machine is unknown.
        ports.passthrough = port;
        let error = check_ports(&ports).expect_err("busy");
        assert!(error.to_string().contains(&format!("port {port} ")), "{error}");
    }

    #[test]
    fn a_cluster_with_another_gateway_or_port_base_is_not_taken_over() {
        let record = Record {
            cluster: "c".into(),
            id: "1".into(),
            engine: "docker".into(),
            node_image: "n".into(),
            ports: Ports::from_base(9092),
            gateway: "traefik".into(),
            ready: true,
        };
        let ports = Ports::from_base(9092);
        let wanted = |gateway, ports| check_same(&record, &ClusterRequest { node_image: "n", ports, gateway });
        wanted("traefik", &ports).expect("the same");
        assert!(wanted("envoy-gateway", &ports).expect_err("another").to_string().contains("envoy-gateway"));
        let other = Ports::from_base(19092);
        assert!(wanted("traefik", &other).expect_err("other ports").to_string().contains("19092"));
    }
}
