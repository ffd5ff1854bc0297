//! What the cluster's objects say about a name: routes, listeners, Services, Pods and Kafka resources.

use super::facts::{Backend, Condition, Declared, Listener, Parent, PodBroker, Route};
use kube::api::{DynamicObject, ListParams};
use kubeapi::{Catalog, Error, conditions, pod_object_is_ready};
use serde_json::Value;

/// Whether the hostname of a route or listener covers a name. As the Gateway API defines it, a wildcard covers any
/// number of labels.
pub(super) fn covers(pattern: &str, host: &str) -> bool {
    let (pattern, host) = (pattern.to_ascii_lowercase(), host.to_ascii_lowercase());
    match pattern.strip_prefix('*') {
        Some(suffix) => host.len() > suffix.len() && host.ends_with(suffix),
        None => pattern == host,
    }
}

/// Whether some name is covered by both hostnames, of which each may be a wildcard.
pub(super) fn overlap(one: &str, other: &str) -> bool {
    covers(one, other) || covers(other, one)
}

/// Every object of a kind in all namespaces. A kind that is not served has no objects.
pub(super) async fn all(catalog: &Catalog, kind: &str) -> Result<Vec<DynamicObject>, Error> {
    let served = match catalog.kind(kind, None).await {
        Ok(served) => served,
        Err(Error::UnknownKind { .. }) => return Ok(Vec::new()),
        Err(error) => return Err(error),
    };
    let api = kube::Api::<DynamicObject>::all_with(catalog.client().clone(), &served.resource);
    Ok(api.list(&ListParams::default()).await.map_err(Error::request(format!("list {kind}")))?.items)
}

/// The routes that concern the address: TLSRoutes by hostname, the most specific first, and TCPRoutes by the port of
/// their parents, because they have no hostnames.
pub(super) fn routes(
    tls: &[DynamicObject],
    tcp: &[DynamicObject],
    gateways: &[DynamicObject],
    host: &str,
    port: u16,
) -> Vec<Route> {
    let mut found: Vec<Route> = tls
        .iter()
        .map(|object| route(object, "TLSRoute"))
        .filter(|route| route.hostnames.is_empty() || route.hostnames.iter().any(|pattern| covers(pattern, host)))
        .collect();
    // An exact name takes precedence over a wildcard, and a route without hostnames comes last.
    found.sort_by_key(|route| {
        let names = &route.hostnames;
        (!names.iter().any(|name| name == host), names.is_empty(), route.namespace.clone(), route.name.clone())
    });
    found.extend(
        tcp.iter().filter(|object| attached_to(object, gateways, host, port)).map(|object| route(object, "TCPRoute")),
    );
    found
}

/// Whether a listener of the route's parents serves the address. A TLS listener for other names sends nothing to the route.
fn attached_to(route: &DynamicObject, gateways: &[DynamicObject], host: &str, port: u16) -> bool {
    let own = route.metadata.namespace.as_deref().unwrap_or_default();
    list(&route.data["spec"]["parentRefs"]).iter().any(|parent| {
        let namespace = parent["namespace"].as_str().unwrap_or(own);
        gateways
            .iter()
            .filter(|gateway| {
                gateway.metadata.name.as_deref() == parent["name"].as_str()
                    && gateway.metadata.namespace.as_deref() == Some(namespace)
            })
            .flat_map(|gateway| list(&gateway.data["spec"]["listeners"]))
            .any(|listener| {
                listener["port"] == port
                    && listener["hostname"].as_str().is_none_or(|pattern| covers(pattern, host))
                    && parent["port"].as_u64().is_none_or(|wanted| wanted == u64::from(port))
                    && parent["sectionName"].as_str().is_none_or(|section| listener["name"] == section)
            })
    })
}

/// A condition as every kind writes it.
pub(super) fn condition(condition: &Value) -> Condition {
    Condition {
        kind: text(&condition["type"]),
        status: condition["status"] == "True",
        reason: text(&condition["reason"]),
        message: text(&condition["message"]),
    }
}

pub(super) fn route(object: &DynamicObject, kind: &str) -> Route {
    let namespace = object.metadata.namespace.clone().unwrap_or_default();
    let backends = list(&object.data["spec"]["rules"])
        .iter()
        .flat_map(|rule| list(&rule["backendRefs"]))
        .map(|backend| Backend {
            namespace: backend["namespace"].as_str().unwrap_or(&namespace).to_owned(),
            service: text(&backend["name"]),
            exists: false,
            port: backend["port"].as_u64().and_then(|port| u16::try_from(port).ok()),
            ports: Vec::new(),
            target: None,
            pods: 0,
            ready: 0,
            brokers: Vec::new(),
        })
        .collect();
    let parents = list(&object.data["spec"]["parentRefs"])
        .iter()
        .map(|parent| Parent {
            kind: parent["kind"].as_str().unwrap_or("Gateway").to_owned(),
            gateway: format!("{}/{}", parent["namespace"].as_str().unwrap_or(&namespace), text(&parent["name"])),
            listener: parent["sectionName"].as_str().map(ToOwned::to_owned),
        })
        .collect();
    let conditions = conditions(object).into_iter().map(condition).collect();
    Route {
        kind: kind.to_owned(),
        name: object.metadata.name.clone().unwrap_or_default(),
        hostnames: list(&object.data["spec"]["hostnames"]).iter().map(text).collect(),
        parents,
        conditions,
        backends,
        namespace,
    }
}

/// Adds the state of each backend.
pub(super) fn resolve(routes: &mut [Route], services: &[DynamicObject], pods: &[DynamicObject]) {
    for backend in routes.iter_mut().flat_map(|route| &mut route.backends) {
        let here = |object: &&DynamicObject| object.metadata.namespace.as_deref() == Some(&backend.namespace);
        let service = services.iter().filter(here).find(|one| one.metadata.name.as_deref() == Some(&backend.service));
        let Some(service) = service else { continue };
        backend.ports = list(&service.data["spec"]["ports"])
            .iter()
            .filter_map(|port| port["port"].as_u64().and_then(|port| u16::try_from(port).ok()))
            .collect();
        let named = list(&service.data["spec"]["ports"])
            .iter()
            .find(|port| port["port"].as_u64() == backend.port.map(u64::from));
        let selector = service.data["spec"]["selector"].as_object();
        let selected: Vec<_> = pods
            .iter()
            .filter(here)
            .filter(|pod| {
                let labels = pod.metadata.labels.as_ref();
                selector.is_some_and(|selector| {
                    selector
                        .iter()
                        .all(|(key, value)| labels.and_then(|all| all.get(key)).map(String::as_str) == value.as_str())
                })
            })
            .collect();
        backend.target = named.and_then(|port| target(port, &selected)).and_then(|port| u16::try_from(port).ok());
        backend.exists = true;
        backend.pods = selected.len();
        backend.ready = selected.iter().filter(|pod| pod_object_is_ready(pod)).count();
        backend.brokers = selected.iter().filter_map(|pod| broker(pod)).collect();
    }
}

/// The port of the Pods behind a port of a Service: a number, the name of a container's port (as Strimzi writes it), or without
/// either the Service's own number.
fn target(port: &Value, pods: &[&DynamicObject]) -> Option<u64> {
    let Some(name) = port["targetPort"].as_str() else {
        return port["targetPort"].as_u64().or_else(|| port["port"].as_u64());
    };
    let containers = pods.iter().flat_map(|pod| list(&pod.data["spec"]["containers"]));
    let mut ports = containers.flat_map(|container| list(&container["ports"]));
    ports.find(|port| port["name"] == name)?["containerPort"].as_u64()
}

/// The broker of a Pod. Its node id is the end of the name `<cluster>-<pool>-<id>`.
fn broker(pod: &DynamicObject) -> Option<PodBroker> {
    let cluster = pod.metadata.labels.as_ref()?.get("strimzi.io/cluster")?;
    let id = pod.metadata.name.as_ref()?.rsplit('-').next()?.parse().ok()?;
    Some(PodBroker { cluster: format!("{}/{cluster}", pod.metadata.namespace.as_deref().unwrap_or_default()), id })
}

/// The listeners on the port that serve the name.
pub(super) fn for_name(served: &[Listener], host: &str, port: u16) -> Vec<Listener> {
    served.iter().filter(|listener| listener.port == port && listener.serves(host)).cloned().collect()
}

/// All listeners of the Gateways.
pub(super) fn listeners(gateways: &[DynamicObject]) -> Vec<Listener> {
    let mut found = Vec::new();
    for gateway in gateways {
        let metadata = &gateway.metadata;
        let title = format!(
            "{}/{}",
            metadata.namespace.as_deref().unwrap_or_default(),
            metadata.name.as_deref().unwrap_or_default()
        );
        let statuses = list(&gateway.data["status"]["listeners"]);
        for listener in list(&gateway.data["spec"]["listeners"]) {
            let status = statuses.iter().find(|status| status["name"] == listener["name"]);
            found.push(Listener {
                gateway: title.clone(),
                name: text(&listener["name"]),
                port: listener["port"].as_u64().and_then(|port| u16::try_from(port).ok()).unwrap_or_default(),
                hostname: listener["hostname"].as_str().map(ToOwned::to_owned),
                mode: text(&listener["tls"]["mode"]),
                attached_routes: status.and_then(|status| status["attachedRoutes"].as_u64()),
                addresses: kubeapi::gateway_addresses(gateway),
            });
        }
    }
    found
}

/// Takes the routes that were not accepted from the count of each listener. The status counts every route that a listener
/// allows, accepted or not, and some implementations do so.
pub(super) fn count_accepted(listeners: &mut [Listener], tls: &[DynamicObject], tcp: &[DynamicObject]) {
    let all: Vec<Route> =
        tls.iter().map(|one| route(one, "TLSRoute")).chain(tcp.iter().map(|one| route(one, "TCPRoute"))).collect();
    for listener in listeners {
        let names = |parent: &Parent| {
            let section = parent.listener.as_ref().is_none_or(|name| *name == listener.name);
            parent.kind == "Gateway" && parent.gateway == listener.gateway && section
        };
        let refused = all.iter().filter(|route| !route.accepted() && route.parents.iter().any(names)).count();
        let accepted = all.iter().any(|route| route.accepted() && route.parents.iter().any(names));
        // A route of another kind may be among those that the status counts.
        if !accepted && listener.attached_routes.is_some_and(|count| count <= refused as u64) {
            listener.attached_routes = Some(0);
        }
    }
}

/// The Kafka resource that declares the name, if any.
pub(super) fn declared(kafkas: &[DynamicObject], host: &str) -> Option<Declared> {
    for kafka in kafkas {
        for listener in list(&kafka.data["spec"]["kafka"]["listeners"]) {
            let configuration = &listener["configuration"];
            let bootstrap = &configuration["bootstrap"];
            let starts =
                bootstrap["host"] == host || list(&bootstrap["alternativeNames"]).iter().any(|name| name == host);
            let template =
                |field: &str| configuration[field].as_str().is_some_and(|template| made_from(template, host));
            let advertised = template("hostTemplate")
                || template("advertisedHostTemplate")
                || list(&configuration["brokers"])
                    .iter()
                    .any(|broker| broker["host"] == host || broker["advertisedHost"] == host);
            if starts || advertised {
                return Some(declaration(kafka, listener, advertised));
            }
        }
    }
    None
}

/// The listener behind the first accepted route: that of its brokers' cluster with the port that the Service leads to.
pub(super) fn led_to(kafkas: &[DynamicObject], routes: &[Route]) -> Option<Declared> {
    let backend = routes.iter().find(|route| route.accepted())?.backends.first()?;
    let (target, cluster) = (backend.target?, &backend.brokers.first()?.cluster);
    let kafka = kafkas.iter().find(|kafka| title(kafka) == *cluster)?;
    let listeners = list(&kafka.data["spec"]["kafka"]["listeners"]);
    let listener = listeners.iter().find(|listener| listener["port"].as_u64() == Some(u64::from(target)))?;
    Some(declaration(kafka, listener, false))
}

fn declaration(kafka: &DynamicObject, listener: &Value, advertised: bool) -> Declared {
    Declared {
        resource: format!("Kafka {}", title(kafka)),
        listener: text(&listener["name"]),
        port: listener["port"].as_u64().and_then(|port| u16::try_from(port).ok()),
        tls: listener["tls"] == true,
        advertised,
        cluster_id: kafka.data["status"]["clusterId"].as_str().map(ToOwned::to_owned),
    }
}

fn title(kafka: &DynamicObject) -> String {
    let of = |text: &Option<String>| text.clone().unwrap_or_default();
    format!("{}/{}", of(&kafka.metadata.namespace), of(&kafka.metadata.name))
}

/// Whether a template with `{nodeId}` yields this name for some node.
fn made_from(template: &str, host: &str) -> bool {
    let Some((before, after)) = template.split_once("{nodeId}") else {
        return template == host;
    };
    let id = host.strip_prefix(before).and_then(|rest| rest.strip_suffix(after));
    id.is_some_and(|id| !id.is_empty() && id.bytes().all(|byte| byte.is_ascii_digit()))
}

fn list(value: &Value) -> &[Value] {
    value.as_array().map_or(&[], Vec::as_slice)
}

fn text(value: &Value) -> String {
    value.as_str().unwrap_or_default().to_owned()
}

#[cfg(test)]
#[path = "routes_tests.rs"]
mod tests;
