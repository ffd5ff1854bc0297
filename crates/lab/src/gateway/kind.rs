//! The part of `gateway.yaml` that says how an implementation is installed into a cluster.

use camino::Utf8PathBuf;
use serde::Deserialize;
use std::collections::BTreeMap;

/// How a gateway is installed into a kind cluster, or into one of the user's.
#[derive(Clone, Debug, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct KindGateway {
    /// Whether anybody ran it; `lab up` says so when not.
    #[serde(default = "yes")]
    pub tried: bool,
    /// Every image that its Pods run, by a name of the folder's own: manifests say `${image.NAME}`.
    pub images: BTreeMap<String, PinnedImage>,
    /// Which of `images` has the implementation's version for its tag.
    pub version: String,
    /// Where objects go whose manifests name no namespace.
    pub namespace: String,
    /// Applied in this order.
    pub manifests: Vec<KindManifest>,
    /// Deployments that must be Available, as `namespace/name`.
    pub deployments: Vec<String>,
    /// The label selector of the Pods that carry the traffic, in whatever namespace: what a scenario restarts.
    pub data_plane: String,
}

/// An image as the data files name it.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq)]
#[serde(deny_unknown_fields)]
pub struct PinnedImage {
    /// With registry and tag; this is what manifests name.
    pub image: String,
    /// Its digest at the registry, `sha256:...`. An image that is in the engine under its tag is not checked against it,
    /// since one that was loaded from an archive has no digest.
    pub pin: Option<String>,
}

/// One manifest and where it comes from.
#[derive(Clone, Debug, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum KindManifest {
    /// Upstream's own, a part by this name; applied as it is, without the Gateway API bundle in it.
    Part(String),
    /// A file of the fixture's folder, with the lab's `${...}` variables.
    File(Utf8PathBuf),
}

impl KindGateway {
    /// The implementation's version.
    pub fn version(&self) -> Option<&str> {
        let (_, tag) = self.images.get(&self.version)?.image.rsplit_once(':')?;
        Some(tag.trim_start_matches('v'))
    }

    /// The parts that it is installed from.
    pub fn parts(&self) -> impl Iterator<Item = &str> {
        self.manifests.iter().filter_map(|manifest| match manifest {
            KindManifest::Part(name) => Some(name.as_str()),
            KindManifest::File(_) => None,
        })
    }
}

fn yes() -> bool {
    true
}
