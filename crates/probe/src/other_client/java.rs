//! What the Java client's tools read: settings, messages, certificates, and the script that runs the two.

use super::{Input, messages};
use crate::connection_config::{ConnectionConfig, Identity, Trust};
use crate::produce::ProduceSpec;

/// One of Kafka's console tools.
pub struct Tool {
    pub class: &'static str,
    pub script: &'static str,
}

const PRODUCER: Tool = Tool { class: "ConsoleProducer", script: "kafka-console-producer.sh" };
const CONSUMER: Tool = Tool { class: "consumer.ConsoleConsumer", script: "kafka-console-consumer.sh" };

/// What the tools read: settings, messages and certificates. `folder` is where they will be, and `tool` the command
/// of a tool.
pub fn input(
    access: &ConnectionConfig,
    spec: &ProduceSpec,
    folder: &str,
    command: impl Fn(&Tool) -> String,
) -> Vec<Input> {
    let mut properties = vec![
        format!("security.protocol={}", access.security_protocol()),
        format!("max.block.ms={}", spec.within.as_millis()),
        // Its default of two minutes is longer than a step. It must not be shorter than linger and request timeout
        // together.
        format!("delivery.timeout.ms={}", spec.within.as_millis().max(6000)),
        "request.timeout.ms=5000".to_owned(),
        "linger.ms=0".to_owned(),
        "reconnect.backoff.max.ms=500".to_owned(),
    ];
    let mut files = Vec::new();
    if let Trust::Pem(authorities) = &access.trust {
        properties.push("ssl.truststore.type=PEM".to_owned());
        properties.push(format!("ssl.truststore.location={folder}/ca.pem"));
        files.push(("ca.pem".to_owned(), authorities.clone()));
    }
    match &access.identity {
        Identity::Anonymous => {}
        Identity::Tls { cert, key } => {
            properties.push("ssl.keystore.type=PEM".to_owned());
            properties.push(format!("ssl.keystore.location={folder}/client.pem"));
            files.push(("client.pem".to_owned(), format!("{key}\n{cert}")));
        }
        Identity::Scram { user, password } => {
            properties.extend(sasl("SCRAM-SHA-512", "scram.ScramLoginModule", user, password));
        }
        Identity::Plain { user, password } => {
            properties.extend(sasl("PLAIN", "plain.PlainLoginModule", user, password));
        }
    }
    files.push(("client.properties".to_owned(), properties.join("\n") + "\n"));
    files.push(("messages".to_owned(), messages(spec)));
    let within = spec.within.as_millis();
    let tool = |tool: Tool, rest: &str| {
        format!(
            "{} --bootstrap-server '{}' --command-config {folder}/client.properties \
             --topic '{}' {rest}\n",
            command(&tool),
            access.bootstrap,
            spec.topic
        )
    };
    let script = tool(PRODUCER, &format!("--reader-property parse.key=true < {folder}/messages"))
        + &tool(
            CONSUMER,
            &format!(
                "--from-beginning --group kafka-gateway-lab-{} --max-messages {} --timeout-ms {within} \
                 --formatter-property print.partition=true",
                spec.run, spec.messages
            ),
        );
    files.push(("run.sh".to_owned(), script));
    files
}

fn sasl(mechanism: &str, module: &str, user: &str, password: &str) -> [String; 2] {
    let module = format!("org.apache.kafka.common.security.{module}");
    let jaas = format!("sasl.jaas.config={module} required username=\"{user}\" password=\"{password}\";");
    [format!("sasl.mechanism={mechanism}"), jaas]
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::HashMap;

    fn files_of(access: &ConnectionConfig, spec: &ProduceSpec) -> HashMap<String, String> {
        input(access, spec, "/folder", |tool| tool.script.to_owned()).into_iter().collect()
    }

    #[test]
    fn certificates_go_into_files_and_passwords_into_the_settings() {
        let spec = ProduceSpec::new("orders", 2);
        let access = ConnectionConfig::tls("bootstrap.kafka.test:9092", "CA");
        let scram = Identity::Scram { user: "alice".into(), password: "secret".into() };
        let all = files_of(&access.clone().with_identity(scram), &spec);
        let properties = &all["client.properties"];
        assert!(properties.contains("security.protocol=SASL_SSL") && properties.contains("password=\"secret\""));
        assert_eq!((all["ca.pem"].as_str(), all["messages"].lines().count()), ("CA", 2));
        let tls = Identity::Tls { cert: "CERT".into(), key: "KEY".into() };
        let all = files_of(&access.with_identity(tls), &spec);
        assert_eq!(all["client.pem"], "KEY\nCERT");
        assert!(all["run.sh"].starts_with("kafka-console-producer.sh --bootstrap-server 'bootstrap.kafka.test:9092'"));
        assert!(all["run.sh"].contains("--topic 'orders'") && !all["client.properties"].contains("sasl"));
    }
}
