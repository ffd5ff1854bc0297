//! One combination: a gateway in a version, on a lab, with an operator.

use host::with_causes;
use lab::gateway::GatewayFixture;
use model::{KafkaProvider, LabKind, UpOptions};
use report_views::Absent;
use std::collections::BTreeMap;

/// The part that is Strimzi's operator.
const STRIMZI: &str = "strimzi";

/// What one lab of a matrix consists of.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Combination {
    /// A folder of `fixtures/gateways`.
    pub gateway: String,
    /// Its version. `None` is the pinned one.
    pub version: Option<String>,
    pub lab: LabKind,
    pub kafka: KafkaProvider,
    /// The versions of other parts than the pinned ones.
    pub parts: BTreeMap<String, String>,
}

impl Combination {
    /// Its folder below that of the matrix.
    pub fn name(&self) -> String {
        let version = self.version.iter().map(|version| format!("-{version}"));
        let parts = self.parts.iter().map(|(part, version)| format!("-{part}-{version}"));
        let (lab, kafka) = (self.lab.word(), self.kafka.word());
        let text: String =
            [self.gateway.clone()].into_iter().chain(version).chain([format!("-{lab}-{kafka}")]).chain(parts).collect();
        // A version is text of the user, and must not lead out of the folder.
        text.chars().map(|c| if c.is_ascii_alphanumeric() || matches!(c, '.' | '-') { c } else { '_' }).collect()
    }

    /// The options of its lab, except for its name and its ports.
    ///
    /// # Errors
    /// The reason why there is no such lab.
    pub fn up_options(&self) -> Result<UpOptions, String> {
        let fixture = GatewayFixture::load(&self.gateway).map_err(|error| with_causes(&error))?;
        let mut versions = self.parts.clone();
        let strimzi = match (versions.remove(STRIMZI), self.kafka) {
            (Some(version), KafkaProvider::Standin) => {
                return Err(format!("the lab has the stand-in and not Strimzi, so it has no Strimzi {version}"));
            }
            (Some(version), KafkaProvider::Strimzi) => version,
            (None, KafkaProvider::Standin) => String::new(),
            (None, KafkaProvider::Strimzi) => {
                lab::backends::cluster::images::newest_strimzi().map_err(|error| with_causes(&error))?
            }
        };
        if let Some((part, version)) = self.own_version(&fixture)? {
            versions.insert(part, version);
        }
        Ok(UpOptions {
            name: String::new(),
            kind: Some(self.lab),
            gateway: Some(self.gateway.clone()),
            kafka: Some(self.kafka),
            port_base: None,
            hosts: false,
            strimzi,
            node_image: None,
            versions,
            existing: None,
            one_by_one: false,
        })
    }

    /// The part that is the gateway, in the chosen version. In a cluster, the images of the fixture decide.
    fn own_version(&self, fixture: &GatewayFixture) -> Result<Option<(String, String)>, String> {
        let Some(version) = &self.version else { return Ok(None) };
        if self.lab == LabKind::Local {
            return Ok(fixture.local.as_ref().map(|local| (local.program.clone(), version.clone())));
        }
        let pinned = fixture.kind.as_ref().and_then(|kind| kind.version()).unwrap_or("none");
        if pinned == version {
            return Ok(None);
        }
        Err(format!(
            "on {} the version of {} is that of the images in its gateway.yaml, {pinned}",
            self.lab.word(),
            self.gateway
        ))
    }

    /// The column of a combination without a report.
    pub fn absent(&self, word: &'static str, reason: impl Into<String>) -> Absent {
        Absent {
            gateway: self.gateway.clone(),
            version: self.version.clone(),
            lab: self.lab,
            kafka: self.kafka,
            parts: self.parts.clone(),
            word,
            reason: reason.into(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn combination(gateway: &str, version: Option<&str>, lab: LabKind) -> Combination {
        let kafka = if lab == LabKind::Local { KafkaProvider::Standin } else { KafkaProvider::Strimzi };
        Combination { gateway: gateway.into(), version: version.map(Into::into), lab, kafka, parts: BTreeMap::new() }
    }

    #[test]
    fn a_local_lab_takes_another_version_and_a_cluster_only_its_images_own() {
        let versions = |version, lab| combination("traefik", version, lab).up_options().map(|options| options.versions);
        let own = BTreeMap::from([("traefik".to_owned(), "3.6.15".to_owned())]);
        assert_eq!(versions(Some("3.6.15"), LabKind::Local), Ok(own));
        assert_eq!(versions(None, LabKind::Local), Ok(BTreeMap::new()));
        assert_eq!(versions(Some("3.7.15"), LabKind::Kind), Ok(BTreeMap::new()));
        let refused = versions(Some("3.6.15"), LabKind::Kind).expect_err("other images");
        assert_eq!(refused, "on kind the version of traefik is that of the images in its gateway.yaml, 3.7.15");
    }

    #[test]
    fn strimzi_s_version_is_that_of_the_operator() {
        let mut one = combination("envoy-gateway", None, LabKind::Kind);
        one.parts.insert("strimzi".into(), "1.1.0".into());
        let options = one.up_options().expect("sound");
        assert_eq!((options.strimzi.as_str(), options.versions.len()), ("1.1.0", 0));
        one.kafka = KafkaProvider::Standin;
        assert!(one.up_options().expect_err("there is none").contains("no Strimzi 1.1.0"));
    }

    #[test]
    fn a_name_does_not_leave_the_folder() {
        assert_eq!(combination("traefik", Some("../../x"), LabKind::Local).name(), "traefik-.._.._x-local-standin");
    }
}
