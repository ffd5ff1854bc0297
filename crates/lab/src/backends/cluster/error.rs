//! Why a lab in a Kubernetes cluster cannot start or stop.

use super::super::pods;
use camino::Utf8PathBuf;
use kubeapi::ObjectRef;
use model::FileError;
use std::io;
use std::time::Duration;

/// Why a lab in Kubernetes cannot start or stop.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    #[error(
        "no container engine answers ({tried}); start Docker, Podman or nerdctl, or use `--lab local`, which needs none"
    )]
    NoEngine { tried: String },
    #[error(
        "node {node} has no network with room for the Gateways' addresses (it has {seen}); expected an IPv4 network with at least \
         256 addresses, of which the upper half is free"
    )]
    NoAddresses { node: String, seen: String },
    #[error(
        "gateway {gateway} has an address of the node network for each Gateway, and that network cannot be reached from this \
         system; use a gateway whose Gateways share one Service, such as envoy-gateway"
    )]
    NoNodeNetwork { gateway: String },
    #[error("{program} is not installed; {remedy}")]
    NoProgram { program: String, remedy: String },
    #[error("cannot run `{command}`")]
    Spawn {
        command: String,
        #[source]
        source: io::Error,
    },
    #[error("`{command}` failed ({how}); its last lines:\n{tail}")]
    Command { command: String, how: String, tail: String },
    #[error("`{command}` did not end within {within:?}; its last lines:\n{tail}")]
    Hung { command: String, within: Duration, tail: String },
    #[error(transparent)]
    File(#[from] FileError),
    #[error(transparent)]
    Paths(#[from] model::paths::PathsError),
    #[error("cannot use {path}: {problem}; run `cargo xtask lab down`, or remove the file")]
    State { path: Utf8PathBuf, problem: String },
    #[error("{path}: {problem}")]
    Data { path: Utf8PathBuf, problem: String },
    #[error(
        "the lab's name {name:?} cannot be part of a cluster's name: expected at most {max} lower-case letters, digits and `-`"
    )]
    Name { name: String, max: usize },
    #[error(
        "the kind cluster {cluster} already exists and was not created by this lab; choose another `--name`, or remove the cluster with `kind delete cluster --name {cluster}`"
    )]
    NotOurs { cluster: String },
    #[error(
        "the lab already runs with {what} {has}, not {wanted}; run `cargo xtask lab down` first, or choose another `--name`"
    )]
    Differs { what: &'static str, has: String, wanted: String },
    #[error("could not get {}:\n{}\nWhat to do: run `{engine} pull` with access to a network; or run `lab images save FILE` on another machine and `lab images load FILE` here; or configure other images (LAB_NODE_IMAGE for the node, gateway.yaml or fixtures/images.yaml for the rest)",
        plural(missing.len()), missing.join("\n"))]
    MissingImages { engine: String, missing: Vec<String> },
    #[error("the node {node} lacks {} although they were loaded; run `lab down` and `lab up` to create a new node", images.join(", "))]
    NotLoaded { node: String, images: Vec<String> },
    #[error("pod {pod}: {reason} for container {container}, image {image}: {message}")]
    Pod { pod: String, container: String, image: String, reason: String, message: String },
    #[error("{file}:{line}: no value for ${{{variable}}}; the variables are {known}")]
    Variable { file: String, line: usize, variable: String, known: String },
    #[error("internal error: the part {part}, from which {needed_by} is installed, was not obtained")]
    NoPart { part: String, needed_by: String },
    #[error("the gateway {gateway} does not run on kind: its gateway.yaml has no `labs.kind`")]
    NotOnKind { gateway: String },
    #[error("{object} already exists and was not created by this lab; remove it, or omit the option that installs it")]
    Exists { object: ObjectRef },
    #[error("the node was restarted, and after {within:?} these Pods are still not running: {}", pods.join(", "))]
    Asleep { pods: Vec<String>, within: Duration },
    #[error("{} objects of the lab still exist after {within:?}: {}", left.len(), left.iter().map(ToString::to_string).collect::<Vec<_>>().join(", "))]
    NotGone { left: Vec<ObjectRef>, within: Duration },
    #[error("the cluster serves Gateway API {has}, but {needed_by} requires v1.5 or newer: {way_out}")]
    GatewayApi { has: String, needed_by: String, way_out: String },
    #[error("unknown component or Pod {wanted:?}; there are: {}", known.join(", "))]
    NoPod { wanted: String, known: Vec<String> },
    #[error("internal error: a background task of the lab panicked or was cancelled")]
    Task(#[source] tokio::task::JoinError),
    /// Usually a busy port.
    #[error(transparent)]
    Port(#[from] crate::backends::local::Error),
    #[error(transparent)]
    Kube(#[from] kubeapi::Error),
    #[error(transparent)]
    Fixture(#[from] crate::gateway::FixtureError),
}

impl Error {
    /// Whether the error is about a container that crashes again and again.
    pub(crate) fn is_crash_loop(&self) -> bool {
        matches!(self, Self::Pod { reason, .. } if reason == pods::CRASH_LOOP)
    }
}

fn plural(count: usize) -> String {
    if count == 1 { "an image".to_owned() } else { format!("{count} images") }
}
