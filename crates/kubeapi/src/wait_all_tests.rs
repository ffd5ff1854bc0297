use super::*;
use crate::testing::{Answer, ApiServer, Asked, event, list, pod, status};
use serde_json::Value;

const WITHIN: Duration = Duration::from_secs(30);

/// Expects exactly these Pods.
async fn wait(server: &ApiServer, names: &[&str]) -> Result<(), Error> {
    let check = |all: &BTreeMap<String, DynamicObject>| {
        let found: Vec<&str> = all.keys().map(String::as_str).collect();
        if found == names { ConditionState::Met } else { ConditionState::NotYet(found.join(" ")) }
    };
    wait_for_all(&server.catalog, "Pod", "kafka", "the Pods of the cluster", WITHIN, check).await
}

fn server(pods: Vec<Value>, events: Vec<Value>) -> ApiServer {
    ApiServer::new(move |asked: &Asked, _| if asked.is_watch() { Answer::Events(events.clone()) } else { list(&pods) })
}

#[tokio::test(start_paused = true)]
async fn all_objects_are_looked_at_together() {
    let server = server(vec![pod("a", "Running"), pod("b", "Running")], vec![event("ADDED", pod("c", "Running"))]);
    wait(&server, &["a", "b", "c"]).await.expect("met");
    assert!(!server.asked()[0].query.contains("fieldSelector"), "{}", server.asked()[0].query);
}

#[tokio::test(start_paused = true)]
async fn one_that_is_deleted_counts_no_more() {
    let server = server(vec![pod("a", "Running"), pod("b", "Running")], vec![event("DELETED", pod("a", "Running"))]);
    wait(&server, &["b"]).await.expect("met");
}

#[tokio::test(start_paused = true)]
async fn a_new_list_forgets_what_is_not_in_it() {
    let server = ApiServer::new(|asked: &Asked, before| match (asked.is_watch(), before) {
        (true, 1) => Answer::EndingEvents(vec![event("ERROR", status(410, "Expired", "too old resource version"))]),
        (true, _) => Answer::Events(vec![]),
        (false, 0) => list(&[pod("a", "Running"), pod("b", "Running")]),
        (false, _) => list(&[pod("b", "Running")]),
    });
    wait(&server, &["b"]).await.expect("met");
}

#[tokio::test(start_paused = true)]
async fn a_timeout_says_what_was_last_seen_and_for_how_long() {
    let server = server(vec![pod("a", "Running")], vec![event("ADDED", pod("b", "Running"))]);
    let error = wait(&server, &["a", "b", "c"]).await.expect_err("c never comes");
    let Error::TimedOut { object, last, since_change, .. } = &error else { panic!("{error:?}") };
    assert_eq!((object.as_str(), last.as_str()), ("every Pod in kafka", "a b"));
    assert!(*since_change > Duration::from_secs(29), "{since_change:?}");
}
