//! The repair of a cause, with the user's own names filled in.

use super::facts::{Facts, Route};
use super::snapshot::Snapshot;
use model::Cause;
use serde::Serialize;

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

/// A manifest of the route, with the parents of a route of the same Kafka listener.
fn missing_route(facts: &Facts, snapshot: &Snapshot) -> Option<String> {
    let declared = facts.declared.as_ref()?;
    let (namespace, cluster) = declared.cluster().split_once('/')?;
    let id = facts.broker.as_ref().and_then(|broker| broker.id);
    let (service, port) = service_of(facts, snapshot, id)?;
    let listener = facts.listeners.first()?;
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
