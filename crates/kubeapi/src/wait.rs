//! The one way to wait for an object: a watch, a deadline, and the last observation when the deadline passes.

use super::{Catalog, Error, ObjectRef};
use futures::{StreamExt, pin_mut};
use kube::api::DynamicObject;
use kube::runtime::WatchStreamExt;
use kube::runtime::watcher::{self, Event, watcher};
use std::time::Duration;
use tokio::time::{Instant, timeout_at};

/// The state of a condition, as one look at the object shows it.
#[derive(Debug)]
pub enum ConditionState {
    Met,
    /// Not met yet. The text says what was seen instead.
    NotYet(String),
    /// It can no longer be met.
    Failed(String),
}

/// Waits until `check` is satisfied with the object, which is `None` while it does not exist. A broken watch is
/// restarted with backoff until the deadline.
///
/// # Errors
/// [`Error::TimedOut`] with the last observation, [`Error::Failed`] if `check` gives up, or an error if the kind is not
/// served.
pub async fn wait_for(
    catalog: &Catalog,
    object: &ObjectRef,
    wanted: &str,
    within: Duration,
    mut check: impl FnMut(Option<&DynamicObject>) -> ConditionState,
) -> Result<(), Error> {
    let deadline = Instant::now() + within;
    let kind = catalog.kind(&object.kind, Some(&object.api_version)).await?;
    let api = kind.api(catalog.client(), &object.namespace);
    let config = watcher::Config::default().fields(&format!("metadata.name={}", object.name));
    let events = watcher(api, config).default_backoff();
    pin_mut!(events);
    let mut last = "nothing: the API server has not answered".to_owned();
    let mut changed = Instant::now();
    let mut listed = None;
    loop {
        let Ok(event) = timeout_at(deadline, events.next()).await else {
            return Err(Error::TimedOut {
                object: object.to_string(),
                wanted: wanted.to_owned(),
                within,
                last,
                since_change: changed.elapsed(),
            });
        };
        let seen = match event {
            Some(Ok(Event::Init)) => {
                listed = None;
                continue;
            }
            Some(Ok(Event::InitApply(found))) => {
                listed = Some(found);
                continue;
            }
            Some(Ok(Event::InitDone)) => check(listed.take().as_ref()),
            Some(Ok(Event::Apply(found))) => check(Some(&found)),
            Some(Ok(Event::Delete(_))) => check(None),
            Some(Err(error)) => ConditionState::NotYet(format!("the watch broke: {error}")),
            None => ConditionState::Failed("the watch ended".to_owned()),
        };
        match seen {
            ConditionState::Met => return Ok(()),
            ConditionState::Failed(reason) => return Err(Error::Failed { object: object.to_string(), reason }),
            ConditionState::NotYet(now) if now != last => {
                last = now;
                changed = Instant::now();
            }
            ConditionState::NotYet(_) => {}
        }
    }
}

#[cfg(test)]
#[path = "wait_tests.rs"]
mod tests;
