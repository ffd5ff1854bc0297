//! What a step may disturb for scenarios that run at the same time.

/// What a step changes that other scenarios may use.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Touches<'a> {
    /// Nothing that other scenarios use.
    Nothing,
    /// The Kafka cluster in use. The text says how, such as "scales a node pool".
    Cluster(&'static str),
    /// The gateway, which all scenarios share.
    Gateway(&'static str),
    /// One object, which other scenarios may use.
    Object {
        kind: &'a str,
        name: &'a str,
        namespace: Option<&'a str>,
        /// What the step does if the object is a Kafka cluster or one of its pools.
        verb: &'static str,
    },
}

impl Touches<'_> {
    /// Whether the change affects other scenarios. `own` says that the scenario has its own Kafka cluster.
    pub fn disturbs(self, own: bool) -> bool {
        match self {
            Self::Nothing => false,
            Self::Cluster(_) => !own,
            Self::Gateway(_) => true,
            Self::Object { kind, name, namespace, .. } => foreign(kind, name, namespace),
        }
    }
}

/// Whether a change of this object affects other scenarios. Topics and users of the shared cluster must be in its
/// namespace, but belong to the scenario. So does every object with the run's id in its name.
fn foreign(kind: &str, name: &str, namespace: Option<&str>) -> bool {
    let everywhere = ["GatewayClass", "CustomResourceDefinition", "ClusterRole", "ClusterRoleBinding", "Namespace"];
    let elsewhere = namespace.is_some_and(|namespace| namespace != "${namespace}");
    everywhere.contains(&kind) || (elsewhere && !["KafkaTopic", "KafkaUser"].contains(&kind) && !name.contains("${id}"))
}
