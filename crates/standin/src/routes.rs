//! Strimzi's wait for routes: a TLSRoute counts as ready as soon as its status has any parent, whatever the conditions
//! of that parent say. No Pod is created before that.

use super::context::{Context, Key};
use super::{Error, names};
use futures::{StreamExt, pin_mut};
use kube::api::{DynamicObject, ListParams};
use kube::runtime::WatchStreamExt;
use kube::runtime::watcher::{self, Event, watcher};
use kubeapi::Kind;
use std::sync::Arc;
use std::time::Duration;
use tokio::time::{Instant, timeout_at};

/// Strimzi's `STRIMZI_OPERATION_TIMEOUT_MS`.
pub const DEADLINE: Duration = Duration::from_secs(300);

/// The routes that do not exist or have no parent in their status.
///
/// # Errors
/// If the API server refuses.
pub async fn missing(context: &Context, key: &Key, kind: &Kind, wanted: &[String]) -> Result<Vec<String>, Error> {
    let list = kind.api(context.catalog.client(), &key.0).list(&ListParams::default().labels(&selector(key))).await;
    let list = list.map_err(kubeapi::Error::request(format!("list the TLSRoutes of {}/{}", key.0, key.1)))?;
    let answered = |name: &&String| {
        list.items.iter().any(|route| route.metadata.name.as_ref() == Some(*name) && has_parent(route))
    };
    Ok(wanted.iter().filter(|name| !answered(name)).cloned().collect())
}

fn has_parent(route: &DynamicObject) -> bool {
    route.data["status"]["parents"].as_array().is_some_and(|parents| !parents.is_empty())
}

fn selector(key: &Key) -> String {
    format!("{}={}", names::CLUSTER_LABEL, key.1)
}

/// Reconciles the cluster whenever one of its routes gets a parent, as long as routes are awaited. Strimzi does not
/// watch routes either: a route that is deleted later is missing until the next full reconciliation.
pub fn watch_until_answered(context: &Arc<Context>, key: &Key, kind: &Kind) {
    if context.memory(key, |memory| std::mem::replace(&mut memory.watching_routes, true)) {
        return;
    }
    let (context, key, kind) = (Arc::clone(context), key.clone(), kind.clone());
    tokio::spawn(async move {
        let api = kind.api(context.catalog.client(), &key.0);
        let events = watcher(api, watcher::Config::default().labels(&selector(&key))).default_backoff();
        pin_mut!(events);
        // The next reconciliation starts a new watch if it still needs one.
        let end = Instant::now() + DEADLINE;
        while let Ok(Some(event)) = timeout_at(end, events.next()).await {
            if !context.memory(&key, |memory| memory.awaiting_routes.is_some()) {
                break;
            }
            if let Ok(Event::Apply(route) | Event::InitApply(route)) = &event
                && has_parent(route)
            {
                context.trigger();
            }
        }
        context.memory(&key, |memory| memory.watching_routes = false);
    });
}
