//! How long a diagnosis takes with 100 brokers and 300 routes. The servers and the API server are in this process.

use diagnose::{Diagnosis, Endurance, Gateway, HopKind, HopState, Path, Snapshot, WalkClient, WalkOptions, walk};
use kubeapi::testing::{ApiServer, Asked, list};
use model::Cause;
use serde_json::{Value, json};
use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;
use std::time::{Duration, Instant};
use test_servers::{Advertised, Authority, broker_with_names, serve};
use tokio_rustls::TlsAcceptor;

// The brokers' names exist in this process only.
probe::define_getaddrinfo!();

const BROKERS: i32 = 100;
const ROUTES: usize = 300;
const DOMAIN: &str = "many.brokers.invalid";

/// The goal of the whole diagnosis, the cluster included.
const GOAL: Duration = Duration::from_secs(10);

/// The time that the command gives to a single question.
const WITHIN: Duration = Duration::from_secs(3);

fn host(id: i32) -> String {
    format!("broker-{id}.{DOMAIN}")
}

/// Routes for the bootstrap and the brokers, and others of no interest.
fn api_server() -> ApiServer {
    let route = |index: usize| -> Value {
        let name = match index {
            0 => "bootstrap".to_owned(),
            index if index <= 100 => format!("broker-{}", index - 1),
            index => format!("other-{index}"),
        };
        json!({
            "apiVersion": "gateway.networking.k8s.io/v1", "kind": "TLSRoute",
            "metadata": {"name": name, "namespace": "kafka", "uid": format!("{index}"), "generation": 1},
            "spec": {
                "hostnames": [format!("{name}.{DOMAIN}")],
                "parentRefs": [{"name": "lab"}],
                "rules": [{"backendRefs": [{"name": name, "port": 9094}]}],
            },
            "status": {"parents": [{
                "parentRef": {"name": "lab"}, "controllerName": "example.com/gateway",
                "conditions": [{"type": "Accepted", "status": "True", "reason": "Accepted", "observedGeneration": 1}],
            }]},
        })
    };
    let routes: Vec<Value> = (0..ROUTES).map(route).collect();
    ApiServer::new(move |asked: &Asked, _| {
        let found = if asked.path.ends_with("/tlsroutes") { routes.clone() } else { Vec::new() };
        list(&found)
    })
}

async fn diagnosed(bootstrap: SocketAddr, ca: &str) -> (Diagnosis, Duration) {
    let begun = Instant::now();
    let server = api_server();
    let snapshot = Snapshot::read(&server.catalog, Duration::from_secs(5)).await;
    let options = WalkOptions {
        bootstrap: (format!("bootstrap.{DOMAIN}"), bootstrap.port()),
        client: WalkClient { tls: true, ca: Some(ca.to_owned()), ..WalkClient::default() },
        gateway: Gateway::default(),
        addresses: Vec::new(),
        within: WITHIN,
        endurance: Endurance::default(),
    };
    let walks = walk(&options, Some(&server.catalog), Some(&snapshot)).await;
    let found = Diagnosis::of(format!("bootstrap.{DOMAIN}"), &walks, Some(&snapshot), &[], begun.elapsed());
    (found, begun.elapsed())
}

/// A TLS server of the broker with this id.
async fn broker(acceptor: TlsAcceptor, id: i32, all: Arc<Vec<Advertised>>) -> SocketAddr {
    serve(move |stream| {
        let (acceptor, all) = (acceptor.clone(), all.clone());
        async move {
            if let Ok(stream) = acceptor.accept(stream).await {
                broker_with_names(stream, id, &all).await;
            }
        }
    })
    .await
}

/// A cluster whose bootstrap address lists all brokers. The ports of those in `silent` accept and answer nothing.
async fn cluster(silent: impl Fn(i32) -> bool) -> (SocketAddr, String) {
    probe::resolve::map_domain(DOMAIN, IpAddr::from([127, 0, 0, 1]));
    let authority = Authority::new("cluster");
    let leaf = authority.leaf("brokers", &[&format!("*.{DOMAIN}")]);
    let acceptor = TlsAcceptor::from(Arc::new(leaf.server(None)));
    let mut all: Vec<Advertised> = Vec::new();
    for id in 0..BROKERS {
        let address = if silent(id) {
            serve(|stream| async move {
                let _open = stream;
                std::future::pending::<()>().await;
            })
            .await
        } else {
            broker(acceptor.clone(), id, Arc::default()).await
        };
        all.push((id, host(id), address.port()));
    }
    (broker(acceptor, 0, Arc::new(all)).await, authority.pem)
}

#[tokio::test(flavor = "multi_thread")]
async fn a_hundred_healthy_brokers_take_less_than_the_goal() {
    let (bootstrap, ca) = cluster(|_| false).await;
    let (found, took) = diagnosed(bootstrap, &ca).await;
    // The certificates of the test are valid for two days, and this is what the diagnosis says.
    let causes: Vec<Cause> = found.findings.iter().map(|finding| finding.cause).collect();
    assert!(causes.iter().all(|cause| *cause == Cause::CertificateExpiresSoon), "{causes:?}");
    assert_eq!(found.paths.len(), 101, "{:?}", found.not_looked_at);
    let routed = |path: &Path| path.hops.iter().any(|hop| hop.hop == HopKind::Route && hop.state == HopState::Good);
    assert!(found.paths.iter().all(routed), "the routes are read: {:?}", found.not_looked_at);
    assert!(took < GOAL, "it took {took:?}");
    println!("100 healthy brokers, 300 routes: {took:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn fifty_silent_brokers_of_a_hundred_are_all_named_within_the_goal() {
    let (bootstrap, ca) = cluster(|id| id % 2 == 1).await;
    let (found, took) = diagnosed(bootstrap, &ca).await;
    let dead: Vec<_> = found.findings.iter().filter(|one| one.cause != Cause::CertificateExpiresSoon).collect();
    let concerned: usize = dead.iter().map(|finding| finding.addresses.len()).sum();
    assert_eq!(concerned, 50, "{dead:#?}");
    assert!(took < GOAL, "it took {took:?}");
    println!("50 silent brokers of 100, 300 routes: {took:?}");
}
