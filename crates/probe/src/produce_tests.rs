use super::*;
use crate::{ConsumeSpec, consume, produce_and_consume};
use rdkafka::mocking::MockCluster;
use rdkafka::producer::DefaultProducerContext;

const WITHIN: Duration = Duration::from_secs(20);

type Mock = MockCluster<'static, DefaultProducerContext>;

/// Three brokers, each of which leads one partition of `orders`.
fn cluster() -> (Mock, ConnectionConfig) {
    let mock = MockCluster::new(3).expect("a mock cluster");
    mock.create_topic("orders", 3, 1).expect("a topic");
    for partition in 0..3 {
        mock.partition_leader("orders", partition, Some(partition + 1)).expect("a leader");
    }
    let access = ConnectionConfig::plaintext(mock.bootstrap_servers());
    (mock, access)
}

fn spec(messages: u64) -> ProduceSpec {
    ProduceSpec { within: WITHIN, ..ProduceSpec::new("orders", messages) }
}

#[tokio::test]
async fn every_broker_takes_its_part_by_its_own_name() {
    let (_mock, access) = cluster();
    let trip = produce_and_consume(&access, &spec(300), None).await.expect("a round trip");
    assert_eq!(trip.produced.acked, 300);
    let shares: Vec<_> =
        trip.produced.brokers.iter().map(|share| (share.broker.id, share.messages, share.proved())).collect();
    assert_eq!(shares, [(Some(1), 100, true), (Some(2), 100, true), (Some(3), 100, true)]);
    assert_eq!(trip.consumed.comparison.found, 300);
    assert_eq!(trip.produced.brokers[0].node_name, access.bootstrap.split(',').next().expect("an address"));
}

#[tokio::test]
async fn a_broker_that_leads_nothing_is_named_and_more_partitions_are_no_remedy_after_a_restart() {
    let (mock, access) = cluster();
    // Broker 2 restarted, and its partition moved to broker 1.
    mock.partition_leader("orders", 1, Some(1)).expect("a leader");
    let every = ProduceSpec { every_broker: true, ..spec(30) };
    let error = produce(&access, &every).await.expect_err("broker 2 leads nothing");
    assert_eq!(error.broker.as_ref().and_then(|broker| broker.id), Some(2), "{error}");
    assert!(error.text.contains("elect the preferred leaders") && !error.text.contains("at least"), "{error}");

    mock.create_topic("narrow", 1, 1).expect("a topic");
    let narrow = ProduceSpec { topic: "narrow".into(), ..every };
    let error = produce(&access, &narrow).await.expect_err("one partition has one leader");
    assert!(error.text.contains("give the topic at least 3 partitions"), "{error}");
}

#[tokio::test]
async fn a_second_run_on_the_same_topic_sees_only_its_own_messages() {
    let (_mock, access) = cluster();
    let first = produce(&access, &spec(30)).await.expect("produced");
    let trip = produce_and_consume(&access, &spec(30), None).await.expect("a round trip");
    assert_eq!(trip.consumed.comparison.problem(), None);
    // When a consumer reads from the beginning, the messages of the first run are foreign to the second.
    let from_start = ConsumeSpec { from: None, ..ConsumeSpec::all_of(&trip.produced) };
    let comparison = consume(&access, &from_start).await.expect("consumed").comparison;
    assert_eq!((comparison.foreign, comparison.missing), (first.acked, 0));
}

#[tokio::test]
async fn a_group_member_reads_it_all() {
    let (_mock, access) = cluster();
    produce(&access, &spec(30)).await.expect("an earlier run, which the group passes over");
    let trip = produce_and_consume(&access, &spec(30), Some("readers")).await.expect("a round trip");
    assert_eq!(trip.consumed.comparison.found, 30);
}

#[tokio::test]
async fn messages_that_were_never_sent_are_missing() {
    let (_mock, access) = cluster();
    let produced = produce(&access, &spec(30)).await.expect("produced");
    let mut wanted = ConsumeSpec { within: Duration::from_secs(2), ..ConsumeSpec::all_of(&produced) };
    wanted.wanted.insert(30, 0);
    let comparison = consume(&access, &wanted).await.expect("no broker fails").comparison;
    assert_eq!((comparison.missing, comparison.missing_examples), (1, vec![30]));
}

#[tokio::test]
async fn a_broker_that_is_down_is_named_while_the_others_serve() {
    let (mock, access) = cluster();
    // Slow enough that it goes down when the client knows it by metadata and has sent to it, but has no answer yet.
    mock.broker_round_trip_time(2, Duration::from_secs(3)).expect("slow");
    // If the patience were ignored, this test would take an hour.
    let hour = Duration::from_secs(3600);
    let spec = ProduceSpec { patience: Some(Duration::from_secs(1)), within: hour, ..spec(30) };
    let going_down = async {
        tokio::time::sleep(Duration::from_millis(700)).await;
        mock.broker_down(2).expect("down");
    };
    let (result, ()) = futures::join!(produce(&access, &spec), going_down);
    let error = result.expect_err("broker 2 is down");
    assert_eq!(error.broker.as_ref().and_then(|broker| broker.id), Some(2), "{error:?}");
    assert!(!error.text.is_empty() && !error.log.is_empty(), "{error:?}");
    let served: Vec<_> = error.served.iter().map(|share| (share.broker.id, share.messages)).collect();
    assert_eq!(served, [(Some(1), 10), (Some(3), 10)]);

    let others = ProduceSpec { only_brokers: Some(vec![1, 3]), within: WITHIN, ..spec };
    let trip = produce_and_consume(&access, &others, None).await.expect("the others serve");
    assert_eq!(trip.produced.brokers.len(), 2);
    assert_eq!(trip.consumed.comparison.found, 30);
}

#[tokio::test]
async fn an_unknown_topic_is_reported() {
    let (mock, access) = cluster();
    // The mock cluster creates missing topics on request unless it is told to refuse.
    mock.topic_error("absent", rdkafka::types::RDKafkaRespErr::RD_KAFKA_RESP_ERR_UNKNOWN_TOPIC_OR_PART).expect("set");
    let spec = ProduceSpec { patience: Some(Duration::from_millis(500)), ..ProduceSpec::new("absent", 10) };
    let error = produce(&access, &spec).await.expect_err("there is no such topic");
    assert_eq!(error.code, "UnknownTopicOrPartition", "{error:?}");
}

#[tokio::test]
async fn a_broker_that_does_not_exist_cannot_be_asked_for() {
    let (_mock, access) = cluster();
    let stranger = ProduceSpec { only_brokers: Some(vec![7]), ..spec(30) };
    let error = produce(&access, &stranger).await.expect_err("there is no broker 7");
    assert!(error.text.contains("no broker 7"), "{error}");
}
