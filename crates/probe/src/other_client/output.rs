//! What another client printed: messages with their partitions, and complaints.

use crate::delivery_check::DeliveryCheck;
use crate::error::{BrokerAddr, BrokerShare, ClientError, HARNESS};
use crate::produce::ProduceSpec;
use crate::session::Layout;
use std::collections::{BTreeMap, HashMap, HashSet};

/// How many log lines are kept. The rest repeats them.
const LINES: usize = 20;

/// What each broker took, or why not everything arrived.
pub fn parse(
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

/// What stands before a node's id in a complaint of the Java client, of kafka-python and of franz-go.
const NODE: [&str; 3] = ["onnection to node ", "node_id=", " broker: "];

/// The broker that most complaints of the client name: `Connection to node 11 (broker-11.kafka.test/127.0.0.1:9092)
/// ...`.
fn at_fault(log: &[String], layout: &Layout) -> Option<BrokerAddr> {
    let mut complaints: BTreeMap<i32, usize> = BTreeMap::new();
    for line in log {
        let Some((_, rest)) = NODE.iter().find_map(|words| line.split_once(words)) else { continue };
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
        ("SASL_AUTHENTICATION_FAILED", "SaslAuthenticationFailed"),
        ("TOPIC_AUTHORIZATION_FAILED", "TopicAuthorizationFailed"),
        ("GROUP_AUTHORIZATION_FAILED", "GroupAuthorizationFailed"),
        ("CLUSTER_AUTHORIZATION_FAILED", "ClusterAuthorizationFailed"),
        ("UNKNOWN_TOPIC_OR_PARTITION", "UnknownTopicOrPartition"),
        ("TopicAuthorizationException", "TopicAuthorizationFailed"),
        ("GroupAuthorizationException", "GroupAuthorizationFailed"),
        ("ClusterAuthorizationException", "ClusterAuthorizationFailed"),
        ("UnknownTopicOrPartitionException", "UnknownTopicOrPartition"),
    ];
    let found = answers.iter().find(|(exception, _)| log.iter().any(|line| line.contains(exception)));
    found.map_or(HARNESS, |(_, code)| code)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Partition;
    use crate::content::encode;

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
        let shares = parse(&output, &spec, &layout(), "test").expect("all came");
        assert_eq!(shares.iter().map(|share| share.messages).collect::<Vec<_>>(), [1, 2]);

        let output = [line(&spec.run, 0, 0), line(&spec.run, 0, 1), line(&spec.run, 0, 2)];
        let error = parse(&output, &spec, &layout(), "test").expect_err("broker 11 took none");
        assert!(error.text.contains("broker 11 (broker-11.kafka.test:9092) received no message"), "{error}");
    }

    #[test]
    fn a_missing_duplicate_or_changed_message_is_reported() {
        let spec = ProduceSpec::new("orders", 2);
        let first = line(&spec.run, 0, 0);
        let text = |output: &[String]| parse(output, &spec, &layout(), "test").expect_err("a problem").text;
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
        let error = parse(&[first.into(), complaint.into()], &spec, &layout(), "test").expect_err("nothing came");
        assert_eq!((error.broker.and_then(|broker| broker.id), error.code.as_str()), (Some(11), "Harness"));

        let of_go = "[WARN] unable to open connection to broker; addr: broker-11.kafka.test:9092, broker: 11, err: EOF";
        let of_seed = "[WARN] unable to open connection to broker; addr: bootstrap:9092, broker: seed_0, err: EOF";
        let error = parse(&[of_seed.into(), of_go.into()], &spec, &layout(), "test").expect_err("nothing came");
        assert_eq!(error.broker.and_then(|broker| broker.id), Some(11));

        let refusal = "org.apache.kafka.common.errors.TopicAuthorizationException: Not authorized to access topics";
        let error = parse(&[refusal.into()], &spec, &layout(), "test").expect_err("denied");
        assert_eq!((error.broker.clone(), error.code.as_str()), (None, "TopicAuthorizationFailed"));
        assert!(error.text.contains("Not authorized"), "{error}");
    }
}
