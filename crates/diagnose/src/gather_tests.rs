use super::*;
use model::{Cause, Ports};
use probe::{BrokerAddr, ClientError};
use test_servers::{Authority, broker_of, serve, serve_tls};

probe::define_getaddrinfo!();

/// A cluster that does not answer, so that only the network's answers count.
fn catalog() -> Catalog {
    let mut config = kube::Config::new("http://127.0.0.1:9".parse().expect("a URL"));
    config.connect_timeout = Some(Duration::from_millis(200));
    Catalog::new(kube::Client::try_from(config).expect("a client"))
}

fn gateway() -> Gateway {
    Gateway { ports: Ports::from_base(9092).all().collect(), default_certificate: None }
}

fn failure(broker: Option<BrokerAddr>, code: &str) -> Subject {
    Subject::Failure(ClientError {
        broker,
        code: code.into(),
        ..ClientError::harness("produce to orders", "it failed")
    })
}

#[tokio::test]
async fn what_kafka_answered_needs_no_look_at_the_network() {
    let diagnosis =
        diagnose(&catalog(), &gateway(), &failure(None, "TopicAuthorizationFailed"), &Settings::default()).await;
    assert_eq!(diagnosis.cause, Cause::Authorization);
}

#[tokio::test]
async fn a_failure_without_an_address_says_so() {
    let diagnosis = diagnose(&catalog(), &gateway(), &failure(None, "Fail"), &Settings::default()).await;
    assert_eq!(diagnosis.cause, Cause::Unknown);
    assert!(diagnosis.evidence.iter().any(|line| line.contains("which address")), "{diagnosis:?}");
}

#[tokio::test]
async fn an_expired_certificate_is_found_by_probing_the_broker() {
    let authority = Authority::new("cluster");
    let host = "broker-10.diagnose.invalid";
    resolve::map_domain("diagnose.invalid", [127, 0, 0, 1].into());
    let port = serve_tls(authority.expired(&[host]).server(None)).await.port();
    let broker = BrokerAddr { id: Some(10), host: host.into(), port };
    let access = ConnectionConfig::tls(format!("{host}:{port}"), authority.pem);
    let settings = Settings { access: Some(access), ..Settings::default() };
    let diagnosis = diagnose(&catalog(), &gateway(), &failure(Some(broker), "SSL"), &settings).await;
    assert_eq!(diagnosis.cause, Cause::CertificateExpired, "{diagnosis:#?}");
    assert!(diagnosis.evidence.iter().any(|line| line.starts_with("not known: the cluster's TLSRoute")));
}

#[tokio::test]
async fn a_name_that_does_not_resolve_is_found() {
    resolve::reserve_domain("gone.diagnose.invalid");
    let subject = Subject::Address { host: "x.gone.diagnose.invalid".into(), port: 9092 };
    let diagnosis = diagnose(&catalog(), &gateway(), &subject, &Settings::default()).await;
    assert_eq!(diagnosis.cause, Cause::UnresolvedName, "{diagnosis:#?}");
}

#[tokio::test]
async fn a_timeout_that_names_no_broker_is_explained_by_an_advertised_address() {
    // Broker 2 advertises a port where nobody listens, and the client was connected to broker 1 all the time.
    let second = std::net::TcpListener::bind("127.0.0.1:0").and_then(|socket| socket.local_addr()).expect("a port");
    let first = serve(move |stream| async move {
        let own = stream.local_addr().expect("an address");
        broker_of(stream, 1, &[(1, own), (2, second)]).await;
    })
    .await;
    let access = ConnectionConfig::plaintext(first.to_string());
    let settings = Settings { access: Some(access), within: Duration::from_secs(2) };
    let subject = Subject::Failure(ClientError {
        code: "OperationTimedOut".into(),
        ..ClientError::harness("create topic orders", "timed out")
    });
    let diagnosis = diagnose(&catalog(), &gateway(), &subject, &settings).await;
    assert_eq!(diagnosis.cause, Cause::AdvertisedAddress, "{diagnosis:#?}");
    assert!(diagnosis.seen.contains(&format!("broker 2 advertises {second}")), "{}", diagnosis.seen);
    let listed = format!("path: broker 2 ({second})");
    assert!(diagnosis.evidence.contains(&listed), "{:#?}", diagnosis.evidence);
}
