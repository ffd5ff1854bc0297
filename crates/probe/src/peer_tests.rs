use super::*;
use kafka_protocol::messages::describe_configs_response::DescribeConfigsResourceResult;
use test_servers::{Authority, broker, serve, serve_tls};
use tokio::io::{AsyncReadExt, AsyncWriteExt};

const WITHIN: Duration = Duration::from_secs(5);

fn text(text: &str) -> StrBytes {
    StrBytes::from_string(text.to_owned())
}

fn certified(namespace: &str, cluster: &str, id: i32) -> Peer {
    Peer::Certified(CertifiedBroker { namespace: namespace.into(), cluster: cluster.into(), id })
}

#[tokio::test]
async fn a_broker_says_who_it_is_over_the_very_connection() {
    // One name with a different broker behind it each time, like a Service over all brokers.
    let turn = std::sync::atomic::AtomicI32::new(10);
    let address = serve(move |stream| broker(stream, turn.fetch_add(1, std::sync::atomic::Ordering::Relaxed))).await;
    let mut seen = Vec::new();
    for _ in 0..3 {
        seen.push(Peer::at(address, None, 11, WITHIN).await);
    }
    assert_eq!(seen.iter().map(Peer::id).collect::<Vec<_>>(), [Some(10), Some(11), Some(12)], "{seen:?}");
    assert_eq!(seen[0], Peer::Said { id: 10, cluster_id: Some("the-cluster".into()) });
}

#[tokio::test]
async fn a_brokers_own_certificate_says_who_it_is_before_a_word_is_spoken() {
    let names = ["broker-10.kafka.test", "two-node-10.two-kafka-brokers.kafka.svc"];
    let address = serve_tls(Authority::new("cluster").leaf("two-kafka", &names).server(None)).await;
    let probe = Probe::new(address, Some("broker-10.kafka.test"), WITHIN);
    assert_eq!(Peer::at(address, Some(&probe), 10, WITHIN).await, certified("kafka", "two", 10));
}

#[tokio::test]
async fn what_does_not_answer_as_kafka_is_nobody() {
    let address = serve(|mut stream| async move {
        let _ = stream.read(&mut [0; 16]).await;
        let _ = stream.write_all(b"HTTP/1.1 400 Bad Request\r\n\r\n").await;
    })
    .await;
    let Peer::Unknown(why) = Peer::at(address, None, 10, WITHIN).await else { panic!("HTTP is no broker") };
    assert!(why.contains("not valid Kafka"), "{why}");
}

#[test]
fn a_refusal_for_another_id_tells_the_right_one() {
    let refusal = DescribeConfigsResult::default()
        .with_error_code(ResponseError::InvalidRequest.code())
        .with_error_message(Some(text("Unexpected broker id, expected 12 or empty string, but received 10")));
    assert_eq!(node_id(&refusal), Ok(Some(12)));
    // With a different text, it is still another broker.
    assert_eq!(node_id(&refusal.with_error_message(Some(text("that is not me")))), Ok(None));
    let denied = DescribeConfigsResult::default().with_error_code(ResponseError::ClusterAuthorizationFailed.code());
    assert!(node_id(&denied).expect_err("denied").contains("ClusterAuthorizationFailed"));
    let own = DescribeConfigsResult::default().with_configs(vec![
        DescribeConfigsResourceResult::default().with_name(text(NODE_ID)).with_value(Some(text("10"))),
    ]);
    assert_eq!(node_id(&own), Ok(Some(10)));
    assert!(node_id(&DescribeConfigsResult::default()).is_err(), "no entry is no answer");
}

#[test]
fn a_broker_of_another_cluster_is_another_broker() {
    let one = Whose { namespace: Some("kafka".into()), cluster: Some("one".into()), cluster_id: Some("id-1".into()) };
    assert!(one.fits(&certified("kafka", "one", 10)));
    assert!(!one.fits(&certified("kafka", "two", 10)));
    assert!(!one.fits(&certified("elsewhere", "one", 10)));
    assert!(!one.fits(&Peer::Said { id: 10, cluster_id: Some("id-2".into()) }));
    assert!(one.fits(&Peer::Said { id: 10, cluster_id: None }));
    assert!(Whose::default().fits(&certified("kafka", "two", 10)));
    assert_eq!(one.name(&certified("kafka", "two", 10)), "broker 10 of Kafka kafka/two");
}

#[test]
fn answers_are_counted_by_who_gave_them() {
    let said = |id| Peer::Said { id, cluster_id: None };
    let whose = Whose::default();
    let peers = [said(10), said(12), said(10), said(10), said(12)];
    assert_eq!(counted(&whose, &peers), "3 of 5 connections reached broker 10, 2 broker 12");
    assert_eq!(counted(&whose, &peers[..1]), "1 of 1 connections reached broker 10");
}
