//! The server, its answers, and the kinds that it serves.

use super::discovery;
use crate::Catalog;
use futures::future;
use http::{Method, Request, Response, StatusCode};
use http_body_util::channel::Channel;
use kube::Client;
use kube::client::Body;
use serde_json::{Value, json};
use std::convert::Infallible;
use std::sync::{Arc, Mutex, PoisonError};

/// A request as the server received it. Discovery requests are not recorded.
#[derive(Clone, Debug)]
pub struct Asked {
    pub method: Method,
    pub path: String,
    pub query: String,
    pub body: Value,
}

impl Asked {
    pub fn is_watch(&self) -> bool {
        self.query.contains("watch=true")
    }
}

/// The server's response to a request.
pub enum Answer {
    Json(u16, Value),
    /// These events of a watch, which then stays quiet and open.
    Events(Vec<Value>),
    /// These events of a watch, which then ends.
    EndingEvents(Vec<Value>),
}

/// The server: the requests that it received, and a catalog whose client talks to it.
pub struct ApiServer {
    pub catalog: Catalog,
    asked: Arc<Mutex<Vec<Asked>>>,
}

impl ApiServer {
    /// A server that answers as the test says, and lists its kinds by itself. The server of one group of kinds is down. The number counts the earlier requests, so that
    /// the test can answer the second one differently.
    pub fn new(respond: impl Fn(&Asked, usize) -> Answer + Send + Sync + 'static) -> Self {
        Self::listing(true, respond)
    }

    /// The same as a server before Kubernetes 1.27, which lists its kinds group by group.
    pub fn before_1_27(respond: impl Fn(&Asked, usize) -> Answer + Send + Sync + 'static) -> Self {
        Self::listing(false, respond)
    }

    fn listing(collects: bool, respond: impl Fn(&Asked, usize) -> Answer + Send + Sync + 'static) -> Self {
        let asked: Arc<Mutex<Vec<Asked>>> = Arc::default();
        let respond = Arc::new(respond);
        let service = tower::service_fn({
            let asked = asked.clone();
            move |request: Request<Body>| {
                let (asked, respond) = (asked.clone(), respond.clone());
                async move {
                    let all_at_once = discovery::asks_for_all_at_once(&request);
                    let request = read(request).await;
                    let list = if collects && all_at_once { discovery::collected(&request.path) } else { None };
                    let answer = list
                        .or_else(|| discovery::by_group(&request.path, collects))
                        .map(|list| Answer::Json(200, list))
                        .unwrap_or_else(|| {
                            let mut asked = asked.lock().unwrap_or_else(PoisonError::into_inner);
                            let answer = respond(&request, asked.len());
                            asked.push(request);
                            answer
                        });
                    Ok::<_, Infallible>(send(answer).await)
                }
            }
        });
        Self { catalog: Catalog::new(Client::new(service, "default")), asked }
    }

    pub fn asked(&self) -> Vec<Asked> {
        self.asked.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }
}

async fn read(request: Request<Body>) -> Asked {
    let (head, body) = request.into_parts();
    let bytes = body.collect_bytes().await.expect("a request");
    Asked {
        method: head.method,
        path: head.uri.path().to_owned(),
        query: head.uri.query().unwrap_or_default().to_owned(),
        body: serde_json::from_slice(&bytes).unwrap_or_default(),
    }
}

async fn send(answer: Answer) -> Response<Channel<bytes::Bytes>> {
    let (mut sender, body) = Channel::new(64);
    let (status, parts, ends) = match answer {
        Answer::Json(status, value) => (status, vec![value], true),
        Answer::Events(events) => (200, events, false),
        Answer::EndingEvents(events) => (200, events, true),
    };
    for part in parts {
        sender.send_data(format!("{part}\n").into()).await.expect("room for it");
    }
    if !ends {
        // The answer ends when its sender is dropped.
        tokio::spawn(async move {
            let _sender = sender;
            future::pending::<()>().await;
        });
    }
    let status = StatusCode::from_u16(status).expect("a status");
    Response::builder().status(status).body(body).expect("a response")
}

/// A Pod in the namespace `kafka`.
pub fn pod(name: &str, phase: &str) -> Value {
    json!({
        "apiVersion": "v1", "kind": "Pod",
        "metadata": {"name": name, "namespace": "kafka", "resourceVersion": "7"},
        "status": {"phase": phase},
    })
}

pub fn list(pods: &[Value]) -> Answer {
    Answer::Json(
        200,
        json!({"apiVersion": "v1", "kind": "PodList", "metadata": {"resourceVersion": "7"}, "items": pods}),
    )
}

pub fn event(kind: &str, object: Value) -> Value {
    json!({"type": kind, "object": object})
}

/// A refusal in the API server's format.
pub fn status(code: u16, reason: &str, message: &str) -> Value {
    json!({
        "kind": "Status", "apiVersion": "v1", "metadata": {}, "status": "Failure",
        "code": code, "reason": reason, "message": message,
    })
}
