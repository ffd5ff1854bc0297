//! One name for two: routes with one hostname, and listeners that shut each other out.

use super::findings::{Finding, Report};
use super::gateways::{Gateways, Served};
use super::paths::Path;
use model::Cause;
use std::collections::BTreeMap;

/// Two routes with the same hostname on the same listener, which lead to different backends. The later one in the files is
/// marked.
pub(super) fn hostnames(paths: &[Path<'_>], report: &mut Report) {
    let mut by_name: BTreeMap<String, Vec<(&Path<'_>, &str)>> = BTreeMap::new();
    for path in paths.iter().filter(|path| path.route.kind == "TLSRoute") {
        for (host, at) in path.route.hostnames.iter().zip(&path.hosts_at) {
            by_name.entry(host.to_ascii_lowercase()).or_default().push((path, at));
        }
    }
    for (host, all) in by_name {
        for (index, (path, at)) in all.iter().enumerate() {
            let known = |path: &Path<'_>| !path.route.backends.is_empty();
            let other =
                all[..index].iter().map(|(other, _)| other).filter(|other| known(other) && known(path)).find(|other| {
                    !std::ptr::eq(**other, *path) && path.shares_a_listener(other) && !path.route.leads_as(&other.route)
                });
            let Some(other) = other else { continue };
            let message = format!(
                "{} and {} both have the hostname {host} on the same listener and lead to different backends, so only one of \
                 them gets the connections",
                other.title, path.title
            );
            let repair = "give each a hostname of its own, or delete the one that is not wanted";
            report.add(Finding::new(Cause::HostnameShared, path.document, at, message, "the second one", repair));
        }
    }
}

/// Listeners of one Gateway that the Gateway API calls conflicted.
pub(super) fn listeners(gateways: &Gateways<'_>, report: &mut Report) {
    for all in gateways.each() {
        for (index, one) in all.iter().enumerate() {
            let Some((other, why)) = all[..index].iter().find_map(|other| Some((other, conflict(other, one)?))) else {
                continue;
            };
            let field =
                if one.listener.hostname.is_some() && one.protocol == other.protocol { "/hostname" } else { "/port" };
            report.add(Finding::new(
                Cause::GatewayNotReady,
                one.document,
                &one.pointer(field),
                format!("{} conflicts with listener {}: {why}", one.title(), other.listener.name),
                format!("as in listener {}", other.listener.name),
                "give it another port or hostname, or remove one of the two",
            ));
        }
    }
}

fn conflict(one: &Served<'_>, other: &Served<'_>) -> Option<String> {
    if one.listener.name == other.listener.name {
        return Some("both have the same name".to_owned());
    }
    if one.listener.port != other.listener.port {
        return None;
    }
    let port = one.listener.port;
    // UDP has ports of its own. TLS and HTTPS share a port, because both choose by the server name.
    let family = |served: &Served<'_>| match served.protocol.as_str() {
        "TLS" | "HTTPS" => Some("TLS"),
        "HTTP" => Some("HTTP"),
        "TCP" => Some("TCP"),
        _ => None,
    };
    let (first, second) = (family(one)?, family(other)?);
    if first != second {
        return Some(format!("port {port} cannot have the protocols {} and {}", one.protocol, other.protocol));
    }
    let name = |served: &Served<'_>| served.listener.hostname.as_ref().map(|name| name.to_ascii_lowercase());
    if first == "TCP" {
        return Some(format!("both take every connection of port {port}"));
    }
    (name(one) == name(other)).then(|| {
        let name = one.listener.hostname.as_deref().unwrap_or("any name");
        format!("both serve {name} on port {port}")
    })
}
