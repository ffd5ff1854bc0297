//! Plants secrets where a run meets them, and searches everything that the run writes.

use super::tests::Stage;
use super::*;
use crate::report::Console;
use crate::suite::new_report;
use camino::Utf8Path;
use http::Method;
use kubeapi::testing::{Answer, Asked, status};
use model::LabFacts;
use serde_json::json;
use std::fs;

/// Every planted secret contains this word.
const SECRET: &str = "leaked";
/// And so does its form in base64, because the word stands at the beginning. (`leaked` is six bytes, so two groups of base64.)
const SECRET_BASE64: &str = "bGVha2Vk";

/// Beside each secret stands a text that is none. A search that does not find these looks in the wrong place.
const HARMLESS: [&str; 8] = ["client", "secret", "config", "variable", "event", "annotation", "log", "kafka"];

const MANIFEST: &str = "\
apiVersion: v1
kind: Secret
metadata: {name: harmless-secret}
stringData: {anything: leaked-from-a-manifest}
---
apiVersion: v1
kind: ConfigMap
metadata:
  name: harmless-config
  annotations: {harmless-annotation: 'password=leaked-from-an-annotation'}
data:
  client.properties: |
    ssl.key.password=leaked-from-a-config-map
    sasl.jaas.config=ScramLoginModule required username=\"alice\" password=\"leaked from a login\";
---
apiVersion: v1
kind: Pod
metadata: {name: configured}
spec:
  automountServiceAccountToken: false
  containers:
    - name: harmless-variable
      env: [{name: ADMIN_PASSWORD, value: leaked-from-a-variable}]
---
apiVersion: v1
kind: Event
metadata: {name: event}
message: harmless-event, and the token leaked-from-the-cluster
";

const LOG: &str = "\
harmless-log: login of alice with leaked-from-a-manifest, then bGVha2VkLWZyb20tYS1tYW5pZmVzdA==
Authorization: Bearer leaked-from-a-header
-----BEGIN PRIVATE KEY-----
leakedKeyMaterialMIIEvQIBADANBgkqhkiG9w0
-----END PRIVATE KEY-----
the token leaked-from-the-cluster expires
";

const SCENARIO: &str = "\
clients:
  bob: {identity: {scram: {user: bob, password: leaked-from-the-scenario}}}
steps:
  - apply: planted.yaml
  - apply: unready.yaml
  - wait: {kind: Pod, name: unready, condition: Ready, within: 2s}
";

/// The Secrets of the Kafka cluster's namespace. `leaked-from-the-cluster` is nowhere else.
fn secrets(asked: &Asked) -> Option<Answer> {
    let wanted = asked.method == Method::GET && asked.path == "/api/v1/namespaces/kafka/secrets";
    let found = json!({
        "apiVersion": "v1", "kind": "SecretList", "metadata": {"resourceVersion": "1"},
        "items": [{
            "metadata": {"name": "harmless-kafka", "namespace": "kafka"},
            "data": {"token": "bGVha2VkLWZyb20tdGhlLWNsdXN0ZXI="},
        }],
    });
    wanted.then_some(Answer::Json(200, found))
}

/// Refuses a Pod, and quotes secrets of which nothing shows that they are some.
fn refusal(asked: &Asked) -> Option<Answer> {
    let message = "harmless-client bob cannot log in with leaked-from-the-scenario or leaked-from-a-manifest";
    let refused = asked.method == Method::PATCH && asked.path.ends_with("/pods/unready");
    refused.then(|| Answer::Json(403, status(403, "Forbidden", message)))
}

/// Everything below the folder, as one text.
fn everything(folder: &Utf8Path) -> String {
    let mut text = String::new();
    for entry in folder.read_dir_utf8().expect("listed").flatten() {
        if entry.file_type().expect("a type").is_dir() {
            text += &everything(entry.path());
        } else {
            let content = fs::read_to_string(entry.path()).expect("read");
            if entry.path().extension() == Some("json") {
                serde_json::from_str::<serde_json::Value>(&content).expect("what is hidden leaves JSON behind");
            }
            text += &["== ", entry.path().as_str(), "\n", &content, "\n"].concat();
        }
    }
    text
}

#[tokio::test(start_paused = true)]
async fn nothing_that_a_run_writes_contains_a_secret() {
    let mut written = String::new();
    for refuses in [false, true] {
        let answer = move |asked: &Asked| secrets(asked).or_else(|| refusal(asked).filter(|_| refuses));
        let stage = Stage::new(RunnerOptions::default(), answer);
        fs::write(stage.folder.path().join("planted.yaml"), MANIFEST).expect("written");
        let logs = stage.runner.lab.dir.logs();
        fs::create_dir_all(&logs).expect("made");
        fs::write(logs.join("traefik.log"), LOG).expect("written");

        let result = stage.run(None, SCENARIO).await;
        assert!(matches!(result.verdict, Verdict::Failed(_)), "{:?}", result.verdict);
        let console = Console::plain(8);
        written += &console.scenario(&result);
        let mut report = new_report("run".into(), LabFacts::from(&stage.runner.lab.info), None);
        report.scenarios.push(result);
        stage.runner.folder.write(&report).expect("written");
        stage.runner.folder.write_pages(&report).expect("written");
        written += &console.summary(&report, stage.runner.folder.path());
        written += &everything(stage.runner.folder.path());
    }
    for name in HARMLESS {
        let harmless = format!("harmless-{name}");
        assert!(written.contains(&harmless), "the search does not reach {harmless}, so it would find no secret there");
    }
    for file in ["report.json", "junit.xml", "report.html", "summary.md", "logs/traefik.log", "manifests/planted.yaml"]
    {
        assert!(written.contains(&format!("/{file}\n")), "{file} is missing");
    }
    let leaks: Vec<&str> =
        written.lines().filter(|line| line.contains(SECRET) || line.contains(SECRET_BASE64)).collect();
    assert!(leaks.is_empty(), "{leaks:#?}");
}
