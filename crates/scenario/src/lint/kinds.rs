//! Facts about kinds that need no cluster: their origin, their conditions, and the features of the Gateway API.

/// The project that defines a kind.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum Origin {
    Kubernetes,
    GatewayApi,
    Strimzi,
}

/// One kind.
#[derive(Debug)]
pub(crate) struct Kind {
    pub name: &'static str,
    pub group: &'static str,
    /// The served versions. The usual one is first.
    pub versions: &'static [&'static str],
    pub origin: Origin,
    /// The condition types that its status can have.
    pub conditions: &'static [&'static str],
}

const fn kubernetes(name: &'static str, group: &'static str, conditions: &'static [&'static str]) -> Kind {
    Kind { name, group, versions: &["v1"], origin: Origin::Kubernetes, conditions }
}

const fn gateway(name: &'static str, versions: &'static [&'static str], conditions: &'static [&'static str]) -> Kind {
    Kind { name, group: "gateway.networking.k8s.io", versions, origin: Origin::GatewayApi, conditions }
}

const fn strimzi(name: &'static str, conditions: &'static [&'static str]) -> Kind {
    Kind { name, group: "kafka.strimzi.io", versions: &["v1"], origin: Origin::Strimzi, conditions }
}

const ROUTE: &[&str] = &["Accepted", "ResolvedRefs", "PartiallyInvalid"];
const LISTENERS: &[&str] = &["Accepted", "Programmed", "ResolvedRefs", "Conflicted", "OverlappingTLSConfig"];
const OPERAND: &[&str] = &["Ready", "NotReady", "Warning", "ReconciliationPaused"];
const TOPIC: &[&str] = &["Ready", "NotReady", "Warning", "ReconciliationPaused", "Unmanaged"];

/// The kinds of manifests that scenarios use.
pub(crate) const KINDS: &[Kind] = &[
    gateway("GatewayClass", &["v1"], &["Accepted", "SupportedVersion"]),
    gateway("Gateway", &["v1"], LISTENERS),
    gateway("ListenerSet", &["v1"], LISTENERS),
    gateway("TLSRoute", &["v1"], ROUTE),
    gateway("TCPRoute", &["v1", "v1alpha2"], ROUTE),
    gateway("UDPRoute", &["v1", "v1alpha2"], ROUTE),
    gateway("HTTPRoute", &["v1"], ROUTE),
    gateway("GRPCRoute", &["v1"], ROUTE),
    gateway("BackendTLSPolicy", &["v1"], &["Accepted", "ResolvedRefs"]),
    gateway("ReferenceGrant", &["v1beta1", "v1"], &[]),
    strimzi("Kafka", OPERAND),
    strimzi("KafkaNodePool", OPERAND),
    strimzi("KafkaTopic", TOPIC),
    strimzi("KafkaUser", OPERAND),
    strimzi("KafkaBridge", OPERAND),
    strimzi("KafkaConnect", OPERAND),
    strimzi("KafkaConnector", OPERAND),
    strimzi("KafkaMirrorMaker2", OPERAND),
    strimzi(
        "KafkaRebalance",
        &["New", "PendingProposal", "ProposalReady", "Rebalancing", "Ready", "NotReady", "Stopped"],
    ),
    Kind {
        name: "StrimziPodSet",
        group: "core.strimzi.io",
        versions: &["v1"],
        origin: Origin::Strimzi,
        conditions: OPERAND,
    },
    kubernetes("ConfigMap", "", &[]),
    kubernetes("Endpoints", "", &[]),
    kubernetes("Event", "", &[]),
    kubernetes("LimitRange", "", &[]),
    kubernetes("Namespace", "", &["NamespaceDeletionContentFailure", "NamespaceContentRemaining"]),
    kubernetes("Node", "", &["Ready", "MemoryPressure", "DiskPressure", "PIDPressure", "NetworkUnavailable"]),
    kubernetes("PersistentVolume", "", &[]),
    kubernetes("PersistentVolumeClaim", "", &["Resizing", "FileSystemResizePending"]),
    kubernetes("Pod", "", &["Ready", "ContainersReady", "Initialized", "PodScheduled", "DisruptionTarget"]),
    kubernetes("ResourceQuota", "", &[]),
    kubernetes("Secret", "", &[]),
    kubernetes("Service", "", &["LoadBalancerPortsError"]),
    kubernetes("ServiceAccount", "", &[]),
    kubernetes("DaemonSet", "apps", &[]),
    kubernetes("Deployment", "apps", &["Available", "Progressing", "ReplicaFailure"]),
    kubernetes("ReplicaSet", "apps", &["ReplicaFailure"]),
    kubernetes("StatefulSet", "apps", &[]),
    kubernetes("CronJob", "batch", &[]),
    kubernetes("Job", "batch", &["Complete", "Failed", "Suspended", "FailureTarget", "SuccessCriteriaMet"]),
    kubernetes("EndpointSlice", "discovery.k8s.io", &[]),
    kubernetes("Ingress", "networking.k8s.io", &[]),
    kubernetes("IngressClass", "networking.k8s.io", &[]),
    kubernetes("NetworkPolicy", "networking.k8s.io", &[]),
    kubernetes("PodDisruptionBudget", "policy", &["DisruptionAllowed"]),
    kubernetes("ClusterRole", "rbac.authorization.k8s.io", &[]),
    kubernetes("ClusterRoleBinding", "rbac.authorization.k8s.io", &[]),
    kubernetes("Role", "rbac.authorization.k8s.io", &[]),
    kubernetes("RoleBinding", "rbac.authorization.k8s.io", &[]),
    kubernetes("CustomResourceDefinition", "apiextensions.k8s.io", &["Established", "NamesAccepted", "Terminating"]),
];

/// The kind with this name.
pub(crate) fn kind(name: &str) -> Option<&'static Kind> {
    KINDS.iter().find(|kind| kind.name == name)
}

/// The kinds whose conditions a scenario can wait for, for the reference.
pub(crate) fn conditions_table() -> impl Iterator<Item = (&'static str, &'static [&'static str])> {
    let own = KINDS.iter().filter(|kind| kind.origin != Origin::Kubernetes || kind.name == "Pod");
    own.filter(|kind| !kind.conditions.is_empty()).map(|kind| (kind.name, kind.conditions))
}

/// The features of the Gateway API's conformance suite that matter to a Kafka client, and the core features.
pub(crate) const FEATURES: &[&str] = &[
    "TLSRoute",
    "TLSRouteModeTerminate",
    "TLSRouteModeMixed",
    "TCPRoute",
    "UDPRoute",
    "HTTPRoute",
    "GRPCRoute",
    "Gateway",
    "GatewayAddressEmpty",
    "GatewayFrontendClientCertificateValidation",
    "GatewayFrontendClientCertificateValidationInsecureFallback",
    "GatewayHTTPListenerIsolation",
    "GatewayInfrastructurePropagation",
    "GatewayPort8080",
    "GatewayStaticAddresses",
    "ListenerSet",
    "ReferenceGrant",
    "BackendTLSPolicy",
    "BackendTLSPolicySANValidation",
];
