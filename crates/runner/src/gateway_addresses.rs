//! The addresses of a scenario's own Gateways, where every Gateway has one.

use super::Context;
use kube::api::{DynamicObject, ListParams};
use kubeapi::gateway_addresses;
use probe::resolve;
use serde_json::Value;
use std::collections::BTreeSet;
use std::net::IpAddr;

/// The names that lead to the scenario's own Gateways in this process, until the scenario ends.
#[derive(Debug, Default)]
pub struct OwnGateways {
    names: BTreeSet<String>,
    /// The address of the first one, for connections without a name.
    address: Option<IpAddr>,
}

impl OwnGateways {
    /// Takes the names of these routes of the namespace. A Gateway's wildcard may also cover names that another Gateway serves,
    /// and the longer name wins.
    fn follow(&mut self, routes: &[DynamicObject], address_of: impl Fn(&str, &str) -> Option<IpAddr>) {
        for route in routes {
            let own = route.metadata.namespace.as_deref().unwrap_or_default();
            let mut parents = route.data["spec"]["parentRefs"].as_array().into_iter().flatten();
            let address = parents.find_map(|parent| {
                address_of(parent["namespace"].as_str().unwrap_or(own), parent["name"].as_str().unwrap_or_default())
            });
            let Some(address) = address else { continue };
            let names = route.data["spec"]["hostnames"].as_array().into_iter().flatten().filter_map(Value::as_str);
            for name in names.map(|name| name.trim_start_matches("*.")) {
                resolve::map_domain(name, address);
                self.names.insert(name.to_owned());
            }
        }
    }

    /// Takes the names of these Gateways. `domains` are those of the scenario, which a listener without a hostname serves.
    fn take(&mut self, gateways: &[DynamicObject], domains: &[&str]) {
        for gateway in gateways {
            let Some(address) = gateway_addresses(gateway).into_iter().next() else { continue };
            self.address.get_or_insert(address);
            for suffix in suffixes(gateway, domains) {
                resolve::map_domain(&suffix, address);
                self.names.insert(suffix);
            }
        }
    }
}

impl Drop for OwnGateways {
    fn drop(&mut self) {
        self.names.iter().for_each(|name| resolve::forget_domain(name));
    }
}

/// The domains that the Gateway's listeners serve.
fn suffixes(gateway: &DynamicObject, domains: &[&str]) -> BTreeSet<String> {
    let listeners = gateway.data["spec"]["listeners"].as_array().into_iter().flatten();
    let names = listeners.flat_map(|listener| match listener["hostname"].as_str() {
        Some(name) => vec![name.trim_start_matches("*.")],
        None => domains.to_vec(),
    });
    names.map(ToOwned::to_owned).collect()
}

/// Makes the names of the scenario's own Gateways lead to their addresses. Does nothing where all Gateways share one.
///
/// # Errors
/// What the API server says.
pub async fn learn(context: &mut Context<'_>) -> Result<(), kubeapi::Error> {
    if !context.lab.info.gateway.separate {
        return Ok(());
    }
    let kind = context.lab.catalog.kind("Gateway", None).await?;
    let own = kind.api(context.lab.catalog.client(), &context.namespace);
    let listed = own.list(&ListParams::default()).await.map_err(kubeapi::Error::request("list the Gateways"))?;
    let own = format!("{}.{}", context.id, context.lab.info.domain);
    let exclusive = context.variables.get("listener.domain");
    let domains: Vec<&str> = std::iter::once(own.as_str()).chain(exclusive).collect();
    context.gateways.take(&listed.items, &domains);
    if listed.items.is_empty() {
        return Ok(());
    }
    let kind = context.lab.catalog.kind("TLSRoute", None).await?;
    let routes = kind.api(context.lab.catalog.client(), &context.namespace).list(&ListParams::default()).await;
    let routes = routes.map_err(kubeapi::Error::request("list the TLSRoutes"))?;
    let (namespace, shared) = (&context.namespace, &context.lab.info);
    let address_of = |of: &str, name: &str| {
        let ours = listed.items.iter().find(|one| of == namespace && one.metadata.name.as_deref() == Some(name));
        let of_lab = of == shared.shared.namespace && name == "lab";
        ours.and_then(|one| gateway_addresses(one).into_iter().next()).or(of_lab.then_some(shared.gateway.address))
    };
    context.gateways.follow(&routes.items, address_of);
    Ok(())
}

/// The address where the name is served. Names that nobody serves, and connections without a name, go to the scenario's own
/// Gateway, or else to the lab's.
pub fn address_of(context: &Context<'_>, sni: Option<&str>) -> IpAddr {
    let lab = context.lab.info.gateway.address;
    if !context.lab.info.gateway.separate {
        return lab;
    }
    let named = sni.and_then(resolve::mapped).filter(|address| *address != lab);
    named.or(context.gateways.address).unwrap_or(lab)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_lead_to_the_gateway_of_their_listener_until_the_scenario_ends() {
        let gateways = kubeapi::parse_manifests(
            "gateway.yaml",
            "
apiVersion: gateway.networking.k8s.io/v1
kind: Gateway
metadata: {name: own}
spec:
  listeners:
    - {name: a, hostname: '*.own-gateways.invalid', port: 9092, protocol: TLS}
    - {name: b, port: 9093, protocol: TCP}
status: {addresses: [{value: gateway.example}, {value: 192.0.2.7}]}
",
        )
        .expect("a manifest");
        let mut own = OwnGateways::default();
        own.take(&gateways, &["id.invalid"]);
        let address = Some(IpAddr::from([192, 0, 2, 7]));
        assert_eq!((own.address, resolve::mapped("broker-1.own-gateways.invalid")), (address, address));
        assert_eq!(resolve::mapped("bootstrap.id.invalid"), address, "the listener without a hostname");
        let route = "
apiVersion: gateway.networking.k8s.io/v1
kind: TLSRoute
metadata: {name: r, namespace: mine}
spec: {parentRefs: [{name: elsewhere}, {name: lab, namespace: kafka}], hostnames: [broker-1.own-gateways.invalid]}
";
        let lab = IpAddr::from([192, 0, 2, 8]);
        let routes = kubeapi::parse_manifests("route.yaml", route).expect("a manifest");
        own.follow(&routes, |namespace, name| (namespace == "kafka" && name == "lab").then_some(lab));
        assert_eq!(resolve::mapped("broker-1.own-gateways.invalid"), Some(lab));
        assert_eq!(resolve::mapped("broker-2.own-gateways.invalid"), address);
        drop(own);
        assert_eq!(resolve::mapped("broker-1.own-gateways.invalid"), None);
    }
}
