//! From a running lab to facts about its shared cluster.

use super::Error;
use k8s_openapi::api::core::v1::{ConfigMap, Secret, Service};
use k8s_openapi::apimachinery::pkg::util::intstr::IntOrString;
use kube::api::{Api, DynamicObject, ListParams};
use kubeapi::Error as KubeError;
use lab::Lab;
use probe::ConnectionConfig;
use serde_json::Value;
use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;
use x509_parser::pem::Pem;
use x509_parser::prelude::{FromDer, X509Certificate};
use x509_parser::public_key::PublicKey;

type Facts = BTreeMap<String, BTreeSet<String>>;

const CLUSTER_LABEL: &str = "strimzi.io/cluster";
const KIND_LABEL: &str = "strimzi.io/kind";
const ANSWER: Duration = Duration::from_secs(30);
/// Kinds that are compared by name only, because each operator runs Pods in its own way.
const NAMES_ONLY: [&str; 8] = [
    "Deployment",
    "NetworkPolicy",
    "PodDisruptionBudget",
    "Role",
    "RoleBinding",
    "ClusterRoleBinding",
    "ServiceAccount",
    "StrimziPodSet",
];
/// The settings of a broker that decide which clients reach it, and with which identity.
const SETTINGS: [&str; 8] = [
    "node.id",
    "process.roles",
    "listener.security.protocol.map",
    "inter.broker.listener.name",
    "controller.listener.names",
    "authorizer.class.name",
    "super.users",
    "sasl.enabled.mechanisms",
];

/// All facts, by `kind name`.
pub(super) async fn all(lab: &Lab) -> Result<Facts, Error> {
    let mut facts = Facts::new();
    for service in labelled::<Service>(lab).await? {
        facts.insert(format!("Service {}", name(&service)), of_service(&service));
    }
    for secret in labelled::<Secret>(lab).await? {
        of_secret(&secret, &mut facts);
    }
    for map in labelled::<ConfigMap>(lab).await? {
        of_config_map(&map, &mut facts);
    }
    for route in dynamic(lab, "TLSRoute").await? {
        facts.insert(format!("TLSRoute {}", route.metadata.name.clone().unwrap_or_default()), of_route(&route.data));
    }
    for kind in NAMES_ONLY {
        for object in dynamic(lab, kind).await? {
            let name = object.metadata.name.unwrap_or_default();
            facts.insert(format!("{kind} {name}"), BTreeSet::from(["present".to_owned()]));
        }
    }
    for pod in dynamic(lab, "Pod").await? {
        let name = pod.metadata.name.clone().unwrap_or_default();
        // Strimzi's Deployments give their Pods random names.
        if name.starts_with(&format!("{}-entity-operator-", lab.info.shared.cluster)) {
            continue;
        }
        facts.insert(format!("Pod {name}"), of_pod(&pod));
    }
    for kafka in dynamic_named(lab, "Kafka").await? {
        of_status(&kafka.data["status"], &mut facts);
    }
    advertised(lab, &mut facts).await;
    Ok(facts)
}

async fn labelled<K>(lab: &Lab) -> Result<Vec<K>, Error>
where
    K: kube::Resource<DynamicType = (), Scope = k8s_openapi::NamespaceResourceScope>
        + Clone
        + std::fmt::Debug
        + serde::de::DeserializeOwned,
{
    let api: Api<K> = Api::namespaced(lab.catalog.client().clone(), &lab.info.shared.namespace);
    let list = api.list(&selector(lab)).await.map_err(KubeError::request(format!("list {}", K::kind(&()))))?;
    // Users and topics come and go with scenarios.
    Ok(list.items.into_iter().filter(|object| label(object.meta(), KIND_LABEL) != Some("KafkaUser")).collect())
}

fn selector(lab: &Lab) -> ListParams {
    ListParams::default().labels(&format!("{CLUSTER_LABEL}={}", lab.info.shared.cluster))
}

/// The cluster's objects of a kind. Empty if the kind is not served.
async fn dynamic(lab: &Lab, kind: &str) -> Result<Vec<DynamicObject>, Error> {
    list(lab, kind, &selector(lab)).await
}

async fn dynamic_named(lab: &Lab, kind: &str) -> Result<Vec<DynamicObject>, Error> {
    let all = list(lab, kind, &ListParams::default()).await?;
    Ok(all.into_iter().filter(|object| object.metadata.name.as_ref() == Some(&lab.info.shared.cluster)).collect())
}

async fn list(lab: &Lab, kind: &str, params: &ListParams) -> Result<Vec<DynamicObject>, Error> {
    let served = match lab.catalog.kind(kind, None).await {
        Ok(served) => served,
        Err(KubeError::UnknownKind { .. }) => return Ok(Vec::new()),
        Err(error) => return Err(error.into()),
    };
    let api = served.api(lab.catalog.client(), &lab.info.shared.namespace);
    Ok(api.list(params).await.map_err(KubeError::request(format!("list {kind}")))?.items)
}

fn of_service(service: &Service) -> BTreeSet<String> {
    let mut facts = BTreeSet::new();
    let Some(spec) = &service.spec else { return facts };
    facts.insert(format!("type {}", spec.type_.as_deref().unwrap_or("ClusterIP")));
    if spec.cluster_ip.as_deref() == Some("None") {
        facts.insert("headless".to_owned());
    }
    if spec.publish_not_ready_addresses == Some(true) {
        facts.insert("publishes addresses that are not ready".to_owned());
    }
    for port in spec.ports.iter().flatten() {
        let target = match &port.target_port {
            Some(IntOrString::Int(number)) => number.to_string(),
            Some(IntOrString::String(name)) => name.clone(),
            None => port.port.to_string(),
        };
        facts.insert(format!("port {} {} to {target}", port.name.as_deref().unwrap_or("-"), port.port));
    }
    for (key, value) in spec.selector.iter().flatten() {
        facts.insert(format!("selects {key}={value}"));
    }
    facts
}

fn of_secret(secret: &Secret, facts: &mut Facts) {
    let name = name(secret);
    let mut of = BTreeSet::new();
    for (key, bytes) in secret.data.iter().flatten() {
        of.insert(format!("key {key}"));
        // Values are never recorded. Of a certificate, only what any client sees when it connects is recorded.
        if let Some(facts_of) = key.ends_with(".crt").then(|| of_certificate(&bytes.0)).flatten() {
            facts.insert(format!("Certificate {name}/{key}"), facts_of);
        }
    }
    facts.insert(format!("Secret {name}"), of);
}

fn of_certificate(pem: &[u8]) -> Option<BTreeSet<String>> {
    let pem = Pem::iter_from_buffer(pem).next()?.ok()?;
    let (_, certificate) = X509Certificate::from_der(&pem.contents).ok()?;
    let mut facts = BTreeSet::from([format!("subject {}", sorted(&certificate.subject().to_string()))]);
    facts.insert(format!("issuer {}", sorted(&certificate.issuer().to_string())));
    if let Ok(Some(extension)) = certificate.subject_alternative_name() {
        facts.extend(extension.value.general_names.iter().map(|name| format!("SAN {name}")));
    }
    facts.insert(match certificate.public_key().parsed() {
        Ok(PublicKey::RSA(key)) => format!("key RSA {}", key.key_size()),
        Ok(PublicKey::EC(point)) => format!("key EC {}", point.key_size()),
        _ => "key of another kind".to_owned(),
    });
    Some(facts)
}

/// The attributes of a name in one order, independent of who wrote them.
fn sorted(name: &str) -> String {
    let mut parts: Vec<_> = name.split(',').map(str::trim).collect();
    parts.sort_unstable();
    parts.join(", ")
}

fn of_config_map(map: &ConfigMap, facts: &mut Facts) {
    let name = name(map);
    let data = map.data.clone().unwrap_or_default();
    facts.insert(format!("ConfigMap {name}"), data.keys().map(|key| format!("key {key}")).collect());
    let Some(text) = data.get("server.config") else { return };
    let settings: BTreeMap<&str, &str> = text
        .lines()
        .filter(|line| !line.starts_with('#'))
        .filter_map(|line| line.split_once('='))
        .map(|(key, value)| (key.trim(), value.trim()))
        .collect();
    let mut of = BTreeSet::new();
    for key in SETTINGS {
        // A name contains commas.
        let separator = if key == "super.users" { ';' } else { ',' };
        for value in settings.get(key).iter().flat_map(|value| value.split(separator)) {
            of.insert(format!("{key} {value}"));
        }
    }
    facts.insert(format!("Configuration {name}"), of);
    for advertised in settings.get("advertised.listeners").iter().flat_map(|value| value.split(',')) {
        let (listener, address) = advertised.split_once("://").unwrap_or(("?", advertised));
        facts.insert(format!("Advertised {name} {listener}"), BTreeSet::from([address.to_owned()]));
    }
    let listeners = settings.get("listeners").copied().unwrap_or_default();
    let bound = listeners.split(',').filter(|listener| !listener.is_empty()).map(|listener| {
        let (listener, address) = listener.split_once("://").unwrap_or(("?", listener));
        format!("{listener} port {}", address.rsplit(':').next().unwrap_or_default())
    });
    facts.insert(format!("Listens {name}"), bound.collect());
}

fn of_route(route: &Value) -> BTreeSet<String> {
    let list = |value: &Value| value.as_array().cloned().unwrap_or_default();
    let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
    let mut facts: BTreeSet<_> =
        list(&route["spec"]["hostnames"]).iter().map(|name| format!("hostname {}", text(name))).collect();
    for parent in list(&route["spec"]["parentRefs"]) {
        facts.insert(format!("parent {}/{}", text(&parent["name"]), text(&parent["sectionName"])));
    }
    for backend in list(&route["spec"]["rules"]).iter().flat_map(|rule| list(&rule["backendRefs"])) {
        facts.insert(format!("to {} port {}", text(&backend["name"]), backend["port"]));
    }
    facts
}

fn of_pod(pod: &DynamicObject) -> BTreeSet<String> {
    let labels = pod.metadata.labels.iter().flatten();
    // Hashes and revisions differ between runs.
    let mut facts: BTreeSet<_> = labels
        .filter(|(key, _)| key.starts_with("strimzi.io/") || key.starts_with("app.kubernetes.io/"))
        .map(|(key, value)| format!("label {key}={value}"))
        .collect();
    let list = |value: &Value| value.as_array().cloned().unwrap_or_default();
    for container in list(&pod.data["spec"]["containers"]) {
        facts.insert(format!("container {}", container["name"].as_str().unwrap_or_default()));
        facts.extend(list(&container["ports"]).iter().map(|port| format!("container port {}", port["containerPort"])));
    }
    facts
}

fn of_status(status: &Value, facts: &mut Facts) {
    let list = |value: &Value| value.as_array().cloned().unwrap_or_default();
    let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
    for listener in list(&status["listeners"]) {
        let mut of = BTreeSet::from([format!("bootstrapServers {}", text(&listener["bootstrapServers"]))]);
        for address in list(&listener["addresses"]) {
            of.insert(format!("address {} port {}", text(&address["host"]), address["port"]));
        }
        of.insert(format!("{} certificates", list(&listener["certificates"]).len()));
        facts.insert(format!("Status listener {}", text(&listener["name"])), of);
    }
    let conditions = list(&status["conditions"]);
    let conditions = conditions.iter().map(|one| format!("{}={}", text(&one["type"]), text(&one["status"])));
    facts.insert("Status conditions".to_owned(), conditions.collect());
    let pools = list(&status["kafkaNodePools"]);
    facts.insert("Status pools".to_owned(), pools.iter().map(|pool| text(&pool["name"])).collect());
    let mut fields: BTreeSet<_> = status.as_object().iter().flat_map(|fields| fields.keys().cloned()).collect();
    fields.remove("observedGeneration");
    facts.insert("Status fields".to_owned(), fields);
}

/// What a client learns through the gateway, which is the purpose of everything else.
async fn advertised(lab: &Lab, facts: &mut Facts) {
    let cluster = &lab.info.shared.cluster;
    let api: Api<Secret> = Api::namespaced(lab.catalog.client().clone(), &lab.info.shared.namespace);
    let advertised_addresses = async {
        let secret = api.get(&format!("{cluster}-cluster-ca-cert")).await.map_err(|error| error.to_string())?;
        let ca = secret.data.as_ref().and_then(|data| data.get("ca.crt")).ok_or("no ca.crt")?;
        let ca = String::from_utf8_lossy(&ca.0).into_owned();
        let bootstrap = format!("bootstrap.{}:{}", lab.info.domain, lab.info.gateway.ports.passthrough);
        probe::cluster(&ConnectionConfig::tls(bootstrap, &ca), ANSWER).await.map_err(|error| error.to_string())
    };
    let advertised_addresses: Result<_, String> = advertised_addresses.await;
    match advertised_addresses {
        Ok(answer) => {
            for broker in answer.brokers {
                let id = broker.id.map_or_else(|| "?".to_owned(), |id| id.to_string());
                let address = format!("{}:{}", broker.host, broker.port);
                facts.insert(format!("Client is told broker {id}"), BTreeSet::from([address]));
            }
        }
        Err(problem) => {
            facts.insert("Client is told".to_owned(), BTreeSet::from([problem]));
        }
    }
}

fn name<K: kube::Resource>(object: &K) -> String {
    object.meta().name.clone().unwrap_or_default()
}

fn label<'a>(meta: &'a kube::api::ObjectMeta, key: &str) -> Option<&'a str> {
    meta.labels.as_ref()?.get(key).map(String::as_str)
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn a_service_is_described_without_what_differs_between_runs() {
        let service: Service = serde_json::from_value(json!({
            "metadata": {"name": "s"},
            "spec": {"type": "ClusterIP", "clusterIP": "10.0.0.7", "selector": {"a": "b"},
                "ports": [{"name": "tcp-x", "port": 9094, "targetPort": 9094, "protocol": "TCP"}]}
        }))
        .expect("a Service");
        let wanted = ["port tcp-x 9094 to 9094", "selects a=b", "type ClusterIP"].map(str::to_owned);
        assert_eq!(of_service(&service), BTreeSet::from(wanted));
    }

    #[test]
    fn a_secret_gives_its_keys_and_no_value() {
        let secret: Secret = serde_json::from_value(json!({
            "metadata": {"name": "s"}, "data": {"ca.crt": "bm90IFBFTQ==", "ca.key": "c2VjcmV0"}
        }))
        .expect("a Secret");
        let mut facts = Facts::new();
        of_secret(&secret, &mut facts);
        let wanted = BTreeSet::from(["key ca.crt".to_owned(), "key ca.key".to_owned()]);
        assert_eq!(facts, Facts::from([("Secret s".to_owned(), wanted)]));
    }

    #[test]
    fn a_configuration_gives_where_and_as_what_a_broker_listens() {
        let config = "# x\nsuper.users=User:CN=a,O=b;User:c\nlisteners=EXTERNAL-9094://0.0.0.0:9094\nadvertised.listeners=EXTERNAL-9094://b.test:1\nlog.dirs=/x\nnode.id=10\n";
        let map: ConfigMap =
            serde_json::from_value(json!({"metadata": {"name": "m"}, "data": {"server.config": config}})).expect("one");
        let mut facts = Facts::new();
        of_config_map(&map, &mut facts);
        let one = |text: &str| BTreeSet::from([text.to_owned()]);
        assert_eq!(facts["Advertised m EXTERNAL-9094"], one("b.test:1"));
        assert_eq!(facts["Listens m"], one("EXTERNAL-9094 port 9094"));
        let settings = ["node.id 10", "super.users User:CN=a,O=b", "super.users User:c"].map(str::to_owned);
        assert_eq!(facts["Configuration m"], BTreeSet::from(settings));
    }

    #[test]
    fn the_order_of_a_names_attributes_does_not_matter() {
        assert_eq!(sorted("O=io.strimzi, CN=a"), sorted("CN=a, O=io.strimzi"));
    }
}
