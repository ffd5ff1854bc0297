//! Addresses for Services of type LoadBalancer: free ones of the node network, which the node answers for.
//!
//! The address is added to the node's own interface and written into the Service's status. kube-proxy leads it to the Pods,
//! so nothing stands between a client and the gateway that does not stand there in every cluster. Nothing runs beside the
//! lab's agent, and nothing needs root on this machine.

use super::engine::Engine;
use super::network;
use crate::backends::cluster::Error;
use futures::{StreamExt, pin_mut};
use host::with_causes;
use k8s_openapi::api::core::v1::Service;
use kube::api::{Api, Patch, PatchParams};
use kube::runtime::WatchStreamExt;
use kube::runtime::reflector::{self, Store};
use kube::runtime::watcher::{self, Event, watcher};
use kubeapi::{Catalog, MANAGER};
use serde::{Deserialize, Serialize};
use serde_json::json;
use std::collections::{BTreeMap, BTreeSet};
use std::net::Ipv4Addr;
use std::time::Duration;
use tokio::time::sleep;
use tracing::{error, info};

const WITHIN: Duration = Duration::from_secs(30);
const RETRY: Duration = Duration::from_secs(1);
const LOG: &str = "addresses";
/// The interface that joins the node to its network.
const INTERFACE: &str = "eth0";
/// How many addresses a lab has at most. The labs of one network have a block each.
const BLOCK: u32 = 64;

/// The addresses that one lab may give away.
#[derive(Clone, Debug, Deserialize, Serialize)]
pub struct AddressPool {
    engine: String,
    /// The node's container.
    node: String,
    first: Ipv4Addr,
    last: Ipv4Addr,
}

impl AddressPool {
    /// The pool of the lab with this node.
    ///
    /// # Errors
    /// If the node does not answer, or its network is too small.
    pub async fn of(engine: &Engine, node: &str) -> Result<Self, Error> {
        let listed = addresses(engine, node).await?;
        let own = listed.iter().find(|(_, prefix)| *prefix < 32).copied();
        let block = own.and_then(|(address, prefix)| block(address, prefix));
        let (first, last) = block.ok_or_else(|| Error::NoAddresses {
            node: node.to_owned(),
            seen: listed.iter().map(|(address, prefix)| format!("{address}/{prefix}")).collect::<Vec<_>>().join(", "),
        })?;
        Ok(Self { engine: engine.program.clone(), node: node.to_owned(), first, last })
    }

    fn contains(&self, address: Ipv4Addr) -> bool {
        (self.first..=self.last).contains(&address)
    }

    /// The first address after the last one that was given away which no Service has.
    fn free(&self, used: &BTreeSet<Ipv4Addr>, after: Option<Ipv4Addr>) -> Option<Ipv4Addr> {
        let all = || (u32::from(self.first)..=u32::from(self.last)).map(Ipv4Addr::from);
        let later = all().filter(|address| after.is_none_or(|after| *address > after));
        later.chain(all()).find(|address| !used.contains(address))
    }
}

/// The node's block in its network. Engines give addresses to containers from the lower end, so blocks lie in the upper half,
/// and a node's own number selects one.
fn block(node: Ipv4Addr, prefix: u8) -> Option<(Ipv4Addr, Ipv4Addr)> {
    let size = 1u32.checked_shl(u32::from(32u8.checked_sub(prefix)?))?;
    let network = u32::from(node) & !(size - 1);
    let number = u32::from(node) - network;
    let length = BLOCK.min(size / 16);
    // The last address of the network is the broadcast address.
    let last = (network + size - 2).checked_sub(length.checked_mul(number.checked_sub(1)?)?)?;
    let first = last.checked_sub(length.checked_sub(1)?)?;
    (first > network + size / 2).then(|| (Ipv4Addr::from(first), Ipv4Addr::from(last)))
}

/// The addresses of the node's interface, each with the length of its network's prefix.
async fn addresses(engine: &Engine, node: &str) -> Result<Vec<(Ipv4Addr, u8)>, Error> {
    let list = engine.call(["exec", node, "ip", "-4", "-o", "addr", "show", "dev", INTERFACE], WITHIN).run().await?;
    Ok(list.lines().filter_map(listed).collect())
}

/// The address in a line such as `2: eth0    inet 172.18.0.2/16 brd 172.18.255.255 scope global eth0`.
fn listed(line: &str) -> Option<(Ipv4Addr, u8)> {
    let (address, prefix) = line.split_once(" inet ")?.1.split_whitespace().next()?.split_once('/')?;
    Some((address.parse().ok()?, prefix.parse().ok()?))
}

/// Gives every Service of type LoadBalancer an address, and takes it back when the Service is gone. It ends only with an
/// error, or when its future is dropped.
///
/// # Errors
/// If the engine does not answer at the beginning.
pub async fn run(catalog: Catalog, pool: AddressPool) -> Result<(), Error> {
    let engine = Engine { program: pool.engine.clone(), version: String::new() };
    let on_node = addresses(&engine, &pool.node).await?;
    let on_node = on_node.into_iter().map(|(address, _)| address).filter(|address| pool.contains(*address)).collect();
    let mut node = Node { engine, pool, addresses: on_node, given: BTreeMap::new(), latest: None };
    let (services, writer) = reflector::store();
    let watched = watcher(Api::<Service>::all(catalog.client().clone()), watcher::Config::default());
    let events = reflector::reflector(writer, watched).default_backoff();
    pin_mut!(events);
    let (mut known, mut failed) = (false, false);
    loop {
        tokio::select! {
            event = events.next() => match event {
                Some(Ok(event)) => known |= matches!(event, Event::InitDone),
                Some(Err(error)) => error!(target: LOG, "{}", with_causes(&error)),
                None => return Ok(()),
            },
            () = sleep(RETRY), if failed => {}
        }
        // Before the first list is complete, a Service would seem to be gone.
        if known {
            let done = node.update(&catalog, &services).await;
            failed = done.is_err();
            if let Err(error) = done {
                error!(target: LOG, "{}", with_causes(&error));
            }
        }
    }
}

struct Node {
    engine: Engine,
    pool: AddressPool,
    /// The pool's addresses that the node has.
    addresses: BTreeSet<Ipv4Addr>,
    /// What was given away, by the Service's uid. The watch shows a status only a moment after it was written.
    given: BTreeMap<String, Ipv4Addr>,
    latest: Option<Ipv4Addr>,
}

impl Node {
    /// The addresses of all containers in the node's network. Somebody may have given one of them an address of the pool. Engines
    /// that do not say so are taken to have none.
    async fn of_containers(&self) -> BTreeSet<Ipv4Addr> {
        let format = "{{range .Containers}}{{.IPv4Address}} {{end}}";
        let network = network::name();
        let listed = self.engine.call(["network", "inspect", "--format", format, &network], WITHIN).run().await;
        let listed = listed.unwrap_or_default();
        listed.split_whitespace().filter_map(|one| one.split('/').next()?.parse().ok()).collect()
    }

    async fn update(&mut self, catalog: &Catalog, services: &Store<Service>) -> Result<(), Error> {
        let services: Vec<_> = services.state().into_iter().filter(|service| wants_address(service)).collect();
        let there: BTreeSet<&str> = services.iter().map(|service| uid(service)).collect();
        self.given.retain(|uid, _| there.contains(uid.as_str()));
        for (service, address) in services.iter().filter_map(|service| Some((service, in_status(service)?))) {
            self.given.insert(uid(service).to_owned(), address);
        }
        let mut used: BTreeSet<Ipv4Addr> =
            self.given.values().copied().filter(|address| self.pool.contains(*address)).collect();
        for address in used.difference(&self.addresses.clone()) {
            self.change("add", *address).await?;
        }
        for address in self.addresses.clone().difference(&used) {
            self.change("del", *address).await?;
        }
        let waiting: Vec<_> = services.iter().filter(|service| !self.given.contains_key(uid(service))).collect();
        if !waiting.is_empty() {
            used.extend(self.of_containers().await);
        }
        for service in waiting {
            let (namespace, name) = title(service);
            let Some(address) = self.pool.free(&used, self.latest) else {
                error!(target: LOG, "no address is left for Service {namespace}/{name}");
                continue;
            };
            self.change("add", address).await?;
            let status = json!({"status": {"loadBalancer": {"ingress": [{"ip": address.to_string()}]}}});
            let api: Api<Service> = Api::namespaced(catalog.client().clone(), namespace);
            let written = api.patch_status(name, &PatchParams::apply(MANAGER), &Patch::Merge(&status)).await;
            match written {
                Ok(_) => {
                    info!(target: LOG, "Service {namespace}/{name} has {address}");
                    self.given.insert(uid(service).to_owned(), address);
                }
                // It was deleted meanwhile. The next event takes the address back.
                Err(kube::Error::Api(refused)) if refused.code == 404 => {}
                Err(error) => return Err(kubeapi::Error::request("write a Service's status")(error).into()),
            }
            used.insert(address);
            self.latest = Some(address);
        }
        Ok(())
    }

    async fn change(&mut self, verb: &str, address: Ipv4Addr) -> Result<(), Error> {
        let with_prefix = format!("{address}/32");
        let command = ["exec", &self.pool.node, "ip", "addr", verb, &with_prefix, "dev", INTERFACE];
        match self.engine.call(command, WITHIN).run().await {
            Ok(_) => {}
            // It is as it shall be already.
            Err(Error::Command { tail, .. }) if tail.contains("File exists") || tail.contains("Cannot assign") => {}
            Err(error) => return Err(error),
        }
        match verb {
            "add" => self.addresses.insert(address),
            _ => self.addresses.remove(&address),
        };
        Ok(())
    }
}

/// Whether this is a Service for which clusters in a cloud would create a load balancer.
fn wants_address(service: &Service) -> bool {
    let spec = service.spec.as_ref();
    let balanced =
        spec.is_some_and(|spec| spec.type_.as_deref() == Some("LoadBalancer") && spec.load_balancer_class.is_none());
    balanced && service.metadata.deletion_timestamp.is_none()
}

/// The address in the Service's status.
fn in_status(service: &Service) -> Option<Ipv4Addr> {
    let ingress = service.status.as_ref()?.load_balancer.as_ref()?.ingress.as_ref()?;
    ingress.iter().find_map(|one| one.ip.as_ref()?.parse().ok())
}

fn uid(service: &Service) -> &str {
    service.metadata.uid.as_deref().unwrap_or_default()
}

fn title(service: &Service) -> (&str, &str) {
    let metadata = &service.metadata;
    (metadata.namespace.as_deref().unwrap_or_default(), metadata.name.as_deref().unwrap_or_default())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_node_has_a_block_of_its_own_in_the_upper_half() {
        let of =
            |node: [u8; 4], prefix| block(node.into(), prefix).map(|(first, last)| (first.octets(), last.octets()));
        assert_eq!(of([172, 18, 0, 2], 16), Some(([172, 18, 255, 127], [172, 18, 255, 190])));
        assert_eq!(of([172, 18, 0, 3], 16), Some(([172, 18, 255, 63], [172, 18, 255, 126])));
        assert_eq!(of([10, 89, 0, 2], 24), Some(([10, 89, 0, 223], [10, 89, 0, 238])));
        // There is no room for it above the middle.
        assert_eq!(of([10, 89, 0, 9], 24), None);
        assert_eq!(of([10, 89, 0, 1], 30), None);
        assert_eq!(of([10, 89, 0, 0], 24), None);
    }

    #[test]
    fn an_address_is_not_given_twice_and_rests_after_use() {
        let pool = AddressPool {
            engine: "docker".into(),
            node: "n".into(),
            first: [10, 0, 0, 1].into(),
            last: [10, 0, 0, 3].into(),
        };
        let [a, b, c] = [1, 2, 3].map(|last| Ipv4Addr::new(10, 0, 0, last));
        assert_eq!(pool.free(&BTreeSet::new(), None), Some(a));
        assert_eq!(pool.free(&[a].into(), Some(a)), Some(b));
        assert_eq!(pool.free(&[b].into(), Some(b)), Some(c), "a was used a moment ago");
        assert_eq!(pool.free(&[a, b].into(), Some(c)), Some(c));
        assert_eq!(pool.free(&[a, b, c].into(), Some(c)), None);
        assert!(pool.contains(c) && !pool.contains([10, 0, 0, 4].into()));
    }

    #[test]
    fn the_nodes_addresses_are_read_from_ips_lines() {
        let line = "2: eth0    inet 172.18.0.2/16 brd 172.18.255.255 scope global eth0\\       valid_lft forever";
        assert_eq!(listed(line), Some(([172, 18, 0, 2].into(), 16)));
        assert_eq!(listed("2: eth0    inet6 fe80::1/64 scope link"), None);
        assert_eq!(listed(""), None);
    }

    #[test]
    fn only_load_balancers_without_another_class_want_an_address() {
        let service = |spec: serde_json::Value| -> Service {
            serde_json::from_value(json!({"metadata": {"name": "s"}, "spec": spec})).expect("a Service")
        };
        assert!(wants_address(&service(json!({"type": "LoadBalancer"}))));
        assert!(!wants_address(&service(json!({"type": "LoadBalancer", "loadBalancerClass": "other/one"}))));
        assert!(!wants_address(&service(json!({"type": "NodePort"}))));
    }
}
