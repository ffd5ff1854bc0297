//! The input and the result of `lab up`.

use super::images::{self, RequiredImage};
use super::{Error, gateway};
use crate::gateway::{GatewayFixture, Gateways};
use camino::{Utf8Path, Utf8PathBuf};
use model::{GatewayReach, KafkaProvider, Ports, UserCluster};
use std::collections::BTreeMap;

/// The part that contains the Gateway API bundle.
pub const GATEWAY_API: &str = "gateway-api-crds";
/// The part that is the kind program.
pub const KIND: &str = "kind";

/// The components of a lab in Kubernetes.
#[derive(Clone, Debug)]
pub struct ClusterSpec {
    /// The lab's name.
    pub name: String,
    /// A folder of `fixtures/gateways`.
    pub gateway: String,
    pub kafka: KafkaProvider,
    pub strimzi_version: String,
    pub ports: Ports,
    /// The node's image. The default is the one pinned for `kubernetes`.
    pub node_image: Option<String>,
    /// The versions that the user chose, by part.
    pub versions: BTreeMap<String, String>,
    /// Whether to start one part after another.
    pub one_by_one: bool,
}

/// The paths of parts, by name.
#[derive(Clone, Debug, Default)]
pub struct PartFiles(BTreeMap<String, Utf8PathBuf>);

/// A running cluster of a lab, with its gateway and its operator.
#[derive(Clone, Debug)]
pub struct ClusterHandle {
    pub kubeconfig: Utf8PathBuf,
    pub context: String,
    pub reach: GatewayReach,
    /// What runs, by part: `kubernetes`, `gateway-api`, the container engine and every image.
    pub versions: BTreeMap<String, String>,
    /// The id of every image.
    pub checksums: BTreeMap<String, String>,
}

impl PartFiles {
    /// The path of a part.
    ///
    /// # Errors
    /// [`Error::NoPart`].
    pub fn of(&self, part: &str, needed_by: &str) -> Result<&Utf8Path, Error> {
        let missing = || Error::NoPart { part: part.to_owned(), needed_by: needed_by.to_owned() };
        self.0.get(part).map(Utf8PathBuf::as_path).ok_or_else(missing)
    }
}

impl FromIterator<(String, Utf8PathBuf)> for PartFiles {
    fn from_iter<I: IntoIterator<Item = (String, Utf8PathBuf)>>(parts: I) -> Self {
        Self(parts.into_iter().collect())
    }
}

/// The names of the parts that [`crate::backends::kind::up`] requires for these options.
///
/// # Errors
/// If the gateway is unknown, or does not run on kind.
pub fn wanted_parts(options: &ClusterSpec, existing: Option<&UserCluster>) -> Result<Vec<String>, Error> {
    let cluster = existing.is_none().then(|| KIND.to_owned());
    let fixture = GatewayFixture::load(&options.gateway)?;
    let gateway = existing.is_none_or(|existing| existing.install_gateway);
    let own = gateway::section(&fixture)?.parts().filter(|_| gateway).map(ToOwned::to_owned);
    let strimzi = match options.kafka {
        KafkaProvider::Strimzi if existing.is_none_or(|existing| existing.install_strimzi) => {
            Some(options.strimzi_part()?)
        }
        _ => None,
    };
    Ok(cluster.into_iter().chain([GATEWAY_API.to_owned()]).chain(own).chain(strimzi).collect())
}

impl ClusterSpec {
    /// Every image that the cluster needs besides the node's own: the gateway's, and those that run Kafka.
    ///
    /// # Errors
    /// If a data file cannot be used.
    pub fn images(&self) -> Result<Vec<RequiredImage>, Error> {
        let fixture = GatewayFixture::load(&self.gateway)?;
        let mut all = images::used_by(&gateway::section(&fixture)?.images, &self.gateway);
        let provider = match self.kafka {
            KafkaProvider::Standin => "the stand-in".to_owned(),
            KafkaProvider::Strimzi => format!("Strimzi {}", self.strimzi_version),
        };
        all.extend(images::used_by(&images::kafka(self.kafka, &self.strimzi_version)?, &provider));
        Ok(all)
    }

    /// The versions of parts that are not the pinned ones: those that the user chose, and otherwise those of the gateway's
    /// fixture.
    ///
    /// # Errors
    /// If the gateway is unknown, or does not run on kind.
    pub fn part_versions(&self) -> Result<BTreeMap<String, String>, Error> {
        let fixture = GatewayFixture::load(&self.gateway)?;
        let mut versions = gateway::section(&fixture)?.versions.clone();
        versions.extend(self.versions.clone());
        Ok(versions)
    }

    /// The part with Strimzi's install manifest: `strimzi` for the newest version, `strimzi-VERSION` for others.
    pub(crate) fn strimzi_part(&self) -> Result<String, Error> {
        let newest = images::newest_strimzi()? == self.strimzi_version;
        Ok(if newest { "strimzi".to_owned() } else { format!("strimzi-{}", self.strimzi_version) })
    }

    /// The node's image.
    ///
    /// # Errors
    /// If the Kubernetes version is not listed.
    pub fn node_image(&self) -> Result<RequiredImage, Error> {
        images::node(self.node_image.as_deref())
    }

    pub(crate) fn reach(&self, fixture: &GatewayFixture, address: std::net::IpAddr) -> GatewayReach {
        GatewayReach {
            name: self.gateway.clone(),
            class: fixture.class.clone(),
            address,
            separate: fixture.kind.as_ref().is_some_and(|kind| kind.gateways == Gateways::Separate),
            ports: self.ports.clone(),
            features: fixture.features.clone(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_version_that_the_user_chose_replaces_that_of_the_fixture() {
        let mut spec = ClusterSpec {
            name: "lab".into(),
            gateway: "envoy-gateway".into(),
            kafka: KafkaProvider::Standin,
            strimzi_version: "1.2.0".into(),
            ports: Ports::from_base(9092),
            node_image: None,
            versions: BTreeMap::new(),
            one_by_one: false,
        };
        let bundle = |spec: &ClusterSpec| spec.part_versions().expect("it runs on kind")[GATEWAY_API].clone();
        assert_eq!(bundle(&spec), "1.6.1", "Envoy Gateway 1.9 was built for it");
        spec.versions.insert(GATEWAY_API.into(), "1.7.0".into());
        assert_eq!(bundle(&spec), "1.7.0");
    }
    use crate::gateway::names;
    use artifacts::Parts;

    /// Every gateway and every version of Strimzi can be installed from parts that exist.
    #[test]
    fn wanted_parts_are_in_the_list_of_parts() {
        let known: Vec<_> = Parts::load().expect("a sound list").list().into_iter().map(|part| part.name).collect();
        for gateway in names() {
            for version in ["1.2.0", "1.1.0"] {
                let options = ClusterSpec {
                    name: "lab".into(),
                    gateway: gateway.clone(),
                    kafka: KafkaProvider::Strimzi,
                    strimzi_version: version.into(),
                    ports: Ports::from_base(9092),
                    node_image: None,
                    versions: BTreeMap::new(),
                    one_by_one: false,
                };
                for part in wanted_parts(&options, None).expect("it runs on kind") {
                    assert!(known.contains(&part), "{gateway}: {part}");
                }
                Parts::load()
                    .expect("a sound list")
                    .with_versions(&options.part_versions().expect("it runs on kind"))
                    .expect("known");
                let images = options.images().expect("images");
                assert!(images.iter().any(|wanted| wanted.used_by == format!("Strimzi {version}")), "{images:?}");
            }
        }
    }
}
