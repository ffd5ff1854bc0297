//! The Kafka cluster that every lab has. It is applied from `fixtures/kafka/shared.yaml` and waited for.

use super::Error;
use ::kube::api::DynamicObject;
use host::Phase;
use kubeapi::{Catalog, ConditionState, MANAGER, ObjectRef, conditions, wait_for};
use model::vars::{Variables, substitute};
use model::{FileError, GatewayReach, LabInfo, SharedCluster, paths};
use serde_json::Value;
use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::net::IpAddr;
use std::time::Duration;

/// How long the operator and the brokers' JVMs may take on a busy machine.
const READY_WITHIN: Duration = Duration::from_secs(600);
const PROGRAMMED_WITHIN: Duration = Duration::from_secs(180);

/// The shared cluster's names.
pub(super) fn cluster() -> SharedCluster {
    SharedCluster {
        namespace: "kafka".to_owned(),
        cluster: "my-cluster".to_owned(),
        exclusive_tls: (1..=6).map(|n| format!("slot{n}")).collect(),
        exclusive_plaintext: vec!["plain1".to_owned(), "plain2".to_owned()],
        exclusive_tcp: vec!["tcp".to_owned()],
    }
}

/// Applies the shared cluster's resources.
pub(super) async fn apply(catalog: &Catalog, info: &LabInfo) -> Result<(), Error> {
    for object in objects(info)? {
        kubeapi::apply(catalog, &object, &info.shared.namespace, MANAGER).await?;
    }
    Ok(())
}

/// The shared cluster's resources, with the lab's variables filled in.
pub(super) fn objects(info: &LabInfo) -> Result<Vec<DynamicObject>, Error> {
    filled_in(&variables(info))
}

fn filled_in(variables: &Variables) -> Result<Vec<DynamicObject>, Error> {
    let path = paths::fixtures().join("kafka/shared.yaml");
    let text = fs::read_to_string(&path).map_err(FileError::of("read", &path))?;
    let text = substitute(&text, variables).map_err(|error| Error::Fixture {
        path: path.clone(),
        line: error.line,
        problem: error.to_string(),
    })?;
    Ok(kubeapi::parse_manifests(path.as_str(), &text)?)
}

/// The ports on which every Kafka node of Strimzi listens besides those of the resource: the controllers' and the
/// brokers' own.
const NODE_PORTS: [u16; 2] = [9090, 9091];

/// The ports on which the shared cluster's nodes and their Services listen. The lab need not be up.
pub(super) fn broker_ports(domain: &str, gateway: &GatewayReach) -> Result<BTreeSet<u16>, Error> {
    let objects = filled_in(&variables_of(domain, gateway, &cluster()))?;
    let kafkas = objects.iter().filter(|object| object.types.as_ref().is_some_and(|types| types.kind == "Kafka"));
    let listeners = kafkas.filter_map(|kafka| kafka.data["spec"]["kafka"]["listeners"].as_array()).flatten();
    let own = listeners.filter_map(|listener| u16::try_from(listener["port"].as_u64()?).ok());
    Ok(own.chain(NODE_PORTS).collect())
}

/// The variables that the lab itself provides to manifests.
pub fn variables(info: &LabInfo) -> Variables {
    variables_of(&info.domain, &info.gateway, &info.shared)
}

fn variables_of(domain: &str, gateway: &GatewayReach, shared: &SharedCluster) -> Variables {
    let ports = &gateway.ports;
    let mut variables = Variables::new();
    let mut set = |name: &str, value: String| {
        let known = variables.set(name, value);
        debug_assert!(known, "{name} is not in the table of variables");
    };
    set("domain", domain.to_owned());
    set("cluster", shared.cluster.clone());
    set("kafka.namespace", shared.namespace.clone());
    set("gateway.class", gateway.class.clone());
    set("gateway.name", "lab".to_owned());
    set("gateway.namespace", shared.namespace.clone());
    set("gateway.address", gateway.address.to_string());
    set("gateway.port", ports.passthrough.to_string());
    set("gateway.terminate-port", ports.terminate.to_string());
    set("gateway.second-port", ports.second.to_string());
    let tcp_names = ["gateway.tcp-port", "gateway.tcp-port-10", "gateway.tcp-port-11", "gateway.tcp-port-12"];
    for (name, port) in tcp_names.into_iter().zip(&ports.tcp) {
        set(name, port.to_string());
    }
    variables
}

/// Waits until the gateway serves the shared Gateway and the operator reports the cluster as ready.
pub(super) async fn ready(catalog: &Catalog, info: &LabInfo, phase: &mut Phase) -> Result<(), Error> {
    let gateway = object("gateway.networking.k8s.io/v1", "Gateway", info, "lab");
    wait_for(catalog, &gateway, "Programmed", PROGRAMMED_WITHIN, |seen| condition(seen, "Programmed")).await?;
    phase.update("the Gateway is programmed; waiting for the brokers");
    let kafka = object("kafka.strimzi.io/v1", "Kafka", info, &info.shared.cluster);
    wait_for(catalog, &kafka, "Ready", READY_WITHIN, |seen| {
        let now = condition(seen, "Ready");
        if let ConditionState::NotYet(text) = &now {
            phase.update(text);
        }
        now
    })
    .await?;
    // After a restart of the machine, the resource is Ready from before until the operator has looked at it again. The
    // Pods know better.
    kubeapi::wait_for_all(catalog, "Pod", &info.shared.namespace, "every broker ready", READY_WITHIN, |pods| {
        let now = all_ready(pods, &info.shared.cluster);
        if let ConditionState::NotYet(text) = &now {
            phase.update(text);
        }
        now
    })
    .await?;
    Ok(())
}

/// The address of the shared Gateway, from its status.
pub(super) async fn gateway_address(catalog: &Catalog, info: &LabInfo) -> Result<IpAddr, Error> {
    let gateway = object("gateway.networking.k8s.io/v1", "Gateway", info, "lab");
    let mut found = info.gateway.address;
    wait_for(catalog, &gateway, "an address in its status", PROGRAMMED_WITHIN, |seen| {
        match seen.map(kubeapi::gateway_addresses).unwrap_or_default().first() {
            Some(address) => {
                found = *address;
                ConditionState::Met
            }
            None => ConditionState::NotYet("status.addresses has no IP address".to_owned()),
        }
    })
    .await?;
    Ok(found)
}

/// Whether all Pods of the cluster are ready. Other clusters may share the namespace.
fn all_ready(pods: &BTreeMap<String, DynamicObject>, cluster: &str) -> ConditionState {
    let of_cluster = |pod: &DynamicObject| {
        pod.metadata.labels.as_ref().and_then(|labels| labels.get("strimzi.io/cluster")).is_some_and(|of| of == cluster)
    };
    let waiting: Vec<&str> = pods
        .iter()
        .filter(|(_, pod)| of_cluster(pod) && !kubeapi::pod_object_is_ready(pod))
        .map(|(name, _)| name.as_str())
        .collect();
    match waiting.as_slice() {
        [] => ConditionState::Met,
        waiting => ConditionState::NotYet(format!("waiting for Pods to become ready: {}", waiting.join(", "))),
    }
}

fn object(api_version: &str, kind: &str, info: &LabInfo, name: &str) -> ObjectRef {
    ObjectRef {
        api_version: api_version.to_owned(),
        kind: kind.to_owned(),
        namespace: info.shared.namespace.clone(),
        name: name.to_owned(),
    }
}

/// Whether a condition is true for the generation that was applied.
fn condition(object: Option<&DynamicObject>, wanted: &str) -> ConditionState {
    let Some(object) = object else {
        return ConditionState::NotYet("the object does not exist".to_owned());
    };
    let generation = object.metadata.generation;
    let observed = object.data["status"]["observedGeneration"].as_i64();
    if observed.is_some() && observed < generation {
        return ConditionState::NotYet("the status is of an older generation".to_owned());
    }
    let all = conditions(object);
    let text = |condition: &Value| {
        let field = |name: &str| condition[name].as_str().unwrap_or_default().to_owned();
        format!("{}={} {} {}", field("type"), field("status"), field("reason"), field("message")).trim_end().to_owned()
    };
    match all.iter().find(|condition| condition["type"] == wanted) {
        Some(found) if found["status"] == "True" => ConditionState::Met,
        Some(found) => ConditionState::NotYet(text(found)),
        None if all.is_empty() => ConditionState::NotYet("no conditions yet".to_owned()),
        None => ConditionState::NotYet(all.iter().map(|condition| text(condition)).collect::<Vec<_>>().join("; ")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn kafka(status: serde_json::Value) -> DynamicObject {
        serde_json::from_value(json!({
            "apiVersion": "kafka.strimzi.io/v1", "kind": "Kafka",
            "metadata": {"name": "my-cluster", "generation": 2}, "status": status,
        }))
        .expect("an object")
    }

    #[test]
    fn a_true_condition_of_an_older_generation_is_not_met() {
        let ready = json!([{"type": "Ready", "status": "True"}]);
        let old = kafka(json!({"observedGeneration": 1, "conditions": ready}));
        assert!(matches!(condition(Some(&old), "Ready"), ConditionState::NotYet(_)));
        let new = kafka(json!({"observedGeneration": 2, "conditions": ready}));
        assert!(matches!(condition(Some(&new), "Ready"), ConditionState::Met));
    }

    #[test]
    fn a_cluster_waits_for_its_own_pods() {
        let pod = |cluster: &str, ready: &str| {
            serde_json::from_value::<DynamicObject>(json!({
                "apiVersion": "v1", "kind": "Pod", "metadata": {"labels": {"strimzi.io/cluster": cluster}},
                "status": {"conditions": [{"type": "Ready", "status": ready}]},
            }))
            .expect("an object")
        };
        let pods = |own: &str| {
            BTreeMap::from([
                ("a-10".to_owned(), pod("a", "True")),
                ("a-11".to_owned(), pod("a", own)),
                ("b-10".to_owned(), pod("b", "False")),
            ])
        };
        assert!(matches!(all_ready(&pods("True"), "a"), ConditionState::Met));
        let ConditionState::NotYet(text) = all_ready(&pods("False"), "a") else { panic!("a-11 is not ready") };
        assert_eq!(text, "waiting for Pods to become ready: a-11");
    }

    #[test]
    fn the_brokers_ports_are_those_of_the_listeners_and_of_every_node() {
        let gateway = GatewayReach {
            name: "any".to_owned(),
            class: "any".to_owned(),
            address: [127, 0, 0, 1].into(),
            separate: false,
            ports: model::Ports::from_base(9092),
            features: Vec::new(),
        };
        let ports = broker_ports("kafka.test", &gateway).expect("the committed file");
        assert!([9090, 9091, 9092, 9094, 9121].iter().all(|port| ports.contains(port)), "{ports:?}");
    }

    #[test]
    fn what_is_seen_instead_is_said() {
        let refused = kafka(json!({"conditions": [
            {"type": "NotReady", "status": "True", "reason": "Creating", "message": "waiting for Pods"},
        ]}));
        let ConditionState::NotYet(text) = condition(Some(&refused), "Ready") else { panic!("it is not ready") };
        assert_eq!(text, "NotReady=True Creating waiting for Pods");
    }
}
