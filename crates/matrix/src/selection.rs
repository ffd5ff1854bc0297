//! What a matrix consists of, and its combinations.

use super::Combination;
use model::{KafkaProvider, LabKind};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// The word that stands for each gateway among the versions.
const GATEWAY: &str = "gateway";

/// What is to be run. It is kept beside the reports, because reports of another selection would be mixed up with them.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub struct Selection {
    pub gateways: Vec<String>,
    pub labs: Vec<LabKind>,
    /// `None` is the usual operator of each lab.
    pub kafka: Option<KafkaProvider>,
    /// Versions by part. The part `gateway`, or a gateway's name, is the gateway itself.
    pub versions: BTreeMap<String, Vec<String>>,
    /// The names of the scenarios.
    pub scenarios: Vec<String>,
}

/// A version of something that the selection does not run.
#[derive(Debug, Eq, PartialEq, thiserror::Error)]
pub enum NotSelected {
    #[error("`--versions {name}=...`: {name} is a gateway, but not among those of `--gateway`; add it there")]
    Gateway { name: String },
    #[error("`--versions` names the versions of {name} twice, by its name and as `gateway`; name them once")]
    Twice { name: String },
}

impl Selection {
    /// Every combination, by gateway, version, lab and versions of other parts. `is_gateway` says whether a part is a folder
    /// under `fixtures/gateways`.
    ///
    /// # Errors
    /// If the versions do not fit the gateways.
    pub fn combinations(&self, is_gateway: impl Fn(&str) -> bool) -> Result<Vec<Combination>, NotSelected> {
        let selected = |name: &str| self.gateways.iter().any(|gateway| gateway == name);
        if let Some(name) = self.versions.keys().find(|part| is_gateway(part) && !selected(part)) {
            return Err(NotSelected::Gateway { name: name.clone() });
        }
        let twice = self.gateways.iter().find(|name| self.versions.contains_key(*name));
        if let Some(name) = twice.filter(|_| self.versions.contains_key(GATEWAY)) {
            return Err(NotSelected::Twice { name: name.clone() });
        }
        let others = self.versions.iter().filter(|(part, _)| *part != GATEWAY && !selected(part));
        let mut parts = vec![BTreeMap::new()];
        for (part, versions) in others {
            let with = |chosen: &BTreeMap<String, String>| {
                let chosen = chosen.clone();
                versions.iter().map(move |version| {
                    let mut chosen = chosen.clone();
                    chosen.insert(part.clone(), version.clone());
                    chosen
                })
            };
            parts = parts.iter().flat_map(with).collect();
        }
        let mut all = Vec::new();
        for gateway in unique(&self.gateways) {
            let versions = self.versions.get(gateway).or_else(|| self.versions.get(GATEWAY));
            let versions: Vec<Option<&String>> =
                versions.map_or_else(|| vec![None], |versions| unique(versions).into_iter().map(Some).collect());
            for version in versions {
                for lab in unique(&self.labs) {
                    all.extend(parts.iter().map(|parts| Combination {
                        gateway: gateway.clone(),
                        version: version.cloned(),
                        lab: *lab,
                        kafka: self.kafka.unwrap_or_else(|| usual(*lab)),
                        parts: parts.clone(),
                    }));
                }
            }
        }
        Ok(all)
    }

    /// What another selection has otherwise, a sentence for each. Empty if they are equal.
    pub fn differences(&self, other: &Self) -> Vec<String> {
        let kafka = |one: &Self| one.kafka.map_or("the usual", KafkaProvider::word).to_owned();
        let labs = |one: &Self| one.labs.iter().map(|lab| lab.word()).collect::<Vec<_>>().join(",");
        let versions = |one: &Self| -> String {
            let versions = one.versions.iter().map(|(part, versions)| format!("{part}={}", versions.join(",")));
            let versions: Vec<_> = versions.collect();
            if versions.is_empty() { "the pinned ones".to_owned() } else { versions.join(" ") }
        };
        let facts = [
            ("--gateway", self.gateways.join(","), other.gateways.join(",")),
            ("--lab", labs(self), labs(other)),
            ("--kafka", kafka(self), kafka(other)),
            ("--versions", versions(self), versions(other)),
        ];
        let mut sentences: Vec<_> = facts
            .into_iter()
            .filter(|(_, one, two)| one != two)
            .map(|(what, one, two)| format!("{what} was {one} and is {two}"))
            .collect();
        let lacking = |from: &Self, than: &Self| -> Vec<String> {
            from.scenarios.iter().filter(|name| !than.scenarios.contains(name)).cloned().collect()
        };
        let (gone, new) = (lacking(self, other), lacking(other, self));
        if !gone.is_empty() {
            sentences.push(format!("without the scenarios {}", gone.join(", ")));
        }
        if !new.is_empty() {
            sentences.push(format!("with the scenarios {} in addition", new.join(", ")));
        }
        sentences
    }
}

/// The operator that `lab up` chooses.
fn usual(lab: LabKind) -> KafkaProvider {
    match lab {
        LabKind::Local => KafkaProvider::Standin,
        LabKind::Kind | LabKind::Existing => KafkaProvider::Strimzi,
    }
}

/// The values in their order, each once.
fn unique<T: PartialEq>(values: &[T]) -> Vec<&T> {
    let mut unique = Vec::new();
    for value in values {
        if !unique.contains(&value) {
            unique.push(value);
        }
    }
    unique
}

#[cfg(test)]
pub(super) mod tests {
    use super::*;

    pub fn selection(gateways: &[&str], labs: &[LabKind], versions: &[(&str, &[&str])]) -> Selection {
        let owned = |words: &[&str]| words.iter().map(|word| (*word).to_owned()).collect::<Vec<_>>();
        Selection {
            gateways: owned(gateways),
            labs: labs.to_vec(),
            kafka: None,
            versions: versions.iter().map(|(part, versions)| ((*part).to_owned(), owned(versions))).collect(),
            scenarios: owned(&["weights"]),
        }
    }

    fn names(selection: &Selection) -> Result<Vec<String>, NotSelected> {
        let is_gateway = |name: &str| ["traefik", "contour"].contains(&name);
        Ok(selection.combinations(is_gateway)?.iter().map(Combination::name).collect())
    }

    #[test]
    fn versions_of_a_gateway_are_its_own_and_those_of_a_part_are_everybodys() {
        let both = [LabKind::Local, LabKind::Kind];
        let versions: [(&str, &[&str]); 2] = [("traefik", &["3.6.15", "3.7.15"]), ("kafka", &["4.3.0", "4.3.1"])];
        let all = names(&selection(&["traefik", "contour", "traefik"], &both[..1], &versions)).expect("they fit");
        assert_eq!(
            all,
            [
                "traefik-3.6.15-local-standin-kafka-4.3.0",
                "traefik-3.6.15-local-standin-kafka-4.3.1",
                "traefik-3.7.15-local-standin-kafka-4.3.0",
                "traefik-3.7.15-local-standin-kafka-4.3.1",
                "contour-local-standin-kafka-4.3.0",
                "contour-local-standin-kafka-4.3.1",
            ]
        );
        let all = names(&selection(&["traefik"], &both, &[("gateway", &["3.6.15"])])).expect("they fit");
        assert_eq!(all, ["traefik-3.6.15-local-standin", "traefik-3.6.15-kind-strimzi"]);
    }

    #[test]
    fn versions_that_no_combination_would_have_are_refused() {
        let local = [LabKind::Local];
        let other = names(&selection(&["traefik"], &local, &[("contour", &["1.33.8"])]));
        assert_eq!(other, Err(NotSelected::Gateway { name: "contour".into() }));
        let twice = names(&selection(&["traefik"], &local, &[("traefik", &["3.6.15"]), ("gateway", &["3.7.15"])]));
        assert_eq!(twice, Err(NotSelected::Twice { name: "traefik".into() }));
    }

    #[test]
    fn what_differs_is_named() {
        let one = selection(&["traefik"], &[LabKind::Local], &[("gateway", &["3.6.15"])]);
        assert!(one.differences(&one).is_empty());
        let mut other = selection(&["traefik", "contour"], &[LabKind::Local, LabKind::Kind], &[]);
        other.scenarios = vec!["nested-listeners".into()];
        assert_eq!(
            one.differences(&other),
            [
                "--gateway was traefik and is traefik,contour",
                "--lab was local and is local,kind",
                "--versions was gateway=3.6.15 and is the pinned ones",
                "without the scenarios weights",
                "with the scenarios nested-listeners in addition",
            ]
        );
    }
}
