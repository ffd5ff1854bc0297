//! What a working path would show in place of the fault.

use super::facts::Facts;
use super::protocol::security_protocol;
use model::Cause;

/// The expectation that the cause disappoints, with the names of this path.
pub(super) fn wanted(cause: Cause, facts: &Facts) -> String {
    let (host, port) = (&facts.host, facts.port);
    let broker = facts.broker.as_ref().and_then(|broker| broker.id);
    match cause {
        Cause::UnresolvedName => format!("{host} resolves to the Gateway's address"),
        Cause::NameResolvesElsewhere => {
            let addresses: Vec<_> = facts.addresses.iter().map(ToString::to_string).collect();
            format!("{host} resolves to {}", addresses.join(" or "))
        }
        Cause::Unreachable => format!("port {port} accepts connections"),
        Cause::AdvertisedAddress => {
            let ports: Vec<_> = facts.gateway.ports.iter().map(u16::to_string).collect();
            let ports =
                if ports.is_empty() { String::new() } else { format!(", at one of the ports {}", ports.join(", ")) };
            format!("an advertised address that the Gateway serves{ports}")
        }
        Cause::GatewayNotReady => "a GatewayClass, a Gateway and a listener that are accepted".to_owned(),
        Cause::ApiVersion => "a version of the Gateway API that the gateway's controller reads".to_owned(),
        Cause::GatewaySilent => "a gateway that ends a connection whose name it does not know".to_owned(),
        Cause::ClientHelloSplit => "a gateway that waits for the whole ClientHello".to_owned(),
        Cause::ProxyRefusedConfig => format!("the gateway's proxy serves {host}, as the cluster's objects say"),
        Cause::HostnameShared => format!("one route with the hostname {host}"),
        Cause::BrokerIds => "hosts that are configured for ids which brokers have".to_owned(),
        Cause::BackendPort => "a Service port that leads to the broker's listener".to_owned(),
        Cause::NetworkPolicy => "policies that let the gateway's Pods connect to the brokers".to_owned(),
        Cause::ConnectionLimit => "as many connections at once as the clients need".to_owned(),
        Cause::IdleCut => "a connection that stays open while it is idle".to_owned(),
        Cause::RouteMissing | Cause::UnknownSni => {
            format!("a TLSRoute with the hostname {host}, or a TCPRoute for port {port}")
        }
        Cause::RouteNotAccepted => "Accepted=True for a parent of the route".to_owned(),
        Cause::NoSni => "a client that sends a server name".to_owned(),
        Cause::BackendUnresolved => "a backend that exists, with the port that the route names".to_owned(),
        Cause::BrokerDown => "a ready Pod behind the route's Service".to_owned(),
        Cause::WrongBroker => match broker {
            Some(id) => format!("broker {id} answers at {host}:{port}"),
            None => format!("a broker of the cluster that declares {host}"),
        },
        Cause::CertificateName => format!("a certificate with the name {host}"),
        Cause::UntrustedCertificate => "a certificate signed by an authority that the client trusts".to_owned(),
        Cause::TlsEndedByGateway => "the broker's own certificate".to_owned(),
        Cause::CertificateExpired => "a certificate that is valid now".to_owned(),
        Cause::ClientCertificate => "a client certificate that the broker accepts".to_owned(),
        Cause::Authentication => "a login that the broker accepts".to_owned(),
        Cause::WrongProtocol => {
            let walked = facts.walked.as_ref();
            let sasl = walked.and_then(|walked| walked.mechanism);
            let protocol = security_protocol(walked.is_some_and(|walked| walked.tls), sasl.is_some());
            format!("a port that speaks {protocol}{}", sasl.map(|one| format!(" with {one}")).unwrap_or_default())
        }
        _ => format!("a broker answers at {host}:{port}"),
    }
}
