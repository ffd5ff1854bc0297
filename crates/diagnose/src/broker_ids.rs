//! What a Kafka resource says about its brokers by id: the addresses that they advertise, and ids that no broker has.

use super::facts::Declared;
use super::snapshot::Snapshot;
use super::walk::Walk;
use super::wanted::wanted;
use model::{Cause, Failure};
use probe::BrokerAddr;
use serde_json::Value;

impl Snapshot {
    /// The addresses that the brokers advertise at the listener. `port` is that of the bootstrap address, for a listener
    /// that names none.
    pub(super) fn advertised(&self, listener: &Declared, port: u16) -> Vec<BrokerAddr> {
        let Some(spec) = self.spec(listener) else { return Vec::new() };
        let configuration = &spec["configuration"];
        self.broker_ids(listener).into_iter().filter_map(|id| advertised(configuration, id, port)).collect()
    }
}

fn advertised(configuration: &Value, id: i32, port: u16) -> Option<BrokerAddr> {
    let own = entries(configuration).find(|entry| entry["broker"] == id).unwrap_or(&Value::Null);
    let template = |field: &str| Some(configuration[field].as_str()?.replace("{nodeId}", &id.to_string()));
    let host = own["advertisedHost"].as_str().or_else(|| own["host"].as_str()).map(ToOwned::to_owned);
    let host = host.or_else(|| template("advertisedHostTemplate")).or_else(|| template("hostTemplate"))?;
    let number = |value: &Value| value.as_u64().or_else(|| value.as_str()?.parse().ok());
    // A formula is not computed here: the port of the bootstrap address is more likely than none.
    let written = number(&own["advertisedPort"]).or_else(|| number(&configuration["advertisedPortTemplate"]));
    let port = written.and_then(|port| u16::try_from(port).ok()).unwrap_or(port);
    Some(BrokerAddr { id: Some(id), host, port })
}

fn entries(configuration: &Value) -> impl Iterator<Item = &Value> {
    configuration["brokers"].as_array().into_iter().flatten()
}

/// Names the ids as the cause, where a broker has no entry and entries have no broker.
pub(super) fn name(walks: &mut [Walk], snapshot: &Snapshot, listener: &Declared) {
    let Some(spec) = snapshot.spec(listener) else { return };
    let existing = snapshot.broker_ids(listener);
    let configured: Vec<i64> = entries(&spec["configuration"]).filter_map(|entry| entry["broker"].as_i64()).collect();
    let nobody = without_a_broker(&configured, &existing);
    if nobody.is_empty() || existing.is_empty() {
        return;
    }
    for walk in walks {
        let Some(id) = walk.facts.broker.as_ref().and_then(|broker| broker.id) else { continue };
        let of_the_address = [
            Cause::AdvertisedAddress,
            Cause::UnresolvedName,
            Cause::Unreachable,
            Cause::RouteMissing,
            Cause::UnknownSni,
        ];
        let failure = walk.failure.as_ref().filter(|failure| of_the_address.contains(&failure.cause));
        let Some(failure) = failure.filter(|_| !configured.contains(&i64::from(id))) else { continue };
        let seen = format!(
            "listener {} of {} configures hosts for the brokers {}, and the brokers are {}: broker {id} has no entry and \
             advertises {}:{}",
            listener.listener,
            listener.resource,
            numbers(&nobody),
            numbers(&existing),
            walk.facts.host,
            walk.facts.port
        );
        let evidence = failure.evidence.clone();
        let named = Failure::new(Cause::BrokerIds, wanted(Cause::BrokerIds, &walk.facts), seen);
        walk.failure = Some(named.with_evidence(evidence));
    }
}

/// The configured ids that no broker has.
fn without_a_broker(configured: &[i64], existing: &[i32]) -> Vec<i64> {
    configured.iter().filter(|id| !existing.iter().any(|one| i64::from(*one) == **id)).copied().collect()
}

fn numbers<T: ToString>(ids: &[T]) -> String {
    ids.iter().map(ToString::to_string).collect::<Vec<_>>().join(", ")
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn an_entry_of_the_broker_precedes_a_template() {
        let configuration = json!({
            "advertisedHostTemplate": "broker-{nodeId}.test", "advertisedPortTemplate": "9443",
            "brokers": [{"broker": 11, "advertisedHost": "eleven.test", "advertisedPort": 443}],
        });
        let of = |id| advertised(&configuration, id, 9092).map(|one| format!("{}:{}", one.host, one.port));
        assert_eq!(of(10).as_deref(), Some("broker-10.test:9443"));
        assert_eq!(of(11).as_deref(), Some("eleven.test:443"));
        let native = json!({"hostTemplate": "b{nodeId}.test", "advertisedPortTemplate": "9000 + {nodeId}"});
        assert_eq!(advertised(&native, 3, 9092).map(|one| (one.host, one.port)), Some(("b3.test".into(), 9092)));
        assert_eq!(advertised(&json!({}), 3, 9092), None, "it advertises the name of its Service");
    }

    #[test]
    fn only_ids_that_no_broker_has_are_named() {
        assert_eq!(without_a_broker(&[0, 1, 2], &[0, 1, 2]), [0; 0]);
        assert_eq!(without_a_broker(&[0, 1, 10], &[10, 11, 12]), [0, 1]);
    }
}
