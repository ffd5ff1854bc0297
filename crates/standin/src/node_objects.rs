//! The objects that run a node: its Secret, its ConfigMap and its Pod.

use super::certs::Identity;
use super::cluster::Node;
use super::model::JvmOptions;
use super::{config, names, objects};
use kube::api::DynamicObject;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use sha2::{Digest, Sha256};
use std::collections::BTreeMap;

/// The annotation with the revision that a Pod was created from. A Pod with another revision is replaced.
pub const REVISION: &str = "kafka-gateway-lab/revision";
/// The annotation on a node's Secret with the names and the authority of its certificate.
pub const CERTIFIED: &str = "kafka-gateway-lab/certified";

/// Where Pods run, and their image.
#[derive(Clone, Debug, Deserialize, Serialize)]
pub struct Placement {
    /// The node that Pods are bound to by name, because the local lab has no scheduler.
    pub node_name: Option<String>,
    /// The image. Its tag is the Kafka version.
    pub image: String,
}

impl Placement {
    /// The Kafka version that Pods run, from the image's tag.
    pub fn version(&self) -> &str {
        self.image.rsplit_once(':').map_or("", |(_, tag)| tag)
    }
}

/// All objects of one node, ready to be applied.
pub struct NodeObjects {
    pub secret: DynamicObject,
    pub config: DynamicObject,
    pub pod: DynamicObject,
    pub name: String,
    pub revision: String,
    pub controller: bool,
}

/// The certificates that one node needs.
pub struct Material<'a> {
    pub own: &'a Identity,
    /// The value of [`CERTIFIED`].
    pub certified: String,
    pub cluster_ca: &'a str,
    pub clients_ca: &'a str,
    /// The certificates from `brokerCertChainAndKey`, by listener name.
    pub custom: &'a BTreeMap<String, Identity>,
}

/// The desired objects of a node.
///
/// # Errors
/// If an object cannot be serialised, which does not happen in practice.
pub fn workload(
    node: &Node<'_>,
    placement: &Placement,
    material: &Material<'_>,
) -> Result<NodeObjects, serde_json::Error> {
    let cluster = node.cluster;
    let name = node.pod();
    let server = config::server(node);
    let meta = config::meta(node);
    let files = files(node, material);
    let mut pod = pod_body(node, placement);
    let mut hash = Sha256::new_with_prefix(&server);
    hash.update(serde_json::to_vec(&pod)?);
    for (file, text) in &files {
        hash.update(file);
        hash.update(text);
    }
    let revision: String = hash.finalize().iter().take(12).map(|byte| format!("{byte:02x}")).collect();
    pod["metadata"]["annotations"][REVISION] = json!(revision);
    let data = objects::secret_data(files.iter().map(|(file, text)| (file.as_str(), text.as_str())));
    Ok(NodeObjects {
        secret: objects::object(
            cluster,
            "v1",
            "Secret",
            &name,
            json!({
                "metadata": {"annotations": {CERTIFIED: material.certified}}, "type": "Opaque", "data": data,
            }),
        )?,
        config: objects::object(
            cluster,
            "v1",
            "ConfigMap",
            &name,
            json!({"data": {
                "server.config": server, "meta.properties": meta, "log4j2.properties": config::LOG4J2,
            }}),
        )?,
        pod: objects::object(cluster, "v1", "Pod", &name, pod)?,
        name,
        revision,
        controller: node.is_controller(),
    })
}

/// The files of the folder `certs`: Strimzi's two, and the formats that Kafka's PEM stores require.
fn files(node: &Node<'_>, material: &Material<'_>) -> BTreeMap<String, String> {
    let pod = node.pod();
    let mut files = BTreeMap::from([
        (format!("{pod}.crt"), material.own.certificate.clone()),
        (format!("{pod}.key"), material.own.key.clone()),
        (format!("{pod}.pem"), material.own.keystore()),
        ("cluster-ca.crt".to_owned(), material.cluster_ca.to_owned()),
        ("clients-ca.crt".to_owned(), material.clients_ca.to_owned()),
    ]);
    if node.is_broker() {
        for listener in &node.cluster.spec.kafka.listeners {
            if let Some(identity) = material.custom.get(&listener.name) {
                files.insert(config::custom_keystore(listener), identity.keystore());
            }
        }
    }
    files
}

/// Small heaps and the cheapest compiler, because a lab starts many brokers on few cores.
fn java_options(node: &Node<'_>) -> String {
    let of = |options: Option<&JvmOptions>, pick: fn(&JvmOptions) -> Option<String>| options.and_then(pick);
    let pool = node.pool.spec.jvm_options.as_ref();
    let cluster = node.cluster.spec.kafka.jvm_options.as_ref();
    let chosen = |pick: fn(&JvmOptions) -> Option<String>| of(pool, pick).or_else(|| of(cluster, pick));
    let most = chosen(|options| options.xmx.clone()).unwrap_or_else(|| "256m".to_owned());
    let least = chosen(|options| options.xms.clone()).map(|least| format!("-Xms{least} ")).unwrap_or_default();
    // Log4j itself replaces ${env:..}. No shell sees it.
    format!(
        "{least}-Xmx{most} -XX:+UseSerialGC -XX:TieredStopAtLevel=1 -Xshare:auto -Djava.awt.headless=true \
         -Dlog4j2.configurationFile=${{env:LAB_ROOT}}/config/log4j2.properties"
    )
}

const COMMAND: &str = "\
set -e
[ -f \"$LAB_ROOT/data/meta.properties\" ] || cp \"$LAB_ROOT/config/meta.properties\" \"$LAB_ROOT/data/meta.properties\"
PATH=\"$PATH:${JAVA_HOME:-/opt/java/openjdk}/bin\"
exec java $KAFKA_LAB_JAVA_OPTS -cp '/opt/kafka/libs/*' kafka.Kafka \"$LAB_ROOT/config/server.config\"
";
const ROOT: &str = "/kafka-lab";

/// The address that listeners bind to. With a kubelet, requests arrive by port-forward at the Pod's loopback address,
/// and only a wildcard serves both. The local lab's node sets the address that it gave to the Pod.
fn pod_ip(placement: &Placement) -> Value {
    if placement.node_name.is_some() {
        json!({"name": "POD_IP", "valueFrom": {"fieldRef": {"apiVersion": "v1", "fieldPath": "status.podIP"}}})
    } else {
        json!({"name": "POD_IP", "value": "0.0.0.0"})
    }
}

fn pod_body(node: &Node<'_>, placement: &Placement) -> Value {
    let name = node.pod();
    let probed = if node.is_broker() { names::REPLICATION_PORT } else { names::CONTROL_PORT };
    let mut ports = Vec::new();
    if node.is_controller() {
        ports.push(json!({"name": "tcp-ctrlplane", "containerPort": names::CONTROL_PORT, "protocol": "TCP"}));
    }
    if node.is_broker() {
        ports.push(json!({"name": "tcp-replication", "containerPort": names::REPLICATION_PORT, "protocol": "TCP"}));
        let listeners = node.cluster.spec.kafka.listeners.iter();
        ports.extend(listeners.map(
            |listener| json!({"name": names::port_name(listener), "containerPort": listener.port, "protocol": "TCP"}),
        ));
    }
    let mut spec = json!({
        "hostname": name,
        "subdomain": names::brokers_service(&node.cluster.name),
        "terminationGracePeriodSeconds": 30,
        "enableServiceLinks": false,
        "automountServiceAccountToken": false,
        "containers": [{
            "name": "kafka",
            "image": placement.image,
            "imagePullPolicy": "IfNotPresent",
            "command": ["/bin/sh", "-c", COMMAND],
            "env": [
                {"name": "LAB_ROOT", "value": ROOT},
                pod_ip(placement),
                {"name": "KAFKA_LAB_JAVA_OPTS", "value": java_options(node)},
            ],
            "ports": ports,
            "readinessProbe": {"tcpSocket": {"port": probed}, "periodSeconds": 1, "failureThreshold": 3},
            "volumeMounts": [
                {"name": "config", "mountPath": format!("{ROOT}/config"), "readOnly": true},
                {"name": "certs", "mountPath": format!("{ROOT}/certs"), "readOnly": true},
                {"name": "data", "mountPath": format!("{ROOT}/data")},
            ],
        }],
        // The image's own user must be able to write to the data folder.
        "securityContext": {"fsGroup": 1000},
        "volumes": [
            {"name": "config", "configMap": {"name": name}},
            {"name": "certs", "secret": {"secretName": name, "defaultMode": 0o440}},
            {"name": "data", "emptyDir": {}},
        ],
    });
    if let Some(node_name) = &placement.node_name {
        spec["nodeName"] = json!(node_name);
    }
    json!({
        "metadata": {"labels": {
            "strimzi.io/pod-name": name,
            names::POOL_LABEL: node.pool.name,
            names::BROKER_ROLE_LABEL: node.is_broker().to_string(),
            names::CONTROLLER_ROLE_LABEL: node.is_controller().to_string(),
        }},
        "spec": spec,
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cluster::tests::cluster;

    fn revision(cluster: &crate::cluster::Cluster, certificate: &str) -> NodeObjects {
        let own = Identity { certificate: certificate.to_owned(), key: "key".to_owned() };
        let placement = Placement { node_name: Some("local".to_owned()), image: "apache/kafka:4.3.0".to_owned() };
        let material = Material {
            own: &own,
            certified: "x".to_owned(),
            cluster_ca: "ca",
            clients_ca: "ca",
            custom: &BTreeMap::new(),
        };
        workload(&cluster.brokers().next().expect("broker 10"), &placement, &material).expect("objects")
    }

    #[test]
    fn a_pod_is_replaced_when_its_configuration_or_certificate_changes() {
        let plain = json!([{"name": "plain", "port": 9092, "type": "internal", "tls": false}]);
        let first = revision(&cluster(plain.clone()), "one");
        assert_eq!(first.name, "my-cluster-broker-10");
        assert_eq!(first.revision, revision(&cluster(plain.clone()), "one").revision);
        assert_ne!(first.revision, revision(&cluster(plain), "two").revision);
        assert_ne!(first.revision, revision(&cluster(json!([])), "one").revision);
        let annotations = first.pod.metadata.annotations.expect("annotations");
        assert_eq!(annotations[REVISION], first.revision);
        assert_eq!(first.pod.data["spec"]["nodeName"], "local");
        assert_eq!(first.pod.data["spec"]["containers"][0]["readinessProbe"]["tcpSocket"]["port"], 9091);
    }

    #[test]
    fn the_version_is_the_images_tag() {
        let image = "registry.test:5000/apache/kafka:4.3.0".to_owned();
        assert_eq!(Placement { node_name: None, image }.version(), "4.3.0");
    }
}
