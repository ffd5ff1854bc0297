//! Generated from `crates/model/causes.yaml`: `UPDATE_DOCS=1 cargo test -p model --lib` writes it anew.

use crate::cause::{CauseEntry, Severity};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// The cause of a failed connection or request, as precise as the evidence allows.
#[derive(Clone, Copy, Debug, Eq, Hash, JsonSchema, Ord, PartialEq, PartialOrd, Deserialize, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Cause {
    /// The name does not resolve where the client runs.
    UnresolvedName,
    /// Nothing accepts connections at the address.
    Unreachable,
    /// The gateway accepted the connection and closed it, since no listener or route serves this server name.
    UnknownSni,
    /// The client sent no server name (it connected by address), so the gateway cannot choose a route.
    NoSni,
    /// No TLSRoute or TCPRoute leads to the name that a broker advertises.
    RouteMissing,
    /// A route exists, but its Gateway did not accept it.
    RouteNotAccepted,
    /// A route exists and is accepted, but its backend cannot be resolved.
    BackendUnresolved,
    /// The route leads to a Service without a ready broker.
    BrokerDown,
    /// The route leads to another broker than the one that advertises the name.
    WrongBroker,
    /// The address that the broker advertises is not one that the gateway serves.
    AdvertisedAddress,
    /// The certificate does not name the host.
    CertificateName,
    /// The certificate is not signed by an authority that the client trusts.
    UntrustedCertificate,
    /// The certificate is not valid at this time.
    CertificateExpired,
    /// The broker wants a client certificate that it did not get, or refused the one it got.
    ClientCertificate,
    /// The broker refused the user name or password.
    Authentication,
    /// The broker knows the user, and denies the operation.
    Authorization,
    /// The topic or partition does not exist.
    UnknownTopic,
    /// An attempt that had to be refused succeeded.
    NotRefused,
    /// Messages were lost, doubled or changed.
    Content,
    /// The API server refused an object.
    ManifestRefused,
    /// A condition did not come true in time.
    ConditionUnmet,
    /// A component of the lab itself does not run, so nothing that needs it can work.
    LabComponentDead,
    /// A deadline passed, and nothing more is known.
    Timeout,
    /// None of the above: the text says what was seen.
    Unknown,
    /// The client and the port speak different protocols, such as TLS and plaintext, or SASL and none.
    WrongProtocol,
    /// The gateway ended TLS with a certificate of its own, where the client expects that of the broker.
    TlsEndedByGateway,
    /// The GatewayClass, the Gateway or its listener is not ready, so no route through it works.
    GatewayNotReady,
    /// The name resolves to an address that is not the Gateway's, and the path through that address does not work.
    NameResolvesElsewhere,
    /// The certificate expires soon, and nothing seems to renew it.
    CertificateExpiresSoon,
    /// The cluster serves the Gateway API in no version that the gateway's controller reads, or not at all.
    ApiVersion,
    /// The cluster accepts every object of the path, and the gateway's proxy still does not serve it.
    ProxyRefusedConfig,
    /// Two routes with the same hostname are attached to the same listener, so only one of them gets the connections.
    HostnameShared,
    /// The gateway or the broker accepts fewer connections at once than its clients need.
    ConnectionLimit,
    /// Something on the path ends a connection that is idle, sooner than the client expects it.
    IdleCut,
    /// The Kafka resource configures hosts for broker ids that do not exist.
    BrokerIds,
    /// The Service behind the route exists, but its port does not lead to the listener of the broker.
    BackendPort,
    /// A NetworkPolicy keeps the gateway away from the brokers.
    NetworkPolicy,
    /// The gateway ends a connection whose ClientHello arrives in more than one segment.
    ClientHelloSplit,
    /// The gateway accepts connections and answers nothing, whatever is sent.
    GatewaySilent,
}

impl Cause {
    /// Every cause, in the order of their numbers.
    pub const ALL: [Self; 39] = [
        Self::UnresolvedName,
        Self::Unreachable,
        Self::UnknownSni,
        Self::NoSni,
        Self::RouteMissing,
        Self::RouteNotAccepted,
        Self::BackendUnresolved,
        Self::BrokerDown,
        Self::WrongBroker,
        Self::AdvertisedAddress,
        Self::CertificateName,
        Self::UntrustedCertificate,
        Self::CertificateExpired,
        Self::ClientCertificate,
        Self::Authentication,
        Self::Authorization,
        Self::UnknownTopic,
        Self::NotRefused,
        Self::Content,
        Self::ManifestRefused,
        Self::ConditionUnmet,
        Self::LabComponentDead,
        Self::Timeout,
        Self::Unknown,
        Self::WrongProtocol,
        Self::TlsEndedByGateway,
        Self::GatewayNotReady,
        Self::NameResolvesElsewhere,
        Self::CertificateExpiresSoon,
        Self::ApiVersion,
        Self::ProxyRefusedConfig,
        Self::HostnameShared,
        Self::ConnectionLimit,
        Self::IdleCut,
        Self::BrokerIds,
        Self::BackendPort,
        Self::NetworkPolicy,
        Self::ClientHelloSplit,
        Self::GatewaySilent,
    ];

    pub(crate) fn entry(self) -> &'static CauseEntry {
        &ENTRIES[self as usize]
    }
}

static ENTRIES: [CauseEntry; 39] = [
    CauseEntry {
        name: "unresolved-name",
        number: 1,
        severity: Severity::Error,
        summary: "The name does not resolve where the client runs.",
        example: "A broker advertises an `advertisedHost` that DNS cannot resolve.",
        repair: "Add every name to DNS, or one wildcard record that points to the Gateway's address. If a broker advertises a name that no Gateway serves, correct `advertisedHost` in the Kafka resource instead.",
    },
    CauseEntry {
        name: "unreachable",
        number: 2,
        severity: Severity::Error,
        summary: "Nothing accepts connections at the address.",
        example: "Nothing listens at the advertised port, or the gateway does not run.",
        repair: "Check that the Gateway has a listener on the port, that its Pods run, and that its Service publishes the port.",
    },
    CauseEntry {
        name: "unknown-sni",
        number: 3,
        severity: Severity::Error,
        summary: "The gateway accepted the connection and closed it, since no listener or route serves this server name.",
        example: "`refuse: {sni: ...}` with a name that has no route. The gateway closes the connection at once.",
        repair: "Compare the name that the client uses with the `hostnames` of the routes. If a route fits and is accepted, read the gateway's own log: some implementations accept a route and do not serve it.",
    },
    CauseEntry {
        name: "no-sni",
        number: 4,
        severity: Severity::Error,
        summary: "The client sent no server name (it connected by address), so the gateway cannot choose a route.",
        example: "`refuse: {no-sni: true}`.",
        repair: "Use a host name that a route serves, in `bootstrap.servers` and in the advertised addresses.",
    },
    CauseEntry {
        name: "route-missing",
        number: 5,
        severity: Severity::Error,
        summary: "No TLSRoute or TCPRoute leads to the name that a broker advertises.",
        example: "The TLSRoute of broker 11 is deleted. The client learns the broker's name and cannot connect to it.",
        repair: "Add a TLSRoute with this hostname that leads to the Service of this one broker.",
    },
    CauseEntry {
        name: "route-not-accepted",
        number: 6,
        severity: Severity::Error,
        summary: "A route exists, but its Gateway did not accept it.",
        example: "The Gateway's listener gets another `hostname`, or its `allowedRoutes` exclude the route.",
        repair: "Make `parentRefs` (name, namespace, sectionName), the hostnames and `allowedRoutes` agree. The reason in the condition says which of them does not.",
    },
    CauseEntry {
        name: "backend-unresolved",
        number: 7,
        severity: Severity::Error,
        summary: "A route exists and is accepted, but its backend cannot be resolved.",
        example: "A route's `backendRefs` name a Service or a port that does not exist, or a ReferenceGrant is missing.",
        repair: "Correct `backendRefs` (name, namespace, port), or add a ReferenceGrant in the Service's namespace.",
    },
    CauseEntry {
        name: "broker-down",
        number: 8,
        severity: Severity::Error,
        summary: "The route leads to a Service without a ready broker.",
        example: "The Pod of the broker is gone, while its route and its Service still exist.",
        repair: "Look at the Pod, its events and its log. The gateway needs no change.",
    },
    CauseEntry {
        name: "wrong-broker",
        number: 9,
        severity: Severity::Error,
        summary: "The route leads to another broker than the one that advertises the name.",
        example: "The route of `broker-11` leads to the Service of broker 12, or to another cluster's.",
        repair: "Correct the route's `backendRefs`. Each broker has a Service of its own.",
    },
    CauseEntry {
        name: "advertised-address",
        number: 10,
        severity: Severity::Error,
        summary: "The address that the broker advertises is not one that the gateway serves.",
        example: "`advertisedPort` is 443 while the Gateway listens at 9092. Clients reach the bootstrap address, but not the brokers.",
        repair: "Set `advertisedHostTemplate` and `advertisedPortTemplate` of the listener (or `advertisedHost` and `advertisedPort` of each broker) to a name and a port that the Gateway serves.",
    },
    CauseEntry {
        name: "certificate-name",
        number: 11,
        severity: Severity::Error,
        summary: "The certificate does not name the host.",
        example: "The broker's certificate has no SAN for the hostname of its route.",
        repair: "Declare the host in the listener: `bootstrap.alternativeNames` for the bootstrap, `advertisedHost` for a broker.",
    },
    CauseEntry {
        name: "untrusted-certificate",
        number: 12,
        severity: Severity::Error,
        summary: "The certificate is not signed by an authority that the client trusts.",
        example: "`trust: clients-ca`, or a gateway that ends TLS with a certificate of another CA.",
        repair: "Give the client the cluster CA: key `ca.crt` of the Secret `<cluster>-cluster-ca-cert`.",
    },
    CauseEntry {
        name: "certificate-expired",
        number: 13,
        severity: Severity::Error,
        summary: "The certificate is not valid at this time.",
        example: "`certificate: {..., expired: true}` in the Secret that the Gateway uses.",
        repair: "Renew the certificate. If its dates are right, check the clock of this machine.",
    },
    CauseEntry {
        name: "client-certificate",
        number: 14,
        severity: Severity::Error,
        summary: "The broker wants a client certificate that it did not get, or refused the one it got.",
        example: "A client without `identity: {tls: ...}` uses a listener that requires a client certificate.",
        repair: "Use the certificate and the key of a KafkaUser with `authentication: {type: tls}`. With a gateway in between, the listener's `tls.mode` must be Passthrough.",
    },
    CauseEntry {
        name: "authentication",
        number: 15,
        severity: Severity::Error,
        summary: "The broker refused the user name or password.",
        example: "`identity: {scram: {user: ..., password: wrong}}`.",
        repair: "Read the password again: key `password` of the KafkaUser's Secret. If `diagnose` logs in with it, update the client's librdkafka.",
    },
    CauseEntry {
        name: "authorization",
        number: 16,
        severity: Severity::Error,
        summary: "The broker knows the user, and denies the operation.",
        example: "The ACLs of a KafkaUser do not allow it to write to the topic.",
        repair: "Grant the operation in `spec.authorization.acls` of the KafkaUser.",
    },
    CauseEntry {
        name: "unknown-topic",
        number: 17,
        severity: Severity::Error,
        summary: "The topic or partition does not exist.",
        example: "A client produces to a topic that was deleted or never created.",
        repair: "Create the topic, for example with a KafkaTopic resource.",
    },
    CauseEntry {
        name: "not-refused",
        number: 18,
        severity: Severity::Error,
        summary: "An attempt that had to be refused succeeded.",
        example: "The sabotage gives the unknown name a route, so the `refuse` step gets an answer.",
        repair: "Find out who answered. A wildcard route or a listener without a hostname is the usual reason.",
    },
    CauseEntry {
        name: "content",
        number: 19,
        severity: Severity::Error,
        summary: "Messages were lost, doubled or changed.",
        example: "The topic is deleted while a load generator writes to it, so `stop` finds that messages are missing.",
        repair: "Look at what happened to the topic and its leaders during the step.",
    },
    CauseEntry {
        name: "manifest-refused",
        number: 20,
        severity: Severity::Error,
        summary: "The API server refused an object.",
        example: "A manifest has a value that the CRD does not allow.",
        repair: "Correct the field that the answer names.",
    },
    CauseEntry {
        name: "condition-unmet",
        number: 21,
        severity: Severity::Error,
        summary: "A condition did not come true in time.",
        example: "The sabotage leaves out the `apply` of an object that a `wait` step waits for.",
        repair: "Read the reason and the message of the condition, and the log of the controller that writes it.",
    },
    CauseEntry {
        name: "lab-component-dead",
        number: 22,
        severity: Severity::Error,
        summary: "A component of the lab itself does not run, so nothing that needs it can work.",
        example: "The lab's agent was killed. `cargo xtask lab up` starts it again.",
        repair: "`cargo xtask lab up` starts what is missing and leaves the rest alone.",
    },
    CauseEntry {
        name: "timeout",
        number: 23,
        severity: Severity::Error,
        summary: "A deadline passed, and nothing more is known.",
        example: "A step still runs when the scenario's `within` has passed. Expect a more specific cause if there is one.",
        repair: "Look at the process behind the last hop that worked.",
    },
    CauseEntry {
        name: "unknown",
        number: 24,
        severity: Severity::Error,
        summary: "None of the above: the text says what was seen.",
        example: "No rule of the diagnosis matches. Do not expect this cause: its text may change with each version.",
        repair: "Read the evidence from the top. Please open an issue with it, so that the next user gets a name for it.",
    },
    CauseEntry {
        name: "wrong-protocol",
        number: 25,
        severity: Severity::Error,
        summary: "The client and the port speak different protocols, such as TLS and plaintext, or SASL and none.",
        example: "A client with `security.protocol=PLAINTEXT` connects to the port of a TLS listener.",
        repair: "Set `security.protocol` to what the port speaks, or connect to the port of the listener that speaks what the client is configured for.",
    },
    CauseEntry {
        name: "tls-ended-by-gateway",
        number: 26,
        severity: Severity::Error,
        summary: "The gateway ended TLS with a certificate of its own, where the client expects that of the broker.",
        example: "A terminating listener with the name of a passthrough route: the client sees the gateway's certificate.",
        repair: "Set `tls.mode: Passthrough` on the listener. If the gateway shall end TLS, give the client the CA of the gateway's certificate, and use no client certificates.",
    },
    CauseEntry {
        name: "gateway-not-ready",
        number: 27,
        severity: Severity::Error,
        summary: "The GatewayClass, the Gateway or its listener is not ready, so no route through it works.",
        example: "A listener's port is one that the implementation does not serve: its condition is `Accepted=False`.",
        repair: "The reason and the message of the condition say what the implementation lacks or refuses.",
    },
    CauseEntry {
        name: "name-resolves-elsewhere",
        number: 28,
        severity: Severity::Error,
        summary: "The name resolves to an address that is not the Gateway's, and the path through that address does not work.",
        example: "A record in DNS still has the address of the former load balancer.",
        repair: "Correct the record, so that the name points to an address in `status.addresses` of the Gateway.",
    },
    CauseEntry {
        name: "certificate-expires-soon",
        number: 29,
        severity: Severity::Warning,
        summary: "The certificate expires soon, and nothing seems to renew it.",
        example: "A certificate that was issued for three days.",
        repair: "Renew the certificate, and check that the server loads the new one.",
    },
    CauseEntry {
        name: "api-version",
        number: 30,
        severity: Severity::Error,
        summary: "The cluster serves the Gateway API in no version that the gateway's controller reads, or not at all.",
        example: "A controller that watches TLSRoute in `v1alpha2` runs where the CRD serves only `v1`.",
        repair: "Install the CRDs of the Gateway API release that the implementation names in its documentation. TLSRoute and TCPRoute in `v1alpha2` belong to the experimental channel.",
    },
    CauseEntry {
        name: "proxy-refused-config",
        number: 31,
        severity: Severity::Error,
        summary: "The cluster accepts every object of the path, and the gateway's proxy still does not serve it.",
        example: "Envoy refuses the configuration of a Gateway (NACK), so it keeps the former one. New routes have no effect.",
        repair: "Read the log of the gateway's proxy for a refused configuration. The newest change of a route or a Gateway is the usual reason; take it back, and the proxy accepts the rest.",
    },
    CauseEntry {
        name: "hostname-shared",
        number: 32,
        severity: Severity::Error,
        summary: "Two routes with the same hostname are attached to the same listener, so only one of them gets the connections.",
        example: "Two teams each have a TLSRoute for `broker-11.example.com`. Both say `Accepted=True`.",
        repair: "Give each route a hostname of its own, or delete the one that is not wanted.",
    },
    CauseEntry {
        name: "connection-limit",
        number: 33,
        severity: Severity::Error,
        summary: "The gateway or the broker accepts fewer connections at once than its clients need.",
        example: "Envoy's default circuit breaker ends every connection above 1024 for one broker.",
        repair: "Raise the limit: `max.connections` and `max.connections.per.ip` of the broker's listener, or that of the gateway (a BackendTrafficPolicy with `circuitBreaker.maxConnections` for Envoy Gateway).",
    },
    CauseEntry {
        name: "idle-cut",
        number: 34,
        severity: Severity::Warning,
        summary: "Something on the path ends a connection that is idle, sooner than the client expects it.",
        example: "A gateway with an idle timeout of 60 s, where clients send nothing for minutes.",
        repair: "Set the client's `connections.max.idle.ms` below the time that was measured, or raise the idle timeout of the gateway or the load balancer above it.",
    },
    CauseEntry {
        name: "broker-ids",
        number: 35,
        severity: Severity::Error,
        summary: "The Kafka resource configures hosts for broker ids that do not exist.",
        example: "`brokers` of the listener lists 0, 1 and 2, while the brokers of the pool are 10, 11 and 12.",
        repair: "Use the ids that the brokers have, or `advertisedHostTemplate` with `{nodeId}`, which needs no ids at all. The annotation `strimzi.io/next-node-ids` of a KafkaNodePool chooses ids.",
    },
    CauseEntry {
        name: "backend-port",
        number: 36,
        severity: Severity::Error,
        summary: "The Service behind the route exists, but its port does not lead to the listener of the broker.",
        example: "`backendRefs` name port 9091 of the broker's Service, or the Service's `targetPort` is one where no broker listens.",
        repair: "Set the port of `backendRefs` to that of the Service's port for this listener, and its `targetPort` to the port of the broker's listener.",
    },
    CauseEntry {
        name: "network-policy",
        number: 37,
        severity: Severity::Error,
        summary: "A NetworkPolicy keeps the gateway away from the brokers.",
        example: "`networkPolicyPeers` of the Kafka listener names the namespace of the clients, and not that of the gateway.",
        repair: "Add the gateway's Pods to `from` of the policy; with Strimzi, to `networkPolicyPeers` of the listener.",
    },
    CauseEntry {
        name: "client-hello-split",
        number: 38,
        severity: Severity::Error,
        summary: "The gateway ends a connection whose ClientHello arrives in more than one segment.",
        example: "A client with a post-quantum key share sends 1.8 kB, and the gateway reads the server name from the first segment only.",
        repair: "Let the gateway wait for the whole ClientHello (HAProxy: `tcp-request inspect-delay` with `req.ssl_hello_type 1` as the condition), or update it. Until then, leave out the post-quantum groups of the client.",
    },
    CauseEntry {
        name: "gateway-silent",
        number: 39,
        severity: Severity::Error,
        summary: "The gateway accepts connections and answers nothing, whatever is sent.",
        example: "The process of the gateway is frozen (SIGSTOP): the kernel still accepts connections in its name.",
        repair: "Look at the gateway's Pods, their processor time and memory, and restart them. The brokers need no change.",
    },
];
