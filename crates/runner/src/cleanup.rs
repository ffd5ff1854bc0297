//! Undoes the changes of a run in reverse order. It reports a change that it cannot undo, and continues with the
//! others.

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

/// The deadline of the whole cleanup. It does not wait until a namespace is gone.
const WITHIN: Duration = Duration::from_secs(180);
const TOPIC_WITHIN: Duration = Duration::from_secs(15);
const POOL_WITHIN: Duration = Duration::from_secs(120);

/// Cleans up after a run. Returns the problems, if any.
pub async fn cleanup(context: Context<'_>) -> Option<String> {
    // Dropping a load generator stops it. A producer must not outlive its topic.
    drop((context.workloads, context.tasks));
    let undone = undo(context.lab, &context.clients, context.journal);
    context.clock.waiting(undone).await
}

/// Cleans up after a run that has ended.
pub async fn cleanup_after(lab: &Lab, record: Record) -> Option<String> {
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
        // Nothing waits for the namespace, because its name is never used again.
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
        // The record stays, so that the next run continues the cleanup.
        problems.push(format!(
            "the cleanup of {} did not finish within {WITHIN:?}; the next run continues it",
            journal.namespace()
        ));
    } else if let Err(error) = journal.end() {
        problems.push(format!("could not remove the cleanup record: {error}"));
    }
    (!problems.is_empty()).then(|| problems.join("\n"))
}

async fn one(lab: &Lab, clients: &BTreeMap<String, ConnectionConfig>, undo: &Undo) -> Result<(), String> {
    let catalog = &lab.catalog;
    let text = |error: kubeapi::Error| host::with_causes(&error);
    match undo {
        Undo::Delete(object) if object.kind == "Namespace" => kubeapi::delete(catalog, object).await.map_err(text),
        Undo::Delete(object) => steps::remove(catalog, object, None).await.map_err(text),
        Undo::Restore { object, was } => {
            let restored = kubeapi::apply(catalog, &as_new(was), &object.namespace, MANAGER).await;
            restored.map(|_| ()).map_err(|error| format!("could not restore {object}: {}", text(error)))
        }
        Undo::PatchBack { object, merge } => {
            let changed_back = async {
                let kind = catalog.kind(&object.kind, Some(&object.api_version)).await?;
                let api = kind.api(catalog.client(), &object.namespace);
                let patched = api.patch(&object.name, &PatchParams::default(), &Patch::Merge(merge)).await;
                patched.map_err(kubeapi::Error::request(format!("restore {object}")))?;
                // The next scenario expects the former number of brokers.
                match merge["spec"]["replicas"].as_u64().and_then(|replicas| u32::try_from(replicas).ok()) {
                    Some(replicas) if object.kind == "KafkaNodePool" => {
                        let cluster = &lab.info.shared.cluster;
                        steps::pool_has(catalog, &object.namespace, cluster, &object.name, replicas, POOL_WITHIN).await
                    }
                    _ => Ok(()),
                }
            };
            changed_back.await.map_err(text)
        }
        Undo::Resume { namespace, pod } => match local::freeze(&lab.dir, namespace, pod, false) {
            // A process that has ended is no longer frozen.
            Ok(()) | Err(local::Error::NotRunning { .. }) => Ok(()),
            Err(error) => Err(format!("the process of Pod {namespace}/{pod} may still be frozen: {error}")),
        },
        Undo::DeleteTopic { client, topic, of: None } => delete_shared_topic(lab, clients.get(client), topic).await,
        Undo::DeleteTopic { client, topic, of: Some(cluster) } => match clients.get(client) {
            Some(access) => {
                delete_topic(access, topic, TOPIC_WITHIN).await.map_err(|error| still_there(topic, cluster, &error))
            }
            // Passwords and keys are never stored, so only the run itself can log in.
            None => {
                Err(still_there(topic, cluster, &"the run that created it has ended, and its password is not stored"))
            }
        },
    }
}

/// On a cluster that does not belong to the lab, the user must delete what cleanup could not.
fn still_there(topic: &str, cluster: &str, error: &dyn std::fmt::Display) -> String {
    format!("could not delete the topic {topic} of {cluster} ({error}); delete it by hand")
}

/// Deletes a topic through the shared cluster's own listener, because the scenario may have broken its client's way in.
/// Falls back to that client.
async fn delete_shared_topic(lab: &Lab, client: Option<&ConnectionConfig>, topic: &str) -> Result<(), String> {
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
    async fn a_topic_that_could_not_be_deleted_is_named_with_its_cluster() {
        let (_held, lab) = lab::testing::lab("cleanup");
        let closed = std::net::TcpListener::bind("127.0.0.1:0").and_then(|one| one.local_addr()).expect("a port");
        let access = ConnectionConfig::tls(closed.to_string(), String::new());
        let clients = BTreeMap::from([("known".to_owned(), access)]);
        for client in ["known", "of-a-dead-run"] {
            let of = Some("Kafka kafka/prod".to_owned());
            let undo = Undo::DeleteTopic { client: client.to_owned(), topic: "orders-0a1b2c".to_owned(), of };
            let problem = one(&lab, &clients, &undo).await.expect_err("nobody listens there");
            assert!(problem.starts_with("could not delete the topic orders-0a1b2c of Kafka kafka/prod ("), "{problem}");
            assert!(problem.ends_with("); delete it by hand"), "{problem}");
        }
    }

    #[tokio::test]
    async fn a_process_that_has_ended_is_no_longer_frozen() {
        let (_folder, lab) = lab::testing::lab("resume");
        let undo = Undo::Resume { namespace: "a".to_owned(), pod: "broker-11".to_owned() };
        assert_eq!(one(&lab, &BTreeMap::new(), &undo).await, Ok(()));
    }

    /// The lab's API server never answers. Time is paused, so each request times out at once.
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
        assert!(lines[0].starts_with("could not delete the topic second of Kafka kafka/prod"), "{problems}");
        assert!(lines[1].starts_with("could not delete the topic first of Kafka kafka/prod"), "{problems}");
        // The namespace comes last.
        assert!(lines[2].starts_with("the API server did not answer"), "{problems}");
        assert_eq!(lines.len(), 3, "{problems}");
        assert!(Record::abandoned(&lab.dir, |_| true).expect("readable").records.is_empty(), "the record is gone");
    }
}
