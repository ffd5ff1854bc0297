//! A second client implementation: the console tools of Apache Kafka's Java client, in a container on this machine's
//! network.
//!
//! Only this client takes another resolver, another TLS library and another Kafka library through the same routes.

use super::connection_config::{ConnectionConfig, Identity, Trust};
use super::content::encode;
use super::delivery_check::DeliveryCheck;
use super::error::{BrokerAddr, BrokerShare, ClientError};
use super::produce::ProduceSpec;
use super::resolve;
use super::session::{Layout, Limits, Session};
use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};
use std::time::Duration;
use testcontainers::core::{ExecCommand, Host};
use testcontainers::runners::AsyncRunner;
use testcontainers::{ContainerAsync, GenericImage, ImageExt, TestcontainersError};
use tokio::io::AsyncReadExt;
use tokio::time::{Instant, timeout_at};

/// A machine without the image must pull it first.
const START: Duration = Duration::from_secs(300);
const LOOKUP: Duration = Duration::from_secs(5);
/// The path of the folder inside the container.
const FOLDER: &str = "/kafka-gateway-lab";
/// The JVM of a tool that runs for seconds. Its warnings say which broker is unreachable.
const JAVA: &str = "java -Xmx256m -XX:+UseSerialGC -XX:TieredStopAtLevel=1 -Dlog4j2.level=WARN -cp '/opt/kafka/libs/*'";
/// How many log lines are kept. The rest repeats them.
const LINES: usize = 20;

/// Checks whether a container of `image` (`name:tag`) can run on this machine, on its network.
///
/// # Errors
/// Why not, in a sentence.
pub async fn java_available(image: &str) -> Result<(), String> {
    if !cfg!(target_os = "linux") {
        return Err("a container can share this machine's network only on Linux".to_owned());
    }
    match start(image, &[], Vec::new()).await {
        Ok(container) => container.rm().await.map_err(|error| error.to_string()),
        Err(error) => Err(format!("cannot run a container of {image}: {error}")),
    }
}

/// Produces and consumes with the Java client. The messages have keys, which spread them over all partitions.
/// `every_broker` requires that each broker led a partition that received some.
///
/// # Errors
/// A [`ClientError`] with the broker that the Java client could not reach, and its log.
pub async fn java_produce_and_consume(
    access: &ConnectionConfig,
    spec: &ProduceSpec,
    image: &str,
) -> Result<Vec<BrokerShare>, ClientError> {
    let operation = format!("produce to and consume from {} with the Java client", spec.topic);
    let deadline = Instant::now() + spec.within;
    let layout = layout(access, spec, &operation).await?;
    let harness = |text: String| ClientError::harness(&operation, text);

    let hosts = addresses(access, &layout).await;
    let container = start(image, &hosts, files(access, spec)).await;
    let container = container.map_err(|error| harness(format!("start {image}: {error}")))?;
    let output = tools(&container, spec, deadline).await;
    // Dropping it removes the container too, but only this reports a failure.
    let removed = container.rm().await.map_err(|error| harness(format!("remove the container: {error}")));
    let output = output.map_err(|error| harness(format!("run the tools in {image}: {error}")))?;
    removed?;
    parse_output(&output, spec, &layout, &operation)
}

async fn layout(access: &ConnectionConfig, spec: &ProduceSpec, operation: &str) -> Result<Layout, ClientError> {
    let (access, topic, within, name) = (access.clone(), spec.topic.clone(), spec.within, operation.to_owned());
    super::blocking::blocking(operation, move |stop| {
        let session = Session::open(&access, &name, &[])?;
        session.layout(&name, &topic, true, &Limits::new(within, None), stop)
    })
    .await
}

/// The names that the client needs, as this process resolves them. A name that does not resolve is omitted, so that the
/// container's own resolver reports it.
async fn addresses(access: &ConnectionConfig, layout: &Layout) -> Vec<(String, std::net::IpAddr)> {
    let bootstrap = access.bootstrap.split(',').filter_map(|one| Some(one.rsplit_once(':')?.0.trim().to_owned()));
    let names: BTreeSet<String> = bootstrap.chain(layout.brokers.iter().map(|broker| broker.host.clone())).collect();
    let mut found = Vec::new();
    for name in names.into_iter().filter(|name| name.parse::<std::net::IpAddr>().is_err()) {
        if let Some(address) = resolve::lookup(&name, LOOKUP).await.ok().and_then(|all| all.first().copied()) {
            found.push((name, address));
        }
    }
    found
}

async fn start(
    image: &str,
    hosts: &[(String, std::net::IpAddr)],
    files: Vec<(String, String)>,
) -> Result<ContainerAsync<GenericImage>, TestcontainersError> {
    let (name, tag) = image.rsplit_once(':').unwrap_or((image, "latest"));
    // Longer than any step. If this process is killed, the container ends by itself, and the engine removes it.
    let idle = ["-c".to_owned(), "exec sleep 1800".to_owned()];
    let mut request = GenericImage::new(name, tag)
        .with_entrypoint("sh")
        .with_cmd(idle)
        .with_network("host")
        .with_startup_timeout(START)
        .with_host_config_modifier(|config| config.auto_remove = Some(true))
        .with_label("kafka-gateway-lab", "java-client");
    for (host, address) in hosts {
        request = request.with_host(host, Host::Addr(*address));
    }
    for (file, content) in files {
        request = request.with_copy_to(format!("{FOLDER}/{file}"), content.into_bytes());
    }
    request.start().await
}

fn sasl(mechanism: &str, module: &str, user: &str, password: &str) -> [String; 2] {
    let module = format!("org.apache.kafka.common.security.{module}");
    let jaas = format!("sasl.jaas.config={module} required username=\"{user}\" password=\"{password}\";");
    [format!("sasl.mechanism={mechanism}"), jaas]
}

/// What the tools read: settings, messages and certificates. They are copied into the container, so that no key stays
/// on the disk.
fn files(access: &ConnectionConfig, spec: &ProduceSpec) -> Vec<(String, String)> {
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
        properties.push(format!("ssl.truststore.location={FOLDER}/ca.pem"));
        files.push(("ca.pem".to_owned(), authorities.clone()));
    }
    match &access.identity {
        Identity::Anonymous => {}
        Identity::Tls { cert, key } => {
            properties.push("ssl.keystore.type=PEM".to_owned());
            properties.push(format!("ssl.keystore.location={FOLDER}/client.pem"));
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
    let messages = (0..spec.messages).map(|sequence| {
        // The shortest content is one line, whose end the tools interpret as the end of the message.
        format!("{sequence}\t{}", String::from_utf8_lossy(&encode(&spec.run, sequence, 0)))
    });
    files.push(("messages".to_owned(), messages.collect()));
    let within = spec.within.as_millis();
    let tool = |class: &str, rest: &str| {
        format!(
            "{JAVA} org.apache.kafka.tools.{class} --bootstrap-server '{}' --command-config {FOLDER}/client.properties \
             --topic '{}' {rest}\n",
            access.bootstrap, spec.topic
        )
    };
    let script = tool("ConsoleProducer", &format!("--reader-property parse.key=true < {FOLDER}/messages"))
        + &tool(
            "consumer.ConsoleConsumer",
            &format!(
                "--from-beginning --group kafka-gateway-lab-{} --max-messages {} --timeout-ms {within} \
                 --formatter-property print.partition=true",
                spec.run, spec.messages
            ),
        );
    files.push(("run.sh".to_owned(), script));
    files
}

/// Everything that the tools printed, at most until the deadline.
async fn tools(
    container: &ContainerAsync<GenericImage>,
    spec: &ProduceSpec,
    deadline: Instant,
) -> Result<Vec<String>, TestcontainersError> {
    let command = ExecCommand::new(["sh", "-c", &format!("exec sh {FOLDER}/run.sh 2>&1")]);
    let mut running = container.exec(command).await?;
    let mut out = Vec::new();
    let mut reader = running.stdout();
    let mut buffer = [0; 16384];
    while let Ok(read) = timeout_at(deadline, reader.read(&mut buffer)).await {
        match read? {
            0 => break,
            read => out.extend_from_slice(&buffer[..read]),
        }
    }
    let mut lines: Vec<String> = String::from_utf8_lossy(&out).lines().map(str::to_owned).collect();
    if Instant::now() >= deadline {
        lines.push(format!("stopped after {:?}", spec.within));
    }
    Ok(lines)
}

fn parse_output(
    output: &[String],
    spec: &ProduceSpec,
    layout: &Layout,
    operation: &str,
) -> Result<Vec<BrokerShare>, ClientError> {
    let mut check = DeliveryCheck::new(&spec.run);
    let mut placement = HashMap::new();
    let mut log = Vec::new();
    for line in output {
        let message = line.strip_prefix("Partition:").and_then(|rest| rest.split_once('\t'));
        match message.and_then(|(partition, text)| Some((partition.parse::<i32>().ok()?, text))) {
            Some((partition, text)) => {
                if let Some(sequence) = check.see(partition, format!("{text}\n").as_bytes()) {
                    placement.insert(sequence, partition);
                }
            }
            None => log.push(line.clone()),
        }
    }
    let mut messages: BTreeMap<i32, u64> = BTreeMap::new();
    for partition in placement.values() {
        let leader = layout.leader(*partition).and_then(|broker| broker.id);
        *messages.entry(leader.unwrap_or(-1)).or_default() += 1;
    }
    let share = |broker: &BrokerAddr| BrokerShare {
        broker: broker.clone(),
        messages: messages.get(&broker.id.unwrap_or(-1)).copied().unwrap_or_default(),
        // librdkafka's statistics do not cover this client. The leaders of the partitions show which broker received
        // what.
        node_name: String::new(),
        sent: 0,
        received: 0,
    };
    let shares: Vec<_> = layout.brokers.iter().map(share).collect();
    // The partition of a message that never arrived is unknown.
    let wanted = (0..spec.messages).map(|sequence| (sequence, placement.get(&sequence).copied().unwrap_or(-1)));
    let problem = check.compare(&wanted.collect(), &HashSet::new()).problem();
    let idle = shares.iter().find(|share| spec.every_broker && share.messages == 0);
    let idle = idle.map(|share| format!("{} received no message", share.broker));
    let Some(problem) = problem.or(idle) else { return Ok(shares) };
    let trouble = log.iter().rev().find(|line| line.contains("Exception")).or(log.last());
    let text = trouble.map_or_else(|| problem.clone(), |trouble| format!("{problem}; {trouble}"));
    let broker = at_fault(&log, layout);
    let code = code(&log).to_owned();
    log.drain(..log.len().saturating_sub(LINES));
    Err(ClientError { broker, code, served: shares, log, ..ClientError::harness(operation, text) })
}

/// The broker that most complaints of the client name: `Connection to node 11 (broker-11.kafka.test/127.0.0.1:9092)
/// ...`.
fn at_fault(log: &[String], layout: &Layout) -> Option<BrokerAddr> {
    let mut complaints: BTreeMap<i32, usize> = BTreeMap::new();
    for line in log {
        let Some((_, rest)) = line.split_once("onnection to node ") else { continue };
        let digits: String = rest.chars().take_while(char::is_ascii_digit).collect();
        if let Ok(id) = digits.parse() {
            *complaints.entry(id).or_default() += 1;
        }
    }
    let (id, _) =
        complaints.into_iter().filter(|(id, _)| layout.broker(*id).is_some()).max_by_key(|(_, count)| *count)?;
    layout.broker(id).cloned()
}

/// librdkafka's name for Kafka's own answer. The diagnosis finds out what happened in the network.
fn code(log: &[String]) -> &'static str {
    let answers = [
        ("SaslAuthenticationException", "SaslAuthenticationFailed"),
        ("TopicAuthorizationException", "TopicAuthorizationFailed"),
        ("GroupAuthorizationException", "GroupAuthorizationFailed"),
        ("ClusterAuthorizationException", "ClusterAuthorizationFailed"),
        ("UnknownTopicOrPartitionException", "UnknownTopicOrPartition"),
    ];
    let found = answers.iter().find(|(exception, _)| log.iter().any(|line| line.contains(exception)));
    found.map_or(super::error::HARNESS, |(_, code)| code)
}

#[cfg(test)]
mod tests {
    use super::super::Partition;
    use super::*;

    fn layout() -> Layout {
        let brokers =
            [10, 11].map(|id| BrokerAddr { id: Some(id), host: format!("broker-{id}.kafka.test"), port: 9092 });
        let partitions = vec![Partition { id: 0, leader: 10 }, Partition { id: 1, leader: 11 }];
        Layout { brokers: brokers.to_vec(), partitions }
    }

    fn line(run: &str, partition: i32, sequence: u64) -> String {
        let text = String::from_utf8_lossy(&encode(run, sequence, 0)).trim_end().to_owned();
        format!("Partition:{partition}\t{text}")
    }

    #[test]
    fn messages_are_counted_for_the_leaders_of_their_partitions() {
        let spec = ProduceSpec::new("orders", 3);
        let output = [line(&spec.run, 0, 0), line(&spec.run, 1, 1), "Processed".to_owned(), line(&spec.run, 1, 2)];
        let shares = parse_output(&output, &spec, &layout(), "test").expect("all came");
        assert_eq!(shares.iter().map(|share| share.messages).collect::<Vec<_>>(), [1, 2]);

        let output = [line(&spec.run, 0, 0), line(&spec.run, 0, 1), line(&spec.run, 0, 2)];
        let error = parse_output(&output, &spec, &layout(), "test").expect_err("broker 11 took none");
        assert!(error.text.contains("broker 11 (broker-11.kafka.test:9092) received no message"), "{error}");
    }

    #[test]
    fn a_missing_duplicate_or_changed_message_is_reported() {
        let spec = ProduceSpec::new("orders", 2);
        let first = line(&spec.run, 0, 0);
        let text = |output: &[String]| parse_output(output, &spec, &layout(), "test").expect_err("a problem").text;
        assert!(text(std::slice::from_ref(&first)).contains("1 missing"));
        assert!(text(&[first.clone(), first.clone(), line(&spec.run, 1, 1)]).contains("1 duplicate"));
        assert!(text(&[first, line(&spec.run, 1, 1).replace("lab", "lag")]).contains("missing"));
    }

    #[test]
    fn the_log_names_the_broker_and_what_kafka_answered() {
        let spec = ProduceSpec::new("orders", 1);
        let complaint = "WARN [Producer clientId=console-producer] Connection to node 11 \
                         (broker-11.kafka.test/127.0.0.1:9092) could not be established.";
        let first = "WARN Connection to node -1 (bootstrap.kafka.test/127.0.0.1:9092) could not be established.";
        let error =
            parse_output(&[first.into(), complaint.into()], &spec, &layout(), "test").expect_err("nothing came");
        assert_eq!((error.broker.and_then(|broker| broker.id), error.code.as_str()), (Some(11), "Harness"));

        let refusal = "org.apache.kafka.common.errors.TopicAuthorizationException: Not authorized to access topics";
        let error = parse_output(&[refusal.into()], &spec, &layout(), "test").expect_err("denied");
        assert_eq!((error.broker.clone(), error.code.as_str()), (None, "TopicAuthorizationFailed"));
        assert!(error.text.contains("Not authorized"), "{error}");
    }

    #[test]
    fn certificates_go_into_files_and_passwords_into_the_settings() {
        let spec = ProduceSpec::new("orders", 2);
        let access = ConnectionConfig::tls("bootstrap.kafka.test:9092", "CA");
        let scram = Identity::Scram { user: "alice".into(), password: "secret".into() };
        let all: HashMap<_, _> = files(&access.clone().with_identity(scram), &spec).into_iter().collect();
        let properties = &all["client.properties"];
        assert!(properties.contains("security.protocol=SASL_SSL") && properties.contains("password=\"secret\""));
        assert_eq!((all["ca.pem"].as_str(), all["messages"].lines().count()), ("CA", 2));
        let tls = Identity::Tls { cert: "CERT".into(), key: "KEY".into() };
        let all: HashMap<_, _> = files(&access.with_identity(tls), &spec).into_iter().collect();
        assert_eq!(all["client.pem"], "KEY\nCERT");
        assert!(all["run.sh"].contains("--topic 'orders'") && !all["client.properties"].contains("sasl"));
    }
}
