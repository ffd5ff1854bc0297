//! Ends namespaces in the local lab, because no kube-controller-manager empties and finalizes them.

use super::Error;
use ::kube::api::{Api, DeleteParams, ListParams, Patch, PatchParams, PostParams};
use ::kube::runtime::WatchStreamExt;
use ::kube::runtime::watcher::{self, Event, watcher};
use futures::{StreamExt, pin_mut, stream};
use host::with_causes;
use k8s_openapi::api::core::v1::Namespace;
use k8s_openapi::jiff::Timestamp;
use kubeapi as objects;
use kubeapi::{Catalog, Kind};
use serde_json::json;
use std::collections::BTreeSet;
use std::time::Duration;
use tokio::task::JoinSet;
use tokio::time::{Instant, sleep};
use tracing::{error, warn};

/// The delays between attempts: the first, and the longest one while progress is likely.
const FIRST_PAUSE: Duration = Duration::from_millis(50);
const LAST_PAUSE: Duration = Duration::from_secs(2);

/// After this time, the namespace's status says what blocks it, and attempts become rare.
const PATIENCE: Duration = Duration::from_secs(60);
const SELDOM: Duration = Duration::from_secs(15);

/// The number of concurrent requests.
const SIDE_BY_SIDE: usize = 8;

/// Empties and finalizes terminating namespaces until this is dropped.
///
/// # Errors
/// None at present. Errors with one namespace are logged and retried.
pub async fn run(catalog: Catalog) -> Result<(), Error> {
    let namespaces = Api::<Namespace>::all(catalog.client().clone());
    let events = watcher(namespaces, watcher::Config::default()).default_backoff();
    pin_mut!(events);
    let mut under_way = BTreeSet::new();
    let mut tasks: JoinSet<String> = JoinSet::new();
    loop {
        tokio::select! {
            Some(ended) = tasks.join_next() => match ended {
                Ok(name) => { under_way.remove(&name); }
                Err(error) => error!(target: "namespaces", "{}", with_causes(&error)),
            },
            event = events.next() => match event {
                Some(Ok(Event::Apply(namespace) | Event::InitApply(namespace))) => {
                    let name = namespace.metadata.name.unwrap_or_default();
                    if namespace.metadata.deletion_timestamp.is_some() && under_way.insert(name.clone()) {
                        let catalog = catalog.clone();
                        tasks.spawn(async move {
                            end(&catalog, &name).await;
                            name
                        });
                    }
                }
                Some(Ok(_)) => {}
                Some(Err(error)) => error!(target: "namespaces", "{}", with_causes(&error)),
                None => return Ok(()),
            },
        }
    }
}

/// Processes one namespace until it is gone, however long that takes.
async fn end(catalog: &Catalog, name: &str) {
    let begun = Instant::now();
    let mut pause = FIRST_PAUSE;
    let mut reported = false;
    loop {
        match sweep(catalog, name).await {
            Ok(remaining) if remaining.is_empty() => match finalize(catalog, name).await {
                Ok(()) => return,
                Err(error) => error!(target: "namespaces", "{}", with_causes(&error)),
            },
            Ok(remaining) if !reported && begun.elapsed() > PATIENCE => {
                let text = remaining.join(", ");
                warn!(target: "namespaces", "{name} still contains {text}");
                if let Err(error) = write_condition(catalog, name, &text).await {
                    error!(target: "namespaces", "{}", with_causes(&error));
                }
                reported = true;
            }
            Ok(_) => {}
            Err(error) => error!(target: "namespaces", "{}", with_causes(&error)),
        }
        sleep(if reported { SELDOM } else { pause }).await;
        pause = (pause * 2).min(LAST_PAUSE);
    }
}

/// Deletes everything in a namespace, and returns what was still there.
async fn sweep(catalog: &Catalog, namespace: &str) -> Result<Vec<String>, objects::Error> {
    let kinds = catalog.namespaced().await?;
    let sweeps = stream::iter(kinds).map(|kind| sweep_kind(catalog, namespace, kind)).buffer_unordered(SIDE_BY_SIDE);
    let found: Vec<Result<Vec<String>, objects::Error>> = sweeps.collect().await;
    let mut remaining = Vec::new();
    for kind in found {
        remaining.extend(kind?);
    }
    Ok(remaining)
}

async fn sweep_kind(catalog: &Catalog, namespace: &str, kind: Kind) -> Result<Vec<String>, objects::Error> {
    let api = kind.api(catalog.client(), namespace);
    let what = &kind.resource.plural;
    let items = match api.list_metadata(&ListParams::default()).await {
        Ok(list) => list.items,
        // Not every kind can be listed, and the definition of a kind may itself be in deletion.
        Err(::kube::Error::Api(status)) if matches!(status.code, 404 | 405) => return Ok(vec![]),
        Err(error) => return Err(objects::Error::request(format!("list {what} in {namespace}"))(error)),
    };
    let mut remaining = Vec::new();
    for item in items {
        let name = item.metadata.name.unwrap_or_default();
        let finalizers = item.metadata.finalizers.unwrap_or_default();
        if item.metadata.deletion_timestamp.is_none() {
            match api.delete(&name, &DeleteParams::background()).await {
                Ok(_) => {}
                Err(::kube::Error::Api(status)) if status.code == 404 => continue,
                Err(error) => return Err(objects::Error::request(format!("delete {what} {namespace}/{name}"))(error)),
            }
        }
        let held = if finalizers.is_empty() { String::new() } else { format!(" (held by {})", finalizers.join(", ")) };
        remaining.push(format!("{} {name}{held}", kind.resource.kind));
    }
    Ok(remaining)
}

/// Removes the finalizer of an empty namespace.
async fn finalize(catalog: &Catalog, name: &str) -> Result<(), objects::Error> {
    let api = Api::<Namespace>::all(catalog.client().clone());
    let refused = |what: &str| objects::Error::request(format!("{what} namespace {name}"));
    let Some(mut namespace) = api.get_opt(name).await.map_err(refused("read"))? else { return Ok(()) };
    if namespace.metadata.deletion_timestamp.is_none() {
        // Another namespace with the same name was created since.
        return Ok(());
    }
    if let Some(spec) = &mut namespace.spec {
        spec.finalizers = Some(vec![]);
    }
    match api.replace_subresource("finalize", name, &PostParams::default(), &namespace).await {
        Ok(_) => Ok(()),
        Err(::kube::Error::Api(status)) if status.code == 404 => Ok(()),
        Err(error) => Err(refused("finalize")(error)),
    }
}

/// Writes to the namespace's status what blocks it, under the condition that Kubernetes itself uses.
async fn write_condition(catalog: &Catalog, name: &str, remaining: &str) -> Result<(), objects::Error> {
    let api = Api::<Namespace>::all(catalog.client().clone());
    let now = Timestamp::from_second(Timestamp::now().as_second()).unwrap_or_default().to_string();
    let condition = json!({
        "type": "NamespaceContentRemaining", "status": "True", "reason": "SomeResourcesRemain",
        "message": remaining, "lastTransitionTime": now,
    });
    let patch = Patch::Merge(json!({"status": {"conditions": [condition]}}));
    let reported = api.patch_status(name, &PatchParams::default(), &patch).await;
    reported.map(drop).map_err(objects::Error::request(format!("write the status of namespace {name}")))
}
