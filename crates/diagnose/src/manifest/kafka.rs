//! What the listeners of a Kafka resource advertise, beside the routes and the Gateways of the files.

use super::documents::Documents;
use super::findings::{Finding, Report};
use super::gateways::Served;
use super::listeners::{Advertised, KafkaListener};
use super::ownership::{Owner, owner, selected};
use super::paths::Path;
use crate::facts::Backend;
use crate::routes;
use model::Cause;
use std::collections::BTreeMap;

/// Everything that the rules on one listener look at.
struct View<'v, 'a> {
    documents: &'a Documents,
    paths: &'v [Path<'a>],
    listener: &'v KafkaListener<'a>,
    /// The routes that lead to it, each with the Services to which it leads.
    led: Vec<(&'v Path<'a>, &'v [Owner<'v, 'a>])>,
}

/// Checks every listener.
pub(super) fn judge<'a>(
    documents: &'a Documents,
    paths: &[Path<'a>],
    listeners: &[KafkaListener<'a>],
    report: &mut Report,
) {
    let owners: Vec<Vec<Owner<'_, 'a>>> = paths.iter().map(|path| owners(documents, listeners, path)).collect();
    let mut unrouted: BTreeMap<String, Vec<&str>> = BTreeMap::new();
    for listener in listeners {
        let led = paths.iter().zip(&owners).filter(|(_, owners)| owners.iter().any(|one| one.listener.is(listener)));
        let view = View { documents, paths, listener, led: led.map(|(path, own)| (path, own.as_slice())).collect() };
        view.same_address(report);
        super::broker_ids::judge(listener, report);
        if view.led.is_empty() {
            if listener.kind == "cluster-ip" && listener.brokers.iter().any(|broker| broker.host.is_some()) {
                unrouted.entry(listener.document.title()).or_default().push(&listener.name);
            }
            continue;
        }
        view.protocol(report);
        for broker in view.brokers() {
            view.address(&broker, report);
        }
        view.fixed_port(report);
    }
    for (kafka, names) in unrouted {
        let (word, advertise) =
            if names.len() == 1 { ("listener", "advertises") } else { ("the listeners", "advertise") };
        report
            .gap(format!("what {word} {} of {kafka} {advertise}: no route of the files leads there", names.join(", ")));
    }
}

/// The Kafka listeners to which a route leads: that for which Strimzi writes it, or those of its Services.
fn owners<'l, 'a>(documents: &Documents, listeners: &'l [KafkaListener<'a>], path: &Path<'a>) -> Vec<Owner<'l, 'a>> {
    if path.operated {
        let own = listeners.iter().find(|listener| {
            std::ptr::eq(path.document, listener.document)
                && path.parents_at == listener.pointer("/configuration/parentRefs")
        });
        return own.map(|listener| Owner { listener, broker: None }).into_iter().collect();
    }
    let of = |backend: &Backend| {
        owner(listeners, &backend.namespace, &backend.service).or_else(|| {
            let kafka = selected(documents, documents.service(&backend.namespace, &backend.service)?)?;
            let is = |one: &&KafkaListener<'_>| std::ptr::eq(one.document, kafka) && backend.target == Some(one.port);
            Some(Owner { listener: listeners.iter().find(is)?, broker: None })
        })
    };
    path.route.backends.iter().filter_map(of).collect()
}

impl View<'_, '_> {
    /// The brokers that are known, or else those to which routes lead one by one.
    fn brokers(&self) -> Vec<Advertised> {
        if !self.listener.brokers.is_empty() {
            return self.listener.brokers.clone();
        }
        let mut ids: Vec<u32> =
            self.led.iter().flat_map(|(_, owners)| owners.iter()).filter_map(|one| one.broker).collect();
        ids.sort_unstable();
        ids.dedup();
        ids.into_iter().map(|id| self.listener.advertised(id)).collect()
    }

    /// Two brokers with one address: a client cannot reach each of them.
    fn same_address(&self, report: &mut Report) {
        // A node port or a load balancer gives each broker a port or an address that the files do not say.
        if !["tlsroute", "cluster-ip"].contains(&self.listener.kind.as_str()) {
            return;
        }
        let mut seen: BTreeMap<String, u32> = BTreeMap::new();
        for broker in &self.listener.brokers {
            let (Some(address), Some((_, at))) = (broker.address(), &broker.host) else { continue };
            if let Some(first) = seen.insert(address.clone(), broker.id) {
                let message = format!(
                    "the brokers {first} and {} of Kafka {} both advertise {address}, so a client reaches only one of them",
                    broker.id,
                    self.listener.document.key()
                );
                let repair = "give each broker a name of its own, for example with `{nodeId}` in a template";
                let label = "the same address for two brokers";
                report.add(Finding::new(Cause::WrongBroker, self.listener.document, at, message, label, repair));
            }
        }
    }

    /// TLS on one side of the gateway only.
    fn protocol(&self, report: &mut Report) {
        let listener = self.listener;
        // A route with the name of another listener is at the wrong port of the broker, which is another finding.
        let strange = |path: &Path<'_>| {
            let kafka = std::slice::from_ref(&listener.document.object);
            let mut declared = path.route.hostnames.iter().filter_map(|host| routes::declared(kafka, host));
            declared.any(|declared| declared.listener != listener.name)
        };
        for (path, _) in self.led.iter().filter(|(path, _)| !strange(path)) {
            for served in &path.attached {
                if served.protocol == "TLS" && !served.terminates() && !listener.tls {
                    report.add(Finding::new(
                        Cause::WrongProtocol,
                        listener.document,
                        &listener.pointer("/tls"),
                        format!("{} has no TLS, and {} passes TLS on to it", listener.title(), served.title()),
                        "no TLS behind a passthrough listener",
                        "set `tls: true`, or let the listener of the Gateway end TLS with `tls.mode: Terminate`",
                    ));
                }
                if served.terminates() && listener.tls && !self.tls_to_the_backend(path) {
                    report.add(ended(listener, served));
                }
            }
        }
    }

    /// Whether a policy of the files lets the gateway speak TLS to the route's Services.
    fn tls_to_the_backend(&self, path: &Path<'_>) -> bool {
        self.documents.of("BackendTLSPolicy").any(|policy| {
            let targets = policy.spec()["targetRefs"].as_array().into_iter().flatten();
            let targets: Vec<&str> = targets.filter_map(|target| target["name"].as_str()).collect();
            let targeted = |backend: &Backend| {
                backend.namespace == policy.namespace && targets.contains(&backend.service.as_str())
            };
            // A Service whose name is not known may be the one that the policy means.
            path.route.backends.is_empty() || path.route.backends.iter().any(targeted)
        })
    }

    /// Whether a route leads to what the broker advertises, at a port where the Gateway listens.
    fn address(&self, broker: &Advertised, report: &mut Report) {
        let listener = self.listener;
        let Some((host, at)) = &broker.host else { return };
        if host.ends_with(".svc") || host.ends_with(".cluster.local") {
            return;
        }
        let named: Vec<&Path<'_>> = self.paths.iter().filter(|path| path.names(host)).collect();
        let tcp = || self.led.iter().filter(|(path, _)| path.route.kind == "TCPRoute");
        let by_port: Vec<&Path<'_>> = tcp().map(|(path, _)| *path).collect();
        if named.iter().any(|path| path.open) || by_port.iter().any(|path| path.open) {
            return;
        }
        let ports = |paths: &[&Path<'_>]| -> Vec<u16> {
            let serving = paths.iter().flat_map(|path| &path.attached).filter(|served| served.listener.serves(host));
            let mut ports: Vec<u16> = serving.map(|served| served.listener.port).collect();
            ports.sort_unstable();
            ports.dedup();
            ports
        };
        // Where its Service belongs to nobody of the files, another rule says so.
        if self.paths.iter().any(|path| path.takes_port(broker.port)) {
            return;
        }
        if named.is_empty() {
            let to_it =
                |(_, owners): &&(&Path<'_>, &[Owner<'_, '_>])| owners.iter().any(|one| one.broker == Some(broker.id));
            let own = ports(&tcp().filter(to_it).map(|(path, _)| *path).collect::<Vec<_>>());
            if !own.is_empty() {
                report.add(self.wrong_port(broker, host, &own));
            } else if self.documents.complete {
                let message = format!(
                    "no TLSRoute or TCPRoute of the files leads to {host}, which broker {} of Kafka {} advertises",
                    broker.id,
                    listener.document.key()
                );
                let label = "no route has this name";
                let repair = format!(
                    "add a TLSRoute with `hostnames: [{host}]` that leads to the Service of broker {}",
                    broker.id
                );
                report.add(Finding::new(Cause::RouteMissing, listener.document, at, message, label, repair));
            }
            return;
        }
        let served = ports(&named);
        // A route that no listener takes is another finding.
        if !served.is_empty() && !served.contains(&broker.port) {
            report.add(self.wrong_port(broker, host, &served));
        }
    }

    fn wrong_port(&self, broker: &Advertised, host: &str, served: &[u16]) -> Finding {
        let ports = served.iter().map(u16::to_string).collect::<Vec<_>>().join(", ");
        let message = format!(
            "broker {} of Kafka {} advertises {host}:{}, and the Gateway serves this name at port {ports}",
            broker.id,
            self.listener.document.key(),
            broker.port
        );
        self.port_finding(&broker.port_at, message, &ports)
    }

    fn port_finding(&self, at: &str, message: String, ports: &str) -> Finding {
        let label = "not a port of the Gateway's listener";
        let repair = format!("set `advertisedPortTemplate: \"{ports}\"`, or `advertisedPort` of each broker");
        Finding::new(Cause::AdvertisedAddress, self.listener.document, at, message, label, repair)
    }

    /// The port of a `tlsroute` listener whose brokers are not known, if it is the same for all of them.
    fn fixed_port(&self, report: &mut Report) {
        let template = &self.listener.configuration()["advertisedPortTemplate"];
        let fixed = template.as_str().is_none_or(|template| !template.contains('{'));
        let unknown = self.listener.kind == "tlsroute" && self.listener.brokers.is_empty();
        if !unknown || !fixed || self.led.iter().any(|(path, _)| path.open) {
            return;
        }
        let sample = self.listener.advertised(0);
        let ports: Vec<u16> =
            self.led.iter().flat_map(|(path, _)| &path.attached).map(|one| one.listener.port).collect();
        if !ports.is_empty() && !ports.contains(&sample.port) {
            let ports = ports.iter().map(u16::to_string).next().unwrap_or_default();
            let message = format!(
                "the brokers of Kafka {} advertise port {} at listener {}, and the Gateway serves it at port {ports}",
                self.listener.document.key(),
                sample.port,
                self.listener.name
            );
            report.add(self.port_finding(&sample.port_at, message, &ports));
        }
    }
}

fn ended(listener: &KafkaListener<'_>, served: &Served<'_>) -> Finding {
    let message = format!(
        "{} ends TLS, and {} speaks TLS itself, so clients see the certificate of the gateway and no client certificate reaches \
         the broker",
        served.title(),
        listener.title()
    );
    let repair = "set `tls.mode: Passthrough`; if the gateway shall end TLS, add a BackendTLSPolicy for the Service, or lead to a \
                  Kafka listener with `tls: false`";
    let label = "ends TLS in front of a broker that speaks TLS";
    Finding::new(Cause::TlsEndedByGateway, served.document, &served.pointer("/tls/mode"), message, label, repair)
}
