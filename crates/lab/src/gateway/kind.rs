//! The part of `gateway.yaml` that says how to install an implementation into a cluster.

use camino::Utf8PathBuf;
use serde::Deserialize;
use std::collections::BTreeMap;

/// How to install a gateway into a kind cluster or a user's own cluster.
#[derive(Clone, Debug, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct KindGateway {
    /// Whether it has been tested. If not, `lab up` says so.
    #[serde(default = "yes")]
    pub tried: bool,
    /// Every image that its Pods run, by a name that manifests use as `${image.NAME}`.
    pub images: BTreeMap<String, PinnedImage>,
    /// The image in `images` whose tag is the implementation's version.
    pub version: String,
    /// Parts in another version than the pinned one, because the implementation was not run with that one yet. The versions
    /// that the user chooses come first.
    #[serde(default)]
    pub versions: BTreeMap<String, String>,
    /// Whether its Gateways share one Service, or each has an address of its own.
    #[serde(default)]
    pub gateways: Gateways,
    /// The namespace for objects whose manifests name none.
    pub namespace: String,
    /// The manifests, in the order in which they are applied.
    pub manifests: Vec<KindManifest>,
    /// Deployments that must be Available, as `namespace/name`.
    pub deployments: Vec<String>,
    /// The label selector of the Pods that carry the traffic, in any namespace. Scenarios restart these Pods.
    pub data_plane: String,
}

/// How Gateways are reached from this machine.
#[derive(Clone, Copy, Debug, Default, Deserialize, Eq, PartialEq)]
#[serde(rename_all = "kebab-case")]
pub enum Gateways {
    /// All Gateways share one Service, whose NodePorts are mapped to loopback.
    #[default]
    Shared,
    /// The implementation creates a Service of type LoadBalancer for each Gateway. The lab gives it an address of the node
    /// network.
    Separate,
}

/// An image, as the data files name it.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq)]
#[serde(deny_unknown_fields)]
pub struct PinnedImage {
    /// The name with registry and tag, as manifests use it.
    pub image: String,
    /// Its digest at the registry, `sha256:...`. An image that the engine has under its tag is not compared with it,
    /// because an image that was loaded from an archive has no digest.
    pub pin: Option<String>,
}

/// One manifest and its source.
#[derive(Clone, Debug, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum KindManifest {
    /// A part with this name that contains upstream's manifest. It is applied unchanged, except for the Gateway API
    /// bundle in it.
    Part(String),
    /// A file in the fixture's folder, with the lab's `${...}` variables.
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
