//! The whole of it in a real cluster: `LAB_GATEWAY=traefik cargo test --lib kindlab::live -- --ignored --nocapture`.
//! Needs a container engine with the images, or a network to pull them.

use super::*;
use crate::kube::{Catalog, ObjectRef, apply};
use crate::lab::{KafkaProvider, LabDir, Ports};
use crate::parts::Parts;
use crate::progress::Progress;
use ::kube::api::Api;
use k8s_openapi::api::core::v1::ConfigMap;
use std::net::SocketAddr;
use std::sync::Arc;
use tokio_rustls::TlsConnector;
use tokio_rustls::rustls::pki_types::pem::PemObject;
use tokio_rustls::rustls::pki_types::{CertificateDer, ServerName};
use tokio_rustls::rustls::{ClientConfig, RootCertStore};

/// The API server is a TLS backend that every cluster has.
const ROUTE: &str = r#"
apiVersion: gateway.networking.k8s.io/v1
kind: Gateway
metadata: {name: live}
spec:
  gatewayClassName: CLASS
  listeners:
    - {name: first, port: PORT, protocol: TLS, tls: {mode: Passthrough}}
    - {name: second, port: SECOND, protocol: TLS, hostname: "*.default.svc", tls: {mode: Passthrough}}
---
apiVersion: gateway.networking.k8s.io/v1
kind: TLSRoute
metadata: {name: live}
spec:
  parentRefs: [{name: live}]
  hostnames: [kubernetes.default.svc]
  rules: [{backendRefs: [{name: kubernetes, port: 443}]}]
"#;

fn options() -> KindOptions {
    KindOptions {
        name: "live-test".to_owned(),
        gateway: std::env::var("LAB_GATEWAY").unwrap_or_else(|_| "envoy-gateway".to_owned()),
        kafka: KafkaProvider::Standin,
        strimzi_version: images::newest_strimzi().expect("a list"),
        ports: Ports::from_base(29092),
        node_image: None,
        kubernetes: None,
        pull: true,
    }
}

async fn handshake(ca: &[u8], address: SocketAddr, name: &str) -> Result<(), String> {
    let mut roots = RootCertStore::empty();
    roots.add(CertificateDer::from_pem_slice(ca).expect("a certificate")).expect("a CA");
    let provider = Arc::new(tokio_rustls::rustls::crypto::ring::default_provider());
    let config = ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .expect("versions")
        .with_root_certificates(roots)
        .with_no_client_auth();
    let stream = tokio::net::TcpStream::connect(address).await.map_err(|error| error.to_string())?;
    let name = ServerName::try_from(name.to_owned()).expect("a name");
    let connecting = TlsConnector::from(Arc::new(config)).connect(name, stream);
    let connected = tokio::time::timeout(Duration::from_secs(5), connecting).await;
    connected.map_err(|_| "no answer".to_owned())?.map(drop).map_err(|error| error.to_string())
}

async fn routes(catalog: &Catalog, cluster: &KindCluster) {
    let ports = &cluster.reach.ports;
    let text = ROUTE
        .replace("CLASS", &cluster.reach.class)
        .replace("PORT", &ports.passthrough.to_string())
        .replace("SECOND", &ports.second.to_string());
    for object in manifests::parse("live", &text).expect("sound") {
        apply(catalog, &object, "default", "live-test").await.expect("applied");
    }
    let gateway = ObjectRef {
        api_version: "gateway.networking.k8s.io/v1".to_owned(),
        kind: "Gateway".to_owned(),
        namespace: "default".to_owned(),
        name: "live".to_owned(),
    };
    let programmed = install::wait_condition(catalog, &gateway, "Programmed", Duration::from_secs(90));
    pods::or_trouble(catalog, &[], programmed).await.expect("programmed");
}

async fn answers(catalog: &Catalog, cluster: &KindCluster) {
    let maps: Api<ConfigMap> = Api::namespaced(catalog.client().clone(), "default");
    let ca = maps.get("kube-root-ca.crt").await.expect("the cluster's CA").data.expect("its data")["ca.crt"].clone();
    let deadline = std::time::Instant::now() + Duration::from_secs(30);
    for port in [cluster.reach.ports.passthrough, cluster.reach.ports.second] {
        let address = SocketAddr::from(([127, 0, 0, 1], port));
        while let Err(error) = handshake(ca.as_bytes(), address, "kubernetes.default.svc").await {
            assert!(std::time::Instant::now() < deadline, "{address}: {error}");
            tokio::time::sleep(Duration::from_millis(100)).await;
        }
        let refused =
            handshake(ca.as_bytes(), address, "nobody.default.svc").await.expect_err("no route has this name");
        eprintln!("  {address} with an unknown name: {refused}");
    }
}

/// A Pod whose image nobody has is told at once, whatever is waited for.
async fn missing_image(catalog: &Catalog) {
    let pod = "apiVersion: v1\nkind: Pod\nmetadata: {name: imageless}\nspec: {containers: [{name: c, image: '127.0.0.1:1/none:1'}]}";
    let pod = manifests::parse("pod", pod).expect("sound").remove(0);
    let pod = apply(catalog, &pod, "default", "live-test").await.expect("applied");
    let start = std::time::Instant::now();
    let namespaces = ["default".to_owned()];
    let wait = pods::or_trouble(catalog, &namespaces, std::future::pending::<Result<(), Error>>());
    let error = tokio::time::timeout(Duration::from_secs(60), wait).await.expect("told").expect_err("hopeless");
    eprintln!("  told after {:.1} s: {error}", start.elapsed().as_secs_f64());
    assert!(error.to_string().contains("image 127.0.0.1:1/none:1"), "{error}");
    crate::kube::delete(catalog, &pod).await.expect("deleted");
}

/// A cluster with another mark than the record's is left alone.
async fn strangers(dir: &LabDir, options: &KindOptions, parts: &PartFiles, progress: &Progress) {
    let record = record::Record::load(dir).expect("readable").expect("a record");
    let forged = record::Record { id: "f".repeat(16), ..record.clone() };
    forged.store(dir).expect("written");
    let kind = parts.of("kind", "the test").expect("kind");
    let error = up(dir, options, parts, progress).await.expect_err("not ours");
    assert!(matches!(error, Error::NotOurs { .. }), "{error}");
    let error = down(dir, &options.name, kind, progress).await.expect_err("not ours");
    assert!(matches!(error, Error::NotOurs { .. }), "{error}");
    record.store(dir).expect("written");
}

#[tokio::test]
#[ignore = "makes a kind cluster"]
async fn a_gateway_comes_up_is_reached_and_goes_without_a_trace() {
    // The network's mark lies beside the labs' folders, so the state folder as a whole must be the test's own.
    assert!(std::env::var("LAB_STATE").is_ok_and(|path| !path.is_empty()), "set LAB_STATE to a scratch folder");
    let options = options();
    let dir = LabDir::of(&options.name).expect("a home");
    let progress = Progress::stderr();
    let all = Parts::load().expect("parts.yaml");
    let names = wanted_parts(&options, None).expect("a gateway on kind");
    let parts: PartFiles = names
        .iter()
        .map(|name| (name.clone(), all.obtain(name, &progress).unwrap_or_else(|error| panic!("{name}: {error}")).path))
        .collect();
    let kind = parts.of("kind", "the test").expect("kind").to_owned();

    // What an earlier try left.
    down(&dir, &options.name, &kind, &progress).await.expect("a clean start");

    let nowhere = KindOptions { node_image: Some("127.0.0.1:1/no/node:1".to_owned()), ..options.clone() };
    let error = up(&dir, &nowhere, &parts, &progress).await.expect_err("nobody has this image").to_string();
    assert!(error.contains("127.0.0.1:1/no/node:1 (for the node)") && error.contains("lab images load"), "{error}");
    assert_eq!(status(&dir, &options.name).await.expect("a status"), Status::Absent);

    let cluster = up(&dir, &options, &parts, &progress).await.unwrap_or_else(|error| panic!("{error}\n{error:?}"));
    assert!(!cluster.kept);
    let catalog = connect(Some(&cluster.kubeconfig), &cluster.context).await.expect("connected");
    let phase = progress.phase("Gateway programmed");
    routes(&catalog, &cluster).await;
    answers(&catalog, &cluster).await;
    phase.done("reached from 127.0.0.1");

    let second = Progress::stderr();
    let again = up(&dir, &options, &parts, &second).await.expect("a second up");
    assert!(again.kept);
    answers(&catalog, &again).await;
    eprintln!("  second up: {:.1} s", second.elapsed().as_secs_f64());
    eprintln!("  {}", status(&dir, &options.name).await.expect("a status"));

    let other = KindOptions { ports: Ports::from_base(28092), ..options.clone() };
    let error = up(&dir, &other, &parts, &progress).await.expect_err("other ports");
    assert!(matches!(error, Error::Differs { .. }), "{error}");

    missing_image(&catalog).await;
    strangers(&dir, &options, &parts, &progress).await;
    let engine = Engine::find().await.expect("an engine");
    let node = format!("kafka-gateway-lab-{}-control-plane", options.name);
    engine.call(["stop", &node], Duration::from_secs(60)).run().await.expect("stopped");
    eprintln!("  {}", status(&dir, &options.name).await.expect("a status"));
    assert!(up(&dir, &options, &parts, &progress).await.expect("up after a restart").kept);
    answers(&catalog, &again).await;

    down(&dir, &options.name, &kind, &progress).await.expect("down");
    assert_eq!(status(&dir, &options.name).await.expect("a status"), Status::Absent);
    down(&dir, &options.name, &kind, &progress).await.expect("a second down");
}

/// A cluster as a user has it: made by the lab's own means, and then treated as a stranger's.
#[tokio::test]
#[ignore = "makes a kind cluster; KUBECONFIG must be LAB_STATE/live-user/kubeconfig"]
async fn exactly_what_was_put_into_a_users_cluster_comes_out_again() {
    let progress = Progress::stderr();
    let options = KindOptions { gateway: "traefik".to_owned(), ..options() };
    let all = Parts::load().expect("parts.yaml");
    let parts: PartFiles = wanted_parts(&options, None)
        .expect("a gateway on kind")
        .iter()
        .map(|name| (name.clone(), all.obtain(name, &progress).unwrap_or_else(|error| panic!("{name}: {error}")).path))
        .collect();
    let (theirs, ours) = (LabDir::of("live-user").expect("a home"), LabDir::of("live-existing").expect("a home"));
    assert_eq!(std::env::var("KUBECONFIG").expect("KUBECONFIG"), theirs.kubeconfig().as_str());
    let engine = Engine::find().await.expect("an engine");
    let kind = parts.of("kind", "the test").expect("kind");
    let cluster = cluster::Cluster::of("live-user", &engine, kind, &theirs).expect("a name");
    cluster.delete().await.expect("a clean start");
    let node_image = options.node_image().expect("a node image").image.image;
    let wanted = cluster::Wanted { node_image: &node_image, ports: &options.ports, gateway: "none" };
    let catalog = cluster.create(&wanted, |_| ()).await.expect("a cluster");
    let image = ["docker.io/library/traefik:v3.7.15".to_owned()];
    node::load(&engine, &cluster.node(), &image, |_| ()).await.expect("loaded");
    let before = snapshot(&catalog).await;

    let existing = existing::Existing {
        context: cluster.context(),
        address: [127, 0, 0, 1].into(),
        install_gateway: true,
        install_strimzi: false,
    };
    // An account of the user's own, by a name that the gateway wants.
    let own = "apiVersion: rbac.authorization.k8s.io/v1\nkind: ClusterRole\nmetadata: {name: lab-gateway-traefik}\n";
    let own = manifests::parse("own", own).expect("sound").remove(0);
    let own = apply(&catalog, &own, "", "somebody").await.expect("applied");
    let error = existing::up(&ours, &options, &existing, &parts, &progress).await.expect_err("it is the user's");
    assert!(matches!(&error, Error::Exists { object } if object == &own), "{error}");
    existing::down(&ours, &progress).await.expect("down after half an up");
    crate::kube::delete(&catalog, &own).await.expect("deleted by the user");
    assert_eq!(snapshot(&catalog).await, before);

    let running = existing::up(&ours, &options, &existing, &parts, &progress).await.expect("up");
    let again = existing::up(&ours, &options, &existing, &parts, &progress).await.expect("a second up");
    assert_eq!(running.context, again.context);
    routes(&catalog, &running).await;
    answers(&catalog, &running).await;
    existing::down(&ours, &progress).await.expect("down");
    assert!(!existing::is_there(&ours).expect("readable"));
    assert_eq!(snapshot(&catalog).await, before);
    cluster.delete().await.expect("deleted");
}

/// The kinds and namespaces that a cluster has, and the rights in it.
async fn snapshot(catalog: &Catalog) -> Vec<String> {
    let mut names = Vec::new();
    for kind in
        ["Namespace", "CustomResourceDefinition", "ClusterRole", "ClusterRoleBinding", "ValidatingAdmissionPolicy"]
    {
        let kind = catalog.kind(kind, None).await.expect("a kind");
        let list = kind.api(catalog.client(), "").list(&Default::default()).await.expect("a list");
        names.extend(list.items.iter().map(|object| format!("{} {}", kind.resource.kind, manifests::name(object))));
    }
    names
}

/// Only the first half, to be killed in the middle of it; the next `up` finds what is left.
#[tokio::test]
#[ignore = "makes a kind cluster and leaves it"]
async fn leaves_a_cluster_behind() {
    let (options, progress) = (options(), Progress::stderr());
    let all = Parts::load().expect("parts.yaml");
    let names = wanted_parts(&options, None).expect("a gateway on kind");
    let part = |name: &String| {
        (name.clone(), all.obtain(name, &progress).unwrap_or_else(|error| panic!("{name}: {error}")).path)
    };
    let parts: PartFiles = names.iter().map(part).collect();
    up(&LabDir::of(&options.name).expect("a home"), &options, &parts, &progress).await.expect("up");
}
