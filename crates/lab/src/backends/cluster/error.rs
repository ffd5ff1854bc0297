//! What keeps a lab in a Kubernetes cluster from coming up or going down.

use super::super::pods;
use camino::Utf8PathBuf;
use kubeapi::ObjectRef;
use model::FileError;
use std::io;
use std::time::Duration;

/// What keeps a lab in Kubernetes from coming up, or from going down.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    #[error(
        "no container engine answers ({tried}); start Docker, Podman or nerdctl, or use `--lab local`, which needs none"
    )]
    NoEngine { tried: String },
    #[error("{program} is not there; {remedy}")]
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
    #[error("{path} does not hold what the lab wrote: {problem}; `lab down`, or remove the file")]
    State { path: Utf8PathBuf, problem: String },
    #[error("{path}: {problem}")]
    Data { path: Utf8PathBuf, problem: String },
    #[error("the lab's name {name:?} cannot name a cluster: expected at most {max} lower-case letters, digits and `-`")]
    Name { name: String, max: usize },
    #[error(
        "there is a kind cluster {cluster} that this lab did not make; choose another `--name`, or remove it yourself with `kind delete cluster --name {cluster}`"
    )]
    NotOurs { cluster: String },
    #[error("the lab runs with {what} {has}, not {wanted}; `lab down` first, or give the new one another `--name`")]
    Differs { what: &'static str, has: String, wanted: String },
    #[error("{} cannot be had:\n{}\nWays out: `{engine} pull` them where there is a network; `lab images load FILE` with an archive that `lab images save FILE` wrote elsewhere; or name other images (LAB_NODE_IMAGE for the node, gateway.yaml or fixtures/images.yaml for the rest)",
        plural(missing.len()), missing.join("\n"))]
    MissingImages { engine: String, missing: Vec<String> },
    #[error("the node {node} lacks {} after they were loaded; `lab down` and `lab up` make a new one", images.join(", "))]
    NotLoaded { node: String, images: Vec<String> },
    #[error("pod {pod}: {reason} for container {container}, image {image}: {message}")]
    Pod { pod: String, container: String, image: String, reason: String, message: String },
    #[error("{file}: no value for ${{{variable}}}; known are {known}")]
    Variable { file: String, variable: String, known: String },
    #[error("the part {part} was not given; it is what {needed_by} is installed from")]
    NoPart { part: String, needed_by: String },
    #[error("the gateway {gateway} has no `labs.kind` in its gateway.yaml: it does not run on kind")]
    NotOnKind { gateway: String },
    #[error("{object} is there already, and this lab did not make it; remove it, or leave out what needs it")]
    Exists { object: ObjectRef },
    #[error("the node was started again, and after {within:?} these pods do not run: {}", pods.join(", "))]
    Asleep { pods: Vec<String>, within: Duration },
    #[error("{} objects of the lab are still there after {within:?}: {}", left.len(), left.iter().map(ToString::to_string).collect::<Vec<_>>().join(", "))]
    NotGone { left: Vec<ObjectRef>, within: Duration },
    #[error("the cluster serves Gateway API {has}, and {needed_by} needs v1.5 or newer: {way_out}")]
    GatewayApi { has: String, needed_by: String, way_out: String },
    #[error("there is no component or Pod {wanted:?}; there are: {}", known.join(", "))]
    NoPod { wanted: String, known: Vec<String> },
    #[error("a background task of the lab broke")]
    Task(#[source] tokio::task::JoinError),
    /// A busy port, above all.
    #[error(transparent)]
    Port(#[from] crate::backends::local::Error),
    #[error(transparent)]
    Kube(#[from] kubeapi::Error),
    #[error(transparent)]
    Fixture(#[from] crate::gateway::FixtureError),
}

impl Error {
    /// Whether it tells of a container that ends again and again.
    pub(crate) fn is_crash_loop(&self) -> bool {
        matches!(self, Self::Pod { reason, .. } if reason == pods::CRASH_LOOP)
    }
}

fn plural(count: usize) -> String {
    if count == 1 { "an image".to_owned() } else { format!("{count} images") }
}
