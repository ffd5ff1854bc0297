//! A server that keeps what is applied to it, as far as one client at a time can tell.

use super::server::{Answer, ApiServer, Asked, status};
use http::Method;
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::sync::Mutex;

/// Objects by their path. A status in a manifest is kept too, so that a test can say what a controller would have said.
#[derive(Default)]
pub struct Store(Mutex<BTreeMap<String, Value>>);

impl Store {
    /// A server on an empty store. A request that `refuse` has an answer for never reaches the store.
    pub fn server(refuse: impl Fn(&Asked) -> Option<Answer> + Send + Sync + 'static) -> ApiServer {
        let store = Self::default();
        ApiServer::new(move |asked, count| refuse(asked).unwrap_or_else(|| store.answer(asked, count)))
    }

    fn answer(&self, asked: &Asked, count: usize) -> Answer {
        let mut objects = self.0.lock().expect("no test panics while it holds the store");
        let path = &asked.path;
        if asked.method == Method::PATCH {
            let mut object = asked.body.clone();
            object["metadata"]["uid"] = json!(format!("uid-{count}"));
            object["metadata"]["resourceVersion"] = json!(format!("{}", count + 1));
            objects.insert(path.clone(), object.clone());
            return Answer::Json(200, object);
        }
        if asked.method == Method::DELETE {
            return match objects.remove(path) {
                Some(object) => Answer::Json(200, object),
                None => missing(path),
            };
        }
        if asked.is_watch() {
            return Answer::Events(Vec::new());
        }
        match objects.get(path) {
            Some(object) => Answer::Json(200, object.clone()),
            None if is_collection(path) => {
                let name = asked.query.split("metadata.name%3D").nth(1).and_then(|rest| rest.split('&').next());
                let inside = objects.iter().filter(|(key, _)| {
                    let last = key.strip_prefix(path.as_str()).and_then(|rest| rest.strip_prefix('/'));
                    last.is_some_and(|last| !last.contains('/') && name.is_none_or(|name| name == last))
                });
                let items: Vec<&Value> = inside.map(|(_, object)| object).collect();
                Answer::Json(
                    200,
                    json!({"apiVersion": "v1", "kind": "List", "metadata": {"resourceVersion": "1"}, "items": items}),
                )
            }
            None => missing(path),
        }
    }
}

fn missing(path: &str) -> Answer {
    Answer::Json(404, status(404, "NotFound", &format!("{path} not found")))
}

fn is_collection(path: &str) -> bool {
    ["/pods", "/configmaps", "/secrets", "/events", "/tlsroutes", "/api/v1/namespaces"]
        .iter()
        .any(|end| path.ends_with(end))
}
