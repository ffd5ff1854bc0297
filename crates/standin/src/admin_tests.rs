use super::*;
use crate::acl_requests::Acl;
use kafka_protocol::messages::alter_user_scram_credentials_response::AlterUserScramCredentialsResult;
use kafka_protocol::messages::create_topics_response::CreatableTopicResult;
use kafka_protocol::messages::delete_acls_response::{DeleteAclsFilterResult, DeleteAclsMatchingAcl};
use kafka_protocol::messages::describe_acls_response::{AclDescription, DescribeAclsResource};
use kafka_protocol::messages::describe_cluster_response::DescribeClusterBroker;
use kafka_protocol::messages::describe_configs_response::{DescribeConfigsResourceResult, DescribeConfigsResult};
use kafka_protocol::messages::metadata_response::{MetadataResponsePartition, MetadataResponseTopic};
use kafka_protocol::messages::{
    AlterUserScramCredentialsResponse, ApiKey, CreateAclsRequest, CreateAclsResponse, CreateTopicsResponse,
    DeleteAclsRequest, DeleteAclsResponse, DescribeAclsRequest, DescribeAclsResponse, DescribeClusterResponse,
    DescribeConfigsResponse, IncrementalAlterConfigsResponse, MetadataResponse,
};
use std::time::Duration;
use test_servers::ScriptedBroker;
use tokio::io::DuplexStream;

const WITHIN: Duration = Duration::from_secs(10);
const NOT_AUTHORIZED: i16 = 31;

const ALL: [ApiKey; 9] = [
    ApiKey::Metadata,
    ApiKey::CreateTopics,
    ApiKey::DescribeConfigs,
    ApiKey::IncrementalAlterConfigs,
    ApiKey::AlterUserScramCredentials,
    ApiKey::DescribeAcls,
    ApiKey::CreateAcls,
    ApiKey::DeleteAcls,
    ApiKey::DescribeCluster,
];

/// An open connection, and its broker.
async fn opened(keys: &[ApiKey]) -> (Admin<DuplexStream>, ScriptedBroker) {
    let (mut broker, stream) = ScriptedBroker::new();
    let (wire, ()) = tokio::join!(Wire::open(stream, "broker 10".to_owned(), WITHIN), broker.greet(keys));
    (Admin::new(wire.expect("opened")), broker)
}

#[tokio::test]
async fn brokers_are_listed_with_those_that_are_fenced() {
    let (mut admin, mut broker) = opened(&ALL).await;
    let answer = broker.answer(|request: DescribeClusterRequest| {
        assert!(request.include_fenced_brokers);
        let one = |id: i32, fenced| DescribeClusterBroker::default().with_broker_id(id.into()).with_is_fenced(fenced);
        DescribeClusterResponse::default().with_brokers(vec![one(10, false), one(12, true)])
    });
    let (brokers, ()) = tokio::join!(admin.brokers(), answer);
    assert_eq!(brokers.expect("listed"), BTreeMap::from([(10, false), (12, true)]));
}

#[tokio::test]
async fn a_topic_is_created_as_its_resource_says() {
    let (mut admin, mut broker) = opened(&ALL).await;
    let config = BTreeMap::from([("retention.ms".to_owned(), "60000".to_owned())]);
    let answer = broker.answer(|request: CreateTopicsRequest| {
        let topic = &request.topics[0];
        assert_eq!((topic.name.as_str(), topic.num_partitions, topic.replication_factor), ("orders", 3, -1));
        assert_eq!(topic.configs[0].name.as_str(), "retention.ms");
        assert_eq!(topic.configs[0].value.as_deref(), Some("60000"));
        // Another run of the stand-in was faster.
        let exists = CreatableTopicResult::default().with_error_code(TOPIC_EXISTS);
        CreateTopicsResponse::default().with_topics(vec![exists])
    });
    let (created, ()) = tokio::join!(admin.create_topic("orders", 3, -1, &config), answer);
    created.expect("one that exists already is fine");
}

#[tokio::test]
async fn a_refusal_has_the_topic_kafkas_code_and_kafkas_words() {
    let (mut admin, mut broker) = opened(&ALL).await;
    let answer = broker.answer(|_: CreateTopicsRequest| {
        let refused =
            CreatableTopicResult::default().with_error_code(38).with_error_message(Some(text("3 > 1 brokers")));
        CreateTopicsResponse::default().with_topics(vec![refused])
    });
    let config = BTreeMap::new();
    let (created, ()) = tokio::join!(admin.create_topic("orders", 1, 3, &config), answer);
    let error = created.expect_err("refused").to_string();
    assert!(error.starts_with("the broker refused to create topic orders: "), "{error}");
    assert!(error.ends_with(", 3 > 1 brokers"), "{error}");
}

#[tokio::test]
async fn a_topic_that_is_not_there_is_none_and_another_error_is_one() {
    let (mut admin, mut broker) = opened(&ALL).await;
    for (code, wanted) in [(UNKNOWN_TOPIC, true), (NOT_AUTHORIZED, false)] {
        let answer = broker.answer(|request: MetadataRequest| {
            assert!(!request.allow_auto_topic_creation, "a look must not create it");
            let topic = MetadataResponseTopic::default().with_error_code(code).with_name(Some(topic_name("orders")));
            MetadataResponse::default().with_topics(vec![topic])
        });
        let (found, ()) = tokio::join!(admin.topic("orders"), answer);
        assert_eq!(found.ok(), wanted.then_some(None), "code {code}");
    }
}

#[tokio::test]
async fn partitions_without_all_replicas_are_counted() {
    let (mut admin, mut broker) = opened(&ALL).await;
    let answer = broker.answer(|request: MetadataRequest| {
        assert!(request.topics.is_none(), "of all topics");
        let partition = |in_sync: &[i32]| {
            MetadataResponsePartition::default()
                .with_replica_nodes(vec![10.into(), 11.into()])
                .with_isr_nodes(in_sync.iter().map(|id| (*id).into()).collect())
        };
        let topic = MetadataResponseTopic::default().with_name(Some(topic_name("orders"))).with_partitions(vec![
            partition(&[10, 11]),
            partition(&[10]),
            partition(&[]),
        ]);
        MetadataResponse::default().with_topics(vec![topic])
    });
    let (out_of_sync, ()) = tokio::join!(admin.out_of_sync(), answer);
    assert_eq!(out_of_sync.expect("counted"), 2);
}

#[tokio::test]
async fn settings_of_a_topic_are_its_own_and_not_the_brokers() {
    let (mut admin, mut broker) = opened(&ALL).await;
    let answer = broker.answer(|_: DescribeConfigsRequest| {
        let entry = |name: &str, source| {
            DescribeConfigsResourceResult::default()
                .with_name(text(name))
                .with_value(Some(text("1")))
                .with_config_source(source)
        };
        let configs = vec![entry("retention.ms", TOPIC_CONFIG_SOURCE), entry("segment.bytes", 5)];
        let result = DescribeConfigsResult::default().with_configs(configs);
        DescribeConfigsResponse::default().with_results(vec![result])
    });
    let (config, ()) = tokio::join!(admin.topic_config("orders"), answer);
    assert_eq!(config.expect("described"), BTreeMap::from([("retention.ms".to_owned(), "1".to_owned())]));
}

#[tokio::test]
async fn a_setting_without_a_value_is_reset() {
    let (mut admin, mut broker) = opened(&ALL).await;
    let changes = BTreeMap::from([("a".to_owned(), Some("1".to_owned())), ("b".to_owned(), None)]);
    let answer = broker.answer(|request: IncrementalAlterConfigsRequest| {
        let configs = &request.resources[0].configs;
        let of = |index: usize| {
            (configs[index].name.to_string(), configs[index].config_operation, configs[index].value.clone())
        };
        assert_eq!(of(0), ("a".to_owned(), 0, Some(text("1"))));
        assert_eq!(of(1), ("b".to_owned(), 1, None));
        IncrementalAlterConfigsResponse::default()
    });
    let (altered, ()) = tokio::join!(admin.alter_topic_config("orders", &changes), answer);
    altered.expect("altered");
}

/// The broker receives the salted password, and never the password itself.
#[tokio::test]
async fn a_password_is_salted_before_it_is_sent() {
    let (mut admin, mut broker) = opened(&ALL).await;
    let salt = *b"sixteen bytes ..";
    let answer = broker.answer(|request: AlterUserScramCredentialsRequest| {
        let credential = &request.upsertions[0];
        assert_eq!((credential.name.as_str(), credential.mechanism, credential.iterations), ("alice", 2, 4096));
        assert_eq!(&credential.salt[..], &salt);
        assert_eq!(&credential.salted_password[..], &scram::salted_password(b"secret", &salt, ITERATIONS));
        AlterUserScramCredentialsResponse::default()
    });
    let (set, ()) = tokio::join!(admin.set_scram("alice", "secret", salt), answer);
    set.expect("set");
}

#[tokio::test]
async fn a_password_that_is_gone_already_is_fine() {
    let (mut admin, mut broker) = opened(&ALL).await;
    for (code, fine) in [(RESOURCE_NOT_FOUND, true), (NOT_AUTHORIZED, false)] {
        let answer = broker.answer(|request: AlterUserScramCredentialsRequest| {
            assert_eq!(request.deletions[0].name.as_str(), "alice");
            let result = AlterUserScramCredentialsResult::default().with_error_code(code);
            AlterUserScramCredentialsResponse::default().with_results(vec![result])
        });
        let (deleted, ()) = tokio::join!(admin.delete_scram("alice"), answer);
        assert_eq!(deleted.is_ok(), fine, "code {code}: {deleted:?}");
    }
}

fn rule() -> Acl {
    Acl {
        resource_type: 2,
        resource_name: "orders".to_owned(),
        pattern_type: 3,
        principal: "User:alice".to_owned(),
        host: "*".to_owned(),
        operation: 3,
        permission: 3,
    }
}

#[tokio::test]
async fn access_rules_come_back_as_they_were_given() {
    let (mut admin, mut broker) = opened(&ALL).await;
    let answer = broker.answer(|request: DescribeAclsRequest| {
        assert_eq!(request.principal_filter, Some(text("User:alice")));
        let acl = AclDescription::default()
            .with_principal(text("User:alice"))
            .with_host(text("*"))
            .with_operation(3)
            .with_permission_type(3);
        let resource = DescribeAclsResource::default()
            .with_resource_type(2)
            .with_resource_name(text("orders"))
            .with_pattern_type(3)
            .with_acls(vec![acl]);
        DescribeAclsResponse::default().with_resources(vec![resource])
    });
    let (acls, ()) = tokio::join!(admin.acls(Some("User:alice")), answer);
    assert_eq!(acls.expect("listed"), BTreeSet::from([rule()]));
}

#[tokio::test]
async fn a_broker_that_does_not_know_the_last_rules_yet_is_asked_again() {
    let (mut admin, mut broker) = opened(&ALL).await;
    let listed = |operations: &[i8]| {
        let acl = |operation: &i8| {
            let acl = AclDescription::default().with_principal(text("User:alice")).with_host(text("*"));
            acl.with_operation(*operation).with_permission_type(3)
        };
        let resource = DescribeAclsResource::default()
            .with_resource_type(2)
            .with_resource_name(text("orders"))
            .with_pattern_type(3)
            .with_acls(operations.iter().map(acl).collect());
        DescribeAclsResponse::default().with_resources(vec![resource])
    };
    let (kept, gone) = (rule().operation, 4);
    let script = async {
        // It knows neither the rule that stays nor the one that must go.
        broker.answer(|_: DescribeAclsRequest| listed(&[])).await;
        broker.answer(|_: CreateAclsRequest| CreateAclsResponse::default()).await;
        broker.answer(|_: DescribeAclsRequest| listed(&[kept, gone])).await;
        broker
            .answer(|request: DeleteAclsRequest| {
                assert_eq!(request.filters.iter().map(|one| one.operation).collect::<Vec<_>>(), [gone]);
                DeleteAclsResponse::default()
            })
            .await;
        broker.answer(|_: DescribeAclsRequest| listed(&[kept])).await;
    };
    let desired = BTreeSet::from([rule()]);
    let (set, ()) = tokio::join!(admin.set_acls("User:alice", &desired, WITHIN), script);
    assert!(set.expect("no refusal"));
}

#[tokio::test]
async fn no_rules_are_no_request() {
    let (mut admin, broker) = opened(&ALL).await;
    drop(broker);
    admin.create_acls(&[]).await.expect("nothing to do");
    admin.delete_acls(&[]).await.expect("nothing to do");
    let error = admin.create_acls(&[rule()]).await.expect_err("nobody answers");
    assert!(error.to_string().starts_with("the connection to broker 10 broke"), "{error}");
}

#[tokio::test]
async fn a_rule_that_could_not_be_deleted_is_an_error() {
    let (mut admin, mut broker) = opened(&ALL).await;
    let answer = broker.answer(|request: DeleteAclsRequest| {
        assert_eq!(request.filters[0].resource_name_filter, Some(text("orders")));
        let kept = DeleteAclsMatchingAcl::default().with_error_code(NOT_AUTHORIZED);
        let result = DeleteAclsFilterResult::default().with_matching_acls(vec![kept]);
        DeleteAclsResponse::default().with_filter_results(vec![result])
    });
    let rules = [rule()];
    let (deleted, ()) = tokio::join!(admin.delete_acls(&rules), answer);
    let error = deleted.expect_err("it is still there").to_string();
    assert!(error.starts_with("the broker refused to delete ACLs: "), "{error}");
}

#[tokio::test]
async fn a_request_that_the_broker_does_not_know_is_named() {
    let (mut admin, _broker) = opened(&[ApiKey::Metadata]).await;
    let error = admin.create_acls(&[rule()]).await.expect_err("it has no ACLs").to_string();
    assert_eq!(error, "broker 10 does not support a version of CreateAclsRequest that the stand-in knows");
}

#[tokio::test(start_paused = true)]
async fn a_broker_that_falls_silent_is_not_waited_for_without_end() {
    let (mut admin, _broker) = opened(&ALL).await;
    let error = admin.out_of_sync().await.expect_err("no answer").to_string();
    assert_eq!(error, "broker 10 did not answer within 10s");
}
