//! What a step may disturb for scenarios that run at the same time.

/// What a step touches that others may use.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Touches<'a> {
    /// Nothing that others use.
    Nothing,
    /// The Kafka cluster in use. The verb says how, such as "scales a node pool".
    Cluster(&'static str),
    /// The gateway, which all scenarios share.
    Gateway(&'static str),
    /// One object, which may belong to others.
    Object {
        kind: &'a str,
        name: &'a str,
        namespace: Option<&'a str>,
        /// What this means where the object is a Kafka cluster or one of its pools.
        verb: &'static str,
    },
}

impl Touches<'_> {
    /// Whether other scenarios notice. `own`: the scenario brings its own Kafka cluster.
    pub fn disturbs(self, own: bool) -> bool {
        match self {
            Self::Nothing => false,
            Self::Cluster(_) => !own,
            Self::Gateway(_) => true,
            Self::Object { kind, name, namespace, .. } => foreign(kind, name, namespace),
        }
    }
}

/// Whether other scenarios notice a change of this object. Topics and users of the shared cluster have to live in its
/// namespace, but belong to the scenario, as does everything that has the run's id in its name.
fn foreign(kind: &str, name: &str, namespace: Option<&str>) -> bool {
    let everywhere = ["GatewayClass", "CustomResourceDefinition", "ClusterRole", "ClusterRoleBinding", "Namespace"];
    let elsewhere = namespace.is_some_and(|namespace| namespace != "${namespace}");
    everywhere.contains(&kind) || (elsewhere && !["KafkaTopic", "KafkaUser"].contains(&kind) && !name.contains("${id}"))
}
