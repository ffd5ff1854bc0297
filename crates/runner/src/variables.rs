//! Computes the values of a run's variables.

use lab::manifest_variables;
use model::vars::Variables;
use model::{Cause, Failure, LabInfo};

/// The values that belong to one run.
#[derive(Debug)]
pub struct Own<'a> {
    pub scenario: &'a str,
    pub id: &'a str,
    pub namespace: &'a str,
    /// The Kafka cluster in use, and its namespace.
    pub cluster: &'a str,
    pub kafka_namespace: &'a str,
    /// The exclusive listener and its port.
    pub listener: Option<(&'a str, u16)>,
}

/// Sets every variable that has a value in this run.
///
/// # Errors
/// If the runner sets a variable that the language does not have.
pub fn variables(info: &LabInfo, own: &Own<'_>) -> Result<Variables, Failure> {
    let mut values = vec![
        ("scenario", own.scenario.to_owned()),
        ("id", own.id.to_owned()),
        ("namespace", own.namespace.to_owned()),
        ("cluster", own.cluster.to_owned()),
        ("kafka.namespace", own.kafka_namespace.to_owned()),
    ];
    if let Some((listener, port)) = own.listener {
        values.push(("listener", listener.to_owned()));
        values.push(("listener.domain", format!("{listener}.{}", info.domain)));
        values.push(("listener.port", port.to_string()));
    }
    let mut variables = manifest_variables(info);
    for (name, value) in values {
        if !variables.set(name, value) {
            return Err(Failure::new(Cause::Unknown, "a value for every variable", format!("no variable {name}")));
        }
    }
    Ok(variables)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fake::info;
    use model::vars::{TABLE, When};

    #[test]
    fn every_variable_of_the_language_has_a_value() {
        let own = Own {
            scenario: "s",
            id: "0a1b2c",
            namespace: "s-0a1b2c",
            cluster: "my-cluster",
            kafka_namespace: "kafka",
            listener: Some(("slot2", 9102)),
        };
        let variables = variables(&info(), &own).expect("known names");
        // A copy's number has a value only while the copy is applied.
        for variable in TABLE.iter().filter(|variable| variable.when != When::Copy) {
            assert!(variables.get(variable.name).is_some(), "{}", variable.name);
        }
        assert_eq!(variables.get("listener.domain"), Some("slot2.kafka.test"));
        assert_eq!(variables.get("gateway.tcp-port-10"), Some("9101"));
    }
}
