use super::*;
use crate::testing::{Answer, ApiServer, Asked, event, list, pod, status};

const WITHIN: Duration = Duration::from_secs(30);

fn broker() -> ObjectRef {
    ObjectRef { api_version: "v1".into(), kind: "Pod".into(), namespace: "kafka".into(), name: "broker-10".into() }
}

/// Expects the phase Running, and gives up at Failed.
fn running(object: Option<&DynamicObject>) -> ConditionState {
    match object.map(|object| object.data["status"]["phase"].as_str().unwrap_or("none").to_owned()) {
        None => ConditionState::NotYet("it does not exist".to_owned()),
        Some(phase) if phase == "Running" => ConditionState::Met,
        Some(phase) if phase == "Failed" => ConditionState::Failed("its program ended".to_owned()),
        Some(phase) => ConditionState::NotYet(format!("its phase is {phase}")),
    }
}

async fn wait(server: &ApiServer) -> Result<(), Error> {
    wait_for(&server.catalog, &broker(), "phase Running", WITHIN, running).await
}

/// A server that answers the list with these Pods, and every watch with these events.
fn server(pods: Vec<serde_json::Value>, events: Vec<serde_json::Value>) -> ApiServer {
    ApiServer::new(move |asked: &Asked, _| if asked.is_watch() { Answer::Events(events.clone()) } else { list(&pods) })
}

#[tokio::test(start_paused = true)]
async fn what_is_so_already_needs_no_event() {
    let server = server(vec![pod("broker-10", "Running")], vec![]);
    wait(&server).await.expect("met");
    let asked = server.asked();
    assert_eq!(asked[0].path, "/api/v1/namespaces/kafka/pods");
    assert!(asked[0].query.contains("fieldSelector=metadata.name%3Dbroker-10"), "{}", asked[0].query);
}

#[tokio::test(start_paused = true)]
async fn an_event_ends_the_wait() {
    let server = server(
        vec![],
        vec![event("ADDED", pod("broker-10", "Pending")), event("MODIFIED", pod("broker-10", "Running"))],
    );
    let start = Instant::now();
    wait(&server).await.expect("met");
    assert!(start.elapsed() < Duration::from_secs(1), "{:?}", start.elapsed());
}

#[tokio::test(start_paused = true)]
async fn a_timeout_says_what_was_last_seen_and_for_how_long() {
    let server = server(vec![pod("broker-10", "Unknown")], vec![event("MODIFIED", pod("broker-10", "Pending"))]);
    let error = wait(&server).await.expect_err("it never runs");
    let Error::TimedOut { last, since_change, within, .. } = &error else { panic!("{error:?}") };
    assert_eq!((last.as_str(), *within), ("its phase is Pending", WITHIN));
    assert!(*since_change > Duration::from_secs(29), "{since_change:?}");
    let text = error.to_string();
    assert!(text.contains("Pod kafka/broker-10") && text.contains("phase Running") && text.contains(last), "{text}");
}

#[tokio::test(start_paused = true)]
async fn an_object_that_never_comes_is_said_to_be_absent() {
    let error = wait(&server(vec![], vec![])).await.expect_err("it never comes");
    assert!(matches!(&error, Error::TimedOut { last, .. } if last == "it does not exist"), "{error:?}");
}

#[tokio::test(start_paused = true)]
async fn an_object_about_which_nothing_was_heard_is_not_said_to_be_absent() {
    // A list whose answer never ends.
    let silent = ApiServer::new(|_: &Asked, _| Answer::Events(vec![]));
    let error = wait(&silent).await.expect_err("no answer");
    let Error::TimedOut { last, .. } = &error else { panic!("{error:?}") };
    assert_eq!(last, "nothing: the API server has not answered");
}

#[tokio::test(start_paused = true)]
async fn a_deleted_object_does_not_exist() {
    let gone = event("DELETED", pod("broker-10", "Pending"));
    let error = wait(&server(vec![pod("broker-10", "Pending")], vec![gone])).await.expect_err("it is gone");
    assert!(matches!(&error, Error::TimedOut { last, .. } if last == "it does not exist"), "{error:?}");
}

#[tokio::test(start_paused = true)]
async fn what_can_no_longer_be_met_is_not_waited_for() {
    let start = Instant::now();
    let error = wait(&server(vec![pod("broker-10", "Failed")], vec![])).await.expect_err("it failed");
    assert_eq!(error.to_string(), "Pod kafka/broker-10: its program ended");
    assert!(start.elapsed() < WITHIN);
}

#[tokio::test(start_paused = true)]
async fn a_server_that_fails_for_a_while_is_asked_again() {
    let server = ApiServer::new(|asked: &Asked, before| match before {
        0 | 1 => Answer::Json(500, status(500, "InternalError", "etcd is away")),
        _ if asked.is_watch() => Answer::Events(vec![]),
        _ => list(&[pod("broker-10", "Running")]),
    });
    wait(&server).await.expect("met at the third attempt");
    assert!(server.asked().len() >= 3);
}

#[tokio::test(start_paused = true)]
async fn a_server_that_keeps_failing_is_what_was_last_seen() {
    let server = ApiServer::new(|_: &Asked, _| Answer::Json(403, status(403, "Forbidden", "pods is forbidden")));
    let error = wait(&server).await.expect_err("no list");
    let Error::TimedOut { last, .. } = &error else { panic!("{error:?}") };
    assert!(last.starts_with("the watch broke: ") && last.contains("pods is forbidden"), "{last}");
}

#[tokio::test(start_paused = true)]
async fn a_watch_that_expires_begins_with_a_new_list() {
    let server = ApiServer::new(|asked: &Asked, before| match (asked.is_watch(), before) {
        (true, 1) => Answer::EndingEvents(vec![event("ERROR", status(410, "Expired", "too old resource version"))]),
        (true, _) => Answer::Events(vec![]),
        (false, 0) => list(&[pod("broker-10", "Pending")]),
        (false, _) => list(&[pod("broker-10", "Running")]),
    });
    wait(&server).await.expect("seen in the second list");
}

#[tokio::test(start_paused = true)]
async fn a_kind_that_is_not_served_is_no_timeout() {
    let server = server(vec![], vec![]);
    let object = ObjectRef { kind: "Kafka".into(), api_version: "kafka.strimzi.io/v1".into(), ..broker() };
    let error = wait_for(&server.catalog, &object, "anything", WITHIN, running).await.expect_err("no such kind");
    assert_eq!(error.to_string(), "the API server does not serve the kind Kafka in kafka.strimzi.io/v1");
}
