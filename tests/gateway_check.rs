//! What `gateway new` and `gateway check --dry-run` say about sound and broken folders. Needs no network, no container engine
//! and no lab: the checkout is a small one of the test's own, and the parts are named by their variables.

use camino::{Utf8Path, Utf8PathBuf};
use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::process::{Command, Output};
use tempfile::TempDir;

/// In place of upstream's manifest of Contour.
const INSTALL: &str = "\
apiVersion: v1
kind: Namespace
metadata: {name: projectcontour}
---
apiVersion: apps/v1
kind: Deployment
metadata: {name: contour-gateway-provisioner, namespace: projectcontour}
spec:
  template:
    spec:
      containers: [{name: provisioner, image: 'ghcr.io/projectcontour/contour:v1.33.8@sha256:00'}]
";

/// A checkout with the fixture of Contour.
struct Checkout {
    _folder: TempDir,
    root: Utf8PathBuf,
}

impl Checkout {
    fn new() -> Self {
        let folder = tempfile::tempdir().expect("a folder");
        let root = Utf8PathBuf::from_path_buf(folder.path().canonicalize().expect("a path")).expect("UTF-8");
        let here = Utf8Path::new(env!("CARGO_MANIFEST_DIR")).join("fixtures");
        let gateway = root.join("fixtures/gateways/contour");
        fs::create_dir_all(gateway.join("kind")).expect("made");
        fs::create_dir(root.join("scenarios")).expect("made");
        fs::create_dir(root.join("fixtures/clients")).expect("made");
        let copied = [
            "parts.yaml",
            "images.yaml",
            "clients/franz-go.go",
            "gateways/contour/gateway.yaml",
            "gateways/contour/kind/gatewayclass.yaml",
        ];
        for file in copied {
            fs::copy(here.join(file), root.join("fixtures").join(file)).expect("copied");
        }
        fs::write(root.join("install.yaml"), INSTALL).expect("written");
        fs::write(root.join("crds.yaml"), "apiVersion: v1\nkind: Namespace\nmetadata: {name: unused}\n")
            .expect("written");
        fs::write(root.join("kind"), "#!/bin/sh\necho 'kind v0.33.0 go1.26.8 linux/amd64'\n").expect("written");
        fs::set_permissions(root.join("kind"), fs::Permissions::from_mode(0o755)).expect("a program");
        Self { _folder: folder, root }
    }

    /// Replaces a text that stands exactly once in a file of the fixture.
    fn change(&self, file: &str, from: &str, to: &str) {
        let path = self.root.join(file);
        let text = fs::read_to_string(&path).expect("read");
        assert_eq!(text.matches(from).count(), 1, "{from:?} in {file}");
        fs::write(&path, text.replace(from, to)).expect("written");
    }

    fn run(&self, arguments: &[&str]) -> Output {
        let own = std::env::vars_os().map(|(name, _)| name).filter(|name| name.to_string_lossy().starts_with("LAB"));
        let mut command = Command::new(env!("CARGO_BIN_EXE_lab"));
        for name in own {
            command.env_remove(name);
        }
        let file = |name: &str| self.root.join(name).into_string();
        let output = command
            .args(arguments)
            // Neither a container engine nor a kind of this machine is found.
            .env("PATH", self.root.join("empty"))
            .env("LAB_CHECKOUT", &self.root)
            .env("LAB_CACHE", file("cache"))
            .env("LAB_STATE", file("state"))
            .env("LAB_KIND", file("kind"))
            .env("LAB_GATEWAY_API_CRDS", file("crds.yaml"))
            .env("LAB_CONTOUR_MANIFEST", file("install.yaml"))
            .output();
        output.expect("it runs")
    }

    /// The exit code and what it prints.
    fn check(&self, arguments: &[&str]) -> String {
        let all: Vec<&str> = ["gateway", "check", "contour", "--dry-run"].iter().chain(arguments).copied().collect();
        let output = self.run(&all);
        let text = String::from_utf8_lossy(&output.stdout).replace(self.root.as_str(), "CHECKOUT");
        format!("exit code {}\n{text}", output.status.code().expect("a code"))
    }
}

const FIXTURE: &str = "fixtures/gateways/contour/gateway.yaml";
const CLASS: &str = "fixtures/gateways/contour/kind/gatewayclass.yaml";

#[test]
fn a_sound_folder_passes_up_to_the_lab() {
    insta::assert_snapshot!(Checkout::new().check(&[]));
}

#[test]
fn each_mistake_is_named_where_it_goes_wrong() {
    let broken = |title: &str, file: &str, from: &str, to: &str| {
        let checkout = Checkout::new();
        checkout.change(file, from, to);
        format!("# {title}\n{}\n", checkout.check(&[]))
    };
    let all = [
        broken("unknown field", FIXTURE, "class: contour", "klass: contour"),
        broken("another folder's name", FIXTURE, "name: contour\n", "name: conture\n"),
        broken("unknown part", FIXTURE, "part: contour", "part: contuor"),
        broken("a file that is missing", FIXTURE, "kind/gatewayclass.yaml", "kind/class.yaml"),
        broken("a variable that is unknown", CLASS, "name: ${class}", "name: ${clas}"),
        broken("a manifest that is not YAML", CLASS, "metadata:\n  name: ${class}", "metadata:\n  name: [${class}"),
        broken("an image that is not listed", FIXTURE, "contour:v1.33.8\"", "contour:v1.33.7\""),
        broken(
            "a Deployment that no manifest defines",
            FIXTURE,
            "projectcontour/contour-gateway-provisioner",
            "projectcontour/contour",
        ),
        broken("a class that no manifest defines", CLASS, "name: ${class}", "name: contours"),
        broken(
            "a class of another controller",
            CLASS,
            "controllerName: projectcontour.io/",
            "controllerName: example.com/",
        ),
    ];
    insta::assert_snapshot!(all.concat());
}

#[test]
fn what_this_machine_lacks_is_no_fault_of_the_folder() {
    let checkout = Checkout::new();
    fs::remove_file(checkout.root.join("install.yaml")).expect("removed");
    insta::assert_snapshot!(checkout.check(&[]));
}

#[test]
fn a_folder_is_not_checked_for_a_lab_that_it_does_not_describe() {
    insta::assert_snapshot!(Checkout::new().check(&["--lab", "local"]));
}

#[test]
fn a_new_folder_lacks_only_what_its_comments_ask_for() {
    let checkout = Checkout::new();
    let new = checkout.run(&["gateway", "new", "acme", "--controller-name", "acme.example/gateways"]);
    assert_eq!(new.status.code(), Some(0), "{}", String::from_utf8_lossy(&new.stderr));
    let check = checkout.run(&["gateway", "check", "acme", "--dry-run"]);
    let said = String::from_utf8_lossy(&check.stdout);
    assert_eq!(check.status.code(), Some(2), "{said}");
    assert!(said.contains("✓ fixture       acme 0.0.0") && said.contains("✓ parts"), "{said}");
    let lacks = "no manifest defines Deployment acme-system/acme-controller; the manifests define none";
    assert!(said.contains(lacks), "upstream's manifest: {said}");

    let again = checkout.run(&["gateway", "new", "acme"]);
    assert_eq!(again.status.code(), Some(2));
    assert!(String::from_utf8_lossy(&again.stderr).contains("is there already"));
    let bad = checkout.run(&["gateway", "new", "../acme"]);
    assert_eq!(bad.status.code(), Some(2));
    assert!(String::from_utf8_lossy(&bad.stderr).contains("cannot name a gateway"));
}
