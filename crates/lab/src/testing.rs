//! A lab for tests: facts on disk, and no process.

use super::{Lab, shared};
use camino::Utf8Path;
use kubeapi::Catalog;
use model::{GatewayReach, KafkaProvider, LabDir, LabInfo, LabKind, Ports};
use std::collections::BTreeMap;
use std::net::TcpListener;
use tempfile::TempDir;

/// What must live as long as the lab.
pub struct KeepAlive {
    _folder: TempDir,
    _silent: Option<TcpListener>,
}

/// A local lab in a folder of its own, whose API server never answers.
pub fn lab(name: &str) -> (KeepAlive, Lab) {
    let (folder, dir) = folder(name);
    // The kernel accepts connections, and nobody reads them.
    let silent = TcpListener::bind("127.0.0.1:0").expect("bound");
    let port = silent.local_addr().expect("an address").port();
    let url = format!("http://127.0.0.1:{port}").parse().expect("an address");
    let catalog = Catalog::new(kubeapi::client(::kube::Config::new(url)).expect("a client"));
    let lab = on(name, dir, catalog);
    (KeepAlive { _folder: folder, _silent: Some(silent) }, lab)
}

/// A local lab whose API server is the test's own.
pub fn lab_on(name: &str, catalog: Catalog) -> (KeepAlive, Lab) {
    let (folder, dir) = folder(name);
    (KeepAlive { _folder: folder, _silent: None }, on(name, dir, catalog))
}

fn folder(name: &str) -> (TempDir, LabDir) {
    let folder = tempfile::tempdir().expect("a folder");
    let dir = LabDir::at(Utf8Path::from_path(folder.path()).expect("UTF-8").join(name));
    // By its mark its processes are known.
    dir.make().expect("a folder with its mark");
    (folder, dir)
}

fn on(name: &str, dir: LabDir, catalog: Catalog) -> Lab {
    let info = LabInfo {
        name: name.to_owned(),
        kind: LabKind::Local,
        domain: "kafka.test".to_owned(),
        kubeconfig: dir.kubeconfig(),
        context: name.to_owned(),
        gateway: GatewayReach {
            name: "traefik".to_owned(),
            class: "traefik".to_owned(),
            address: [127, 0, 0, 1].into(),
            separate: false,
            ports: Ports::from_base(9092),
            features: Vec::new(),
        },
        kafka: KafkaProvider::Standin,
        shared: shared::cluster(),
        versions: BTreeMap::new(),
        checksums: BTreeMap::new(),
        chosen_versions: BTreeMap::new(),
    };
    let lab = Lab::new(info, dir, catalog);
    // Without its record a lab counts as gone.
    lab.record().expect("written");
    lab
}
