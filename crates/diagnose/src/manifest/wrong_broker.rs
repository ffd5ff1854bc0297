//! The address that one broker advertises leads to another broker, or to all of them.

use super::backends::Target;
use super::findings::Report;
use super::listeners::{Advertised, KafkaListener};
use super::ownership::{Owner, owner};
use model::Cause;
use model::strimzi::services;

/// Compares the broker to which a route leads with the one that advertises its address.
pub(super) fn wrong_broker(listeners: &[KafkaListener<'_>], target: &Target<'_, '_>, report: &mut Report) {
    let Some(to) = owner(listeners, &target.backend.namespace, &target.backend.service) else { return };
    let names = &target.path.route.hostnames;
    let named = names.iter().filter_map(|host| {
        let is = |one: &&Advertised| one.host.as_ref().is_some_and(|(name, _)| name.eq_ignore_ascii_case(host));
        let listener = listeners.iter().find(|listener| listener.brokers.iter().any(|one| is(&one)))?;
        Some((listener, only(listener, is)?, host.clone()))
    });
    let by_port = || {
        let ports: Vec<u16> = target.path.attached.iter().map(|served| served.listener.port).collect();
        let broker = only(to.listener, |one| ports.contains(&one.port))?;
        Some((to.listener, broker, broker.address()?))
    };
    let by_port = if target.path.route.kind == "TCPRoute" { by_port() } else { None };
    for (listener, broker, address) in named.chain(by_port) {
        let Some(leads_to) = other(&to, listener, broker.id) else { continue };
        let message = format!(
            "{} leads to {leads_to} (Service {}), and broker {} of Kafka {} advertises {address}",
            target.path.title,
            target.service(),
            broker.id,
            listener.document.key()
        );
        let pool = listener.known.exact.iter().flatten().find(|one| one.id == broker.id);
        let cluster = &listener.document.name;
        let service = match pool {
            Some(one) => services::broker(cluster, &one.pool, &listener.name, listener.port, one.id),
            None => format!("of broker {}", broker.id),
        };
        let repair = format!("use Service {service}: each broker has one of its own");
        report.add(target.finding(Cause::WrongBroker, "/name", message, "another broker", repair));
    }
}

/// The broker for which this is so, if there is exactly one. Brokers that share an address are another finding.
fn only<'l>(listener: &'l KafkaListener<'_>, is: impl Fn(&&Advertised) -> bool) -> Option<&'l Advertised> {
    let mut found = listener.brokers.iter().filter(is);
    found.next().filter(|_| found.next().is_none())
}

/// Where the route leads, if that is not the broker.
fn other(to: &Owner<'_, '_>, listener: &KafkaListener<'_>, id: u32) -> Option<String> {
    let ours = std::ptr::eq(to.listener.document, listener.document);
    match to.broker {
        Some(other) if ours => (other != id).then(|| format!("broker {other}")),
        Some(other) => Some(format!("broker {other} of Kafka {}", to.listener.document.key())),
        None if ours => (listener.brokers.len() > 1).then(|| "all brokers".to_owned()),
        None => Some(format!("the brokers of Kafka {}", to.listener.document.key())),
    }
}
