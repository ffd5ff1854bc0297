//! Reads a resource into the model, and lists every field that the stand-in does not support. Also contains Strimzi's
//! own validation of listeners.

use super::model::{AuthType, KafkaSpec, Listener, ListenerType};
use model::strimzi::template;
use serde::de::DeserializeOwned;
use serde_json::Value;
use std::collections::BTreeSet;

/// Why the stand-in rejects a resource.
#[derive(Clone, Debug, Eq, PartialEq, thiserror::Error)]
pub enum Refusal {
    #[error("the stand-in for Strimzi does not honour {}; remove it or correct its spelling, or run it with Strimzi itself (`--lab kind`)", .0.join(", "))]
    NotHonoured(Vec<String>),
    #[error("{0}")]
    Invalid(String),
}

impl Refusal {
    /// The reason, as a status condition states it.
    pub fn reason(&self) -> &'static str {
        match self {
            Self::NotHonoured(_) => "StandinDoesNotHonour",
            Self::Invalid(_) => "InvalidResourceException",
        }
    }
}

/// Reads the `spec` of a resource.
///
/// # Errors
/// If a field is not supported, or has a value of another type than in the model.
pub fn spec<T: DeserializeOwned>(spec: &Value) -> Result<T, Refusal> {
    let mut ignored = Vec::new();
    let parsed =
        serde_ignored::deserialize(spec, |path| ignored.push(format!("spec.{}", index_in_brackets(&path.to_string()))));
    match parsed {
        Ok(parsed) if ignored.is_empty() => Ok(parsed),
        Ok(_) => Err(Refusal::NotHonoured(ignored)),
        // An unknown value of an enum is a feature that the stand-in lacks. The text lists the known ones.
        Err(error) if error.to_string().starts_with("unknown variant") => {
            Err(Refusal::NotHonoured(vec![format!("a value in spec: {error}")]))
        }
        Err(error) => Err(Refusal::Invalid(format!("spec: {error}"))),
    }
}

/// Turns `kafka.listeners.0.x` into `kafka.listeners[0].x`, as users write it, and removes serde's `?` for an Option.
fn index_in_brackets(path: &str) -> String {
    let mut text = String::new();
    for part in path.split('.').filter(|part| *part != "?") {
        if part.bytes().all(|byte| byte.is_ascii_digit()) {
            text.push('[');
            text.push_str(part);
            text.push(']');
        } else {
            if !text.is_empty() {
                text.push('.');
            }
            text.push_str(part);
        }
    }
    text
}

/// Checks the listeners against the ids of the brokers, as Strimzi does and with its texts.
///
/// # Errors
/// All violations.
pub fn listeners(spec: &KafkaSpec, broker_ids: &BTreeSet<u32>) -> Result<(), Refusal> {
    let listeners = &spec.kafka.listeners;
    let mut errors = Vec::new();
    let distinct = |count: usize| count == listeners.len();
    if !distinct(listeners.iter().map(|listener| listener.port).collect::<BTreeSet<_>>().len()) {
        errors.push("every listener needs to have a unique port number".to_owned());
    }
    if !distinct(listeners.iter().map(|listener| &listener.name).collect::<BTreeSet<_>>().len()) {
        errors.push("every listener needs to have a unique name".to_owned());
    }
    for listener in listeners {
        check_listener(listener, broker_ids, &mut errors);
    }
    if errors.is_empty() {
        return Ok(());
    }
    Err(Refusal::Invalid(format!("Listener configuration is not valid: [{}]", errors.join(", "))))
}

fn check_listener(listener: &Listener, broker_ids: &BTreeSet<u32>, errors: &mut Vec<String>) {
    let Listener { name, port, kind, configuration, .. } = listener;
    let name_fits =
        (1..=11).contains(&name.len()) && name.bytes().all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit());
    if !name_fits {
        errors.push(format!("listener names [{name}] are invalid and do not match the pattern ^[a-z0-9]{{1,11}}$"));
    }
    if *port < 9092 || [9404, 9999].contains(port) {
        errors.push(format!("port {port} is forbidden and cannot be used"));
    }
    if listener.auth() == Some(AuthType::Tls) && !listener.tls {
        errors.push(format!("listener {name} cannot use tls type authentication with disabled TLS encryption"));
    }
    if *kind == ListenerType::TlsRoute {
        check_tlsroute(listener, broker_ids, errors);
    } else {
        if configuration.host_template.is_some() {
            errors.push(format!(
                "listener {name} cannot configure hostTemplate because it is not TLSRoute, Route, or Ingress based listener"
            ));
        }
        if !configuration.parent_refs.is_empty() {
            errors
                .push(format!("listener {name} cannot configure parentRefs because it is not TLSRoute based listener"));
        }
    }
    if configuration.create_bootstrap_service == Some(false) && *kind != ListenerType::LoadBalancer {
        errors.push(format!(
            "listener {name} cannot configure createBootstrapService because it is not load balancer listener"
        ));
    }
    if configuration.publish_not_ready_addresses.is_some() && *kind == ListenerType::Internal {
        errors
            .push(format!("listener {name} cannot configure publishNotReadyAddresses because it is internal listener"));
    }
    if let Some(formula) = &configuration.advertised_port_template {
        let broken = broker_ids.iter().find_map(|id| template::port(formula, *id).err());
        errors.extend(broken.map(|error| format!("listener {name}: {error}")));
    }
}

fn check_tlsroute(listener: &Listener, broker_ids: &BTreeSet<u32>, errors: &mut Vec<String>) {
    let Listener { name, configuration, .. } = listener;
    if configuration.parent_refs.is_empty() {
        errors.push(format!(
            "listener {name} is missing a parent references property which is required for TLSRoute based listeners"
        ));
    }
    if configuration.bootstrap.host.is_none() {
        errors.push(format!(
            "listener {name} is missing a bootstrap host property which is required for TLSRoute based listeners"
        ));
    }
    if configuration.host_template.is_some() {
        return;
    }
    if configuration.brokers.is_empty() {
        errors.push(format!(
            "listener {name} is missing a broker configuration with host properties which are required for TLSRoute based listeners"
        ));
        return;
    }
    for id in broker_ids {
        if !configuration.brokers.iter().any(|broker| broker.broker == *id && broker.host.is_some()) {
            errors.push(format!(
                "listener {name} is missing a broker host property for broker with ID {id} which is required for TLSRoute based listeners"
            ));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn kafka(listener: Value) -> KafkaSpec {
        spec(&json!({"kafka": {"listeners": [listener]}})).expect("a spec that is honoured")
    }

    fn complaint(listener: Value) -> String {
        let error = listeners(&kafka(listener), &BTreeSet::from([10, 11])).expect_err("a complaint");
        error.to_string()
    }

    #[test]
    fn a_field_that_is_not_honoured_is_named_by_its_path() {
        let error = spec::<KafkaSpec>(&json!({"kafka": {
            "rack": {"topologyKey": "zone"},
            "listeners": [{"name": "plain", "port": 9092, "type": "internal", "tls": false, "networkPolicyPeers": []}],
        }, "cruiseControl": {}}))
        .expect_err("three fields are not honoured");
        let Refusal::NotHonoured(mut paths) = error else { panic!("another refusal: {error}") };
        paths.sort();
        assert_eq!(paths, ["spec.cruiseControl", "spec.kafka.listeners[0].networkPolicyPeers", "spec.kafka.rack"]);
    }

    #[test]
    fn an_unknown_type_is_not_honoured() {
        let error = spec::<KafkaSpec>(&json!({"kafka": {"listeners": [
            {"name": "web", "port": 9094, "type": "ingress", "tls": true}]}}))
        .expect_err("ingress is not honoured");
        assert_eq!(error.reason(), "StandinDoesNotHonour");
        assert!(error.to_string().contains("ingress"), "{error}");
    }

    #[test]
    fn accepted_fields_have_no_effect() {
        let parsed = spec::<KafkaSpec>(&json!({"kafka": {
            "resources": {"requests": {"memory": "1Gi"}},
            "listeners": [{"name": "tls", "port": 9093, "type": "internal", "tls": true, "authentication": {"type": "scram-sha-512"}}],
        }, "entityOperator": {"topicOperator": {}, "userOperator": {}}}));
        let parsed = parsed.expect("honoured");
        assert_eq!(parsed.kafka.listeners[0].auth(), Some(AuthType::ScramSha512));
    }

    #[test]
    fn a_tlsroute_listener_is_checked_in_strimzis_words() {
        let text = complaint(json!({"name": "external", "port": 9094, "type": "tlsroute", "tls": true}));
        for part in [
            "listener external is missing a parent references property which is required for TLSRoute based listeners",
            "listener external is missing a bootstrap host property which is required for TLSRoute based listeners",
            "listener external is missing a broker configuration with host properties which are required for TLSRoute based listeners",
        ] {
            assert!(text.contains(part), "{part} in {text}");
        }
        let text = complaint(
            json!({"name": "external", "port": 9094, "type": "tlsroute", "tls": true, "configuration": {
            "parentRefs": [{"name": "lab"}], "bootstrap": {"host": "b.test"}, "brokers": [{"broker": 10, "host": "ten.test"}]}}),
        );
        assert_eq!(
            text,
            "Listener configuration is not valid: [listener external is missing a broker host property for broker with ID 11 which is required for TLSRoute based listeners]"
        );
    }

    #[test]
    fn other_listeners_are_checked_too() {
        let text = complaint(
            json!({"name": "Obi-Wan", "port": 9091, "type": "cluster-ip", "tls": false, "authentication": {"type": "tls"},
            "configuration": {"hostTemplate": "x", "parentRefs": [{"name": "lab"}], "createBootstrapService": false, "advertisedPortTemplate": "x"}}),
        );
        for part in [
            "listener names [Obi-Wan] are invalid",
            "port 9091 is forbidden and cannot be used",
            "listener Obi-Wan cannot use tls type authentication with disabled TLS encryption",
            "listener Obi-Wan cannot configure hostTemplate because it is not TLSRoute, Route, or Ingress based listener",
            "listener Obi-Wan cannot configure parentRefs because it is not TLSRoute based listener",
            "listener Obi-Wan cannot configure createBootstrapService because it is not load balancer listener",
            "listener Obi-Wan: the port template `x`",
        ] {
            assert!(text.contains(part), "{part} in {text}");
        }
    }
}
