use super::*;
use kafka_protocol::messages::{ApiKey, SaslAuthenticateResponse, SaslHandshakeResponse};
use test_servers::{Authority, ScriptedBroker, broker, serve, serve_tls};

const WITHIN: Duration = Duration::from_secs(5);

fn login(mechanism: Mechanism) -> Login {
    Login { mechanism, user: "alice".into(), password: "secret".into() }
}

#[tokio::test]
async fn a_plaintext_broker_says_who_it_is() {
    let address = serve(|stream| broker(stream, 3)).await;
    let seen = converse(address, None, None, Some(3), WITHIN).await;
    assert!(seen.kafka.is_ok() && seen.tls.is_none(), "{seen:?}");
    assert_eq!(seen.peer.as_ref().and_then(Peer::id), Some(3));
    let other = converse(address, None, None, Some(4), WITHIN).await;
    assert_eq!(other.peer.as_ref().and_then(Peer::id), Some(3), "{other:?}");
}

#[tokio::test]
async fn a_server_that_ends_tls_and_says_nothing_is_no_broker() {
    let address = serve_tls(Authority::new("gateway").leaf("gateway", &["x.kafka.test"]).server(None)).await;
    let within = Duration::from_millis(300);
    let probe = Probe::new(address, Some("x.kafka.test"), within);
    let seen = converse(address, Some(&probe), None, None, within).await;
    assert!(seen.tls.as_ref().is_some_and(TlsOutcome::completed), "{seen:?}");
    assert!(seen.kafka.is_err_and(|text| text.contains("no Kafka answer")));
}

#[tokio::test]
async fn a_mechanism_that_is_not_enabled_is_named_with_those_that_are() {
    let (mut peer, ours) = ScriptedBroker::new();
    let script = async {
        peer.greet(&[ApiKey::ApiVersions, ApiKey::SaslHandshake]).await;
        peer.answer(|asked: SaslHandshakeRequest| {
            assert_eq!(asked.mechanism.as_str(), "PLAIN");
            SaslHandshakeResponse::default()
                .with_error_code(ResponseError::UnsupportedSaslMechanism.code())
                .with_mechanisms(vec!["SCRAM-SHA-512".into()])
        })
        .await;
    };
    let login = login(Mechanism::Plain);
    let (seen, ()) = tokio::join!(talk(None, ours, Some(&login), None, WITHIN), script);
    assert_eq!(seen.login, Some(LoginOutcome::OtherMechanisms { enabled: vec!["SCRAM-SHA-512".into()] }));
}

#[tokio::test]
async fn a_wrong_password_is_reported_in_the_brokers_words() {
    let (mut peer, ours) = ScriptedBroker::new();
    let script = async {
        peer.greet(&[ApiKey::ApiVersions, ApiKey::SaslHandshake, ApiKey::SaslAuthenticate]).await;
        peer.answer(|_: SaslHandshakeRequest| SaslHandshakeResponse::default()).await;
        peer.answer(|asked: SaslAuthenticateRequest| {
            assert_eq!(&asked.auth_bytes[..], b"\0alice\0secret");
            SaslAuthenticateResponse::default()
                .with_error_code(ResponseError::SaslAuthenticationFailed.code())
                .with_error_message(Some("invalid credentials".into()))
        })
        .await;
    };
    let login = login(Mechanism::Plain);
    let (seen, ()) = tokio::join!(talk(None, ours, Some(&login), None, WITHIN), script);
    assert_eq!(seen.login, Some(LoginOutcome::Refused { text: "invalid credentials".into() }));
    assert_eq!(format!("{login:?}"), "Login(PLAIN alice)");
}
