//! Other versions of a part than the pinned one: which ones are known, and the part as one of them.
//!
//! A version is data. The list gives it the checksums that its sources need, and everything else stays as for the pinned
//! version.

use super::manifest::{Download, GoBuild, GoModule, Maven, Part, Pip, Source};
use super::version::release;
use semver::{BuildMetadata, Comparator, Op, Prerelease, VersionReq};
use serde::Deserialize;

/// The checksums of a further version, by the source that provides it. A download needs none if upstream publishes a
/// list of checksums for every version, or none at all. Any other source without a checksum does not provide it.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub struct FurtherVersion {
    /// One sha256 for the wheel of each platform.
    #[serde(default)]
    pip: Vec<String>,
    /// The module's `h1:` sum.
    go_module: Option<String>,
    /// The module's `h1:` sum.
    go_build: Option<String>,
    /// The digest of the jars.
    maven: Option<String>,
}

impl FurtherVersion {
    /// The source with this version, if it provides the version.
    fn of(&self, source: &Source, version: &str) -> Option<Source> {
        let version = version.to_owned();
        Some(match source.clone() {
            Source::Env(_) | Source::Path(_) => return None,
            Source::Download(download) if download.sha256.is_some() => return None,
            Source::Download(download) => Source::Download(Download { version, ..download }),
            Source::Pip(_) if self.pip.is_empty() => return None,
            Source::Pip(wheel) => Source::Pip(Pip { version, sha256: self.pip.clone(), ..wheel }),
            Source::GoModule(module) => Source::GoModule(GoModule { version, sum: self.go_module.clone()?, ..module }),
            Source::GoBuild(command) => Source::GoBuild(GoBuild { version, sum: self.go_build.clone()?, ..command }),
            Source::Maven(jars) => Source::Maven(Maven { version, digest: self.maven.clone()?, ..jars }),
        })
    }
}

impl Part {
    /// Every version that can be chosen, newest first.
    pub fn known_versions(&self) -> Vec<&str> {
        let pinned = self.sources.iter().filter_map(Source::version);
        let mut all: Vec<&str> = pinned.chain(self.versions.keys().map(String::as_str)).collect();
        all.sort_by_key(|version| std::cmp::Reverse((release(version), *version)));
        all.dedup();
        all
    }

    /// The part in exactly this version, or `None` if the list does not know the version. A program on this machine is
    /// used if it reports this version.
    pub fn at(&self, wanted: &str) -> Option<Self> {
        if !self.known_versions().contains(&wanted) {
            return None;
        }
        let further = self.versions.get(wanted);
        let sources = self.sources.iter().filter_map(|source| match source.version() {
            // What cannot say its version may be any version.
            None => self.version.is_some().then(|| source.clone()),
            Some(version) if version == wanted => Some(source.clone()),
            Some(_) => further?.of(source, wanted),
        });
        let mut part = Self { sources: sources.collect(), ..self.clone() };
        if let (Some(probe), Some(exactly)) = (&mut part.version, exactly(wanted)) {
            probe.fits = exactly;
        }
        Some(part)
    }

    /// Checks the further versions, which the types of the grammar cannot.
    pub(super) fn check_versions(&self) -> Result<(), String> {
        for (version, further) in &self.versions {
            if release(version).is_none() {
                return Err(format!("versions: {version:?}: expected a version, such as 1.2.3"));
            }
            if self.sources.iter().any(|source| source.version() == Some(version)) {
                return Err(format!("versions: {version} is already the version of a source"));
            }
            let provided = self.sources.iter().filter_map(|source| further.of(source, version));
            let provided: Vec<Source> = provided.collect();
            if provided.is_empty() {
                return Err(format!("versions: no source has a checksum for {version}"));
            }
            let staged = |source: &Source| matches!(source, Source::GoBuild(GoBuild { staging: Some(_), .. }));
            if provided.iter().any(staged) {
                return Err(format!("versions: {version}: a source with `staging` has only its own version"));
            }
        }
        Ok(())
    }
}

/// The requirement for exactly this version. A program reports three numbers, so a fourth is not compared.
fn exactly(version: &str) -> Option<VersionReq> {
    let semver::Version { major, minor, patch, pre: _, build: BuildMetadata { .. } } = release(version)?;
    let exact = Comparator { op: Op::Exact, major, minor: Some(minor), patch: Some(patch), pre: Prerelease::EMPTY };
    Some(VersionReq { comparators: vec![exact] })
}

#[cfg(test)]
mod tests {
    use super::*;

    const PART: &str = "{purpose: p, override: LAB_TOOL, form: program, \
        version: {args: [], after: 'tool v', fits: '>=2, <3'}, \
        sources: [{path: {program: tool}}, \
        {download: {version: 2.1.0, url: 'https://h/v{version}', checksums: 'https://h/{version}.sums'}}, \
        {download: {version: 2.1.0, url: 'https://h/v{version}', sha256: aa}}, \
        {pip: {package: tool, version: 2.0.5, sha256: [bb], file: bin/tool}}, \
        {go-build: {module: h/tool, version: 2.1.0, sum: 'h1:c', package: h/tool, ldflags: '', takes: long}}], \
        versions: {2.0.10: {pip: [dd]}, 1.9.0: {go-build: 'h1:e'}}}";

    fn part(text: &str) -> Part {
        serde_saphyr::from_str(text).expect("valid")
    }

    #[test]
    fn the_known_versions_are_those_of_the_sources_and_the_further_ones_newest_first() {
        assert_eq!(part(PART).known_versions(), ["2.1.0", "2.0.10", "2.0.5", "1.9.0"]);
    }

    #[test]
    fn a_version_is_obtained_only_from_sources_with_its_checksum() {
        let sources = |version: &str| -> Vec<String> {
            part(PART).at(version).expect("known").sources.iter().map(Source::describe).collect()
        };
        assert_eq!(sources("2.0.10"), ["tool on PATH", "download https://h/v2.0.10", "pip package tool 2.0.10"]);
        assert_eq!(sources("1.9.0"), ["tool on PATH", "download https://h/v1.9.0", "go build of h/tool v1.9.0"]);
        assert_eq!(sources("2.0.5"), ["tool on PATH", "pip package tool 2.0.5"], "a pin of one source only");
        let Some(Source::Pip(wheel)) = part(PART).at("2.0.10").expect("known").sources.pop() else { panic!("a wheel") };
        assert_eq!(wheel.sha256, ["dd"]);
        assert!(part(PART).at("2.0.11").is_none());
    }

    #[test]
    fn a_program_on_this_machine_must_have_exactly_the_chosen_version() {
        let probe = part(PART).at("1.9.0").expect("known").version.expect("a program");
        let fits = |version: &str| probe.fits.matches(&version.parse().expect("a version"));
        assert!(fits("1.9.0") && !fits("1.9.1") && !fits("2.1.0"), "{}", probe.fits);
        let four = exactly("25.0.2.1").expect("a version");
        assert!(four.matches(&semver::Version::new(25, 0, 2)), "a program reports three numbers");
    }

    #[test]
    fn a_file_that_cannot_say_its_version_is_not_taken_for_the_chosen_one() {
        let text = "{purpose: p, override: X, form: file, sources: [{env: {variable: X, file: f}}, \
            {go-module: {module: m, version: 1.7.0, sum: 'h1:a', folder: f}}], versions: {1.6.1: {go-module: 'h1:b'}}}";
        let sources = part(text).at("1.6.1").expect("known").sources;
        assert!(matches!(sources.as_slice(), [Source::GoModule(module)] if module.sum == "h1:b"), "{sources:?}");
    }

    #[test]
    fn a_further_version_without_a_source_or_twice_is_refused() {
        let refused = |from: &str, to: &str| part(&PART.replace(from, to)).check_versions().expect_err(to);
        let only_wheel = "{purpose: p, override: X, form: program, \
            sources: [{pip: {package: t, version: 1.0.0, sha256: [a], file: f}}], versions: {1.1.0: {}}}";
        let none = part(only_wheel).check_versions().expect_err("no checksum");
        assert_eq!(none, "versions: no source has a checksum for 1.1.0");
        assert!(refused("2.0.10:", "2.0.5:").contains("already the version of a source"));
        assert!(refused("2.0.10:", "newest:").contains("expected a version"));
        assert!(refused("ldflags: ''", "ldflags: '', staging: 0.1.0").contains("`staging`"));
        part(PART).check_versions().expect("sound");
    }
}
