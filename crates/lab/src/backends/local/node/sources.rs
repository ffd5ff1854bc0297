//! The ConfigMaps and Secrets that volumes consist of. Watches keep them current.

use crate::backends::local::Error;
use futures::{Stream, StreamExt, pin_mut};
use k8s_openapi::api::core::v1::{ConfigMap, Secret};
use kube::api::Api;
use kube::runtime::WatchStreamExt;
use kube::runtime::reflector::{self, ObjectRef, Store};
use kube::runtime::watcher::{self, watcher};
use std::future::Future;
use std::sync::Arc;
use tokio::sync::watch;

/// The current state of the watches, and a signal for each change. Cheap to clone.
#[derive(Clone)]
pub struct Sources {
    config_maps: Store<ConfigMap>,
    secrets: Store<Secret>,
    changed: watch::Receiver<u64>,
}

impl Sources {
    /// The sources, and the future that keeps them current. The future ends only with an error.
    pub fn follow(client: &kube::Client) -> (Self, impl Future<Output = Result<(), Error>> + use<>) {
        let (config_maps, map_writer) = reflector::store();
        let (secrets, secret_writer) = reflector::store();
        let (signal, changed) = watch::channel(0);
        let maps = Api::<ConfigMap>::all(client.clone());
        let maps = reflector::reflector(map_writer, watcher(maps, watcher::Config::default())).default_backoff();
        let secret_api = Api::<Secret>::all(client.clone());
        let secret_events = reflector::reflector(secret_writer, watcher(secret_api, watcher::Config::default()));
        let secret_events = secret_events.default_backoff();
        let follow = async move {
            tokio::join!(drain(maps, &signal), drain(secret_events, &signal));
            Ok(())
        };
        (Self { config_maps, secrets, changed }, follow)
    }

    pub fn config_map(&self, namespace: &str, name: &str) -> Option<Arc<ConfigMap>> {
        self.config_maps.get(&ObjectRef::new(name).within(namespace))
    }

    pub fn secret(&self, namespace: &str, name: &str) -> Option<Arc<Secret>> {
        self.secrets.get(&ObjectRef::new(name).within(namespace))
    }

    /// Returns after the next change. Never returns if the watches are gone.
    pub async fn changed(&mut self) {
        if self.changed.changed().await.is_err() {
            std::future::pending().await
        }
    }

    #[cfg(test)]
    pub fn fixed(config_maps: Vec<ConfigMap>, secrets: Vec<Secret>) -> Self {
        use kube::runtime::watcher::Event;
        let (maps, mut map_writer) = reflector::store();
        let (secret_store, mut secret_writer) = reflector::store();
        config_maps.into_iter().for_each(|map| map_writer.apply_watcher_event(&Event::Apply(map)));
        secrets.into_iter().for_each(|secret| secret_writer.apply_watcher_event(&Event::Apply(secret)));
        Self { config_maps: maps, secrets: secret_store, changed: watch::channel(0).1 }
    }
}

/// Signals every event. The watcher itself restarts a broken watch, and the last state stays valid until then.
async fn drain<T>(events: impl Stream<Item = T>, signal: &watch::Sender<u64>) {
    pin_mut!(events);
    while events.next().await.is_some() {
        signal.send_modify(|count| *count += 1);
    }
}
