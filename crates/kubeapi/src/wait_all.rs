//! Waits for several objects at once.

use super::{Catalog, ConditionState, Error};
use futures::{StreamExt, pin_mut};
use kube::api::DynamicObject;
use kube::runtime::WatchStreamExt;
use kube::runtime::watcher::{self, Event, watcher};
use std::collections::BTreeMap;
use std::time::Duration;
use tokio::time::{Instant, timeout_at};

/// Waits until `check` is satisfied with all objects of a kind in a namespace, by name. Otherwise as
/// [`wait_for`](super::wait_for).
///
/// # Errors
/// As for [`wait_for`](super::wait_for).
pub async fn wait_for_all(
    catalog: &Catalog,
    kind: &str,
    namespace: &str,
    wanted: &str,
    within: Duration,
    mut check: impl FnMut(&BTreeMap<String, DynamicObject>) -> ConditionState,
) -> Result<(), Error> {
    let deadline = Instant::now() + within;
    let object = format!("every {kind} in {namespace}");
    let events = watcher(catalog.kind(kind, None).await?.api(catalog.client(), namespace), watcher::Config::default())
        .default_backoff();
    pin_mut!(events);
    let mut last = "nothing: no such object exists".to_owned();
    let mut changed = Instant::now();
    let mut all = BTreeMap::new();
    loop {
        let Ok(event) = timeout_at(deadline, events.next()).await else {
            let since_change = changed.elapsed();
            return Err(Error::TimedOut { object, wanted: wanted.to_owned(), within, last, since_change });
        };
        let name = |found: &DynamicObject| found.metadata.name.clone().unwrap_or_default();
        let seen = match event {
            Some(Ok(Event::Init)) => {
                all.clear();
                continue;
            }
            Some(Ok(Event::InitApply(found))) => {
                all.insert(name(&found), found);
                continue;
            }
            Some(Ok(Event::InitDone)) => check(&all),
            Some(Ok(Event::Apply(found))) => {
                all.insert(name(&found), found);
                check(&all)
            }
            Some(Ok(Event::Delete(found))) => {
                all.remove(&name(&found));
                check(&all)
            }
            Some(Err(error)) => ConditionState::NotYet(format!("the watch broke: {error}")),
            None => ConditionState::Failed("the watch ended".to_owned()),
        };
        match seen {
            ConditionState::Met => return Ok(()),
            ConditionState::Failed(reason) => return Err(Error::Failed { object, reason }),
            ConditionState::NotYet(now) if now != last => {
                last = now;
                changed = Instant::now();
            }
            ConditionState::NotYet(_) => {}
        }
    }
}

#[cfg(test)]
#[path = "wait_all_tests.rs"]
mod tests;
