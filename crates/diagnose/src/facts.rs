//! The facts that a diagnosis is based on. They are gathered before the diagnosis is made.

use crate::gateways::GatewayState;
use probe::tcp::TcpOutcome;
use probe::tls::{Handshake, TlsOutcome};
use probe::{BrokerAddr, ClientError, LoginOutcome, Peer, Speaks, Whose};
use std::collections::BTreeSet;
use std::fmt;
use std::net::IpAddr;

/// What to explain.
#[derive(Clone, Debug)]
pub enum Subject {
    /// A client's failure.
    Failure(ClientError),
    /// An address that cannot be reached.
    Address { host: String, port: u16 },
}

/// How a name resolved.
#[derive(Clone, Debug, Eq, PartialEq)]
pub enum Lookup {
    /// The host is an IP address: there was nothing to look up, and no server name is sent.
    IpLiteral(IpAddr),
    Found(IpAddr),
    Failed(String),
}

/// A status condition of a route for one of its parents.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Condition {
    pub kind: String,
    pub status: bool,
    pub reason: String,
    pub message: String,
}

/// A Service that a route leads to.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Backend {
    pub namespace: String,
    pub service: String,
    pub exists: bool,
    /// The port that the route names.
    pub port: Option<u16>,
    /// The ports that the Service has.
    pub ports: Vec<u16>,
    /// The port of the Pods that the named port leads to, if it is a number.
    pub target: Option<u16>,
    /// How many Pods the Service selects, and how many of them are ready.
    pub pods: usize,
    pub ready: usize,
    /// The brokers among these Pods.
    pub brokers: Vec<PodBroker>,
}

/// A broker, as its Pod identifies it.
#[derive(Clone, Debug, Eq, Ord, PartialEq, PartialOrd)]
pub struct PodBroker {
    /// The Kafka resource, `namespace/name`.
    pub cluster: String,
    pub id: i32,
}

/// A parent that a route names.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Parent {
    /// `Gateway`, or another kind such as `ListenerSet`.
    pub kind: String,
    /// The Gateway, `namespace/name`.
    pub gateway: String,
    /// The listener's name. Without it, any listener matches.
    pub listener: Option<String>,
}

impl Parent {
    /// Describes what the matching listeners serve.
    pub(super) fn serve(&self, served: &[Listener]) -> Vec<String> {
        let meant = |listener: &&Listener| {
            listener.gateway == self.gateway && self.listener.as_ref().is_none_or(|name| *name == listener.name)
        };
        let lines: Vec<_> = served.iter().filter(meant).map(ToString::to_string).collect();
        if lines.is_empty() {
            let listener = self.listener.as_ref().map_or_else(String::new, |name| format!(" listener {name}"));
            return vec![format!("Gateway {}{listener} does not exist", self.gateway)];
        }
        lines
    }
}

/// A TLSRoute or TCPRoute that concerns the address.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Route {
    pub kind: String,
    pub namespace: String,
    pub name: String,
    pub hostnames: Vec<String>,
    pub parents: Vec<Parent>,
    pub conditions: Vec<Condition>,
    pub backends: Vec<Backend>,
}

impl Route {
    pub(super) fn title(&self) -> String {
        format!("{} {}/{}", self.kind, self.namespace, self.name)
    }

    /// Whether it leads to the same backends.
    pub(super) fn leads_as(&self, other: &Self) -> bool {
        let keys = |route: &Self| -> BTreeSet<(String, String, Option<u16>)> {
            let key = |one: &Backend| (one.namespace.clone(), one.service.clone(), one.port);
            route.backends.iter().map(key).collect()
        };
        keys(self) == keys(other)
    }

    /// Whether all of its parents are Gateways that do not exist. Its status is then that of a former Gateway.
    pub(super) fn orphaned(&self, served: &[Listener]) -> bool {
        let gone = |parent: &Parent| {
            parent.kind == "Gateway" && !served.iter().any(|listener| listener.gateway == parent.gateway)
        };
        !served.is_empty() && !self.parents.is_empty() && self.parents.iter().all(gone)
    }

    /// Whether a parent accepted it. A route that no controller has processed is not accepted.
    pub(super) fn accepted(&self) -> bool {
        self.conditions.iter().any(|condition| condition.kind == "Accepted" && condition.status)
    }
}

/// A listener of a Gateway.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub struct Listener {
    pub gateway: String,
    pub name: String,
    pub port: u16,
    pub hostname: Option<String>,
    /// `tls.mode`, such as `Passthrough`. Empty if the listener has none.
    pub mode: String,
    /// How many routes are attached, as the Gateway's status says; 0 if none of them was accepted.
    pub attached_routes: Option<u64>,
    /// The addresses of its Gateway.
    pub addresses: Vec<IpAddr>,
}

impl fmt::Display for Listener {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let hostname = self.hostname.as_deref().unwrap_or("any name");
        write!(f, "Gateway {} listener {} serves {hostname} on port {}", self.gateway, self.name, self.port)
    }
}

impl Listener {
    /// Whether it serves the name. A listener without a hostname serves every name.
    pub(super) fn serves(&self, host: &str) -> bool {
        self.hostname.is_none() || self.names(host)
    }

    /// Whether it serves the name because its own hostname says so.
    pub(super) fn names(&self, host: &str) -> bool {
        self.hostname.as_ref().is_some_and(|pattern| super::routes::covers(pattern, host))
    }
}

/// The listener of a Kafka resource that declares the name.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Declared {
    /// `Kafka namespace/name`.
    pub resource: String,
    pub listener: String,
    /// The port at which the brokers listen, and whether they speak TLS there.
    pub port: Option<u16>,
    pub tls: bool,
    /// Whether brokers advertise the name. Otherwise it is the bootstrap name.
    pub advertised: bool,
    /// The id that the cluster gave itself, from the resource's status.
    pub cluster_id: Option<String>,
}

impl Declared {
    /// The cluster whose brokers must answer for the name.
    pub(super) fn whose(&self) -> Whose {
        let (namespace, cluster) = self.cluster().split_once('/').unwrap_or_default();
        let known = |text: &str| (!text.is_empty()).then(|| text.to_owned());
        Whose { namespace: known(namespace), cluster: known(cluster), cluster_id: self.cluster_id.clone() }
    }

    /// The resource as `namespace/name`.
    pub(super) fn cluster(&self) -> &str {
        self.resource.strip_prefix("Kafka ").unwrap_or(&self.resource)
    }
}

/// What is known about the lab's gateway.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub struct Gateway {
    /// The ports that it serves on this machine.
    pub ports: Vec<u16>,
    /// The common name of the certificate that it shows for unknown names.
    pub default_certificate: Option<String>,
}

/// What a client that walks the whole path saw. Absent if a foreign client's failure is to be explained.
#[derive(Clone, Debug, Default)]
pub struct Walked {
    /// Whether the client is configured for TLS.
    pub tls: bool,
    /// The SASL mechanism that the client is configured for.
    pub mechanism: Option<&'static str>,
    /// Whether Kafka answered, and if not, why.
    pub kafka: Option<Result<usize, String>>,
    pub login: Option<LoginOutcome>,
    /// Why Kafka did not answer a request for metadata, if it answered the first request.
    pub no_metadata: Option<String>,
    /// Whether a handshake with a name that no route serves gets no answer either. It is asked only if this one got none.
    pub leaves_strangers_waiting: Option<bool>,
    /// How the handshake with a ClientHello in two segments ended, if it did not complete as the whole one does.
    pub split_refused: Option<Handshake>,
    /// What the port speaks. It is asked only if Kafka did not answer.
    pub speaks: Option<Speaks>,
}

impl Walked {
    /// Whether a client gets through to Kafka.
    pub(super) fn reached(&self) -> bool {
        let login = self.login.as_ref().is_none_or(|login| *login == LoginOutcome::Accepted);
        matches!(self.kafka, Some(Ok(_))) && login && self.no_metadata.is_none()
    }
}

/// Everything that was found about one address.
#[derive(Clone, Debug)]
pub struct Facts {
    pub host: String,
    pub port: u16,
    /// The broker that advertises the address, if the client learned it.
    pub broker: Option<BrokerAddr>,
    pub error: Option<ClientError>,
    pub lookup: Option<Lookup>,
    pub tcp: Option<TcpOutcome>,
    pub tls: Option<TlsOutcome>,
    /// The peers that answered at the address, each on a connection of its own.
    pub peers: Vec<Peer>,
    pub routes: Vec<Route>,
    /// Whether the cluster's routes could be listed. Otherwise an empty list means nothing.
    pub routes_known: bool,
    /// The listeners on the port that serve the name.
    pub listeners: Vec<Listener>,
    /// All listeners of all Gateways.
    pub served: Vec<Listener>,
    pub declared: Option<Declared>,
    /// The listener that the name leads to: the one that declares it, or else the one behind its route.
    pub behind: Option<Declared>,
    pub gateway: Gateway,
    /// The Gateways that the address concerns, with their conditions.
    pub gateways: Vec<GatewayState>,
    /// The addresses of the Gateway, as far as they are known.
    pub addresses: Vec<IpAddr>,
    pub walked: Option<Walked>,
    /// What could not be found out, and why.
    pub gaps: Vec<String>,
}

impl Facts {
    /// The cluster whose brokers must answer at the address, as far as a Kafka resource says.
    pub(super) fn whose(&self) -> Whose {
        self.declared.as_ref().map(Declared::whose).unwrap_or_default()
    }

    /// Facts that contain only the address.
    pub fn of(host: impl Into<String>, port: u16) -> Self {
        Self {
            host: host.into(),
            port,
            broker: None,
            error: None,
            lookup: None,
            tcp: None,
            tls: None,
            peers: Vec::new(),
            routes: Vec::new(),
            routes_known: false,
            listeners: Vec::new(),
            served: Vec::new(),
            declared: None,
            behind: None,
            gateway: Gateway::default(),
            gateways: Vec::new(),
            addresses: Vec::new(),
            walked: None,
            gaps: Vec::new(),
        }
    }
}
