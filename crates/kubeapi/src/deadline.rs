//! A client whose requests always end: with an answer, a refusal, or the error that the API server is silent.

use http::{Request, Response};
use kube::client::Body;
use kube::{Client, Config};
use std::time::Duration;
use tokio::time::{Instant, timeout_at};

/// How long the API server may take for one request. A list can take seconds on a busy machine.
pub const ANSWER_WITHIN: Duration = Duration::from_secs(30);

/// The API server accepted a request or a connection, and did not answer.
#[derive(Debug, thiserror::Error)]
#[error("no answer within {within:?}")]
pub struct NoAnswer {
    /// How long the client waited.
    pub within: Duration,
}

/// A client whose requests take no longer than [`ANSWER_WITHIN`]. A watch or a connection to a Pod must begin within
/// that time, and then lasts for as long as the caller wants.
///
/// kube's own timeouts do not help: its read timeout also ends a quiet watch, so it is switched off.
///
/// # Errors
/// If the configuration cannot make a client.
pub fn client(config: Config) -> Result<Client, kube::Error> {
    let inner = Client::try_from(config)?;
    let namespace = inner.default_namespace().to_owned();
    let service = tower::service_fn(move |request| answered(inner.clone(), request));
    Ok(Client::new(service, namespace))
}

async fn answered(client: Client, request: Request<Body>) -> Result<Response<Body>, kube::Error> {
    let within = ANSWER_WITHIN;
    let deadline = Instant::now() + within;
    let late = |_| kube::Error::Service(Box::new(NoAnswer { within }));
    let lasting = lasts(&request);
    let response = timeout_at(deadline, client.send(request)).await.map_err(late)??;
    if lasting {
        return Ok(response);
    }
    // The head of an answer does not guarantee its body: the server may stop in between.
    let (head, body) = response.into_parts();
    let body = timeout_at(deadline, body.collect_bytes()).await.map_err(late)??;
    Ok(Response::from_parts(head, Body::from(body)))
}

/// Whether a request's answer continues until the client stops it: a watch, a followed log or a tunnel.
fn lasts(request: &Request<Body>) -> bool {
    let query = request.uri().query().unwrap_or_default();
    let asks = |name: &str| query.split('&').any(|pair| pair == format!("{name}=true") || pair == format!("{name}=1"));
    request.headers().contains_key(http::header::UPGRADE) || asks("watch") || asks("follow")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Catalog, Error};
    use tokio::io::{AsyncReadExt, AsyncWriteExt};
    use tokio::net::TcpListener;

    fn catalog(port: u16) -> Catalog {
        let url = format!("http://127.0.0.1:{port}").parse().expect("an address");
        Catalog::new(client(Config::new(url)).expect("a client"))
    }

    /// A server that reads a request, sends `answer`, and keeps the connection open.
    async fn says(answer: &'static str) -> u16 {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("bound");
        let port = listener.local_addr().expect("an address").port();
        tokio::spawn(async move {
            while let Ok((mut stream, _)) = listener.accept().await {
                tokio::spawn(async move {
                    let mut buffer = [0; 4096];
                    while stream.read(&mut buffer).await.is_ok_and(|read| read > 0) {
                        if stream.write_all(answer.as_bytes()).await.is_err() {
                            break;
                        }
                    }
                });
            }
        });
        port
    }

    #[tokio::test(start_paused = true)]
    async fn a_silent_server_differs_from_one_that_refuses() {
        let error = catalog(says("").await).kind("Pod", None).await.expect_err("silence");
        assert!(matches!(error, Error::Silent { within: ANSWER_WITHIN, .. }), "{error:?}");
        assert_eq!(error.to_string(), "the API server did not answer within 30s when asked to list its kinds");
    }

    #[tokio::test(start_paused = true)]
    async fn a_server_that_stops_in_the_middle_of_an_answer_is_silent_too() {
        let half = "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 100\r\n\r\n{";
        let error = catalog(says(half).await).kind("Pod", None).await.expect_err("half an answer");
        assert!(matches!(error, Error::Silent { .. }), "{error:?}");
    }

    #[tokio::test]
    async fn a_refusal_has_the_servers_own_words_once() {
        let refused = "HTTP/1.1 403 Forbidden\r\nContent-Type: application/json\r\nContent-Length: 116\r\n\r\n\
            {\"kind\":\"Status\",\"apiVersion\":\"v1\",\"status\":\"Failure\",\"message\":\"apis is forbidden\",\"reason\":\"Forbidden\",\"code\":403}";
        let error = catalog(says(refused).await).kind("Pod", None).await.expect_err("refused");
        assert_eq!(
            error.to_string(),
            "the API server refused to list its kinds: apis is forbidden (403 Forbidden)",
            "{error:?}"
        );
        assert!(std::error::Error::source(&error).is_none(), "nothing is said twice");
    }

    #[tokio::test]
    async fn a_server_that_is_not_there_cannot_be_reached() {
        // The port is free again at the end of this line.
        let port = std::net::TcpListener::bind("127.0.0.1:0").and_then(|it| it.local_addr()).expect("a port").port();
        let error = catalog(port).kind("Pod", None).await.expect_err("nothing listens");
        assert!(matches!(error, Error::Unreachable { .. }), "{error:?}");
        assert!(error.to_string().starts_with("cannot reach the API server to list its kinds"), "{error}");
    }

    /// A port-forward uses a connection that the answer upgrades.
    #[tokio::test]
    async fn a_tunnel_comes_through_as_it_does_without_a_deadline() {
        let port = says("HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n").await;
        let config = || Config::new(format!("http://127.0.0.1:{port}").parse().expect("an address"));
        let mut handed_on = Vec::new();
        for client in [Client::try_from(config()).expect("a client"), client(config()).expect("a client")] {
            let request = Request::builder().uri("/api/v1/namespaces/n/pods/p/portforward?ports=1");
            let request = request.header("Connection", "Upgrade").header("Upgrade", "websocket").body(Body::empty());
            let answer = client.send(request.expect("a request")).await.expect("an answer");
            assert_eq!(answer.status(), 101);
            handed_on.push(answer.extensions().len());
        }
        assert!(handed_on[0] > 0 && handed_on[0] == handed_on[1], "{handed_on:?}");
    }

    #[test]
    fn a_watch_and_a_tunnel_last() {
        let of = |uri: &str| Request::builder().uri(uri).body(Body::empty()).expect("a request");
        assert!(lasts(&of("/api/v1/pods?watch=true&resourceVersion=1")));
        assert!(!lasts(&of("/api/v1/pods?limit=500")));
        let mut tunnel = of("/api/v1/namespaces/n/pods/p/portforward?ports=1");
        tunnel.headers_mut().insert(http::header::UPGRADE, http::HeaderValue::from_static("websocket"));
        assert!(lasts(&tunnel));
    }
}
