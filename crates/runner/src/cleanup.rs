//! Undoes what a run did, the last first. What cannot be undone is told, and the rest is undone all the same.

use super::journal::{Journal, Undo, as_new};
use super::record::Record;
use super::{Context, clients, steps};
use ::kube::api::{Patch, PatchParams};
use kubeapi::{MANAGER, ObjectRef};
use lab::Lab;
use lab::backends::local;
use probe::{ConnectionConfig, delete_topic};
use std::collections::BTreeMap;
use std::time::Duration;
use tokio::time::timeout;

/// For all of it. A namespace goes in the background.
const WITHIN: Duration = Duration::from_secs(180);
const TOPIC_WITHIN: Duration = Duration::from_secs(15);
const POOL_WITHIN: Duration = Duration::from_secs(120);

/// Cleans up after a run; gives what went wrong, or nothing.
pub async fn cleanup(context: Context<'_>) -> Option<String> {
    // Workloads stop when they are dropped; a producer must not outlive its topic.
    drop((context.workloads, context.tasks));
    let undone = undo(context.lab, &context.clients, context.journal);
    context.clock.waiting(undone).await
}

/// Undoes what a run left behind that is over.
pub async fn after(lab: &Lab, record: Record) -> Option<String> {
    undo(lab, &BTreeMap::new(), Journal::of(record)).await
}

async fn undo(lab: &Lab, clients: &BTreeMap<String, ConnectionConfig>, mut journal: Journal) -> Option<String> {
    let mut problems = Vec::new();
    let all = async {
        while let Some(undo) = journal.last() {
            if let Err(problem) = one(lab, clients, undo).await {
                problems.push(problem);
            }
            journal.pop();
        }
        // Emptying a namespace takes its time, and its name comes back never.
        let namespace = ObjectRef {
            api_version: "v1".to_owned(),
            kind: "Namespace".to_owned(),
            namespace: String::new(),
            name: journal.namespace().to_owned(),
        };
        if let Err(error) = kubeapi::delete(&lab.catalog, &namespace).await {
            problems.push(host::with_causes(&error));
        }
    };
    if timeout(WITHIN, all).await.is_err() {
        // Its record stays, so that the next run takes it up again.
        problems.push(format!("the cleanup of {} was not done within {WITHIN:?}", journal.namespace()));
    } else if let Err(error) = journal.end() {
        problems.push(format!("the record of what was to be undone: {error}"));
    }
    (!problems.is_empty()).then(|| problems.join("\n"))
}

async fn one(lab: &Lab, clients: &BTreeMap<String, ConnectionConfig>, undo: &Undo) -> Result<(), String> {
    let catalog = &lab.catalog;
    let told = |error: kubeapi::Error| host::with_causes(&error);
    match undo {
        Undo::Delete(object) if object.kind == "Namespace" => kubeapi::delete(catalog, object).await.map_err(told),
        Undo::Delete(object) => steps::remove(catalog, object, None).await.map_err(told),
        Undo::Restore { object, was } => {
            let restored = kubeapi::apply(catalog, &as_new(was), &object.namespace, MANAGER).await;
            restored.map(|_| ()).map_err(|error| format!("{object} is not as it was: {}", told(error)))
        }
        Undo::PatchBack { object, merge } => {
            let changed_back = async {
                let kind = catalog.kind(&object.kind, Some(&object.api_version)).await?;
                let api = kind.api(catalog.client(), &object.namespace);
                let patched = api.patch(&object.name, &PatchParams::default(), &Patch::Merge(merge)).await;
                patched.map_err(kubeapi::Error::request(format!("change {object} back")))?;
                // The next scenario expects the brokers that there were.
                match merge["spec"]["replicas"].as_u64().and_then(|replicas| u32::try_from(replicas).ok()) {
                    Some(replicas) if object.kind == "KafkaNodePool" => {
                        let cluster = &lab.info.shared.cluster;
                        steps::pool_has(catalog, &object.namespace, cluster, &object.name, replicas, POOL_WITHIN).await
                    }
                    _ => Ok(()),
                }
            };
            changed_back.await.map_err(told)
        }
        Undo::Resume { namespace, pod } => match local::freeze(&lab.dir, namespace, pod, false) {
            // A process that has ended is not frozen.
            Ok(()) | Err(local::Error::NotRunning { .. }) => Ok(()),
            Err(error) => Err(format!("the process of Pod {namespace}/{pod} may still be frozen: {error}")),
        },
        Undo::DeleteTopic { client, topic, of: None } => delete_topic_somehow(lab, clients.get(client), topic).await,
        Undo::DeleteTopic { client, topic, of: Some(cluster) } => match clients.get(client) {
            Some(access) => {
                delete_topic(access, topic, TOPIC_WITHIN).await.map_err(|error| still_there(topic, cluster, &error))
            }
            // Passwords and keys are never written down, so that only the run itself can get in.
            None => Err(still_there(topic, cluster, &"the run that made it is over, and no password is written down")),
        },
    }
}

/// On a cluster that is not the lab's, what stays behind is for its user to remove.
fn still_there(topic: &str, cluster: &str, error: &dyn std::fmt::Display) -> String {
    format!("the topic {topic} of {cluster} is still there ({error}): delete it by hand")
}

/// By the shared cluster's own listener, since the scenario may have cut its client off; else by that client.
async fn delete_topic_somehow(lab: &Lab, client: Option<&ConnectionConfig>, topic: &str) -> Result<(), String> {
    let (info, shared) = (&lab.info, &lab.info.shared);
    let secret = format!("{}-cluster-ca-cert", shared.cluster);
    let by_shared = match clients::secret_text(&lab.catalog, &shared.namespace, &secret, "ca.crt").await {
        Ok(authority) => {
            let bootstrap = format!("bootstrap.{}:{}", info.domain, info.gateway.ports.passthrough);
            delete_topic(&ConnectionConfig::tls(bootstrap, authority), topic, TOPIC_WITHIN)
                .await
                .map_err(|error| error.to_string())
        }
        Err(error) => Err(host::with_causes(&error)),
    };
    match (by_shared, client) {
        (Err(_), Some(access)) => delete_topic(access, topic, TOPIC_WITHIN).await.map_err(|error| error.to_string()),
        (result, _) => result,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_topic_that_stays_behind_is_named_with_its_cluster() {
        let (_held, lab) = lab::testing::lab("cleanup");
        let closed = std::net::TcpListener::bind("127.0.0.1:0").and_then(|one| one.local_addr()).expect("a port");
        let access = ConnectionConfig::tls(closed.to_string(), String::new());
        let clients = BTreeMap::from([("known".to_owned(), access)]);
        for client in ["known", "of-a-dead-run"] {
            let of = Some("Kafka kafka/prod".to_owned());
            let undo = Undo::DeleteTopic { client: client.to_owned(), topic: "orders-0a1b2c".to_owned(), of };
            let told = one(&lab, &clients, &undo).await.expect_err("nobody listens there");
            assert!(told.starts_with("the topic orders-0a1b2c of Kafka kafka/prod is still there ("), "{told}");
            assert!(told.ends_with("): delete it by hand"), "{told}");
        }
    }

    #[tokio::test]
    async fn a_process_that_has_ended_is_not_frozen_any_more() {
        let (_folder, lab) = lab::testing::lab("resume");
        let undo = Undo::Resume { namespace: "a".to_owned(), pod: "broker-11".to_owned() };
        assert_eq!(one(&lab, &BTreeMap::new(), &undo).await, Ok(()));
    }

    /// The API server of the lab never answers, and time is paused, so that each request ends at once.
    #[tokio::test(start_paused = true)]
    async fn the_last_change_is_undone_first_and_a_failure_does_not_end_the_cleanup() {
        let (_folder, lab) = lab::testing::lab("order");
        let mut journal = Journal::begin(&lab.dir, "order-000001", None).expect("begun");
        for topic in ["first", "second"] {
            let of = Some("Kafka kafka/prod".to_owned());
            journal.push(Undo::DeleteTopic { client: "gone".to_owned(), topic: topic.to_owned(), of });
        }
        let problems = undo(&lab, &BTreeMap::new(), journal).await.expect("nothing can be undone");
        let lines: Vec<_> = problems.lines().collect();
        assert!(lines[0].starts_with("the topic second of Kafka kafka/prod is still there"), "{problems}");
        assert!(lines[1].starts_with("the topic first of Kafka kafka/prod is still there"), "{problems}");
        // The namespace comes last.
        assert!(lines[2].starts_with("the API server did not answer"), "{problems}");
        assert_eq!(lines.len(), 3, "{problems}");
        assert!(Record::abandoned(&lab.dir, |_| true).expect("readable").records.is_empty(), "the record is gone");
    }
}
