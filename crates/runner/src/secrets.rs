//! Keeps secrets out of everything that a run writes: reports, diagnostics and the terminal.
//!
//! A log or a message can quote a secret, and nobody knows beforehand which one does. So the values that this run knows are hidden
//! wherever they occur, and whatever looks like a secret is hidden too.

use super::secret_text::{HIDDEN, hide_patterns, is_sensitive, key_lines};
use ::kube::api::{DynamicObject, ListParams};
use kubeapi::Catalog;
use model::{Failure, StepResult, Verdict};
use probe::{ConnectionConfig, Identity};
use scenario::Scenario;
use serde_json::Value;
use std::collections::BTreeSet;
use std::time::Duration;
use tokio::time::timeout;

/// A shorter value would be found in words that are not secret.
const SHORTEST: usize = 6;

/// How long the API server may take to list Secrets.
const LIST_WITHIN: Duration = Duration::from_secs(5);

/// Keys of Secrets whose values are public, and which often are words that reports need.
const PUBLIC: [&str; 5] = ["namespace", "username", "user", "ca.crt", "bootstrap.servers"];

/// The values that must not be written, the longest first.
#[derive(Clone, Default)]
pub struct Secrets(Vec<String>);

impl Secrets {
    /// The passwords in a scenario's file.
    pub fn written_in(scenario: &Scenario) -> Self {
        let mut secrets = Self::default();
        for identity in scenario.clients.values().filter_map(|client| client.identity.as_ref()) {
            if let scenario::Identity::Scram { password, .. } | scenario::Identity::Plain { password, .. } = identity {
                password.iter().for_each(|password| secrets.add(password));
            }
        }
        secrets
    }

    /// Also hides what proves a client's identity.
    pub fn add_client(&mut self, client: &ConnectionConfig) {
        match &client.identity {
            Identity::Anonymous => {}
            Identity::Tls { key, .. } => self.add(key),
            Identity::Scram { password, .. } | Identity::Plain { password, .. } => self.add(password),
        }
    }

    /// Also hides the content of a Secret, as it is and in base64.
    pub fn add_secret(&mut self, secret: &DynamicObject) {
        for (field, encoded) in [("data", true), ("stringData", false)] {
            for (key, value) in secret.data[field].as_object().into_iter().flatten() {
                let public = PUBLIC.contains(&key.as_str()) || key.ends_with(".crt");
                let Some(value) = value.as_str().filter(|_| !public) else { continue };
                if encoded {
                    let bytes = serde_json::from_value::<k8s_openapi::ByteString>(Value::from(value));
                    self.push(value);
                    if let Some(text) = bytes.ok().and_then(|bytes| String::from_utf8(bytes.0).ok()) {
                        self.add(&text);
                    }
                } else {
                    self.add(value);
                }
            }
        }
    }

    /// Also hides the content of all Secrets of these namespaces, as far as the API server shows them in time.
    pub async fn learn(&mut self, catalog: &Catalog, namespaces: &BTreeSet<&str>) {
        for namespace in namespaces {
            let listed = async {
                let kind = catalog.kind("Secret", None).await.ok()?;
                kind.api(catalog.client(), namespace).list(&ListParams::default()).await.ok()
            };
            if let Ok(Some(found)) = timeout(LIST_WITHIN, listed).await {
                found.items.iter().for_each(|secret| self.add_secret(secret));
            }
        }
    }

    fn add(&mut self, value: &str) {
        let value = value.trim();
        if value.contains("-----BEGIN") {
            // A log may show single lines of a key. A certificate is public.
            key_lines(value).into_iter().for_each(|line| self.push(line));
            return;
        }
        self.push(value);
        if let Ok(Value::String(base64)) = serde_json::to_value(k8s_openapi::ByteString(value.as_bytes().to_vec())) {
            self.push(&base64);
        }
    }

    fn push(&mut self, value: &str) {
        if value.len() >= SHORTEST && !self.0.iter().any(|known| known == value) {
            self.0.push(value.to_owned());
            // A value that contains another one must not be left in part.
            self.0.sort_by_key(|value| std::cmp::Reverse(value.len()));
        }
    }

    /// The text without secrets.
    pub fn hide(&self, text: &str) -> String {
        let mut text = text.to_owned();
        for value in &self.0 {
            if text.contains(value.as_str()) {
                text = text.replace(value.as_str(), HIDDEN);
            }
        }
        hide_patterns(&text)
    }

    /// Hides secrets in an object. Of a Secret only the keys stay.
    pub fn hide_in(&self, object: &mut DynamicObject) {
        let annotations = object.metadata.annotations.iter_mut().flatten();
        annotations.for_each(|(_, value)| *value = self.hide(value));
        if object.types.as_ref().is_some_and(|types| types.kind == "Secret") {
            for field in ["data", "stringData"] {
                let values = object.data.get_mut(field).and_then(Value::as_object_mut).into_iter().flatten();
                values.for_each(|(_, value)| *value = Value::from(HIDDEN));
            }
        }
        self.hide_value(&mut object.data);
    }

    fn hide_value(&self, value: &mut Value) {
        match value {
            Value::String(text) => *text = self.hide(text),
            Value::Array(items) => {
                items.iter_mut().for_each(|item| self.hide_value(item));
                // `--password` and its value are two arguments.
                for index in 1..items.len() {
                    let flag = items[index - 1].as_str().is_some_and(|one| one.starts_with("--") && is_sensitive(one));
                    if flag && items[index].is_string() {
                        items[index] = Value::from(HIDDEN);
                    }
                }
            }
            Value::Object(fields) => {
                // A container's variable has its name in one field and its value in another.
                let variable = fields.get("name").and_then(Value::as_str).is_some_and(is_sensitive);
                for (key, field) in fields.iter_mut() {
                    if field.is_string() && (is_sensitive(key) || (variable && key == "value")) {
                        *field = Value::from(HIDDEN);
                    } else {
                        self.hide_value(field);
                    }
                }
            }
            Value::Null | Value::Bool(_) | Value::Number(_) => {}
        }
    }

    /// Hides secrets in what a scenario's steps ended with.
    pub fn hide_in_verdict(&self, verdict: Verdict) -> Verdict {
        match verdict {
            Verdict::Failed(failure) => Verdict::Failed(self.hide_in_failure(failure)),
            Verdict::ExpectedFailure { link, failure } => {
                Verdict::ExpectedFailure { link, failure: self.hide_in_failure(failure) }
            }
            Verdict::Skipped { reason } => Verdict::Skipped { reason: self.hide(&reason) },
            other @ (Verdict::Passed | Verdict::Unsupported { .. } | Verdict::UnexpectedPass { .. }) => other,
        }
    }

    fn hide_in_failure(&self, failure: Failure) -> Failure {
        Failure {
            wanted: self.hide(&failure.wanted),
            seen: self.hide(&failure.seen),
            evidence: failure.evidence.iter().map(|line| self.hide(line)).collect(),
            ..failure
        }
    }

    /// Hides secrets in what a step says about itself.
    pub fn hide_in_step(&self, step: &mut StepResult) {
        step.summary = self.hide(&step.summary);
        step.evidence.iter_mut().for_each(|line| *line = self.hide(line));
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn object(value: Value) -> DynamicObject {
        serde_json::from_value(value).expect("an object")
    }

    #[test]
    fn the_content_of_a_secret_is_hidden_wherever_it_is_quoted() {
        let mut secrets = Secrets::default();
        secrets.add_secret(&object(json!({
            "apiVersion": "v1", "kind": "Secret", "metadata": {"name": "alice"},
            // `hunter2-hunter2`, and a certificate that is public.
            "data": {"password": "aHVudGVyMi1odW50ZXIy", "namespace": "a2Fma2E=", "user.crt": "cHVibGlj"},
        })));
        assert_eq!(secrets.hide("user alice said hunter2-hunter2!"), "user alice said [hidden]!");
        assert_eq!(secrets.hide("dump: aHVudGVyMi1odW50ZXIy"), "dump: [hidden]");
        assert_eq!(secrets.hide("kafka a2Fma2E= cHVibGlj"), "kafka a2Fma2E= cHVibGlj", "what is public stays");
    }

    #[test]
    fn an_object_keeps_its_shape_and_loses_its_secrets() {
        let mut pod = object(json!({
            "apiVersion": "v1", "kind": "Pod",
            "metadata": {"name": "p", "annotations": {"a": "password=one-secret"}},
            "spec": {"containers": [{
                "args": ["--user", "alice", "--password", "two-secret"],
                "env": [
                    {"name": "ADMIN_PASSWORD", "value": "three-secret"},
                    {"name": "OTHER_PASSWORD", "valueFrom": {"secretKeyRef": {"name": "alice", "key": "password"}}},
                    {"name": "REGION", "value": "north"},
                ],
            }]},
        }));
        Secrets::default().hide_in(&mut pod);
        let text = serde_json::to_string(&pod).expect("JSON");
        assert!(!text.contains("-secret"), "{text}");
        for kept in ["alice", "north", r#""key":"password""#, "ADMIN_PASSWORD"] {
            assert!(text.contains(kept), "{kept} in {text}");
        }
        let mut secret = object(json!({
            "apiVersion": "v1", "kind": "Secret", "metadata": {"name": "s"}, "stringData": {"anything": "x"},
        }));
        Secrets::default().hide_in(&mut secret);
        assert_eq!(secret.data, json!({"stringData": {"anything": HIDDEN}}), "and nothing is added");
    }
}
