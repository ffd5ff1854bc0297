use super::*;
use test_servers::{Authority, serve, serve_tls};
use tokio::io::AsyncWriteExt;
use tokio_rustls::TlsAcceptor;

const WITHIN: Duration = Duration::from_secs(5);
const NAME: &str = "broker-10.kafka.test";

#[tokio::test]
async fn a_completed_handshake_shows_protocol_chain_and_verdict() {
    let authority = Authority::new("cluster");
    let mut server = authority.leaf("broker", &[NAME]).server(None);
    server.alpn_protocols = vec![b"h2".to_vec()];
    let address = serve_tls(server).await;

    let outcome = probe(address, Some(NAME), &["h2", "http/1.1"], Some(&authority.pem), WITHIN).await;
    let Handshake::Completed { protocol, alpn, afterwards } = &outcome.handshake else {
        panic!("{outcome}");
    };
    assert_eq!((protocol.as_str(), alpn.as_deref()), ("TLSv1_3", Some("h2")));
    assert_eq!((afterwards, outcome.verdict.as_ref()), (&Afterwards::Open, Some(&Verdict::Good)));
    assert_eq!(outcome.chain[0].dns_names, [NAME]);
    assert!(outcome.completed() && !outcome.turned_away());
}

#[tokio::test]
async fn the_verdict_tells_names_authorities_and_dates_apart() {
    let authority = Authority::new("cluster");
    let other = Authority::new("clients");
    let good = serve_tls(authority.leaf("broker", &[NAME]).server(None)).await;
    let expired = serve_tls(authority.expired(&[NAME]).server(None)).await;
    let ask = |address, sni, trust| async move { probe(address, sni, &[], Some(trust), WITHIN).await.verdict };

    assert_eq!(ask(good, Some("broker-11.kafka.test"), &authority.pem).await, Some(Verdict::WrongName));
    assert_eq!(ask(good, Some(NAME), &other.pem).await, Some(Verdict::Untrusted));
    assert_eq!(ask(expired, Some(NAME), &authority.pem).await, Some(Verdict::Expired));
    // Without a server name, only the signature is checked.
    assert_eq!(ask(good, None, &authority.pem).await, Some(Verdict::Good));
    assert!(matches!(ask(good, Some(NAME), "no PEM").await, Some(Verdict::Bad(_))));
}

#[tokio::test]
async fn no_server_name_is_sent_when_none_is_given() {
    let config = Arc::new(Authority::new("cluster").leaf("broker", &[NAME]).server(None));
    let (tell, mut received) = tokio::sync::mpsc::unbounded_channel();
    let address = serve(move |stream| {
        let (acceptor, tell) = (TlsAcceptor::from(config.clone()), tell.clone());
        async move {
            let stream = acceptor.accept(stream).await.expect("a handshake");
            tell.send(stream.get_ref().1.server_name().map(ToOwned::to_owned)).expect("the test listens");
        }
    })
    .await;
    probe(address, None, &[], None, WITHIN).await;
    assert_eq!(received.recv().await, Some(None));
    probe(address, Some(NAME), &[], None, WITHIN).await;
    assert_eq!(received.recv().await, Some(Some(NAME.to_owned())));
}

#[tokio::test]
async fn a_missing_client_certificate_is_seen_after_the_handshake() {
    let authority = Authority::new("cluster");
    let clients = Authority::new("clients");
    let address = serve_tls(authority.leaf("broker", &[NAME]).server(Some(&clients))).await;

    let without = Probe::new(address, Some(NAME), WITHIN).run().await;
    let Handshake::Completed { afterwards: Afterwards::Alert { name }, .. } = &without.handshake else {
        panic!("{without}");
    };
    assert_eq!(name, "CertificateRequired");
    assert!(without.turned_away());

    let user = clients.leaf("alice", &[]);
    let with = Probe { client: Some((&user.cert, &user.key)), ..Probe::new(address, Some(NAME), WITHIN) }.run().await;
    assert!(!with.turned_away(), "{with}");
}

#[tokio::test]
async fn a_server_that_closes_without_a_certificate_is_reported() {
    let address = serve(|mut stream| async move {
        // The whole ClientHello must be read, or the kernel answers the close with a reset.
        let mut hello = [0; 4096];
        let _ = stream.read(&mut hello).await;
        let _ = stream.shutdown().await;
    })
    .await;
    let outcome = probe(address, Some("nobody.kafka.test"), &[], None, WITHIN).await;
    assert_eq!(outcome.handshake, Handshake::Closed);
    assert!(outcome.connected() && outcome.turned_away() && outcome.chain.is_empty());
}

#[tokio::test]
async fn a_reset_differs_from_a_close() {
    // A socket that is closed with unread data answers with a reset.
    let address = serve(|stream| async move {
        stream.readable().await.expect("a ClientHello");
        drop(stream);
    })
    .await;
    assert_eq!(probe(address, Some(NAME), &[], None, WITHIN).await.handshake, Handshake::Reset);
}

#[tokio::test]
async fn an_alert_is_named() {
    let mut server = Authority::new("cluster").leaf("broker", &[NAME]).server(None);
    server.alpn_protocols = vec![b"h2".to_vec()];
    let address = serve_tls(server).await;
    let outcome = probe(address, Some(NAME), &["kafka"], None, WITHIN).await;
    assert_eq!(outcome.handshake, Handshake::Alert { name: "NoApplicationProtocol".into() });
}

#[tokio::test]
async fn a_closed_port_is_refused() {
    let address = {
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.expect("a port");
        listener.local_addr().expect("its address")
    };
    let outcome = probe(address, Some(NAME), &[], None, WITHIN).await;
    assert_eq!(outcome.handshake, Handshake::Refused);
    assert!(!outcome.connected());
}

#[tokio::test]
async fn a_silent_server_ends_at_the_deadline() {
    let address = serve(|stream| async move {
        std::future::pending::<()>().await;
        drop(stream);
    })
    .await;
    let outcome = probe(address, Some(NAME), &[], None, Duration::from_millis(200)).await;
    assert_eq!(outcome.handshake, Handshake::TimedOut { connected: true });
}

#[tokio::test]
async fn a_plain_text_answer_is_not_tls() {
    let address = serve(|mut stream| async move {
        let _ = stream.write_all(b"220 mail.example ready\r\n").await;
        let _ = tokio::io::copy(&mut stream, &mut tokio::io::sink()).await;
    })
    .await;
    assert_eq!(probe(address, Some(NAME), &[], None, WITHIN).await.handshake, Handshake::NotTls);
}

#[tokio::test]
async fn a_broken_client_certificate_is_an_error_and_not_a_panic() {
    let address = "127.0.0.1:9".parse().expect("an address");
    let outcome = Probe { client: Some(("x", "y")), ..Probe::new(address, Some(NAME), WITHIN) }.run().await;
    assert!(matches!(&outcome.handshake, Handshake::Failed { text } if text.contains("client")), "{outcome}");
}
