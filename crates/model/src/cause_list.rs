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
}

impl Cause {
    /// Every cause, in the order of their numbers.
    pub const ALL: [Self; 29] = [
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
    ];

    pub(crate) fn entry(self) -> &'static CauseEntry {
        &ENTRIES[self as usize]
    }
}

static ENTRIES: [CauseEntry; 29] = [
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
        repair: "Read the password again: key `password` of the KafkaUser's Secret.",
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
];
