//! The repair of a cause, with the user's own names filled in.

use super::facts::{Declared, Facts, Listener, Route};
use super::snapshot::Snapshot;
use kube::api::DynamicObject;
use model::Cause;
use serde::Serialize;
use serde_json::Value;

/// What to do.
#[derive(Clone, Debug, Eq, PartialEq, Serialize)]
pub struct Repair {
    pub text: String,
    /// A shell command that shows or repairs it. Absent if it depends on what only the user knows.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub command: Option<String>,
}

/// The repair for the fault of this path.
pub(super) fn repair(cause: Cause, facts: &Facts, snapshot: Option<&Snapshot>) -> Repair {
    Repair { text: cause.repair().to_owned(), command: command(cause, facts, snapshot) }
}

fn command(cause: Cause, facts: &Facts, snapshot: Option<&Snapshot>) -> Option<String> {
    let route = facts.routes.first();
    let cluster = facts.declared.as_ref().and_then(|declared| declared.cluster().split_once('/'));
    match cause {
        Cause::RouteMissing => missing_route(facts, snapshot?),
        Cause::RouteNotAccepted => {
            let Route { kind, namespace, name, .. } = route?;
            Some(format!("kubectl -n {namespace} get {} {name} -o yaml", kind.to_lowercase()))
        }
        Cause::BackendUnresolved | Cause::WrongBroker => {
            let Route { kind, namespace, name, .. } = route?;
            let id = facts.broker.as_ref().and_then(|broker| broker.id);
            let (service, port) = id
                .and_then(|id| service_of(facts, snapshot?, Some(id)))
                .or_else(|| service_of(facts, snapshot?, None))?;
            let reference = format!("{{\"name\": \"{service}\", \"port\": {port}}}");
            let patch =
                format!("[{{\"op\": \"replace\", \"path\": \"/spec/rules/0/backendRefs\", \"value\": [{reference}]}}]");
            Some(format!("kubectl -n {namespace} patch {} {name} --type json -p '{patch}'", kind.to_lowercase()))
        }
        Cause::BrokerDown => {
            let backend = route?.backends.first()?;
            Some(format!(
                "kubectl -n {} describe endpoints,pods -l strimzi.io/cluster={}",
                backend.namespace, cluster?.1
            ))
        }
        Cause::GatewayNotReady => {
            let (namespace, name) = facts.gateways.first()?.gateway.split_once('/')?;
            Some(format!("kubectl -n {namespace} get gateway {name} -o yaml"))
        }
        Cause::UntrustedCertificate => {
            let (namespace, name) = cluster?;
            Some(format!(
                "kubectl -n {namespace} get secret {name}-cluster-ca-cert -o jsonpath='{{.data.ca\\.crt}}' | base64 -d > ca.crt"
            ))
        }
        Cause::CertificateName | Cause::AdvertisedAddress => {
            let (namespace, name) = cluster?;
            Some(format!("kubectl -n {namespace} edit kafka {name}"))
        }
        Cause::TlsEndedByGateway => {
            let ends = facts.listeners.iter().find(|listener| listener.mode == "Terminate")?;
            let (namespace, name) = ends.gateway.split_once('/')?;
            Some(format!("kubectl -n {namespace} edit gateway {name}"))
        }
        _ => None,
    }
}

/// A manifest of the route.
fn missing_route(facts: &Facts, snapshot: &Snapshot) -> Option<String> {
    let declared = facts.declared.as_ref()?;
    let (namespace, cluster) = declared.cluster().split_once('/')?;
    let id = facts.broker.as_ref().and_then(|broker| broker.id);
    let (service, port) = service_of(facts, snapshot, id)?;
    let listener = listener_for(facts, declared, snapshot)?;
    let (gateway_namespace, gateway) = listener.gateway.split_once('/')?;
    let suffix = id.map_or_else(|| "bootstrap".to_owned(), |id| id.to_string());
    Some(format!(
        "kubectl apply -f - <<'EOF'\n\
         apiVersion: gateway.networking.k8s.io/v1\n\
         kind: TLSRoute\n\
         metadata: {{name: {cluster}-{}-{suffix}, namespace: {namespace}}}\n\
         spec:\n  \
           parentRefs: [{{name: {gateway}, namespace: {gateway_namespace}, sectionName: {}}}]\n  \
           hostnames: [{}]\n  \
           rules: [{{backendRefs: [{{name: {service}, port: {port}}}]}}]\n\
         EOF",
        declared.listener, listener.name, facts.host
    ))
}

/// The Gateway's listener that serves the other routes of this Kafka listener, or else the one with the longest hostname.
fn listener_for<'a>(facts: &'a Facts, declared: &Declared, snapshot: &Snapshot) -> Option<&'a Listener> {
    let siblings: Vec<&DynamicObject> = snapshot
        .tls_routes
        .iter()
        .filter(|route| {
            let hosts = route.data["spec"]["hostnames"].as_array().into_iter().flatten().filter_map(Value::as_str);
            hosts
                .filter_map(|host| snapshot.declared(host))
                .any(|one| one.listener == declared.listener && one.resource == declared.resource)
        })
        .collect();
    let used = |listener: &Listener| {
        siblings.iter().any(|route| {
            let own = route.metadata.namespace.as_deref().unwrap_or_default();
            route.data["spec"]["parentRefs"].as_array().into_iter().flatten().any(|parent| {
                let namespace = parent["namespace"].as_str().unwrap_or(own);
                let name = parent["name"].as_str().unwrap_or_default();
                let section = parent["sectionName"].as_str();
                listener.gateway == format!("{namespace}/{name}")
                    && section.is_none_or(|section| section == listener.name)
            })
        })
    };
    let length = |listener: &Listener| listener.hostname.as_ref().map_or(0, String::len);
    facts.listeners.iter().max_by_key(|listener| (used(listener), length(listener)))
}

/// The Service of a broker, or of the bootstrap, at the Kafka listener that declares the host, with its port. Strimzi calls
/// it `<cluster>-<pool>-<listener>-<id>` or `<cluster>-kafka-<listener>-bootstrap`.
fn service_of(facts: &Facts, snapshot: &Snapshot, id: Option<i32>) -> Option<(String, u64)> {
    let declared = facts.declared.as_ref()?;
    let (namespace, cluster) = declared.cluster().split_once('/')?;
    let end = match id {
        Some(id) => format!("-{}-{id}", declared.listener),
        None => format!("-{}-bootstrap", declared.listener),
    };
    let service = snapshot.services.iter().find(|service| {
        let name = service.metadata.name.as_deref().unwrap_or_default();
        service.metadata.namespace.as_deref() == Some(namespace) && name.starts_with(cluster) && name.ends_with(&end)
    })?;
    Some((service.metadata.name.clone()?, service.data["spec"]["ports"][0]["port"].as_u64()?))
}

#[cfg(test)]
mod tests {
    use super::*;
    use kubeapi::parse_manifests;

    fn objects(text: &str) -> Vec<DynamicObject> {
        parse_manifests("test.yaml", text).expect("manifests")
    }

    #[test]
    fn a_missing_route_gets_the_parent_of_its_siblings() {
        let kafka = "
apiVersion: kafka.strimzi.io/v1
kind: Kafka
metadata: {name: my-cluster, namespace: kafka}
spec:
  kafka:
    listeners:
      - name: external
        type: tlsroute
        configuration:
          bootstrap: {host: bootstrap.a.test}
          hostTemplate: 'broker-{nodeId}.a.test'
";
        let route = "
apiVersion: gateway.networking.k8s.io/v1
kind: TLSRoute
metadata: {name: bootstrap, namespace: kafka}
spec:
  parentRefs: [{name: ours, sectionName: tls}]
  hostnames: [bootstrap.a.test]
";
        let service = "
apiVersion: v1
kind: Service
metadata: {name: my-cluster-broker-external-11, namespace: kafka}
spec: {ports: [{port: 9094}]}
";
        let listener = |gateway: &str, hostname: &str| Listener {
            gateway: gateway.into(),
            name: "tls".into(),
            port: 9092,
            hostname: Some(hostname.into()),
            mode: "Passthrough".into(),
            ..Listener::default()
        };
        let mut snapshot =
            Snapshot::of(objects(route), Vec::new(), objects(service), Vec::new(), Vec::new(), Vec::new(), None);
        snapshot.kafkas = objects(kafka);
        let mut facts = Facts::of("broker-11.a.test", 9092);
        facts.broker = Some(probe::BrokerAddr { id: Some(11), host: facts.host.clone(), port: 9092 });
        facts.declared = snapshot.declared(&facts.host);
        facts.listeners = vec![listener("other/theirs", "*.a.test"), listener("kafka/ours", "*.test")];
        let parent = |facts: &Facts, snapshot: &Snapshot| {
            let manifest = missing_route(facts, snapshot).expect("a manifest");
            manifest.lines().find(|line| line.contains("parentRefs")).map(str::trim).map(ToOwned::to_owned)
        };
        let ours = "parentRefs: [{name: ours, namespace: kafka, sectionName: tls}]";
        assert_eq!(parent(&facts, &snapshot).as_deref(), Some(ours));
        // Without a sibling, the listener that is made for the name.
        snapshot.tls_routes.clear();
        let theirs = "parentRefs: [{name: theirs, namespace: other, sectionName: tls}]";
        assert_eq!(parent(&facts, &snapshot).as_deref(), Some(theirs));
    }
}
