//! `gateway new`: a folder to begin with, which says what to fill in and where to find it.

use super::fixture::FILE;
use camino::{Utf8Path, Utf8PathBuf};
use std::fs;
use std::io::{self, Write};

const FIXTURE: &str = r#"# {{name}}, begun by `cargo xtask gateway new`. NOT TRIED YET. Fill in what a comment asks for, and after each step run
#   cargo xtask gateway check {{name}}
# which says what is wrong next. The reference of every field is fixtures/gateways/README.md.
name: {{name}}
# How people write the name, for tables.
title: {{name}}
# What the controller calls itself: `spec.controllerName` of the GatewayClass in its documentation.
controllerName: {{controller}}
# The GatewayClass: the one that kind/gatewayclass.yaml defines.
class: {{class}}
# What its own conformance report claims, in the folder conformance/reports of the Gateway API's repository: the profiles
# GATEWAY-TLS and GATEWAY-TCP. Further ones are TLSRouteModeTerminate, TLSRouteModeMixed and TCPRoute. Say here which
# report it is. A scenario that needs a feature that is not in the list is skipped.
features: [TLSRoute, ReferenceGrant]
# What a client sees that asks for a name that no route has. With `openssl s_client -servername nobody.example`:
# `close` if the connection ends without a certificate, otherwise {answer: default-certificate, commonName: CN}.
unknownSni: {answer: close}

labs:
  kind:
    # Remove this line after the first run of the scenarios.
    tried: false
    # `separate`: a Service of type LoadBalancer for each Gateway, as most implementations have it (Linux only).
    # `shared`: all Gateways behind one Service with the lab's NodePorts.
    gateways: separate
    # Every image that its Pods run, with registry and tag: `image:` in its install manifest, and the image of its proxy,
    # which often is only in its documentation. The names before the braces are yours.
    images:
      controller: {image: "registry.example/{{name}}/controller:v0.0.0"}
      proxy: {image: "registry.example/{{name}}/proxy:v0.0.0"}
    # Which of them has the implementation's version for its tag.
    version: controller
    # The namespace of its controller.
    namespace: {{name}}-system
    # What is applied, in this order. Upstream's install manifest is a part: an entry of fixtures/parts.yaml, such as that
    # of `contour` (a download) or `istio` (the output of `helm template`). After adding the entry, name it here:
    #   - part: {{name}}
    manifests:
      - file: kind/gatewayclass.yaml
    # The Deployments of its controller, as namespace/name.
    deployments: [{{name}}-system/{{name}}-controller]
    # The labels of the Pods that carry the traffic of the lab's Gateway, which is called `lab`:
    # `kubectl get pods -A --show-labels` while a Gateway exists.
    dataPlane: gateway.networking.k8s.io/gateway-name=lab
"#;

const CLASS: &str = "\
# Some implementations also need a resource of their own here, which `parametersRef` names: for one replica, or for a
# Service of type LoadBalancer. fixtures/gateways/README.md lists the variables that this file may use.
apiVersion: gateway.networking.k8s.io/v1
kind: GatewayClass
metadata:
  name: ${class}
spec:
  controllerName: {{controller}}
";

const LONGEST: usize = 40;

/// The answers that the user already has.
#[derive(Clone, Debug, Default)]
pub struct NewGateway {
    pub name: String,
    pub controller_name: Option<String>,
    /// The GatewayClass. The name of the folder if there is none.
    pub class: Option<String>,
}

/// Why no folder was written.
#[derive(Debug, thiserror::Error)]
pub enum NewError {
    #[error(
        "{name:?} cannot name a gateway: expected at most {LONGEST} lower-case letters, digits and hyphens, beginning with a letter \
         and not ending with a hyphen, as in `envoy-gateway`"
    )]
    Name { name: String },
    #[error(
        "{class:?} cannot name a GatewayClass: expected lower-case letters, digits, hyphens and dots, as in `nginx`"
    )]
    Class { class: String },
    #[error("{controller:?} cannot be a controllerName: expected DOMAIN/PATH, as in `traefik.io/gateway-controller`")]
    Controller { controller: String },
    #[error("{path} is there already, and nothing in it was changed; choose another name, or remove it first")]
    Exists { path: Utf8PathBuf },
    #[error("cannot write {path}")]
    Write {
        path: Utf8PathBuf,
        #[source]
        source: io::Error,
    },
}

/// Writes `root/NAME` with a `gateway.yaml` and a GatewayClass, and returns the folder.
///
/// # Errors
/// If an answer cannot be used, the folder already exists, or a file cannot be written.
pub fn create(root: &Utf8Path, new: &NewGateway) -> Result<Utf8PathBuf, NewError> {
    let name = &new.name;
    if name.len() > LONGEST || name.contains('.') || !is_label(name) {
        return Err(NewError::Name { name: name.clone() });
    }
    let class = new.class.as_ref().unwrap_or(name);
    if class.len() > 253 || !class.split('.').all(is_label) {
        return Err(NewError::Class { class: class.clone() });
    }
    let controller = new.controller_name.clone().unwrap_or_else(|| format!("example.com/{name}"));
    if !is_controller_name(&controller) {
        return Err(NewError::Controller { controller });
    }
    let fill =
        |text: &str| text.replace("{{name}}", name).replace("{{class}}", class).replace("{{controller}}", &controller);
    let folder = root.join(name);
    let cannot = |path: &Utf8Path| {
        let path = path.to_owned();
        move |source: io::Error| match source.kind() {
            io::ErrorKind::AlreadyExists => NewError::Exists { path },
            _ => NewError::Write { path, source },
        }
    };
    fs::create_dir_all(root).map_err(cannot(root))?;
    fs::create_dir(&folder).map_err(cannot(&folder))?;
    let kind = folder.join("kind");
    fs::create_dir(&kind).map_err(cannot(&kind))?;
    for (path, text) in [(kind.join("gatewayclass.yaml"), fill(CLASS)), (folder.join(FILE), fill(FIXTURE))] {
        let file = fs::File::create_new(&path);
        file.and_then(|mut file| file.write_all(text.as_bytes())).map_err(cannot(&path))?;
    }
    Ok(folder)
}

/// Whether a text is a DNS label that begins with a letter.
fn is_label(text: &str) -> bool {
    let fits = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-';
    text.starts_with(|first: char| first.is_ascii_lowercase()) && text.bytes().all(fits) && !text.ends_with('-')
}

/// Whether a text is a domain and a path, in characters that YAML leaves alone.
fn is_controller_name(text: &str) -> bool {
    let fits = |byte: u8| byte.is_ascii_alphanumeric() || b"-._/~".contains(&byte);
    let parts = text.split_once('/');
    text.len() <= 253
        && text.bytes().all(fits)
        && parts.is_some_and(|(domain, path)| domain.contains('.') && !domain.starts_with('.') && !path.is_empty())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::gateway::GatewayFixture;

    fn new(name: &str) -> NewGateway {
        NewGateway { name: name.to_owned(), ..NewGateway::default() }
    }

    fn root() -> (tempfile::TempDir, Utf8PathBuf) {
        let folder = tempfile::tempdir().expect("a folder");
        let path = Utf8PathBuf::from_path_buf(folder.path().to_owned()).expect("UTF-8");
        (folder, path)
    }

    #[test]
    fn what_is_written_passes_the_loader() {
        let (_held, root) = root();
        let answers = NewGateway {
            controller_name: Some("acme.example/gateways".to_owned()),
            class: Some("acme-edge".to_owned()),
            ..new("acme")
        };
        let folder = create(&root, &answers).expect("written");
        let fixture = GatewayFixture::read(&folder).expect("sound");
        assert_eq!((fixture.name.as_str(), fixture.class.as_str()), ("acme", "acme-edge"));
        assert_eq!(fixture.controller_name, "acme.example/gateways");
        let kind = fixture.kind.expect("it runs on kind");
        assert!(!kind.tried);
        assert_eq!(kind.version(), Some("0.0.0"));
        let class = fs::read_to_string(folder.join("kind/gatewayclass.yaml")).expect("written");
        assert!(
            class.contains("controllerName: acme.example/gateways\n") && class.contains("name: ${class}"),
            "{class}"
        );
    }

    #[test]
    fn every_field_says_what_it_wants() {
        let lines: Vec<&str> = FIXTURE.lines().collect();
        for (index, line) in lines.iter().enumerate().skip(4) {
            let field = line.trim_start();
            let structure = ["labs:", "kind:", "proxy:", "- file:"].iter().any(|known| field.starts_with(known));
            if !field.is_empty() && !field.starts_with('#') && !structure {
                // Entries of a list or a map are explained above its name.
                let above = lines[index - 1].trim_start();
                let entry = field.starts_with("controller:");
                assert!(above.starts_with('#') || entry, "line {}: {line}", index + 1);
            }
        }
    }

    #[test]
    fn nothing_is_overwritten() {
        let (_held, root) = root();
        let folder = create(&root, &new("acme")).expect("written");
        fs::write(folder.join(FILE), "mine").expect("written");
        let error = create(&root, &new("acme")).expect_err("it exists").to_string();
        assert!(error.contains("acme is there already"), "{error}");
        assert_eq!(fs::read_to_string(folder.join(FILE)).expect("there"), "mine");
        // An empty folder, or a file, may be somebody's too.
        fs::create_dir(root.join("empty")).expect("made");
        assert!(matches!(create(&root, &new("empty")), Err(NewError::Exists { .. })));
        fs::write(root.join("a-file"), "").expect("written");
        assert!(matches!(create(&root, &new("a-file")), Err(NewError::Exists { .. })));
    }

    #[test]
    fn what_cannot_be_used_is_refused_before_anything_is_written() {
        let (_held, root) = root();
        for name in ["", "Acme", "../acme", "a/b", "a b", "-acme", "acme-", "1st", "a.b", "ä", &"a".repeat(41)] {
            let error = create(&root, &new(name)).expect_err(name).to_string();
            assert!(error.contains("cannot name a gateway"), "{error}");
        }
        for class in ["", "Upper", "a..b", "a: b"] {
            let answers = NewGateway { class: Some(class.to_owned()), ..new("acme") };
            assert!(matches!(create(&root, &answers), Err(NewError::Class { .. })), "{class:?}");
        }
        for controller in ["", "acme", "acme.example", "acme.example/", "/acme", "acme.example/a b", "a.b/c # d"] {
            let answers = NewGateway { controller_name: Some(controller.to_owned()), ..new("acme") };
            assert!(matches!(create(&root, &answers), Err(NewError::Controller { .. })), "{controller:?}");
        }
        assert_eq!(root.read_dir_utf8().expect("listed").count(), 0);
    }
}
