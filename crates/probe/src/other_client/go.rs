//! What the Go client reads: its settings, messages and certificates. The program itself is a part, compiled from
//! `fixtures/clients/franz-go.go`.

use super::process::{self, quoted};
use super::{Input, messages};
use crate::connection_config::{ConnectionConfig, Identity, Trust};
use crate::produce::ProduceSpec;
use camino::Utf8Path;
use serde_json::{Map, Value, json};
use std::time::Duration;
use tokio::time::Instant;

/// How long the program may take to say how it wants to be called.
const START: Duration = Duration::from_secs(10);

/// Checks whether the program runs on this machine.
///
/// # Errors
/// What it said instead.
pub async fn available(program: &Utf8Path) -> Result<(), String> {
    let folder = process::Folder::new().map_err(|error| error.to_string())?;
    let input = [("run.sh".to_owned(), format!("exec {}\n", quoted(program)))];
    let printed = process::run(&folder, &[], &input, Instant::now() + START).await?;
    let said = String::from_utf8_lossy(&printed);
    match said.trim() {
        said if said.starts_with("expected one argument") => Ok(()),
        said => Err(format!("{program} is not the lab's program for franz-go: it said {said:?}")),
    }
}

/// `folder` is where the files will be.
pub fn input(access: &ConnectionConfig, spec: &ProduceSpec, folder: &Utf8Path, program: &Utf8Path) -> Vec<Input> {
    let mut files = Vec::new();
    let mut file = |name: &str, content: &str| {
        files.push((name.to_owned(), content.to_owned()));
        folder.join(name).to_string()
    };
    let bootstrap: Vec<_> = access.bootstrap.split(',').map(str::trim).collect();
    let mut settings = Map::from_iter([
        ("Bootstrap".to_owned(), json!(bootstrap)),
        ("TLS".to_owned(), json!(access.trust != Trust::None)),
        ("Topic".to_owned(), json!(spec.topic)),
        ("Group".to_owned(), json!(format!("kafka-gateway-lab-{}", spec.run))),
        ("Seconds".to_owned(), json!(spec.within.as_secs().max(1))),
    ]);
    let mut set = |name: &str, value: &str| settings.insert(name.to_owned(), Value::from(value));
    if let Trust::Pem(authorities) = &access.trust {
        set("Authorities", &file("ca.pem", authorities));
    }
    match &access.identity {
        Identity::Anonymous => {}
        Identity::Tls { cert, key } => {
            set("Certificate", &file("client.pem", cert));
            set("Key", &file("client.key", key));
        }
        Identity::Scram { user, password } | Identity::Plain { user, password } => {
            let scram = matches!(access.identity, Identity::Scram { .. });
            set("Mechanism", if scram { "SCRAM-SHA-512" } else { "PLAIN" });
            set("User", user);
            set("Password", password);
        }
    }
    file("client.json", &Value::Object(settings).to_string());
    file("messages", &messages(spec));
    file("run.sh", &format!("exec {} {}\n", quoted(program), quoted(folder)));
    files
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::HashMap;

    fn files_of(access: &ConnectionConfig) -> HashMap<String, String> {
        let spec = ProduceSpec::new("orders", 2);
        input(access, &spec, Utf8Path::new("/folder"), Utf8Path::new("/it's/here")).into_iter().collect()
    }

    #[tokio::test]
    async fn another_program_is_no_client() {
        let error = available(Utf8Path::new("/bin/echo")).await.expect_err("it is another one");
        assert_eq!(error, "/bin/echo is not the lab's program for franz-go: it said \"\"");
    }

    #[test]
    fn certificates_go_into_files_and_passwords_into_the_settings() {
        let access = ConnectionConfig::tls("bootstrap.kafka.test:9092, other:1", "CA");
        let scram = Identity::Scram { user: "alice".into(), password: "secret".into() };
        let all = files_of(&access.clone().with_identity(scram));
        let settings: Value = serde_json::from_str(&all["client.json"]).expect("JSON");
        assert_eq!(settings["Bootstrap"], json!(["bootstrap.kafka.test:9092", "other:1"]));
        assert_eq!((&settings["TLS"], &settings["Mechanism"]), (&json!(true), &json!("SCRAM-SHA-512")));
        assert_eq!((&settings["User"], &settings["Password"]), (&json!("alice"), &json!("secret")));
        assert_eq!((&settings["Authorities"], all["ca.pem"].as_str()), (&json!("/folder/ca.pem"), "CA"));
        assert_eq!(all["messages"].lines().count(), 2);
        assert_eq!(all["run.sh"], "exec '/it'\\''s/here' '/folder'\n");

        let all = files_of(&access.with_identity(Identity::Tls { cert: "CERT".into(), key: "KEY".into() }));
        assert_eq!((all["client.pem"].as_str(), all["client.key"].as_str()), ("CERT", "KEY"));
        assert!(!all["client.json"].contains("Mechanism"));

        let all = files_of(&ConnectionConfig::plaintext("bootstrap:1"));
        assert!(all["client.json"].contains("\"TLS\":false") && !all.contains_key("ca.pem"));
    }
}
