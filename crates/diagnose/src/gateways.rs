//! Whether the GatewayClass, the Gateway and its listeners are ready.

use super::facts::{Condition, Facts};
use super::routes::condition;
use kube::api::DynamicObject;
use model::Cause;
use probe::tcp::TcpOutcome;
use serde_json::Value;
use std::net::IpAddr;

/// A Gateway with its conditions.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct GatewayState {
    /// `namespace/name`.
    pub gateway: String,
    pub class: String,
    /// The conditions of the GatewayClass. `None` if there is no such class.
    pub class_conditions: Option<Vec<Condition>>,
    pub conditions: Vec<Condition>,
    /// The listeners by name, each with its conditions.
    pub listeners: Vec<(String, Vec<Condition>)>,
    pub addresses: Vec<IpAddr>,
}

/// A condition that is not as a working path needs it.
struct Refusal {
    what: String,
    why: String,
}

/// Reads Gateways, each with its class.
pub(super) fn states(gateways: &[DynamicObject], classes: &[DynamicObject]) -> Vec<GatewayState> {
    gateways.iter().map(|gateway| state(gateway, classes)).collect()
}

fn state(gateway: &DynamicObject, classes: &[DynamicObject]) -> GatewayState {
    let (metadata, status) = (&gateway.metadata, &gateway.data["status"]);
    let class = gateway.data["spec"]["gatewayClassName"].as_str().unwrap_or_default().to_owned();
    let its_class = classes.iter().find(|one| one.metadata.name.as_deref() == Some(&class));
    let all = |value: &Value| value.as_array().into_iter().flatten().map(condition).collect();
    let listeners = status["listeners"].as_array().into_iter().flatten();
    GatewayState {
        gateway: format!(
            "{}/{}",
            metadata.namespace.as_deref().unwrap_or_default(),
            metadata.name.as_deref().unwrap_or_default()
        ),
        class,
        class_conditions: its_class.map(|class| all(&class.data["status"]["conditions"])),
        conditions: all(&status["conditions"]),
        listeners: listeners
            .map(|one| (one["name"].as_str().unwrap_or_default().to_owned(), all(&one["conditions"])))
            .collect(),
        addresses: kubeapi::gateway_addresses(gateway),
    }
}

/// The Gateways through which the address should be reached: the parents of its routes, or else those whose listeners
/// serve it.
pub(super) fn concerned(facts: &Facts, all: &[GatewayState]) -> Vec<GatewayState> {
    let parents: Vec<&String> = facts.routes.iter().flat_map(|route| &route.parents).map(|one| &one.gateway).collect();
    let serving: Vec<&String> = facts.listeners.iter().map(|listener| &listener.gateway).collect();
    let names = if parents.is_empty() { serving } else { parents };
    all.iter().filter(|state| names.contains(&&state.gateway)).cloned().collect()
}

/// The cause if the path does not work, and a Gateway says that it is not ready.
pub(super) fn not_ready(facts: &Facts) -> Option<(Cause, String)> {
    if facts.walked.as_ref()?.reached() {
        return None;
    }
    let refusal = facts.gateways.iter().find_map(|state| refusal(facts, state))?;
    Some((Cause::GatewayNotReady, format!("{} ({}), so no route through it works", refusal.what, refusal.why)))
}

fn refusal(facts: &Facts, state: &GatewayState) -> Option<Refusal> {
    let Some(class) = &state.class_conditions else {
        let what = format!("GatewayClass {} of Gateway {} does not exist", state.class, state.gateway);
        return Some(Refusal { what, why: "no controller takes the Gateway".to_owned() });
    };
    let no = |conditions: &[Condition], kind: &str| {
        let found = conditions.iter().find(|one| one.kind == kind && !one.status)?;
        Some(if found.message.is_empty() {
            found.reason.clone()
        } else {
            format!("{}: {}", found.reason, found.message)
        })
    };
    if let Some(why) = no(class, "Accepted") {
        return Some(Refusal { what: format!("GatewayClass {} is not accepted", state.class), why });
    }
    if let Some(why) = no(&state.conditions, "Accepted") {
        return Some(Refusal { what: format!("Gateway {} is not accepted", state.gateway), why });
    }
    // Some implementations serve a Gateway that has no address yet, so this counts only if nothing answers.
    let dead = facts.tcp.as_ref().is_some_and(|tcp| *tcp != TcpOutcome::Connected);
    if let Some(why) = no(&state.conditions, "Programmed").filter(|_| dead) {
        return Some(Refusal { what: format!("Gateway {} is not programmed", state.gateway), why });
    }
    for (name, conditions) in state.listeners.iter().filter(|(name, _)| used(facts, &state.gateway, name)) {
        let conflict = conditions.iter().find(|one| one.kind == "Conflicted" && one.status);
        let why = no(conditions, "Accepted")
            .or_else(|| conflict.map(|one| format!("{}: {}", one.reason, one.message)))
            .or_else(|| no(conditions, "ResolvedRefs"));
        if let Some(why) = why {
            return Some(Refusal { what: format!("listener {name} of Gateway {} is not ready", state.gateway), why });
        }
    }
    None
}

/// Whether the address goes through this listener.
fn used(facts: &Facts, gateway: &str, name: &str) -> bool {
    let serves = facts.listeners.iter().any(|one| one.gateway == gateway && one.name == name);
    let mut parents = facts.routes.iter().flat_map(|route| &route.parents).filter(|one| one.gateway == gateway);
    serves || parents.any(|parent| parent.listener.as_deref() == Some(name))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::facts::{Listener, Walked};
    use kubeapi::parse_manifests;

    const GATEWAY: &str = "
apiVersion: gateway.networking.k8s.io/v1
kind: Gateway
metadata: {name: lab, namespace: kafka}
spec: {gatewayClassName: some, listeners: [{name: tls, port: 9092}]}
status:
  addresses: [{value: 192.0.2.1}, {value: lb.example}]
  conditions: [{type: Accepted, status: 'True'}, {type: Programmed, status: 'False', reason: AddressNotAssigned}]
  listeners: [{name: tls, conditions: [{type: Accepted, status: 'True'}]}]
";
    const CLASS: &str = "
apiVersion: gateway.networking.k8s.io/v1
kind: GatewayClass
metadata: {name: some}
status: {conditions: [{type: Accepted, status: 'True', reason: Accepted}]}
";

    fn cause(gateway: &str, class: &str, tcp: TcpOutcome) -> Option<String> {
        let parse = |text: &str| parse_manifests("test.yaml", text).expect("manifests");
        let mut facts = Facts::of("b.test", 9092);
        facts.tcp = Some(tcp);
        facts.walked = Some(Walked::default());
        facts.listeners = vec![Listener {
            gateway: "kafka/lab".into(),
            name: "tls".into(),
            port: 9092,
            hostname: None,
            ..Listener::default()
        }];
        facts.gateways = concerned(&facts, &states(&parse(gateway), &parse(class)));
        assert_eq!(facts.gateways[0].addresses, [IpAddr::from([192, 0, 2, 1])]);
        not_ready(&facts).map(|(_, text)| text)
    }

    #[test]
    fn the_first_condition_that_is_wrong_is_named_with_its_reason() {
        let refused = "type: Accepted, status: 'False', reason: PortUnavailable, message: no entryPoint";
        let listener = GATEWAY
            .replace("conditions: [{type: Accepted, status: 'True'}]}]", &format!("conditions: [{{{refused}}}]}}]"));
        let secret = "type: ResolvedRefs, status: 'False', reason: InvalidCertificateRef, message: no such Secret";
        let unresolved = GATEWAY.replace("status: 'True'}]}]", &format!("status: 'True'}}, {{{secret}}}]}}]"));
        let class = CLASS.replace("'True', reason: Accepted", "'False', reason: InvalidParameters");
        for (gateway, class, tcp, words) in [
            (GATEWAY, CLASS, TcpOutcome::Connected, None),
            (GATEWAY, CLASS, TcpOutcome::Refused, Some("Gateway kafka/lab is not programmed (AddressNotAssigned)")),
            (
                &listener,
                CLASS,
                TcpOutcome::Connected,
                Some("listener tls of Gateway kafka/lab is not ready (PortUnavailable: no entryPoint)"),
            ),
            // As Envoy Gateway says it: the listener is accepted, and not served.
            (
                &unresolved,
                CLASS,
                TcpOutcome::Connected,
                Some("listener tls of Gateway kafka/lab is not ready (InvalidCertificateRef: no such Secret)"),
            ),
            (GATEWAY, &class, TcpOutcome::Connected, Some("GatewayClass some is not accepted (InvalidParameters)")),
            (
                GATEWAY,
                &CLASS.replace("name: some", "name: other"),
                TcpOutcome::Connected,
                Some("GatewayClass some of Gateway kafka/lab does not exist"),
            ),
        ] {
            let found = cause(gateway, class, tcp);
            match words {
                None => assert_eq!(found, None),
                Some(words) => {
                    assert!(found.as_ref().is_some_and(|text| text.starts_with(words)), "{words}: {found:?}")
                }
            }
        }
    }
}
