//! The status of a lab: its processes, the API server, routes and brokers, and what is wrong with them.
//!
//! The processes are read from the process table. Everything else comes from the API server under one deadline, so the
//! answer arrives within seconds whatever is dead, and names it.

mod gather;
mod objects;
mod probe;
mod problems;
mod summary;
mod text;

pub use summary::Status;

use super::health::half_up;
use super::{Error, Lab};
use crate::backends;
use crate::backends::local::status::Component;
use crate::backends::local::{last_words_of, node};
use model::{LabDir, LabFacts};
use summary::{Facts, Objects, Process};

impl Status {
    /// What is known at once: the kind of lab, and its processes.
    ///
    /// # Errors
    /// If there is no /proc.
    pub fn of(lab: &Lab) -> Result<Self, Error> {
        let facts = Facts {
            kind: lab.info.kind,
            gateway: lab.info.gateway.name.clone(),
            gateway_version: LabFacts::from(&lab.info).version(&lab.info.gateway.name).map(str::to_owned),
            gateway_class: lab.info.gateway.class.clone(),
            kafka: lab.info.kafka,
            versions: lab.info.versions.clone(),
        };
        Ok(Self::begun(&lab.info.name, Some(facts), lab.backend.components(lab)?))
    }

    /// The status of a lab that is partly up: it has processes or a cluster, but has not recorded what it is. `None` if
    /// there is nothing of it.
    ///
    /// # Errors
    /// If the lab's folder or the process table cannot be read.
    pub fn half(dir: &LabDir, name: &str) -> Result<Option<Self>, Error> {
        let components = half_up(dir)?;
        if components.is_empty() && !anything_there(dir)? {
            return Ok(None);
        }
        let mut status = Self::begun(name, None, components);
        status.problems = problems::of(&status);
        Ok(Some(status))
    }

    fn begun(name: &str, lab: Option<Facts>, components: Vec<Component>) -> Self {
        let gateway = lab.as_ref().map(|lab| lab.gateway.clone()).unwrap_or_default();
        let whole = lab.as_ref().is_none_or(|lab| backends::of(lab.kind).process_node().is_some());
        Self {
            name: name.to_owned(),
            lab,
            processes: components.into_iter().map(|one| process(one, &gateway, whole)).collect(),
            api: None,
            objects: Objects::default(),
            probes: Vec::new(),
            problems: Vec::new(),
        }
    }

    /// Asks the API server for everything else. Takes 5 s at most, whatever is dead. With `probe`, a client then
    /// connects to every broker through the gateway, which takes at most 20 s more.
    #[must_use]
    pub async fn asked(mut self, lab: &Lab, probe: bool) -> Self {
        let (api, objects) = gather::all(lab).await;
        self.api = Some(api);
        self.objects = objects;
        if probe {
            self.probes = probe::all(lab).await;
        }
        self.problems = problems::of(&self);
        self
    }

    /// Whether nothing is wrong.
    pub fn healthy(&self) -> bool {
        self.problems.is_empty()
    }

    /// The title and the processes, as text.
    pub fn head(&self) -> String {
        text::head(self)
    }

    /// Everything after [`Status::head`], as text.
    pub fn rest(&self) -> String {
        text::rest(self)
    }
}

fn anything_there(dir: &LabDir) -> Result<bool, Error> {
    for backend in backends::all() {
        if backend.is_there(dir)? {
            return Ok(true);
        }
    }
    Ok(false)
}

fn process(component: Component, gateway: &str, whole: bool) -> Process {
    let trouble = component.trouble().map(str::to_owned);
    let last_words = trouble.as_ref().and_then(|_| last_words_of(&component.log));
    let Component { name, process, log } = component;
    Process {
        role: role(&name, gateway, whole),
        name,
        pid: process.as_ref().map(|process| process.pid),
        seconds_up: process.as_ref().map(|process| process.age.as_secs()),
        listening: process.map(|process| process.listening).unwrap_or_default(),
        trouble,
        last_words,
        log: log.into_string(),
    }
}

/// The role of a process in the lab. `whole` is true for a lab that consists of processes, where the agent does more.
fn role(name: &str, gateway: &str, whole: bool) -> String {
    match name {
        "etcd" => "the API server's store".to_owned(),
        "kube-apiserver" => "the Kubernetes API".to_owned(),
        "agent" if whole => {
            "acts as kubelet, kube-proxy and Strimzi's operator (the stand-in); it listens on every Service's ClusterIP"
                .to_owned()
        }
        "agent" => "acts as Strimzi's operator (the stand-in)".to_owned(),
        name if name == gateway => "the gateway".to_owned(),
        name => match node::pod_of(name) {
            Some(pod) => format!("the process of Pod {pod}"),
            None => "a process of the lab".to_owned(),
        },
    }
}

#[cfg(test)]
mod tests;
