//! The package clients that list the versions of a part.

use super::command::{self, Run, Tool};
use super::failure::Failure;
use super::manifest::{GoBuild, GoModule, Maven, Pip, Source};
use super::maven::Dependencies;
use super::{golang, maven, pip};
use camino::Utf8Path;
use serde::Deserialize;
use std::fmt;
use std::fs;
use std::time::Duration;

/// Chooses a version of a range and prints it. The plugin is the one that also copies jars.
const TREE: &str = "org.apache.maven.plugins:maven-dependency-plugin:3.8.1:tree";
const TREE_FILE: &str = "tree.txt";

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

/// The programs of the package clients. Each asks the registry, or the mirror of it, that its user has set up.
#[derive(Clone, Debug)]
pub struct Clients {
    /// Python, which has pip.
    pub python: String,
    pub go: String,
    pub maven: String,
}

impl Default for Clients {
    fn default() -> Self {
        Self { python: "python3".into(), go: "go".into(), maven: "mvn".into() }
    }
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

    /// Asks for the released versions, without a `v`; of Maven only for the newest, if that is newer than `pinned`.
    ///
    /// # Errors
    /// Why they are not known, in a few words.
    pub fn ask(&self, pinned: &str, clients: &Clients, within: Duration) -> Result<Vec<String>, String> {
        let folder = tempfile::tempdir().map_err(|error| error.to_string())?;
        let folder = Utf8Path::from_path(folder.path()).ok_or("the temporary folder's path is not UTF-8")?;
        let answer = self.answer(pinned, clients, folder, within).map_err(|failure| reason(&failure))?;
        self.versions(&answer).ok_or_else(|| "the answer lists no release".to_owned())
    }

    fn answer(&self, pinned: &str, clients: &Clients, folder: &Utf8Path, within: Duration) -> Result<String, Failure> {
        let output = format!("-DoutputFile={}", folder.join(TREE_FILE));
        let (program, args, tool): (&str, Vec<&str>, Tool) = match self {
            Self::Pip(package) => (
                &clients.python,
                vec!["-m", "pip", "--disable-pip-version-check", "--no-input", "index", "versions", package],
                pip::PIP,
            ),
            Self::Go(module) => (&clients.go, vec!["list", "-m", "-mod=mod", "-versions", module], golang::GO),
            Self::Maven(artifact) => {
                let pom = folder.join("pom.xml");
                let newer = maven::project(&[format!("{artifact}:[{pinned},)")], Dependencies::Left);
                fs::write(&pom, newer).map_err(Failure::io(&pom))?;
                (&clients.maven, vec!["--quiet", "--batch-mode", TREE, &output], maven::MVN)
            }
        };
        let run = Run { args: &args, dir: Some(folder), env: &[("GOWORK", "off")], ..Run::new(program, within) };
        let printed = command::captured(&run, &folder.join("log"), tool)?;
        match self {
            Self::Pip(_) | Self::Go(_) => Ok(printed),
            Self::Maven(_) => {
                let tree = folder.join(TREE_FILE);
                fs::read_to_string(&tree).map_err(Failure::io(&tree))
            }
        }
    }

    /// The releases in the client's answer. `None` if there is none in it.
    fn versions(&self, answer: &str) -> Option<Vec<String>> {
        let all: Vec<&str> = match self {
            Self::Pip(_) => {
                let list = answer.lines().find_map(|line| line.strip_prefix("Available versions:"))?;
                list.split(',').map(str::trim).collect()
            }
            Self::Go(_) => answer.split_whitespace().skip(1).map(|version| version.trim_start_matches('v')).collect(),
            Self::Maven(artifact) => {
                let after =
                    |line: &'_ str| line.split_once(&format!("{artifact}:jar:")).map(|(_, rest)| rest.to_owned());
                let rest = answer.lines().find_map(after)?;
                let version = rest.split(':').next().unwrap_or_default().to_owned();
                return is_release(&version).then(|| vec![version]);
            }
        };
        let released: Vec<String> = all.into_iter().filter(|version| is_release(version)).map(str::to_owned).collect();
        (!released.is_empty()).then_some(released)
    }
}

/// A failure in a few words: the log that it names is gone when they are read.
fn reason(failure: &Failure) -> String {
    match failure {
        Failure::NoTool { tool, .. } => format!("{tool} is not installed"),
        Failure::Command { how, tail, .. } => match tail.lines().rfind(|line| !line.trim().is_empty()) {
            // The log begins with the command.
            Some(last) if !last.starts_with("$ ") => format!("{how}: {}", last.trim()),
            _ => how.clone(),
        },
        other => other.to_string(),
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

/// Whether a version consists of numbers only, so that it is no pre-release.
fn is_release(version: &str) -> bool {
    version.split('.').all(|number| !number.is_empty() && number.bytes().all(|byte| byte.is_ascii_digit()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_artifact_of_a_maven_source_is_its_first() {
        let source = "{maven: {version: '1', artifacts: ['org.a:b:{version}', 'c:d:2'], digest: x}}";
        let source: Source = serde_saphyr::from_str(source).expect("valid");
        assert_eq!(Listing::of(&source), Some(Listing::Maven("org.a:b".into())));
    }

    #[test]
    fn answers_are_read_without_pre_releases() {
        let read = |listing: Listing, answer: &str| listing.versions(answer);
        let versions = |list: &[&str]| Some(list.iter().map(|version| (*version).to_owned()).collect::<Vec<_>>());
        let pip = "p (25.0.2.1)\nAvailable versions: 25.0.2.1, 2.0rc1, 1.0\n  INSTALLED: 1.0\n";
        assert_eq!(read(Listing::Pip("p".into()), pip), versions(&["25.0.2.1", "1.0"]));
        assert_eq!(read(Listing::Go("m".into()), "m v1.2.0 v1.3.0-rc.1 v1.10.0\n"), versions(&["1.2.0", "1.10.0"]));
        let maven = |version: &str| format!("lab.local:part:jar:1\n\\- g:a:jar:{version}:compile\n");
        assert_eq!(read(Listing::Maven("g:a".into()), &maven("4.4.0")), versions(&["4.4.0"]));
        assert_eq!(read(Listing::Maven("g:a".into()), &maven("4.5.0-rc1")), None);
    }

    #[test]
    fn an_answer_without_versions_is_not_an_empty_list() {
        for listing in [Listing::Pip("p".into()), Listing::Go("m".into()), Listing::Maven("g:a".into())] {
            for answer in ["", "m", "<html><body>Sign in</body></html>"] {
                assert_eq!(listing.versions(answer), None, "{listing}: {answer}");
            }
        }
    }
}
