//! Translates a KafkaUser's rules to those of the protocol.

use super::acl_requests::Acl;
use super::model::{AclResourceType, AclRule, AuthType, PatternType, Permission, UserSpec};
use super::strict::Refusal;
use std::collections::BTreeSet;

/// The only name that a cluster resource can have.
const CLUSTER_RESOURCE: &str = "kafka-cluster";

/// The user's principal, which depends on how the user authenticates.
pub fn principal(user: &str, spec: &UserSpec) -> String {
    match spec.authentication.as_ref().map(|authentication| authentication.kind) {
        Some(AuthType::Tls) => format!("User:CN={user}"),
        Some(AuthType::ScramSha512) | None => format!("User:{user}"),
    }
}

/// The access rules of a user, one for each operation.
///
/// # Errors
/// If an operation is unknown, or a resource lacks its name.
pub fn of(user: &str, spec: &UserSpec) -> Result<BTreeSet<Acl>, Refusal> {
    let principal = principal(user, spec);
    let rules = spec.authorization.iter().flat_map(|authorization| &authorization.acls);
    let mut acls = BTreeSet::new();
    for rule in rules {
        let name = resource_name(rule)?;
        for operation in &rule.operations {
            acls.insert(Acl {
                resource_type: resource_type(rule.resource.kind),
                resource_name: name.clone(),
                pattern_type: if rule.resource.pattern_type == Some(PatternType::Prefix) { 4 } else { 3 },
                principal: principal.clone(),
                host: rule.host.clone().unwrap_or_else(|| "*".to_owned()),
                operation: operation_code(operation)?,
                permission: if rule.permission == Permission::Deny { 2 } else { 3 },
            });
        }
    }
    Ok(acls)
}

fn resource_name(rule: &AclRule) -> Result<String, Refusal> {
    match (rule.resource.kind, &rule.resource.name) {
        (AclResourceType::Cluster, _) => Ok(CLUSTER_RESOURCE.to_owned()),
        (_, Some(name)) => Ok(name.clone()),
        (kind, None) => {
            Err(Refusal::Invalid(format!("spec.authorization.acls: a resource of type {kind:?} requires a name")))
        }
    }
}

fn resource_type(kind: AclResourceType) -> i8 {
    match kind {
        AclResourceType::Topic => 2,
        AclResourceType::Group => 3,
        AclResourceType::Cluster => 4,
        AclResourceType::TransactionalId => 5,
    }
}

fn operation_code(name: &str) -> Result<i8, Refusal> {
    const NAMES: [&str; 11] = [
        "All",
        "Read",
        "Write",
        "Create",
        "Delete",
        "Alter",
        "Describe",
        "ClusterAction",
        "DescribeConfigs",
        "AlterConfigs",
        "IdempotentWrite",
    ];
    let position = NAMES.iter().position(|known| *known == name).and_then(|index| i8::try_from(index + 2).ok());
    position.ok_or_else(|| {
        Refusal::Invalid(format!(
            "spec.authorization.acls: `{name}` is not an operation; the operations are {}",
            NAMES.join(", ")
        ))
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::strict;
    use serde_json::json;

    #[test]
    fn a_rule_becomes_one_acl_an_operation() {
        let spec: UserSpec = strict::spec(&json!({
            "authentication": {"type": "tls"},
            "authorization": {"type": "simple", "acls": [
                {"resource": {"type": "topic", "name": "orders", "patternType": "prefix"}, "operations": ["Read", "Describe"], "host": "*"},
                {"resource": {"type": "cluster"}, "operations": ["IdempotentWrite"], "type": "deny"},
            ]},
        }))
        .expect("a user");
        let acls = of("alice", &spec).expect("rules");
        let read = Acl {
            resource_type: 2,
            resource_name: "orders".to_owned(),
            pattern_type: 4,
            principal: "User:CN=alice".to_owned(),
            host: "*".to_owned(),
            operation: 3,
            permission: 3,
        };
        let describe = Acl { operation: 8, ..read.clone() };
        let denied = Acl {
            resource_type: 4,
            resource_name: "kafka-cluster".to_owned(),
            pattern_type: 3,
            operation: 12,
            permission: 2,
            ..read.clone()
        };
        assert_eq!(acls, BTreeSet::from([read, describe, denied]));
    }

    #[test]
    fn unknown_operations_and_nameless_topics_are_refused() {
        let user = |acl: serde_json::Value| {
            strict::spec::<UserSpec>(&json!({"authorization": {"type": "simple", "acls": [acl]}})).expect("a user")
        };
        assert!(of("a", &user(json!({"resource": {"type": "topic", "name": "t"}, "operations": ["Eat"]}))).is_err());
        assert!(of("a", &user(json!({"resource": {"type": "topic"}, "operations": ["Read"]}))).is_err());
    }
}
