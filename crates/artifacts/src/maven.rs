//! Jars with their runtime dependencies.

use super::checksum;
use super::command::{self, Run, Tool};
use super::failure::Failure;
use super::manifest::Maven;
use super::obtain::BuildDirs;
use std::fs;
use std::time::Duration;

pub const MVN: Tool = Tool { name: "mvn", install: "install Maven 3 (Debian: maven)" };
const WITHIN: Duration = Duration::from_secs(20 * 60);
/// A fixed version of the plugin, because Maven's default depends on the version of Maven.
const COPY: &str = "org.apache.maven.plugins:maven-dependency-plugin:3.8.1:copy-dependencies";

impl Maven {
    /// The artifacts with their versions.
    pub fn artifacts(&self) -> Vec<String> {
        self.artifacts.iter().map(|artifact| artifact.replace("{version}", &self.version)).collect()
    }
}

/// Lets Maven resolve the artifacts, and copies all jars into the content folder.
pub fn make(source: &Maven, dirs: &mut BuildDirs<'_>) -> Result<(), Failure> {
    let pom = dirs.work.join("pom.xml");
    fs::write(&pom, project(&source.artifacts(), Dependencies::Followed)).map_err(Failure::io(&pom))?;
    let output = format!("-DoutputDirectory={}", dirs.content);
    let args = ["--quiet", "--batch-mode", COPY, "-DincludeScope=runtime", &output];
    let run = Run { args: &args, dir: Some(dirs.work), ..Run::new("mvn", WITHIN) };
    command::logged(&run, dirs.log, MVN, |elapsed, _| {
        dirs.phase.update(format!("Maven is downloading its jars, {} s", elapsed.as_secs()));
    })?;
    let found = checksum::of_folder(dirs.content)?;
    if found == source.digest {
        return Ok(());
    }
    let what = format!("the folder of jars of {}", source.artifacts().join(", "));
    Err(Failure::Checksum { what, found, wanted: source.digest.clone() })
}

/// Whether Maven also looks at what the artifacts depend on.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Dependencies {
    Followed,
    Left,
}

const NOTHING_ELSE: &str =
    "<exclusions><exclusion><groupId>*</groupId><artifactId>*</artifactId></exclusion></exclusions>";

/// A project that contains only these artifacts.
pub fn project(artifacts: &[String], further: Dependencies) -> String {
    let exclusions = if further == Dependencies::Left { NOTHING_ELSE } else { "" };
    let dependency = |artifact: &String| {
        let mut parts = artifact.splitn(3, ':');
        let mut tag = |name: &str| format!("<{name}>{}</{name}>", parts.next().unwrap_or_default());
        let (group, name, version) = (tag("groupId"), tag("artifactId"), tag("version"));
        format!("    <dependency>{group}{name}{version}{exclusions}</dependency>\n")
    };
    let dependencies: String = artifacts.iter().map(dependency).collect();
    format!(
        "<project xmlns=\"http://maven.apache.org/POM/4.0.0\">\n  <modelVersion>4.0.0</modelVersion>\n  \
         <groupId>lab.local</groupId><artifactId>part</artifactId><version>1</version>\n  <dependencies>\n\
         {dependencies}  </dependencies>\n</project>\n"
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_project_names_each_artifact() {
        let artifacts = vec!["org.a:b_2.13:{version}".into(), "org.c:d:2".into()];
        let source = Maven { version: "1.0".into(), artifacts, digest: String::new() };
        let text = project(&source.artifacts(), Dependencies::Followed);
        let first = "<groupId>org.a</groupId><artifactId>b_2.13</artifactId><version>1.0</version>";
        assert!(text.contains(first), "{text}");
        assert_eq!(text.matches("<dependency>").count(), 2);
        assert!(!text.contains("<exclusion>"), "{text}");
        assert!(project(&source.artifacts(), Dependencies::Left).contains("<exclusion>"));
    }
}
