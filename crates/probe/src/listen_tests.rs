use super::*;
use crate::tls::Probe;
use crate::{Login, Mechanism, converse};
use std::future::Future;
use tokio::net::TcpListener;

const WITHIN: Duration = Duration::from_secs(5);

/// What is heard of a client.
async fn heard<T: Future>(client: impl FnOnce(SocketAddr) -> T) -> Heard {
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
    let address = listener.local_addr().expect("its address");
    let hears = async {
        let (stream, from) = listener.accept().await.expect("a client");
        hear(stream, from, WITHIN).await
    };
    let (heard, _) = tokio::join!(hears, client(address));
    heard
}

#[tokio::test]
async fn a_tls_client_shows_its_hello_and_its_mechanism() {
    let login = Login { mechanism: Mechanism::ScramSha512, user: "alice".to_owned(), password: "geheim".to_owned() };
    let seen = heard(async |address| {
        let probe = Probe { alpn: &["kafka"], ..Probe::new(address, Some("b.test"), WITHIN) };
        converse(address, Some(&probe), Some(&login), None, WITHIN).await
    })
    .await;
    let hello = seen.hello.as_ref().expect("a hello");
    assert_eq!((seen.speaks, hello.server_name.as_deref()), (Spoken::Tls, Some("b.test")));
    assert_eq!(hello.alpn, ["kafka"]);
    assert_eq!(hello.versions, ["TLS 1.3", "TLS 1.2"]);
    assert!(hello.groups.iter().any(|group| group == "X25519"), "{hello:?}");
    assert_eq!(hello.segments.iter().sum::<usize>(), hello.bytes);
    let apis: Vec<_> = seen.requests.iter().map(|request| request.api.as_str()).collect();
    assert_eq!(apis, ["ApiVersions", "SaslHandshake"], "{seen:?}");
    assert_eq!(seen.sasl_mechanism.as_deref(), Some("SCRAM-SHA-512"));
    assert!(!format!("{seen:?}{}", serde_json::json!(seen)).contains("geheim"));
}

#[tokio::test]
async fn a_hello_in_two_segments_is_counted_as_such() {
    let seen =
        heard(async |address| Probe { split: Some(70), ..Probe::new(address, Some("b.test"), WITHIN) }.run().await)
            .await;
    let hello = seen.hello.expect("a hello");
    assert_eq!((hello.segments.len(), hello.segments[0]), (2, 70), "{hello:?}");
}

#[tokio::test]
async fn a_client_without_a_name_or_without_tls_is_heard_too() {
    let seen = heard(async |address| Probe::new(address, None, WITHIN).run().await).await;
    assert_eq!(seen.hello.expect("a hello").server_name, None);
    let seen = heard(async |address| converse(address, None, None, None, WITHIN).await).await;
    assert_eq!(seen.speaks, Spoken::PlaintextKafka);
    assert_eq!(seen.requests.iter().map(|one| one.key).collect::<Vec<_>>(), [18, 3], "{seen:?}");
}

/// Bad input neither ends the program nor is taken for Kafka.
#[tokio::test]
async fn what_is_neither_tls_nor_kafka_is_named() {
    for (bytes, speaks) in [
        (&b"GET / HTTP/1.1\r\n\r\n"[..], Spoken::Http),
        (b"", Spoken::Nothing),
        (b"ssh-2.0", Spoken::SomethingElse),
        (b"\x00\x00\x00\x01\x00", Spoken::SomethingElse),
        (b"\x16\x03\x01\x00\x05hello", Spoken::Tls),
        (b"\x00\x00\x00\x0a\x00\x12\x00\x00\x00\x00\x00\x01\x00\x7f", Spoken::PlaintextKafka),
    ] {
        let seen = heard(async |address| {
            let mut stream = TcpStream::connect(address).await.expect("connected");
            stream.write_all(bytes).await.expect("sent");
        })
        .await;
        assert_eq!(seen.speaks, speaks, "{bytes:?}");
        assert!(seen.hello.is_none() && seen.sasl_mechanism.is_none());
    }
}

#[test]
fn a_cut_hello_has_no_versions_and_does_not_panic() {
    let message: Vec<u8> = std::iter::once(1).chain([0; 90]).collect();
    for length in 0..message.len() {
        assert_eq!(supported_versions(&message[..length]), None, "{length}");
    }
    assert_eq!(named([0x1a, 0x1a]), None);
    assert_eq!(named([3, 3]).as_deref(), Some("TLS 1.2"));
}
