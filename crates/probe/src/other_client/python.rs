//! What the Python client reads: its program, settings, messages and certificates.

use super::process::{self, quoted};
use super::{Input, messages};
use crate::connection_config::{ConnectionConfig, Identity, Trust};
use crate::produce::ProduceSpec;
use camino::Utf8Path;
use serde_json::{Map, Value, json};
use std::time::Duration;
use tokio::time::Instant;

const PROGRAM: &str = include_str!("client.py");

/// How long Python may take to load kafka-python.
const LOAD: Duration = Duration::from_secs(30);

/// Checks whether this machine's Python can load kafka-python.
///
/// # Errors
/// What it said instead.
pub async fn available(packages: &Utf8Path) -> Result<(), String> {
    let folder = process::Folder::new().map_err(|error| error.to_string())?;
    let script = format!("{} -c 'import kafka; print(\"loaded\")'\n", python(packages));
    let input = [("run.sh".to_owned(), script)];
    let printed = process::run(&folder, &[], &input, Instant::now() + LOAD).await?;
    let said = String::from_utf8_lossy(&printed);
    match said.trim().lines().last() {
        Some("loaded") => Ok(()),
        Some(said) => Err(format!("Python 3 cannot load it: {said}")),
        None => Err(format!("Python 3 did not load it within {LOAD:?}")),
    }
}

fn python(packages: &Utf8Path) -> String {
    format!("PYTHONDONTWRITEBYTECODE=1 PYTHONPATH={} exec python3", quoted(packages))
}

/// `folder` is where the files will be, and `packages` the folder with kafka-python.
pub fn input(access: &ConnectionConfig, spec: &ProduceSpec, folder: &Utf8Path, packages: &Utf8Path) -> Vec<Input> {
    let mut files = Vec::new();
    let mut file = |name: &str, content: &str| {
        files.push((name.to_owned(), content.to_owned()));
        folder.join(name).to_string()
    };
    let mut connection = Map::from_iter([
        ("bootstrap_servers".to_owned(), json!(access.bootstrap)),
        ("security_protocol".to_owned(), json!(access.security_protocol())),
        ("reconnect_backoff_max_ms".to_owned(), json!(500)),
    ]);
    let mut set = |name: &str, value: &str| connection.insert(name.to_owned(), Value::from(value));
    if let Trust::Pem(authorities) = &access.trust {
        set("ssl_cafile", &file("ca.pem", authorities));
    }
    match &access.identity {
        Identity::Anonymous => {}
        Identity::Tls { cert, key } => {
            set("ssl_certfile", &file("client.pem", cert));
            set("ssl_keyfile", &file("client.key", key));
        }
        Identity::Scram { user, password } | Identity::Plain { user, password } => {
            let scram = matches!(access.identity, Identity::Scram { .. });
            set("sasl_mechanism", if scram { "SCRAM-SHA-512" } else { "PLAIN" });
            set("sasl_plain_username", user);
            set("sasl_plain_password", password);
        }
    }
    let settings = json!({
        "connection": connection,
        "topic": spec.topic,
        "group": format!("kafka-gateway-lab-{}", spec.run),
        "seconds": spec.within.as_secs().max(1),
    });
    file("client.json", &settings.to_string());
    file("client.py", PROGRAM);
    file("messages", &messages(spec));
    file("run.sh", &format!("{} {} {}\n", python(packages), quoted(&folder.join("client.py")), quoted(folder)));
    files
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::HashMap;

    fn files_of(access: &ConnectionConfig) -> HashMap<String, String> {
        let spec = ProduceSpec::new("orders", 2);
        input(access, &spec, Utf8Path::new("/folder"), Utf8Path::new("/it's here")).into_iter().collect()
    }

    #[tokio::test]
    async fn a_kafka_python_that_cannot_be_loaded_is_no_client() {
        let folder = tempfile::tempdir().expect("a folder");
        let path = Utf8Path::from_path(folder.path()).expect("UTF-8");
        // It comes before a kafka-python that this machine may have.
        std::fs::write(path.join("kafka.py"), "raise ImportError('a part is missing')\n").expect("written");
        let error = available(path).await.expect_err("it is broken");
        assert!(error.starts_with("Python 3 cannot load it: "), "{error}");
    }

    #[test]
    fn certificates_go_into_files_and_passwords_into_the_settings() {
        let access = ConnectionConfig::tls("bootstrap.kafka.test:9092", "CA");
        let scram = Identity::Scram { user: "alice".into(), password: "secret".into() };
        let all = files_of(&access.clone().with_identity(scram));
        let settings: Value = serde_json::from_str(&all["client.json"]).expect("JSON");
        let connection = &settings["connection"];
        assert_eq!(connection["security_protocol"], "SASL_SSL");
        assert_eq!(
            (&connection["sasl_mechanism"], &connection["sasl_plain_password"]),
            (&"SCRAM-SHA-512".into(), &"secret".into())
        );
        assert_eq!((&connection["ssl_cafile"], all["ca.pem"].as_str()), (&"/folder/ca.pem".into(), "CA"));
        assert_eq!(all["messages"].lines().count(), 2);
        assert!(all["run.sh"].contains(r"PYTHONPATH='/it'\''s here' exec python3 '/folder/client.py' '/folder'"));

        let all = files_of(&access.with_identity(Identity::Tls { cert: "CERT".into(), key: "KEY".into() }));
        assert_eq!((all["client.pem"].as_str(), all["client.key"].as_str()), ("CERT", "KEY"));
        assert!(all["client.json"].contains("\"SSL\"") && !all["client.json"].contains("sasl"));
    }
}
