//! Detects Pods that will never run, and reports them at once, with the image and the kubelet's message.

use crate::backends::cluster::Error;
use crate::backends::local::last_words;
use futures::StreamExt;
use k8s_openapi::api::core::v1::{ContainerStatus, Pod};
use kube::api::Api;
use kube::runtime::WatchStreamExt;
use kube::runtime::watcher::{self, Event, watcher};
use kubeapi::Catalog;
use std::collections::{BTreeMap, BTreeSet};
use std::pin::pin;
use std::time::Duration;
use tokio::time::{Instant, timeout_at};

/// Reasons that do not go away by waiting, in a lab whose images are all in the node.
const HOPELESS: [&str; 5] =
    ["ErrImagePull", "ImagePullBackOff", "ErrImageNeverPull", "InvalidImageName", "CreateContainerConfigError"];
/// The reason of a container that crashes again and again.
pub(super) const CRASH_LOOP: &str = "CrashLoopBackOff";
/// A container may crash a few times while its dependencies start.
const CRASHES: i32 = 3;

/// Watches the Pods of these namespaces (all Pods if the list is empty), and returns the trouble of the first that
/// cannot run. Never returns while all can run, so race it against the wait.
pub async fn trouble(catalog: &Catalog, namespaces: &[String]) -> Error {
    first(catalog, namespaces, examine).await
}

/// As [`trouble`], but counts only restarts from now on. For Pods that are restarted within seconds, like those of the
/// local lab, where an old count of restarts says nothing.
pub async fn new_trouble(catalog: &Catalog, namespaces: &[String]) -> Error {
    let mut before = BTreeMap::new();
    first(catalog, namespaces, |pod| examine_since(&mut before, pod)).await
}

async fn first(catalog: &Catalog, namespaces: &[String], mut examine_pod: impl FnMut(&Pod) -> Option<Error>) -> Error {
    let api: Api<Pod> = Api::all(catalog.client().clone());
    let mut events = pin!(watcher(api, watcher::Config::default()).default_backoff().applied_objects());
    loop {
        match events.next().await {
            Some(Ok(pod)) => {
                let namespace = pod.metadata.namespace.clone().unwrap_or_default();
                let watched = namespaces.is_empty() || namespaces.contains(&namespace);
                if watched
                    && pod.metadata.deletion_timestamp.is_none()
                    && let Some(found) = examine_pod(&pod)
                {
                    return found;
                }
            }
            // The watch is restarted with backoff.
            Some(Err(_)) => {}
            None => std::future::pending::<()>().await,
        }
    }
}

/// The Pod's trouble. Its restarts are counted from the number that was seen first.
fn examine_since(before: &mut BTreeMap<String, i32>, pod: &Pod) -> Option<Error> {
    let statuses = pod.status.iter().flat_map(|status| status.container_statuses.iter().flatten());
    let now = statuses.map(|container| container.restart_count).max().unwrap_or_default();
    let uid = pod.metadata.uid.clone().unwrap_or_else(|| name(pod));
    let first = *before.entry(uid).or_insert(now);
    examine(pod).filter(|error| !error.is_crash_loop() || now - first >= CRASHES)
}

/// Waits for `wanted`, unless a Pod of these namespaces fails first.
///
/// # Errors
/// The Pod's trouble, or the error of `wanted`.
pub async fn or_trouble<T>(
    catalog: &Catalog,
    namespaces: &[String],
    wanted: impl Future<Output = Result<T, Error>>,
) -> Result<T, Error> {
    tokio::select! {
        result = wanted => result,
        error = trouble(catalog, namespaces) => Err(error),
    }
}

/// Waits until every Pod that has not completed runs again, in containers that were started at or after `since`
/// (seconds since 1970). After a node was restarted, the API server first reports the state from before.
///
/// # Errors
/// [`Error::Asleep`] with the Pods that do not run.
pub async fn awake(catalog: &Catalog, since: i64, within: Duration) -> Result<(), Error> {
    let api: Api<Pod> = Api::all(catalog.client().clone());
    let mut events = pin!(watcher(api, watcher::Config::default()).default_backoff());
    let deadline = Instant::now() + within;
    let mut asleep = BTreeSet::new();
    let mut listed = false;
    while !listed || !asleep.is_empty() {
        let Ok(event) = timeout_at(deadline, events.next()).await else {
            return Err(Error::Asleep { pods: asleep.into_iter().collect(), within });
        };
        match event {
            Some(Ok(Event::Init)) => asleep.clear(),
            Some(Ok(Event::InitDone)) => listed = true,
            Some(Ok(Event::InitApply(pod) | Event::Apply(pod))) if !is_up(&pod, since) => {
                asleep.insert(name(&pod));
            }
            Some(Ok(Event::InitApply(pod) | Event::Apply(pod) | Event::Delete(pod))) => {
                asleep.remove(&name(&pod));
            }
            // The watch is restarted with backoff until the deadline.
            Some(Err(_)) | None => {}
        }
    }
    Ok(())
}

fn is_up(pod: &Pod, since: i64) -> bool {
    let Some(status) = &pod.status else { return false };
    if matches!(status.phase.as_deref(), Some("Succeeded" | "Failed")) || pod.metadata.deletion_timestamp.is_some() {
        return true;
    }
    let containers = status.container_statuses.as_deref().unwrap_or_default();
    let running = |container: &ContainerStatus| {
        let state = container.state.as_ref().and_then(|state| state.running.as_ref());
        container.ready && state.and_then(|state| state.started_at.as_ref()).is_some_and(|at| at.0.as_second() >= since)
    };
    !containers.is_empty() && containers.iter().all(running)
}

fn name(pod: &Pod) -> String {
    let of = |value: &Option<String>| value.clone().unwrap_or_default();
    format!("{}/{}", of(&pod.metadata.namespace), of(&pod.metadata.name))
}

/// What keeps a Pod from running, if waiting does not help.
pub fn examine(pod: &Pod) -> Option<Error> {
    let status = pod.status.as_ref()?;
    let lists = [&status.init_container_statuses, &status.container_statuses];
    let (container, reason, message) = lists.into_iter().flatten().flatten().find_map(|container| {
        let (reason, message) = hopeless(container)?;
        Some((container, reason, message))
    })?;
    Some(Error::Pod {
        pod: name(pod),
        container: container.name.clone(),
        image: container.image.clone(),
        reason,
        message,
    })
}

fn hopeless(container: &ContainerStatus) -> Option<(String, String)> {
    let waiting = container.state.as_ref()?.waiting.as_ref()?;
    let reason = waiting.reason.clone().unwrap_or_default();
    if HOPELESS.contains(&reason.as_str()) {
        return Some((reason, waiting.message.clone().unwrap_or_default()));
    }
    if reason != CRASH_LOOP || container.restart_count < CRASHES {
        return None;
    }
    let ended = container.last_state.as_ref().and_then(|state| state.terminated.as_ref());
    let how = ended.map(|ended| {
        let words = ended.message.as_deref().and_then(last_words).map(|words| format!("; its last words: {words}"));
        let reason = ended.reason.clone().unwrap_or_default();
        format!("exit code {}, {reason}{}", ended.exit_code, words.unwrap_or_default())
    });
    Some((
        reason,
        format!("exited {} times, last with {}", container.restart_count, how.unwrap_or_else(|| "no reason".into())),
    ))
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn pod(reason: &str, restarts: i32) -> Pod {
        serde_json::from_value(json!({
            "apiVersion": "v1", "kind": "Pod", "metadata": {"name": "p", "namespace": "n"},
            "status": {"containerStatuses": [
                {"name": "good", "image": "i:1", "imageID": "", "ready": true, "restartCount": 0, "state": {"running": {}}},
                {"name": "c", "image": "i:2", "imageID": "", "ready": false, "restartCount": restarts,
                 "state": {"waiting": {"reason": reason, "message": "not found"}},
                 "lastState": {"terminated": {"exitCode": 137, "reason": "OOMKilled"}}}]}
        })).expect("a Pod")
    }

    #[test]
    fn a_missing_image_is_reported_with_its_name() {
        let text = examine(&pod("ErrImagePull", 0)).expect("hopeless").to_string();
        assert_eq!(text, "pod n/p: ErrImagePull for container c, image i:2: not found");
    }

    #[test]
    fn a_pod_that_ran_before_the_node_slept_is_not_up() {
        let at = |started: &str, ready: bool| -> Pod {
            serde_json::from_value(json!({
                "apiVersion": "v1", "kind": "Pod", "metadata": {"name": "p", "namespace": "n"},
                "status": {"phase": "Running", "containerStatuses": [{"name": "c", "image": "i", "imageID": "",
                    "ready": ready, "restartCount": 0, "state": {"running": {"startedAt": started}}}]}
            }))
            .expect("a Pod")
        };
        // 2026-01-01T00:00:00Z
        let since = 1_767_225_600;
        assert!(is_up(&at("2026-01-01T00:00:00Z", true), since));
        assert!(!is_up(&at("2025-12-31T23:59:59Z", true), since));
        assert!(!is_up(&at("2026-01-01T00:00:05Z", false), since));
    }

    #[test]
    fn crashes_before_it_was_watched_do_not_count() {
        let mut before = BTreeMap::new();
        assert!(examine_since(&mut before, &pod("CrashLoopBackOff", 7)).is_none(), "they may be of yesterday");
        assert!(examine_since(&mut before, &pod("CrashLoopBackOff", 9)).is_none());
        assert!(examine_since(&mut before, &pod("CrashLoopBackOff", 10)).is_some());
        assert!(examine_since(&mut before, &pod("ErrImagePull", 7)).is_some(), "no count is needed for that");
    }

    #[test]
    fn a_crash_loop_is_reported_with_the_last_words() {
        let mut crashing = pod("CrashLoopBackOff", 3);
        let containers = crashing.status.as_mut().and_then(|status| status.container_statuses.as_mut());
        let last = containers.and_then(|all| all[1].last_state.as_mut()?.terminated.as_mut()).expect("it ended");
        last.message = Some("BindException: Address already in use\n\tat a.B.c(B.java:1)\nbye".to_owned());
        let text = examine(&crashing).expect("hopeless").to_string();
        assert!(text.ends_with("; its last words: BindException: Address already in use"), "{text}");
    }

    #[test]
    fn a_first_crash_is_not_the_end() {
        assert!(examine(&pod("CrashLoopBackOff", 1)).is_none());
        assert!(examine(&pod("ContainerCreating", 0)).is_none());
        let text = examine(&pod("CrashLoopBackOff", 3)).expect("hopeless").to_string();
        assert!(text.contains("exit code 137, OOMKilled"), "{text}");
    }
}
