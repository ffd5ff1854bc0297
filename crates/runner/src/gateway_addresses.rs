//! The addresses of a scenario's own Gateways, where every Gateway has one.

use super::Context;
use kube::api::{DynamicObject, ListParams};
use kubeapi::gateway_addresses;
use probe::resolve;
use serde_json::Value;
use std::collections::BTreeMap;
use std::net::IpAddr;

const LISTENER_SET: &str = "ListenerSet";

/// Where names of the scenario lead in this process, until the scenario ends.
#[derive(Debug, Default)]
pub struct OwnGateways {
    /// The address for each name and all names below it.
    rules: BTreeMap<String, IpAddr>,
    /// The address of the first one, for connections without a name.
    address: Option<IpAddr>,
}

impl OwnGateways {
    fn set(&mut self, rules: BTreeMap<String, IpAddr>) {
        for (suffix, address) in rules {
            if self.rules.get(&suffix) != Some(&address) {
                resolve::map_domain(&suffix, address);
                self.rules.insert(suffix, address);
            }
        }
    }
}

impl Drop for OwnGateways {
    fn drop(&mut self) {
        self.rules.keys().for_each(|suffix| resolve::forget_domain(suffix));
    }
}

/// What is known about names and addresses.
struct Known<'a> {
    /// The scenario's own namespace, its Gateways, the listeners that it adds to Gateways, and its routes.
    namespace: &'a str,
    gateways: &'a [DynamicObject],
    listener_sets: &'a [DynamicObject],
    routes: &'a [DynamicObject],
    /// The domain that only this run has. Its names lead to the first own Gateway unless more is known.
    domain: &'a str,
    /// The domain of the exclusive listener, which a Gateway's listener without a hostname serves.
    exclusive: Option<&'a str>,
    /// The namespace, the name and the address of the lab's Gateway.
    lab: (&'a str, &'a str, IpAddr),
}

impl Known<'_> {
    fn address(&self, namespace: &str, name: &str) -> Option<IpAddr> {
        let (of_lab, lab, address) = self.lab;
        if (namespace, name) == (of_lab, lab) {
            return Some(address);
        }
        let own = self.gateways.iter().find(|one| one.metadata.name.as_deref() == Some(name))?;
        gateway_addresses(own).into_iter().next().filter(|_| namespace == self.namespace)
    }

    /// The address of the Gateway that a `parentRef` names: itself, or by a ListenerSet.
    fn address_of_parent(&self, parent: &Value) -> Option<IpAddr> {
        let (namespace, name) = (parent["namespace"].as_str().unwrap_or(self.namespace), parent["name"].as_str()?);
        if parent["kind"] != LISTENER_SET {
            return self.address(namespace, name);
        }
        let set = self.listener_sets.iter().find(|one| one.metadata.name.as_deref() == Some(name))?;
        let gateway = &set.data["spec"]["parentRef"];
        self.address(gateway["namespace"].as_str().unwrap_or(namespace), gateway["name"].as_str()?)
    }

    fn first(&self) -> Option<IpAddr> {
        self.gateways.iter().find_map(|gateway| gateway_addresses(gateway).into_iter().next())
    }

    /// The names of listeners, and then those of routes: a Gateway's wildcard may cover a name that a route gives to another.
    fn rules(&self) -> BTreeMap<String, IpAddr> {
        let mut rules: BTreeMap<String, IpAddr> =
            self.first().into_iter().map(|address| (self.domain.to_owned(), address)).collect();
        for gateway in self.gateways {
            let Some(address) = gateway_addresses(gateway).into_iter().next() else { continue };
            let listeners = gateway.data["spec"]["listeners"].as_array().into_iter().flatten();
            let names = listeners.filter_map(|listener| listener["hostname"].as_str().or(self.exclusive));
            rules.extend(names.map(|name| (suffix(name), address)));
        }
        for route in self.routes {
            let mut parents = route.data["spec"]["parentRefs"].as_array().into_iter().flatten();
            let Some(address) = parents.find_map(|parent| self.address_of_parent(parent)) else { continue };
            let names = route.data["spec"]["hostnames"].as_array().into_iter().flatten().filter_map(Value::as_str);
            rules.extend(names.map(|name| (suffix(name), address)));
        }
        rules
    }
}

fn suffix(hostname: &str) -> String {
    hostname.trim_start_matches("*.").to_owned()
}

/// Makes the names of the scenario's own Gateways lead to their addresses. Does nothing where all Gateways share one.
///
/// # Errors
/// What the API server says.
pub async fn learn(context: &mut Context<'_>) -> Result<(), kubeapi::Error> {
    let info = &context.lab.info;
    if !info.gateway.separate {
        return Ok(());
    }
    let gateways = own(context, "Gateway").await?;
    if gateways.is_empty() {
        return Ok(());
    }
    let listener_sets = match own(context, LISTENER_SET).await {
        // A cluster with an older Gateway API has none.
        Err(kubeapi::Error::UnknownKind { .. }) => Vec::new(),
        found => found?,
    };
    let routes = own(context, "TLSRoute").await?;
    let lab = (info.shared.namespace.as_str(), context.variables.get("gateway.name").unwrap_or_default());
    let known = Known {
        namespace: &context.namespace,
        gateways: &gateways,
        listener_sets: &listener_sets,
        routes: &routes,
        domain: &format!("{}.{}", context.id, info.domain),
        exclusive: context.variables.get("listener.domain"),
        lab: (lab.0, lab.1, info.gateway.address),
    };
    let (first, rules) = (known.first(), known.rules());
    context.gateways.address = first;
    context.gateways.set(rules);
    Ok(())
}

async fn own(context: &Context<'_>, kind: &str) -> Result<Vec<DynamicObject>, kubeapi::Error> {
    let served = context.lab.catalog.kind(kind, None).await?;
    let listed = served.api(context.lab.catalog.client(), &context.namespace).list(&ListParams::default()).await;
    Ok(listed.map_err(kubeapi::Error::request(format!("list the {kind} objects")))?.items)
}

/// The address where a client finds the name. Names outside the lab's domain, and connections without a name, go to the scenario's
/// own Gateway, or else to the lab's.
pub fn address_of(context: &Context<'_>, sni: Option<&str>) -> IpAddr {
    let gateway = &context.lab.info.gateway;
    if !gateway.separate {
        return gateway.address;
    }
    sni.and_then(resolve::mapped).or(context.gateways.address).unwrap_or(gateway.address)
}

#[cfg(test)]
mod tests {
    use super::*;

    const GATEWAYS: &str = "
apiVersion: gateway.networking.k8s.io/v1
kind: Gateway
metadata: {name: own, namespace: mine}
spec:
  listeners:
    - {name: a, hostname: '*.slot.test', port: 9092, protocol: TLS}
    - {name: b, hostname: east.id.test, port: 9092, protocol: TLS}
status: {addresses: [{value: gateway.example}, {value: 192.0.2.7}]}
---
apiVersion: gateway.networking.k8s.io/v1
kind: Gateway
metadata: {name: without-address, namespace: mine}
spec: {listeners: [{name: a, hostname: '*.nowhere.test', port: 9092, protocol: TLS}]}
---
apiVersion: gateway.networking.k8s.io/v1
kind: Gateway
metadata: {name: tcp, namespace: mine}
spec: {listeners: [{name: a, port: 9100, protocol: TCP}]}
status: {addresses: [{value: 192.0.2.9}]}
";
    const ROUTES: &str = "
apiVersion: gateway.networking.k8s.io/v1
kind: TLSRoute
metadata: {name: r, namespace: mine}
spec: {parentRefs: [{name: elsewhere}, {name: lab, namespace: kafka}], hostnames: [broker-1.slot.test]}
---
apiVersion: gateway.networking.k8s.io/v1
kind: TLSRoute
metadata: {name: by-a-set, namespace: mine}
spec: {parentRefs: [{kind: ListenerSet, name: team}], hostnames: [broker-1.team.test]}
";
    const SETS: &str = "
apiVersion: gateway.networking.k8s.io/v1
kind: ListenerSet
metadata: {name: team, namespace: mine}
spec: {parentRef: {name: tcp}, listeners: [{name: a, port: 9092, protocol: TLS, hostname: '*.team.test'}]}
";

    fn objects(text: &str) -> Vec<DynamicObject> {
        kubeapi::parse_manifests("test.yaml", text).expect("manifests")
    }

    fn address(last: u8) -> IpAddr {
        IpAddr::from([192, 0, 2, last])
    }

    #[test]
    fn each_name_leads_to_the_gateway_that_serves_it() {
        let (gateways, listener_sets, routes) = (objects(GATEWAYS), objects(SETS), objects(ROUTES));
        let known = Known {
            namespace: "mine",
            gateways: &gateways,
            listener_sets: &listener_sets,
            routes: &routes,
            domain: "id.test",
            exclusive: Some("plain.test"),
            lab: ("kafka", "lab", address(8)),
        };
        let rules = known.rules();
        let expected = [
            // A route gives this name to the lab's Gateway, although a wildcard of the own one covers it.
            ("broker-1.slot.test", address(8)),
            ("broker-1.team.test", address(9)),
            ("east.id.test", address(7)),
            // A name that no listener has is asked for at the own Gateway too, and must be refused there.
            ("id.test", address(7)),
            ("plain.test", address(9)),
            ("slot.test", address(7)),
        ];
        assert_eq!(rules, expected.map(|(name, address)| (name.to_owned(), address)).into());
    }

    #[test]
    fn names_are_forgotten_when_the_scenario_ends() {
        let mut own = OwnGateways::default();
        own.set([("own-gateways.invalid".to_owned(), address(7))].into());
        assert_eq!(resolve::mapped("broker-1.own-gateways.invalid"), Some(address(7)));
        drop(own);
        assert_eq!(resolve::mapped("broker-1.own-gateways.invalid"), None);
    }
}
