//! The local lab's kube-proxy: a listener on every Service's ClusterIP and port, in front of the Pods that it selects.

mod endpoints;
mod listener;

use super::{Error, Net};
use endpoints::{Backends, backends};
use futures::{StreamExt, pin_mut};
use host::with_causes;
use k8s_openapi::api::core::v1::{Pod, Service};
use kube::api::Api;
use kube::runtime::WatchStreamExt;
use kube::runtime::reflector::{self, Store};
use kube::runtime::watcher::{self, Event, watcher};
use kubeapi::Catalog;
use listener::Listener;
use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::time::Duration;
use tokio::time::sleep;
use tracing::error;

/// How often to retry an address that is taken.
const RETRY: Duration = Duration::from_secs(1);

/// Serves the ClusterIPs of this lab until it is dropped.
///
/// # Errors
/// None at present. If an address is taken, this is logged and retried.
pub async fn run(catalog: Catalog, net: Net) -> Result<(), Error> {
    let client = catalog.client();
    let (services, service_writer) = reflector::store();
    let (pods, pod_writer) = reflector::store();
    let config = watcher::Config::default;
    let service_events = reflector::reflector(service_writer, watcher(Api::<Service>::all(client.clone()), config()));
    let pod_events = reflector::reflector(pod_writer, watcher(Api::<Pod>::all(client.clone()), config()));
    let (service_events, pod_events) = (service_events.default_backoff(), pod_events.default_backoff());
    pin_mut!(service_events, pod_events);
    let mut listeners: BTreeMap<SocketAddr, Listener> = BTreeMap::new();
    let (mut services_known, mut pods_known) = (false, false);
    loop {
        let event = tokio::select! {
            event = service_events.next() => event.map(|event| event.map(|event| services_known |= is_complete(&event))),
            event = pod_events.next() => event.map(|event| event.map(|event| pods_known |= is_complete(&event))),
            () = sleep(RETRY), if listeners.values().any(Listener::is_waiting) => Some(Ok(())),
        };
        match event {
            Some(Ok(())) => {}
            Some(Err(error)) => error!(target: "services", "{}", with_causes(&error)),
            None => return Ok(()),
        }
        // Before the first lists are complete, a Service would seem to have no Pods and refuse its clients. A watch
        // that lists again later empties its store only when the new list is complete.
        if services_known && pods_known {
            update(&mut listeners, wanted(&services, &pods, net)).await;
        }
    }
}

fn is_complete<K>(event: &Event<K>) -> bool {
    matches!(event, Event::InitDone)
}

fn wanted(services: &Store<Service>, pods: &Store<Pod>, net: Net) -> BTreeMap<SocketAddr, Backends> {
    let pods = pods.state();
    services.state().iter().flat_map(|service| backends(service, &pods, net)).collect()
}

/// Ends listeners that are no longer needed, updates the backends of the others, and starts new ones.
async fn update(listeners: &mut BTreeMap<SocketAddr, Listener>, wanted: BTreeMap<SocketAddr, Backends>) {
    listeners.retain(|address, _| wanted.contains_key(address));
    for (address, backends) in wanted {
        listeners.entry(address).or_insert_with(|| Listener::new(address)).serve(backends).await;
    }
}
