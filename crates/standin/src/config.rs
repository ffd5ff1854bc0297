//! The text of a node's `server.config`. It is the same in every lab. What differs (the Pod's address, the folder)
//! comes from the environment, through Kafka's own provider.

use super::cluster::{Cluster, Node};
use super::model::{AuthType, Listener, config_text};
use super::names;
use std::fmt::Write;

/// Settings that belong to the operator, by prefix. Strimzi also removes them from `spec.kafka.config`.
const FORBIDDEN: [&str; 26] = [
    "listeners",
    "advertised.",
    "broker.",
    "listener.",
    "host.name",
    "port",
    "inter.broker.listener.name",
    "sasl.",
    "ssl.",
    "security.",
    "password.",
    "log.dir",
    "zookeeper.",
    "zookeeper",
    "authorizer.",
    "super.user",
    "cruise.control.metrics.reporter.bootstrap.servers",
    "config.providers",
    "process.roles",
    "node.id",
    "controller.",
    "metadata.log.dir",
    "early.start.listeners",
    "metrics.",
    "principal.builder.class",
    "prometheus.metrics.reporter.",
];
/// The exceptions to [`FORBIDDEN`], as in Strimzi.
const ALLOWED: [&str; 9] = [
    "ssl.cipher.suites",
    "ssl.protocol",
    "ssl.enabled.protocols",
    "controller.quorum.election.backoff.max.ms",
    "controller.quorum.election.timeout.ms",
    "controller.quorum.fetch.timeout.ms",
    "broker.session.timeout.ms",
    "broker.heartbeat.interval.ms",
    "controller.socket.timeout.ms",
];

/// Whether the setting belongs to the operator.
pub fn is_forbidden(key: &str) -> bool {
    FORBIDDEN.iter().any(|prefix| key.starts_with(prefix)) && !ALLOWED.contains(&key)
}

/// The `server.config` of one node.
pub fn server(node: &Node<'_>) -> String {
    let cluster = node.cluster;
    let mut text = Text::default();
    text.comment(&format!(
        "Node {} of {}/{}, written by the stand-in for Strimzi.",
        node.id, cluster.namespace, cluster.name
    ));
    text.set("config.providers", "env");
    text.set("config.providers.env.class", "org.apache.kafka.common.config.provider.EnvVarConfigProvider");
    text.set("node.id", node.id);
    let roles: Vec<_> = [(node.is_broker(), "broker"), (node.is_controller(), "controller")]
        .iter()
        .filter(|(has, _)| *has)
        .map(|(_, role)| *role)
        .collect();
    text.set("process.roles", roles.join(","));
    text.set("log.dirs", "${env:LAB_ROOT}/data");
    quorum(cluster, &mut text);
    listeners(node, &mut text);
    authorization(cluster, &mut text);
    topic_defaults(cluster, &mut text);
    if node.is_broker() {
        broker_defaults(cluster, &mut text);
    }
    for (key, value) in cluster.spec.kafka.config.iter().filter(|(key, _)| !is_forbidden(key)) {
        text.set(key, config_text(value));
    }
    text.0
}

/// The `meta.properties` of one node, as formatting its storage would write it.
pub fn meta(node: &Node<'_>) -> String {
    format!(
        "version=1\ncluster.id={}\nnode.id={}\ndirectory.id={}\n",
        node.cluster.cluster_id(),
        node.id,
        node.directory_id()
    )
}

/// Logs everything to standard output, where `kubectl logs` and the lab read it.
pub const LOG4J2: &str = "\
status=warn
appender.stdout.type=Console
appender.stdout.name=stdout
appender.stdout.layout.type=PatternLayout
appender.stdout.layout.pattern=%d{ISO8601} %-5p %c{1}: %m%n
rootLogger.level=info
rootLogger.appenderRef.stdout.ref=stdout
";

#[derive(Default)]
struct Text(String);

impl Text {
    fn comment(&mut self, text: &str) {
        // Writing to a String cannot fail.
        let _ = writeln!(self.0, "# {text}");
    }

    /// Sets a value. Backslashes are escaped, because they begin an escape in the properties format.
    fn set(&mut self, key: &str, value: impl ToString) {
        let _ = writeln!(self.0, "{key}={}", value.to_string().replace('\\', "\\\\").replace('\n', "\\n"));
    }
}

fn quorum(cluster: &Cluster, text: &mut Text) {
    let voters = cluster.controllers().map(|node| format!("{}@{}:{}", node.id, node.dns(), names::CONTROL_PORT));
    text.set("controller.quorum.voters", voters.collect::<Vec<_>>().join(","));
    text.set("controller.listener.names", "CONTROLPLANE-9090");
}

fn listeners(node: &Node<'_>, text: &mut Text) {
    let mut bound = Vec::new();
    let mut advertised = Vec::new();
    let mut protocols = vec!["CONTROLPLANE-9090:SSL".to_owned()];
    let bind = |identifier: &str, port: u16| format!("{identifier}://${{env:POD_IP}}:{port}");
    internal_listener(node, "controlplane-9090", text);
    if node.is_controller() {
        bound.push(bind("CONTROLPLANE-9090", names::CONTROL_PORT));
        // The bind address may be a wildcard, which clients cannot connect to.
        advertised.push(format!("CONTROLPLANE-9090://{}:{}", node.dns(), names::CONTROL_PORT));
    }
    if node.is_broker() {
        internal_listener(node, "replication-9091", text);
        bound.push(bind("REPLICATION-9091", names::REPLICATION_PORT));
        advertised.push(format!("REPLICATION-9091://{}:{}", node.dns(), names::REPLICATION_PORT));
        protocols.push("REPLICATION-9091:SSL".to_owned());
        text.set("inter.broker.listener.name", "REPLICATION-9091");
        for listener in &node.cluster.spec.kafka.listeners {
            let identifier = names::listener_identifier(listener);
            bound.push(bind(&identifier, listener.port));
            advertised.push(format!(
                "{identifier}://{}:{}",
                node.advertised_host(listener),
                node.advertised_port(listener)
            ));
            protocols.push(format!("{identifier}:{}", protocol(listener)));
            user_listener(node, listener, &identifier.to_lowercase(), text);
        }
    }
    text.set("listeners", bound.join(","));
    text.set("advertised.listeners", advertised.join(","));
    text.set("listener.security.protocol.map", protocols.join(","));
}

fn protocol(listener: &Listener) -> &'static str {
    match (listener.tls, listener.auth()) {
        (true, Some(AuthType::ScramSha512)) => "SASL_SSL",
        (false, Some(AuthType::ScramSha512)) => "SASL_PLAINTEXT",
        (true, _) => "SSL",
        (false, _) => "PLAINTEXT",
    }
}

fn internal_listener(node: &Node<'_>, name: &str, text: &mut Text) {
    keystore(name, &format!("{}.pem", node.pod()), text);
    truststore(name, "cluster-ca.crt", text);
}

fn user_listener(node: &Node<'_>, listener: &Listener, name: &str, text: &mut Text) {
    if listener.tls {
        let own = listener.configuration.broker_cert_chain_and_key.is_some();
        keystore(name, &if own { custom_keystore(listener) } else { format!("{}.pem", node.pod()) }, text);
    }
    match listener.auth() {
        Some(AuthType::Tls) => truststore(name, "clients-ca.crt", text),
        Some(AuthType::ScramSha512) => {
            text.set(&format!("listener.name.{name}.sasl.enabled.mechanisms"), "SCRAM-SHA-512");
            text.set(
                &format!("listener.name.{name}.scram-sha-512.sasl.jaas.config"),
                "org.apache.kafka.common.security.scram.ScramLoginModule required;",
            );
        }
        None => {}
    }
}

/// The file of a listener's own certificate (`brokerCertChainAndKey`) in the Pod's Secret.
pub fn custom_keystore(listener: &Listener) -> String {
    format!("listener-{}.pem", listener.name)
}

fn keystore(listener: &str, file: &str, text: &mut Text) {
    text.set(&format!("listener.name.{listener}.ssl.keystore.type"), "PEM");
    text.set(&format!("listener.name.{listener}.ssl.keystore.location"), format!("${{env:LAB_ROOT}}/certs/{file}"));
}

/// Requires client certificates, and verifies them against this authority.
fn truststore(listener: &str, file: &str, text: &mut Text) {
    text.set(&format!("listener.name.{listener}.ssl.client.auth"), "required");
    text.set(&format!("listener.name.{listener}.ssl.truststore.type"), "PEM");
    text.set(&format!("listener.name.{listener}.ssl.truststore.location"), format!("${{env:LAB_ROOT}}/certs/{file}"));
}

fn authorization(cluster: &Cluster, text: &mut Text) {
    let Some(authorization) = &cluster.spec.kafka.authorization else { return };
    text.set("authorizer.class.name", "org.apache.kafka.metadata.authorizer.StandardAuthorizer");
    let own =
        [names::component(&cluster.name), "cluster-operator".to_owned()].map(|name| names::internal_principal(&name));
    let users = authorization.super_users.iter().map(|user| format!("User:{user}"));
    text.set("super.users", own.into_iter().chain(users).collect::<Vec<_>>().join(";"));
}

/// The numbers of replicas and of in-sync replicas that fit a lab with this many brokers.
fn replication(cluster: &Cluster) -> (usize, usize) {
    let replicas = cluster.brokers().count().clamp(1, 3);
    (replicas, replicas.saturating_sub(1).max(1))
}

/// Controllers decide about topics that are created explicitly, and brokers about those that are created by use.
fn topic_defaults(cluster: &Cluster, text: &mut Text) {
    let (replicas, in_sync) = replication(cluster);
    text.set("default.replication.factor", replicas);
    text.set("min.insync.replicas", in_sync);
}

/// Defaults that fit a lab with this many brokers. `spec.kafka.config` overrides each line, because it follows.
fn broker_defaults(cluster: &Cluster, text: &mut Text) {
    let (replicas, in_sync) = replication(cluster);
    for (key, value) in [
        ("offsets.topic.replication.factor", replicas),
        ("transaction.state.log.replication.factor", replicas),
        ("transaction.state.log.min.isr", in_sync),
        ("share.coordinator.state.topic.replication.factor", replicas),
        ("share.coordinator.state.topic.min.isr", in_sync),
        // A consumer's first messages must not wait for these.
        ("group.initial.rebalance.delay.ms", 0),
        ("offsets.topic.num.partitions", 5),
        ("transaction.state.log.num.partitions", 5),
        // Each listener has its own network threads, and there are many listeners. A thread without work wakes three times a
        // second, which keeps a slow machine busy.
        ("num.network.threads", 1),
        ("num.io.threads", 2),
        // The default of 128 MiB would be half of the heap.
        ("log.cleaner.dedupe.buffer.size", 16 << 20),
        // On a loaded machine, the controller may start slowly.
        ("initial.broker.registration.timeout.ms", 300_000),
    ] {
        text.set(key, value);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cluster::tests::cluster;
    use serde_json::json;
    use std::collections::BTreeMap;

    fn settings(text: &str) -> BTreeMap<&str, &str> {
        text.lines().filter(|line| !line.starts_with('#')).filter_map(|line| line.split_once('=')).collect()
    }

    #[test]
    fn a_broker_listens_and_advertises_by_listener() {
        let mut cluster = cluster(json!([
            {"name": "plain", "port": 9092, "type": "internal", "tls": false},
            {"name": "external", "port": 9094, "type": "tlsroute", "tls": true, "authentication": {"type": "scram-sha-512"},
             "configuration": {"hostTemplate": "broker-{nodeId}.kafka.test", "advertisedPortTemplate": "9092",
                "brokerCertChainAndKey": {"secretName": "own", "certificate": "tls.crt", "key": "tls.key"}}},
            {"name": "mutual", "port": 9095, "type": "cluster-ip", "tls": true, "authentication": {"type": "tls"}},
        ]));
        cluster.spec.kafka.authorization =
            Some(serde_json::from_value(json!({"type": "simple", "superUsers": ["CN=admin"]})).expect("authorization"));
        cluster.spec.kafka.config.insert("offsets.topic.num.partitions".to_owned(), json!(9));
        cluster.spec.kafka.config.insert("listeners".to_owned(), json!("PLAINTEXT://:1"));
        let text = server(&cluster.brokers().next().expect("broker 10"));
        let settings = settings(&text);
        assert_eq!(
            settings["listeners"],
            "REPLICATION-9091://${env:POD_IP}:9091,PLAIN-9092://${env:POD_IP}:9092,EXTERNAL-9094://${env:POD_IP}:9094,MUTUAL-9095://${env:POD_IP}:9095"
        );
        assert!(settings["advertised.listeners"].contains("EXTERNAL-9094://broker-10.kafka.test:9092"), "{text}");
        assert_eq!(
            settings["listener.security.protocol.map"],
            "CONTROLPLANE-9090:SSL,REPLICATION-9091:SSL,PLAIN-9092:PLAINTEXT,EXTERNAL-9094:SASL_SSL,MUTUAL-9095:SSL"
        );
        assert_eq!(
            settings["listener.name.external-9094.ssl.keystore.location"],
            "${env:LAB_ROOT}/certs/listener-external.pem"
        );
        assert_eq!(
            settings["listener.name.mutual-9095.ssl.truststore.location"],
            "${env:LAB_ROOT}/certs/clients-ca.crt"
        );
        assert_eq!(settings["listener.name.mutual-9095.ssl.client.auth"], "required");
        assert_eq!(
            settings["super.users"],
            "User:CN=my-cluster-kafka,O=io.strimzi;User:CN=cluster-operator,O=io.strimzi;User:CN=admin"
        );
        assert_eq!(settings["offsets.topic.num.partitions"], "9");
        assert_eq!(settings["default.replication.factor"], "3");
        assert_eq!(
            settings["controller.quorum.voters"],
            "0@my-cluster-controller-0.my-cluster-kafka-brokers.kafka.svc:9090"
        );
    }

    #[test]
    fn a_controllers_text_does_not_depend_on_listeners_or_a_fourth_broker() {
        let with = cluster(json!([{"name": "plain", "port": 9092, "type": "internal", "tls": false}]));
        let mut without = cluster(json!([]));
        without.pools[1].ids.insert(13);
        let text = |cluster: &Cluster| server(&cluster.controllers().next().expect("controller 0"));
        assert_eq!(text(&with), text(&without));
        assert_eq!(settings(&text(&with))["listeners"], "CONTROLPLANE-9090://${env:POD_IP}:9090");
    }

    #[test]
    fn the_operators_settings_are_its_own() {
        for key in ["listeners", "advertised.listeners", "ssl.keystore.location", "log.dirs", "super.users", "node.id"]
        {
            assert!(is_forbidden(key), "{key}");
        }
        for key in ["min.insync.replicas", "ssl.enabled.protocols", "log.retention.hours", "auto.create.topics.enable"]
        {
            assert!(!is_forbidden(key), "{key}");
        }
    }
}
