//! The local lab's processes, for real: run with `cargo test --lib local::trial -- --ignored --nocapture` after setting
//! `KUBEBUILDER_ASSETS` (etcd, kube-apiserver), `LAB_TRIAL_TRAEFIK` (the program), `LAB_TRIAL_KAFKA` (a folder of jars),
//! and `LAB_TRIAL_CRDS` (a folder of the Gateway API's experimental CRDs). `LAB_TRIAL_HOLD=1` leaves it up for a look.

use super::node::{JvmRuntime, NodeConfig};
use super::{Net, agent, control_plane, down, gateway, ports, process, status};
use crate::gateway::GatewayFixture;
use crate::kube::{self as objects, Catalog, MANAGER, ObjectRef, Progressed, conditions, wait_for};
use crate::lab::{LabDir, Ports};
use camino::{Utf8Path, Utf8PathBuf};
use serde_json::{Value, json};
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::{Duration, Instant};
use tokio::net::TcpStream;
use tokio_rustls::TlsConnector;
use tokio_rustls::rustls::pki_types::{CertificateDer, ServerName};
use tokio_rustls::rustls::{ClientConfig, RootCertStore};

const HOST: &str = "broker-10.kafka.test";

fn given(name: &str) -> Utf8PathBuf {
    std::env::var(name).unwrap_or_else(|_| panic!("{name} is not set")).into()
}

fn reference(api_version: &str, kind: &str, namespace: &str, name: &str) -> ObjectRef {
    ObjectRef { api_version: api_version.into(), kind: kind.into(), namespace: namespace.into(), name: name.into() }
}

async fn apply(catalog: &Catalog, value: Value) {
    let object = serde_json::from_value(value).expect("an object");
    objects::apply(catalog, &object, "trial", MANAGER).await.expect("applied");
}

async fn met(catalog: &Catalog, object: &ObjectRef, wanted: &str, within: u64, look: impl Fn(&Value) -> bool) {
    wait_for(catalog, object, wanted, Duration::from_secs(within), |found| match found {
        Some(found) if look(&serde_json::to_value(found).expect("JSON")) => Progressed::Met,
        Some(found) => Progressed::NotYet(found.data["status"].to_string()),
        None => Progressed::NotYet("nothing".into()),
    })
    .await
    .expect(wanted);
}

fn is_true(object: &Value, kind: &str) -> bool {
    let object = serde_json::from_value(object.clone()).expect("an object");
    conditions(&object).iter().any(|condition| condition["type"] == kind && condition["status"] == "True")
}

/// A node of its own, broker and controller in one, with a TLS listener.
async fn broker(catalog: &Catalog, key: &rcgen::KeyPair, cert: &rcgen::Certificate) {
    let config = "process.roles=broker,controller\nnode.id=10\ncontroller.quorum.voters=10@c-broker-10.c-kafka-brokers.trial.svc:9090\n\
        controller.listener.names=CONTROLLER\nconfig.providers=env\n\
        config.providers.env.class=org.apache.kafka.common.config.provider.EnvVarConfigProvider\n\
        listeners=CONTROLLER://${env:POD_IP}:9090,EXTERNAL://${env:POD_IP}:9094\n\
        advertised.listeners=EXTERNAL://broker-10.kafka.test:9092\ninter.broker.listener.name=EXTERNAL\n\
        listener.security.protocol.map=CONTROLLER:PLAINTEXT,EXTERNAL:SSL\nlog.dirs=${env:LAB_ROOT}/data\n\
        ssl.keystore.type=PEM\nssl.keystore.location=${env:LAB_ROOT}/certs/both.pem\nssl.truststore.type=PEM\n\
        ssl.truststore.location=${env:LAB_ROOT}/certs/ca.pem\n";
    let pem = cert.pem();
    apply(catalog, json!({"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "c-broker-10"}, "data": {
        "server.config": config,
        "meta.properties": "version=1\ncluster.id=AAAAAAAAAAAAAAAAAAAAAA\nnode.id=10\ndirectory.id=a0a0a0a0a0a0a0a0a0a0aQ\n",
    }})).await;
    apply(
        catalog,
        json!({"apiVersion": "v1", "kind": "Secret", "metadata": {"name": "c-broker-10"}, "stringData": {
            "both.pem": format!("{}{pem}", key.serialize_pem()), "ca.pem": pem,
        }}),
    )
    .await;
    apply(catalog, json!({"apiVersion": "v1", "kind": "Pod",
        "metadata": {"name": "c-broker-10", "labels": {"app": "kafka"}},
        "spec": {
            "nodeName": "local", "hostname": "c-broker-10", "subdomain": "c-kafka-brokers", "terminationGracePeriodSeconds": 20,
            "containers": [{
                "name": "kafka", "image": "apache/kafka:4.3.0",
                "env": [
                    {"name": "POD_IP", "valueFrom": {"fieldRef": {"fieldPath": "status.podIP"}}},
                    {"name": "LAB_ROOT", "value": "/kafka-lab"},
                    {"name": "KAFKA_LAB_JAVA_OPTS", "value": "-Xmx256m -XX:+UseSerialGC -XX:TieredStopAtLevel=1"},
                ],
                "ports": [{"name": "tcp-external", "containerPort": 9094}],
                "readinessProbe": {"tcpSocket": {"port": "tcp-external"}, "periodSeconds": 1},
                "volumeMounts": [
                    {"name": "config", "mountPath": "/kafka-lab/config"},
                    {"name": "certs", "mountPath": "/kafka-lab/certs"},
                    {"name": "data", "mountPath": "/kafka-lab/data"},
                ],
            }],
            "volumes": [
                {"name": "config", "configMap": {"name": "c-broker-10"}},
                {"name": "certs", "secret": {"secretName": "c-broker-10"}},
                {"name": "data", "emptyDir": {}},
            ],
        },
    })).await;
}

async fn routes(catalog: &Catalog, port: u16) {
    apply(
        catalog,
        json!({"apiVersion": "v1", "kind": "Service", "metadata": {"name": "c-broker-10"}, "spec": {
            "selector": {"app": "kafka"}, "ports": [{"name": "tcp", "port": 9094, "targetPort": "tcp-external"}],
        }}),
    )
    .await;
    apply(catalog, json!({"apiVersion": "gateway.networking.k8s.io/v1", "kind": "Gateway", "metadata": {"name": "lab"}, "spec": {
        "gatewayClassName": "traefik",
        "listeners": [{"name": "tls", "port": port, "protocol": "TLS", "hostname": "*.kafka.test", "tls": {"mode": "Passthrough"}}],
    }})).await;
    apply(catalog, json!({"apiVersion": "gateway.networking.k8s.io/v1", "kind": "TLSRoute", "metadata": {"name": "b10"}, "spec": {
        "parentRefs": [{"name": "lab"}], "hostnames": [HOST], "rules": [{"backendRefs": [{"name": "c-broker-10", "port": 9094}]}],
    }})).await;
}

/// Tries until a TLS handshake succeeds that trusts the broker's certificate alone.
async fn handshake(address: SocketAddr, cert: &CertificateDer<'static>, within: Duration) -> Result<(), String> {
    let mut roots = RootCertStore::empty();
    roots.add(cert.clone()).map_err(|error| error.to_string())?;
    let config = ClientConfig::builder().with_root_certificates(roots).with_no_client_auth();
    let connector = TlsConnector::from(Arc::new(config));
    let name = ServerName::try_from(HOST).map_err(|error| error.to_string())?;
    let begun = Instant::now();
    loop {
        let attempt = async { connector.connect(name.clone(), TcpStream::connect(address).await?).await };
        match attempt.await {
            Ok(_) => return Ok(()),
            Err(error) if begun.elapsed() > within => return Err(error.to_string()),
            Err(_) => tokio::time::sleep(Duration::from_millis(50)).await,
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs etcd, kube-apiserver, Traefik, Java and Kafka: see the head of this file"]
async fn a_broker_is_reached_through_the_gateway_and_all_ends_without_a_trace() {
    let folder = tempfile::tempdir().expect("a folder");
    let dir = LabDir::at(Utf8Path::from_path(folder.path()).expect("UTF-8").join("trial"));
    let assets = given("KUBEBUILDER_ASSETS");
    let begun = Instant::now();
    let phase = |text: &str| eprintln!("{:>6.2} s  {text}", begun.elapsed().as_secs_f64());

    control_plane::start(&dir, &assets.join("etcd"), &assets.join("kube-apiserver")).await.expect("a control plane");
    phase("the API server is ready");
    let before = process::running(&dir).expect("listed");
    control_plane::start(&dir, &assets.join("etcd"), &assets.join("kube-apiserver")).await.expect("still there");
    assert_eq!(process::running(&dir).expect("listed"), before, "a second start changes nothing");
    phase("a second start found it so");

    let catalog = Catalog::new(control_plane::client(&dir).await.expect("a client"));
    let mut crds: Vec<_> =
        given("LAB_TRIAL_CRDS").read_dir_utf8().expect("a folder").map(|e| e.expect("a file").into_path()).collect();
    crds.retain(|path| path.as_str().contains("/gateway.networking.k8s.io_"));
    let applied = crds.iter().map(|path| {
        let catalog = catalog.clone();
        async move {
            let text = std::fs::read_to_string(path).expect("read");
            for object in objects::parse_manifests(path.as_str(), &text).expect("parsed") {
                let applied = objects::apply(&catalog, &object, "", MANAGER).await.expect("applied");
                if applied.kind == "CustomResourceDefinition" {
                    met(&catalog, &applied, "Established=True", 30, |crd| is_true(crd, "Established")).await;
                }
            }
        }
    });
    futures::future::join_all(applied).await;
    phase("the CRDs are established");

    let [base] = ports::free().expect("a port");
    let fixture = GatewayFixture::load("traefik").expect("the fixture");
    let lab_ports = Ports::from_base(base);
    gateway::start(&dir, &catalog, &given("LAB_TRIAL_TRAEFIK"), &fixture, &lab_ports).await.expect("a gateway");
    phase("the gateway is ready");
    gateway::start(&dir, &catalog, &given("LAB_TRIAL_TRAEFIK"), &fixture, &lab_ports).await.expect("still there");

    let jvm = JvmRuntime { java: "/usr/bin/java".into(), libs: given("LAB_TRIAL_KAFKA"), archive: None };
    let config = NodeConfig { jvm, net: Net::of("trial") };
    let run_agent = || {
        let (dir, config) = (dir.clone(), config.clone());
        tokio::spawn(
            async move { agent::run(dir, config, |_| std::future::pending::<Result<(), super::Error>>()).await },
        )
    };
    let first_agent = run_agent();
    apply(&catalog, json!({"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": "trial"}})).await;
    let key = rcgen::KeyPair::generate().expect("a key");
    let cert = rcgen::CertificateParams::new(vec![HOST.to_owned()])
        .expect("parameters")
        .self_signed(&key)
        .expect("a certificate");
    broker(&catalog, &key, &cert).await;
    routes(&catalog, lab_ports.passthrough).await;
    let pod = reference("v1", "Pod", "trial", "c-broker-10");
    met(&catalog, &pod, "Ready", 60, |pod| is_true(pod, "Ready")).await;
    phase("the broker is ready");
    let address = SocketAddr::from(([127, 0, 0, 1], lab_ports.passthrough));
    handshake(address, cert.der(), Duration::from_secs(10))
        .await
        .expect("the broker's own certificate through the gateway");
    phase("its certificate is seen through the gateway");

    let broker_pid =
        || process::running(&dir).expect("listed").into_iter().find(|p| p.component == "kafka-trial_c-broker-10");
    let process_before = broker_pid().expect("the broker runs");
    first_agent.abort();
    let _ = first_agent.await;
    let second_agent = run_agent();
    handshake(address, cert.der(), Duration::from_secs(10)).await.expect("served again");
    assert_eq!(broker_pid(), Some(process_before.clone()), "a new agent takes the broker over as it is");
    phase("a new agent took over");

    for component in ["kube-apiserver", "etcd"] {
        let killed: Vec<_> =
            process::running(&dir).expect("listed").into_iter().filter(|p| p.component == component).collect();
        process::stop(&killed, Duration::ZERO).await.expect("killed");
        let before = process::running(&dir).expect("listed");
        control_plane::start(&dir, &assets.join("etcd"), &assets.join("kube-apiserver")).await.expect("repaired");
        let after = process::running(&dir).expect("listed");
        assert_eq!(after.len(), before.len() + 1, "only what was missing is started");
        phase(&format!("a killed {component} was started again"));
    }

    gateway::restart(&dir, &fixture).await.expect("restarted");
    handshake(address, cert.der(), Duration::from_secs(20)).await.expect("routes are back");
    phase("the gateway was restarted");

    process::stop(&[process_before], Duration::ZERO).await.expect("killed");
    met(&catalog, &pod, "one restart", 60, |pod| {
        is_true(pod, "Ready") && pod["status"]["containerStatuses"][0]["restartCount"] == 1
    })
    .await;
    handshake(address, cert.der(), Duration::from_secs(10)).await.expect("served again");
    phase("a killed broker came back");

    apply(
        &catalog,
        json!({"apiVersion": "v1", "kind": "Secret", "metadata": {"name": "c-broker-10", "namespace": "trial"}, "stringData": {"new": "x"}}),
    )
    .await;
    let refreshed = dir.pods().join("trial_c-broker-10/certs/new");
    let begun_refresh = Instant::now();
    while !refreshed.exists() {
        assert!(begun_refresh.elapsed() < Duration::from_secs(5), "{refreshed} does not appear");
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    phase("a changed Secret is on disk");

    if std::env::var("LAB_TRIAL_HOLD").is_ok() {
        eprintln!("KUBECONFIG={}", dir.kubeconfig());
        tokio::time::sleep(Duration::from_secs(300)).await;
    }
    objects::delete(&catalog, &reference("v1", "Namespace", "", "trial")).await.expect("deleted");
    wait_for(
        &catalog,
        &reference("v1", "Namespace", "", "trial"),
        "gone",
        Duration::from_secs(60),
        |found| match found {
            Some(found) => Progressed::NotYet(found.data["status"].to_string()),
            None => Progressed::Met,
        },
    )
    .await
    .expect("the namespace ends");
    assert_eq!(broker_pid(), None);
    phase("the namespace is gone, and the broker with it");

    second_agent.abort();
    for component in status::components(&dir, "traefik").expect("a status") {
        eprintln!("          {component:?}");
    }
    let stopped = down::stop(&dir).await.expect("down");
    assert_eq!(process::running(&dir).expect("listed"), []);
    assert!(down::stop(&dir).await.expect("down again").is_empty());
    phase(&format!("down: {}", stopped.join(", ")));
}
