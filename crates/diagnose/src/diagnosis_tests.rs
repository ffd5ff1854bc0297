use super::*;
use crate::endurance::Endurance;
use crate::facts::{Facts, Gateway, Lookup, Walked};
use crate::picture::{Palette, picture};
use crate::walk::{WalkOptions, walk};
use crate::walk_client::WalkClient;
use probe::BrokerAddr;
use probe::tcp::TcpOutcome;

/// A path that works, or that fails at the TCP connection.
fn one(id: Option<i32>, failure: Option<Failure>) -> Walk {
    let host = id.map_or_else(|| "bootstrap.test".to_owned(), |id| format!("broker-{id}.test"));
    let mut facts = Facts::of(host.clone(), 9092);
    facts.broker = id.map(|id| BrokerAddr { id: Some(id), host, port: 9092 });
    facts.lookup = Some(Lookup::Found([127, 0, 0, 1].into()));
    facts.tcp = Some(if failure.is_some() { TcpOutcome::Refused } else { TcpOutcome::Connected });
    let kafka = failure.is_none().then_some(Ok(60));
    facts.walked = Some(Walked { kafka, ..Walked::default() });
    Walk { facts, failure, also: Vec::new() }
}

fn failure(cause: Cause) -> Option<Failure> {
    Some(
        Failure::new(cause, "port 9092 accepts connections", "nothing listens\x1b[31m")
            .with_evidence(["tcp: refused".to_owned()]),
    )
}

fn diagnosis(walks: Vec<Walk>, ignored: &[Cause]) -> Diagnosis {
    let walks = Walks { walks, gaps: vec!["the cluster: no context".to_owned()] };
    Diagnosis::of("bootstrap.test:9092".into(), &walks, None, ignored, Duration::from_millis(200))
}

fn broken() -> Vec<Walk> {
    vec![
        one(None, None),
        one(Some(10), None),
        one(Some(11), failure(Cause::Unreachable)),
        one(Some(12), failure(Cause::WrongBroker)),
    ]
}

#[test]
fn a_terminal_shows_each_path_and_each_finding() {
    insta::assert_snapshot!(picture(&diagnosis(broken(), &[]), Palette::new(false)));
    insta::assert_snapshot!(picture(&diagnosis(vec![one(None, None), one(Some(10), None)], &[]), Palette::new(false)));
}

/// The fields that programs read. A change here needs another number in `schema`.
#[test]
fn the_json_has_the_documented_shape() {
    let json = serde_json::json!(diagnosis(broken(), &[]));
    insta::assert_snapshot!(format!("{json:#}"));
}

#[test]
fn junit_has_a_case_for_each_cause_and_each_good_path() {
    let xml = crate::junit(&diagnosis(broken(), &[]), Severity::Error).expect("it serializes");
    assert!(xml.contains(r#"tests="4" skipped="0" failures="2" errors="0""#), "{xml}");
    assert!(xml.contains(r#"type="unreachable""#) && xml.contains("KGL002: nothing listens"), "{xml}");
    assert!(
        xml.contains("broker 10 (broker-10.test:9092)") && xml.contains("page: docs/causes/unreachable.md"),
        "{xml}"
    );
}

#[test]
fn an_ignored_cause_is_left_out() {
    let found = diagnosis(broken(), &[Cause::Unreachable, Cause::WrongBroker]);
    assert!(found.healthy && found.findings.is_empty());
    assert!(!found.fails_on(Severity::Warning));
    assert!(diagnosis(broken(), &[Cause::Unreachable]).fails_on(Severity::Error));
}

#[test]
fn one_fault_of_every_path_is_one_finding() {
    let all = [None, Some(10), Some(11)].map(|id| one(id, failure(Cause::UntrustedCertificate)));
    let found = diagnosis(all.into(), &[]);
    assert_eq!((found.findings.len(), found.findings[0].addresses.len()), (1, 3));
    assert_eq!((found.schema, found.findings[0].number.as_str()), (1, "KGL012"));
}

async fn walked(address: std::net::SocketAddr, client: WalkClient) -> Diagnosis {
    let options = WalkOptions {
        bootstrap: (address.ip().to_string(), address.port()),
        client,
        gateway: Gateway::default(),
        addresses: Vec::new(),
        within: Duration::from_secs(5),
        endurance: Endurance::default(),
    };
    let walks = walk(&options, None, None).await;
    Diagnosis::of(address.to_string(), &walks, None, &[], Duration::ZERO)
}

fn causes(found: &Diagnosis) -> Vec<Cause> {
    found.findings.iter().map(|finding| finding.cause).collect()
}

mod servers {
    use super::*;
    use test_servers::{Authority, broker, broker_of, serve, serve_tls};
    use tokio::io::{AsyncReadExt, AsyncWriteExt};

    #[tokio::test]
    async fn a_plaintext_cluster_is_healthy_and_each_broker_has_a_path() {
        let second = serve(|stream| broker(stream, 2)).await;
        let first = serve(move |stream| async move { broker_of(stream, 1, &[(2, second)]).await }).await;
        let found = walked(first, WalkClient::default()).await;
        assert!(found.healthy, "{found:#?}");
        assert_eq!(found.paths.iter().map(|path| path.broker).collect::<Vec<_>>(), [None, Some(2)]);
        assert!(found.not_looked_at.iter().any(|gap| gap.starts_with("the cluster")), "{found:?}");
    }

    #[tokio::test]
    async fn another_broker_and_a_dead_one_are_two_findings() {
        let dead = std::net::TcpListener::bind("127.0.0.1:0").and_then(|socket| socket.local_addr()).expect("a port");
        let wrong = serve(|stream| broker(stream, 7)).await;
        let first = serve(move |stream| async move { broker_of(stream, 1, &[(2, wrong), (3, dead)]).await }).await;
        let found = walked(first, WalkClient::default()).await;
        // The one that is nearer to the client comes first.
        assert_eq!(causes(&found), [Cause::Unreachable, Cause::WrongBroker], "{found:#?}");
    }

    #[tokio::test]
    async fn the_wrong_protocol_is_named_in_both_directions() {
        let plain = serve(|stream| broker(stream, 1)).await;
        let tls = WalkClient { tls: true, ..WalkClient::default() };
        // A broker takes a ClientHello for a request that is far too long, and closes.
        assert_eq!(causes(&walked(plain, tls.clone()).await), [Cause::WrongProtocol]);
        let secure = serve_tls(Authority::new("ca").leaf("b", &["b.test"]).server(None)).await;
        assert_eq!(causes(&walked(secure, WalkClient::default()).await), [Cause::WrongProtocol]);
        let http = serve(|mut stream| async move {
            let mut request = [0; 512];
            let _ = stream.read(&mut request).await;
            let _ = stream.write_all(b"HTTP/1.1 400 Bad Request\r\n\r\n").await;
        })
        .await;
        for client in [tls, WalkClient::default()] {
            let found = walked(http, client).await;
            assert_eq!(causes(&found), [Cause::WrongProtocol], "{found:#?}");
            assert!(found.findings[0].evidence.seen.contains("speaks HTTP"), "{found:#?}");
        }
    }

    #[tokio::test]
    async fn a_certificate_of_another_authority_is_untrusted_and_one_that_ends_soon_is_a_warning() {
        let authority = Authority::new("ca");
        // The leaf is valid for two days, and names the address.
        let config = std::sync::Arc::new(authority.leaf("b", &["127.0.0.1"]).server(None));
        let acceptor = tokio_rustls::TlsAcceptor::from(config);
        let secure = serve(move |stream| {
            let acceptor = acceptor.clone();
            async move {
                if let Ok(stream) = acceptor.accept(stream).await {
                    broker(stream, 1).await;
                }
            }
        })
        .await;
        let trusting = |pem: &str| WalkClient { tls: true, ca: Some(pem.to_owned()), ..WalkClient::default() };
        let found = walked(secure, trusting(&Authority::new("another").pem)).await;
        assert_eq!(causes(&found), [Cause::UntrustedCertificate], "{found:#?}");
        let found = walked(secure, trusting(&authority.pem)).await;
        assert_eq!(causes(&found), [Cause::CertificateExpiresSoon], "{found:#?}");
        assert!(found.fails_on(Severity::Warning) && !found.fails_on(Severity::Error));
    }

    #[tokio::test]
    async fn a_port_that_stays_silent_is_a_timeout() {
        let silent = serve(|mut stream| async move {
            let _ = tokio::io::copy(&mut stream, &mut tokio::io::sink()).await;
        })
        .await;
        let options = WalkOptions {
            bootstrap: (silent.ip().to_string(), silent.port()),
            client: WalkClient::default(),
            gateway: Gateway::default(),
            addresses: Vec::new(),
            within: Duration::from_millis(200),
            endurance: Endurance::default(),
        };
        let walks = walk(&options, None, None).await;
        assert_eq!(walks.walks[0].failure.as_ref().map(|failure| failure.cause), Some(Cause::Timeout));
    }
}
