//! `gateway.yaml`: what the lab knows about one implementation.

use super::deviation::{Deviation, DeviationText};
use super::{FixtureError, KindGateway};
use camino::{Utf8Path, Utf8PathBuf};
use model::paths;
use serde::Deserialize;
use serde_saphyr::Spanned;
use std::fs;

/// Variables that an argument of a local gateway may contain.
const VARIABLES: [&str; 6] = ["endpoint", "token-file", "ca-file", "address", "port", "dir"];

/// One implementation, as its `gateway.yaml` describes it.
#[derive(Clone, Debug)]
pub struct GatewayFixture {
    /// The name of its folder.
    pub name: String,
    pub title: String,
    pub controller_name: String,
    /// The GatewayClass that scenarios name.
    pub class: String,
    /// Features of the Gateway API that it declares, such as `TLSRoute`.
    pub features: Vec<String>,
    pub unknown_sni: UnknownSni,
    /// How to run it in the local lab, if that is possible.
    pub local: Option<LocalGateway>,
    /// How to install it into a cluster, if that is possible.
    pub kind: Option<KindGateway>,
    pub deviations: Vec<Deviation>,
    /// Its folder. Paths of manifests are relative to it.
    pub dir: Utf8PathBuf,
}

/// What a client sees if it asks for a name that no route serves.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct UnknownSni {
    pub answer: Answer,
    /// The common name of the gateway's own certificate, which distinguishes it from a broker's. If `answer` is
    /// `close`, the gateway shows this certificate only in cases that a Kafka client does not meet.
    pub common_name: Option<String>,
}

/// How a gateway rejects a client that asks for a name it does not serve.
#[derive(Clone, Copy, Debug, Deserialize, Eq, PartialEq)]
#[serde(rename_all = "kebab-case")]
pub enum Answer {
    /// Closes the connection without a certificate.
    Close,
    /// Performs a TLS handshake with a certificate of its own, then closes the connection.
    DefaultCertificate,
}

/// How to run a gateway as a process beside the local lab's API server.
#[derive(Clone, Debug, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct LocalGateway {
    /// The part that contains its program.
    pub program: String,
    /// The manifests to apply before it starts, in this order: its namespace, account and rights, and the GatewayClass.
    pub manifests: Vec<Utf8PathBuf>,
    pub service_account: Account,
    /// An argument with `${port}` is repeated for every port of the lab.
    pub arguments: Vec<String>,
}

/// The ServiceAccount whose token the gateway gets.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Account {
    pub namespace: String,
    pub name: String,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct Document {
    name: Spanned<String>,
    title: String,
    controller_name: String,
    class: String,
    features: Vec<String>,
    unknown_sni: Spanned<UnknownSni>,
    labs: Labs,
    #[serde(default)]
    deviations: Vec<Spanned<DeviationText>>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Labs {
    local: Option<Spanned<LocalGateway>>,
    kind: Option<Spanned<KindGateway>>,
}

impl GatewayFixture {
    /// Reads the fixture with this name.
    ///
    /// # Errors
    /// [`FixtureError::Unknown`] with the existing names, or what is wrong in the file, with the line.
    pub fn load(name: &str) -> Result<Self, FixtureError> {
        let dir = folder().join(name);
        if !dir.join(FILE).is_file() {
            return Err(FixtureError::Unknown { name: name.to_owned(), known: names() });
        }
        Self::read(&dir)
    }

    pub(super) fn read(dir: &Utf8Path) -> Result<Self, FixtureError> {
        let path = dir.join(FILE);
        let text = fs::read_to_string(&path).map_err(|source| FixtureError::Read { path: path.clone(), source })?;
        Self::parse(&path, &text)
    }

    fn parse(path: &Utf8Path, text: &str) -> Result<Self, FixtureError> {
        let invalid = |line, problem| FixtureError::Invalid { path: path.to_owned(), line, problem };
        let document: Document = serde_saphyr::from_str(text)
            .map_err(|error| invalid(error.location().map(|at| at.line()), error.without_snippet().to_string()))?;
        let dir = path.parent().unwrap_or(Utf8Path::new("."));
        if dir.file_name() != Some(&document.name.value) {
            let problem = format!(
                "name: {:?}: expected the name of the folder, {:?}",
                document.name.value,
                dir.file_name().unwrap_or_default()
            );
            return Err(invalid(Some(document.name.referenced.line()), problem));
        }
        let unknown = &document.unknown_sni;
        if unknown.value.answer == Answer::DefaultCertificate && unknown.value.common_name.is_none() {
            let problem = "unknownSni: a default certificate requires a `commonName` to recognise it by";
            return Err(invalid(Some(unknown.referenced.line()), problem.to_owned()));
        }
        if let Some(local) = &document.labs.local {
            check(&local.value).map_err(|problem| invalid(Some(local.referenced.line()), problem))?;
        }
        if let Some(kind) = document.labs.kind.as_ref().filter(|kind| kind.value.version().is_none()) {
            let problem = format!("labs.kind.version: {:?}: expected the name of one of `images`", kind.value.version);
            return Err(invalid(Some(kind.referenced.line()), problem));
        }
        let deviations = document.deviations.into_iter().map(|deviation| {
            let line = deviation.referenced.line();
            Deviation::try_from(deviation.value).map_err(|problem| invalid(Some(line), problem))
        });
        Ok(Self {
            name: document.name.value,
            title: document.title,
            controller_name: document.controller_name,
            class: document.class,
            features: document.features,
            unknown_sni: document.unknown_sni.value,
            local: document.labs.local.map(|local| local.value),
            kind: document.labs.kind.map(|kind| kind.value),
            deviations: deviations.collect::<Result<_, _>>()?,
            dir: dir.to_owned(),
        })
    }
}

impl LocalGateway {
    /// The arguments with their variables filled in.
    pub fn arguments(&self, values: &[(&str, &str)], ports: &[u16]) -> Vec<String> {
        let fill = |argument: &str, port: Option<u16>| {
            let mut text = argument.to_owned();
            for (name, value) in values {
                text = text.replace(&format!("${{{name}}}"), value);
            }
            port.map_or(text.clone(), |port| text.replace("${port}", &port.to_string()))
        };
        let expand = |argument: &String| {
            if argument.contains("${port}") {
                ports.iter().map(|port| fill(argument, Some(*port))).collect::<Vec<_>>()
            } else {
                vec![fill(argument, None)]
            }
        };
        self.arguments.iter().flat_map(expand).collect()
    }
}

pub(super) const FILE: &str = "gateway.yaml";

/// The folder of all fixtures.
pub fn folder() -> Utf8PathBuf {
    paths::fixtures().join("gateways")
}

/// The names of all fixtures, in alphabetical order.
pub fn names() -> Vec<String> {
    let Ok(entries) = folder().read_dir_utf8() else { return vec![] };
    let folders = entries.flatten().filter(|entry| entry.path().join(FILE).is_file());
    let mut names: Vec<_> = folders.map(|entry| entry.file_name().to_owned()).collect();
    names.sort();
    names
}

/// Checks variables, because an argument with a misspelt one would reach the program unchanged.
fn check(local: &LocalGateway) -> Result<(), String> {
    for argument in &local.arguments {
        for part in argument.split("${").skip(1) {
            let Some((variable, _)) = part.split_once('}') else {
                return Err(format!("arguments: {argument:?}: a `${{` without its `}}`"));
            };
            if !VARIABLES.contains(&variable) {
                return Err(format!(
                    "arguments: {argument:?}: unknown variable {variable:?}; the variables are {}",
                    VARIABLES.join(", ")
                ));
            }
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    const TEXT: &str = r#"name: some
title: Some gateway
controllerName: example.com/controller
class: some
features: [TLSRoute]
unknownSni: {answer: close}
labs:
  local:
    program: some
    manifests: [rbac.yaml]
    serviceAccount: {namespace: lab, name: some}
    arguments: ["--at=${endpoint}", "--listen=${address}:${port}"]
deviations:
  - {scenario: multi-label, expected: failed, cause: unknown-sni, what: it differs, link: "https://example.com/1"}
"#;

    fn parse(text: &str) -> Result<GatewayFixture, FixtureError> {
        GatewayFixture::parse(Utf8Path::new("gateways/some/gateway.yaml"), text)
    }

    #[test]
    fn every_committed_fixture_is_sound() {
        assert!(names().contains(&"traefik".to_owned()));
        for name in names() {
            let fixture = GatewayFixture::load(&name).expect("a sound fixture");
            for manifest in fixture.local.iter().flat_map(|local| &local.manifests) {
                let path = fixture.dir.join(manifest);
                let text = fs::read_to_string(&path).expect("the manifest exists");
                kubeapi::parse_manifests(path.as_str(), &text).expect("it parses");
            }
        }
    }

    #[test]
    fn an_argument_with_a_port_stands_for_every_port() {
        let local = parse(TEXT).expect("sound").local.expect("it runs locally");
        let arguments = local.arguments(&[("endpoint", "https://x"), ("address", "127.0.0.1")], &[1, 2]);
        assert_eq!(arguments, ["--at=https://x", "--listen=127.0.0.1:1", "--listen=127.0.0.1:2"]);
    }

    #[test]
    fn mistakes_are_reported_with_file_and_line() {
        for (from, to, line, part) in [
            ("class: some", "klass: some", 4, "klass"),
            ("name: some\n", "name: other\n", 1, "folder"),
            ("${endpoint}", "${endpont}", 9, "endpont"),
            ("answer: close", "answer: hang", 6, "hang"),
            ("answer: close", "answer: default-certificate", 6, "commonName"),
            ("scenario: multi-label", "scenario: a, topic: b", 14, "either"),
            ("cause: unknown-sni", "cause: unknown-snu", 14, "unknown-snu"),
            ("expected: failed", "expected: unsupported", 14, "unsupported"),
            ("expected: failed", "expected: failed, versions: 3.x.y", 14, "version req"),
        ] {
            let text = parse(&TEXT.replacen(from, to, 1)).expect_err(to).to_string();
            assert!(text.starts_with(&format!("gateways/some/gateway.yaml:{line}: ")), "{to}: {text}");
            assert!(text.contains(part), "{to}: {text}");
        }
    }

    #[test]
    fn an_unknown_name_is_reported_with_the_known_ones() {
        let text = GatewayFixture::load("trafik").expect_err("unknown").to_string();
        assert!(text.contains("\"trafik\"") && text.contains("traefik"), "{text}");
    }
}
