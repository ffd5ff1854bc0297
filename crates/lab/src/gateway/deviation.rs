//! The entries of `deviations` in `gateway.yaml`.

use model::Cause;
use semver::VersionReq;
use serde::Deserialize;

/// A known difference from the behaviour that is expected of all implementations.
#[derive(Clone, Debug)]
pub struct Deviation {
    pub topic: Topic,
    pub expected: Expected,
    /// The cause that the scenario fails with. `None` means any cause.
    pub cause: Option<Cause>,
    /// The versions of the implementation that it affects. `None` means all of them.
    pub versions: Option<VersionReq>,
    /// What happens instead, in a sentence.
    pub what: String,
    /// Where it was reported or decided.
    pub link: String,
}

/// What a deviation is about.
#[derive(Clone, Debug, Eq, PartialEq)]
pub enum Topic {
    /// A scenario of this repository.
    Scenario(String),
    /// Something that no scenario covers.
    Topic(String),
}

/// The expected end of a scenario that a known deviation affects.
#[derive(Clone, Copy, Debug, Deserialize, Eq, PartialEq)]
#[serde(rename_all = "kebab-case")]
pub enum Expected {
    Failed,
}

/// A deviation as it is written.
#[derive(Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct DeviationText {
    scenario: Option<String>,
    topic: Option<String>,
    expected: Expected,
    cause: Option<Cause>,
    versions: Option<VersionReq>,
    what: String,
    link: String,
}

impl Deviation {
    /// Whether it affects this version of the implementation. If the version is not known, only a deviation of all
    /// versions does.
    pub fn affects(&self, version: Option<&str>) -> bool {
        let Some(versions) = &self.versions else { return true };
        version.and_then(artifacts::release).is_some_and(|release| versions.matches(&release))
    }
}

impl TryFrom<DeviationText> for Deviation {
    type Error = String;

    fn try_from(text: DeviationText) -> Result<Self, String> {
        let DeviationText { scenario, topic, expected, cause, versions, what, link } = text;
        let topic = match (scenario, topic) {
            (Some(scenario), None) => Topic::Scenario(scenario),
            (None, Some(topic)) => Topic::Topic(topic),
            _ => return Err("a deviation must have either `scenario` or `topic`".to_owned()),
        };
        Ok(Self { topic, expected, cause, versions, what, link })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn deviation(versions: &str) -> Deviation {
        let text = format!("{{scenario: a, expected: failed, {versions} what: it differs, link: l}}");
        let text: DeviationText = serde_saphyr::from_str(&text).expect("valid");
        text.try_into().expect("it has a scenario")
    }

    #[test]
    fn a_deviation_of_some_versions_affects_only_these() {
        let (some, all) = (deviation("versions: '>=3.6, <3.7.5',"), deviation(""));
        for (version, expected) in
            [("3.6.4", true), ("v3.7.4", true), ("3.7.5", false), ("3.5.9", false), ("3.7", true), ("latest", false)]
        {
            assert_eq!(some.affects(Some(version)), expected, "{version}");
            assert!(all.affects(Some(version)), "without a range it is one of every version");
        }
        assert!(!some.affects(None) && all.affects(None));
    }
}
