//! The bootstrap address of a Kafka cluster that existed before the run.

use super::Context;
use model::{Cause, Failure};
use serde_json::Value;

/// The bootstrap address of the listener that the scenario names.
///
/// # Errors
/// If the scenario names no listener, or if the cluster, the listener or its address does not exist.
pub async fn bootstrap(context: &Context<'_>) -> Result<String, Failure> {
    let (cluster, namespace) = (&context.cluster, &context.kafka_namespace);
    let Some(listener) = &context.job.scenario.kafka.listener_name else {
        let seen = "the scenario has neither `kafka.listener-name` nor a `bootstrap` of the client";
        return Err(Failure::new(Cause::Unknown, "a bootstrap address", seen));
    };
    let expected = format!("the bootstrap address of listener {listener} of Kafka {namespace}/{cluster}");
    let kafka = context.object("Kafka", cluster, Some(namespace)).await?;
    let Some(found) = super::steps::get(context, &kafka).await? else {
        return Err(Failure::new(Cause::ConditionUnmet, expected, "it does not exist"));
    };
    let port = context.lab.info.gateway.ports.passthrough;
    address(&found.data, listener, port).map_err(|seen| Failure::new(Cause::ConditionUnmet, expected, seen))
}

/// For a `tlsroute` listener the spec is used, because its status always says port 443.
fn address(kafka: &Value, listener: &str, gateway_port: u16) -> Result<String, String> {
    let all = |pointer: &str| kafka.pointer(pointer).and_then(Value::as_array).map(Vec::as_slice).unwrap_or_default();
    let named = |all: &'_ [Value]| all.iter().find(|one| one["name"] == listener).cloned();
    let Some(spec) = named(all("/spec/kafka/listeners")) else {
        let names: Vec<_> = all("/spec/kafka/listeners").iter().filter_map(|one| one["name"].as_str()).collect();
        return Err(format!("its listeners are {}", names.join(", ")));
    };
    let host = spec.pointer("/configuration/bootstrap/host").and_then(Value::as_str);
    if let (Some(host), Some("tlsroute")) = (host, spec["type"].as_str()) {
        return Ok(format!("{host}:{gateway_port}"));
    }
    let status = named(all("/status/listeners"));
    let address =
        status.as_ref().and_then(|status| status["bootstrapServers"].as_str()).filter(|text| !text.is_empty());
    address.map(ToOwned::to_owned).ok_or_else(|| "its status has no address for this listener yet".to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn the_address_is_read_from_the_listener() {
        let kafka = json!({
            "spec": {"kafka": {"listeners": [
                {"name": "outside", "type": "tlsroute", "configuration": {"bootstrap": {"host": "bootstrap.prod.test"}}},
                {"name": "nodes", "type": "nodeport"},
                {"name": "new", "type": "loadbalancer"},
            ]}},
            "status": {"listeners": [
                {"name": "outside", "bootstrapServers": "bootstrap.prod.test:443"},
                {"name": "nodes", "bootstrapServers": "10.0.0.7:31234"},
            ]},
        });
        assert_eq!(address(&kafka, "outside", 9092).as_deref(), Ok("bootstrap.prod.test:9092"));
        assert_eq!(address(&kafka, "nodes", 9092).as_deref(), Ok("10.0.0.7:31234"));
        assert!(address(&kafka, "new", 9092).expect_err("no address").contains("no address"));
        assert_eq!(address(&kafka, "none", 9092).expect_err("no listener"), "its listeners are outside, nodes, new");
    }
}
