//! The hops of a path in the order in which a byte takes them, and how far a client gets.

use super::facts::{Facts, Lookup, Walked};
use model::Cause;
use probe::LoginOutcome;
use serde::Serialize;

/// A hop of the path.
#[derive(Clone, Copy, Debug, Eq, Ord, PartialEq, PartialOrd, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum HopKind {
    Name,
    Tcp,
    Gateway,
    Route,
    Backend,
    Tls,
    Certificate,
    Login,
    Kafka,
}

impl HopKind {
    const ALL: [Self; 9] = [
        Self::Name,
        Self::Tcp,
        Self::Gateway,
        Self::Route,
        Self::Backend,
        Self::Tls,
        Self::Certificate,
        Self::Login,
        Self::Kafka,
    ];

    pub(super) fn word(self) -> &'static str {
        match self {
            Self::Name => "name",
            Self::Tcp => "tcp",
            Self::Gateway => "gateway",
            Self::Route => "route",
            Self::Backend => "backend",
            Self::Tls => "tls",
            Self::Certificate => "certificate",
            Self::Login => "login",
            Self::Kafka => "kafka",
        }
    }
}

/// How a hop is.
#[derive(Clone, Copy, Debug, Eq, PartialEq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum HopState {
    Good,
    /// The first hop that is wrong.
    Fault,
    /// It could not be looked at.
    NotKnown,
    /// It lies behind the fault.
    NotReached,
}

/// One hop of one path.
#[derive(Clone, Debug, Eq, PartialEq, Serialize)]
pub struct Hop {
    pub hop: HopKind,
    pub state: HopState,
    /// What was seen, as text for people.
    pub seen: String,
}

/// The hops of a path. `cause` is the cause of its fault, if it has one.
pub(super) fn hops(facts: &Facts, cause: Option<Cause>) -> Vec<Hop> {
    let fault = cause.map(|cause| place(facts, cause));
    HopKind::ALL
        .into_iter()
        .filter(|kind| belongs(facts, *kind))
        .map(|hop| {
            let seen = seen(facts, hop);
            let state = match fault {
                Some(fault) if hop == fault => HopState::Fault,
                Some(fault) if hop > fault => HopState::NotReached,
                _ if seen.is_none() => HopState::NotKnown,
                _ => HopState::Good,
            };
            Hop { hop, state, seen: seen.unwrap_or_default() }
        })
        .collect()
}

/// Whether a client with this configuration takes the hop.
fn belongs(facts: &Facts, kind: HopKind) -> bool {
    let walked = facts.walked.as_ref();
    match kind {
        HopKind::Tls | HopKind::Certificate => walked.is_some_and(|walked| walked.tls),
        HopKind::Login => walked.is_some_and(|walked| walked.mechanism.is_some() || walked.no_metadata.is_some()),
        HopKind::Gateway | HopKind::Route | HopKind::Backend => facts.routes_known,
        HopKind::Name | HopKind::Tcp | HopKind::Kafka => true,
    }
}

/// The hop at which a cause breaks the path.
pub(super) fn place(facts: &Facts, cause: Cause) -> HopKind {
    let place = match cause {
        Cause::UnresolvedName | Cause::NameResolvesElsewhere => HopKind::Name,
        Cause::AdvertisedAddress | Cause::BrokerIds if matches!(facts.lookup, Some(Lookup::Failed(_))) => HopKind::Name,
        Cause::AdvertisedAddress | Cause::BrokerIds | Cause::Unreachable => HopKind::Tcp,
        Cause::ApiVersion | Cause::ClientHelloSplit | Cause::GatewayNotReady | Cause::GatewaySilent => HopKind::Gateway,
        Cause::UnknownSni
        | Cause::NoSni
        | Cause::RouteMissing
        | Cause::RouteNotAccepted
        | Cause::HostnameShared
        | Cause::ProxyRefusedConfig => HopKind::Route,
        Cause::BackendUnresolved
        | Cause::BackendPort
        | Cause::BrokerDown
        | Cause::NetworkPolicy
        | Cause::WrongBroker => HopKind::Backend,
        Cause::WrongProtocol if speaks_kafka(facts) => HopKind::Login,
        Cause::WrongProtocol | Cause::TlsEndedByGateway => HopKind::Tls,
        Cause::CertificateName
        | Cause::UntrustedCertificate
        | Cause::CertificateExpired
        | Cause::CertificateExpiresSoon
        | Cause::ClientCertificate => HopKind::Certificate,
        Cause::Authentication => HopKind::Login,
        _ => HopKind::Kafka,
    };
    // A hop that this path does not show cannot carry the mark: the next one on the way does.
    HopKind::ALL.into_iter().find(|kind| *kind >= place && belongs(facts, *kind)).unwrap_or(HopKind::Kafka)
}

fn speaks_kafka(facts: &Facts) -> bool {
    facts.walked.as_ref().is_some_and(|walked| matches!(walked.kafka, Some(Ok(_))))
}

/// What was seen at a hop. `None` if it was not looked at.
fn seen(facts: &Facts, kind: HopKind) -> Option<String> {
    let walked = facts.walked.as_ref();
    match kind {
        HopKind::Name => facts.lookup.as_ref().map(|lookup| match lookup {
            Lookup::IpLiteral(address) => format!("{address} is an address"),
            Lookup::Found(address) => address.to_string(),
            Lookup::Failed(text) => text.clone(),
        }),
        HopKind::Tcp => facts.tcp.as_ref().map(ToString::to_string),
        HopKind::Gateway => {
            let names: Vec<_> = facts.gateways.iter().map(|gateway| gateway.gateway.clone()).collect();
            (!names.is_empty()).then(|| names.join(", "))
        }
        HopKind::Route => {
            facts.routes.first().map(|route| format!("{} {}/{}", route.kind, route.namespace, route.name))
        }
        HopKind::Backend => {
            let backend = facts.routes.first()?.backends.first()?;
            let state = format!("{} of {} Pods ready", backend.ready, backend.pods);
            Some(format!("Service {}/{}: {state}", backend.namespace, backend.service))
        }
        HopKind::Tls => facts.tls.as_ref().map(|tls| tls.handshake.to_string()),
        HopKind::Certificate => {
            let tls = facts.tls.as_ref()?;
            let verdict = tls.verdict.as_ref()?;
            Some(format!("{}: {verdict}", tls.chain.first()?.subject))
        }
        HopKind::Login => walked.and_then(|walked| walked.login.as_ref()).map(|login| match login {
            LoginOutcome::Accepted => "accepted".to_owned(),
            LoginOutcome::OtherMechanisms { enabled } => format!("enables {}", enabled.join(", ")),
            LoginOutcome::Refused { text } | LoginOutcome::NoSasl { text } => text.clone(),
        }),
        HopKind::Kafka => match walked {
            Some(Walked { kafka: Some(Ok(apis)), no_metadata: None, .. }) => Some(format!("{apis} kinds of request")),
            Some(Walked { no_metadata: Some(text), .. } | Walked { kafka: Some(Err(text)), .. }) => Some(text.clone()),
            _ => None,
        },
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_lies_behind_the_fault_is_not_reached() {
        let mut facts = Facts::of("b.test", 9092);
        facts.lookup = Some(Lookup::Found([127, 0, 0, 1].into()));
        facts.walked = Some(Walked { tls: true, ..Walked::default() });
        let states = |facts: &Facts, cause| {
            hops(facts, cause).into_iter().map(|hop| (hop.hop.word(), hop.state)).collect::<Vec<_>>()
        };
        assert_eq!(
            states(&facts, Some(Cause::Unreachable)),
            [
                ("name", HopState::Good),
                ("tcp", HopState::Fault),
                ("tls", HopState::NotReached),
                ("certificate", HopState::NotReached),
                ("kafka", HopState::NotReached)
            ]
        );
        // Without a cluster there is no hop for routes, so the handshake carries the mark.
        assert_eq!(states(&facts, Some(Cause::UnknownSni))[2], ("tls", HopState::Fault));
        facts.routes_known = true;
        assert_eq!(states(&facts, Some(Cause::RouteMissing))[3], ("route", HopState::Fault));
    }
}
