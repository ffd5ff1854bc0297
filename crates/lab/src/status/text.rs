//! The status as text. The processes come first, because they are known before the API server answers.

use super::problems::{missing, restarts};
use super::summary::{Condition, Gateway, Pod, Probe, Process, Resource, Route, Status};
use std::fmt::{self, Write};

/// The title and the processes.
pub(super) fn head(status: &Status) -> String {
    written(|out| {
        let what = status.lab.as_ref().map_or_else(
            || "partly up".to_owned(),
            |lab| {
                let kind = lab.kind;
                let kafka = lab.kafka;
                let version = lab.gateway_version.as_ref().map(|version| format!(" {version}")).unwrap_or_default();
                format!("{kind}, {}{version} with GatewayClass {}, {kafka}", lab.gateway, lab.gateway_class)
            },
        );
        writeln!(out, "lab {:?} ({what})", status.name)?;
        if !status.processes.is_empty() {
            writeln!(out, "\nProcesses")?;
        }
        status.processes.iter().try_for_each(|one| process(out, one))
    })
}

fn process(out: &mut String, process: &Process) -> fmt::Result {
    write!(out, "  {:<40} ", process.name)?;
    if let (Some(pid), Some(seconds)) = (process.pid, process.seconds_up) {
        write!(out, "process {pid:<8} up {:>8}  ", duration(seconds))?;
    }
    match &process.trouble {
        Some(trouble) => {
            write!(out, "{}", trouble.to_uppercase().replace("(SIGSTOP)", "(by SIGSTOP)"))?;
            let words = process.last_words.as_ref().map(|words| format!("; its last words: {words}"));
            writeln!(out, "{}; its log: {}", words.unwrap_or_default(), process.log)
        }
        None => writeln!(out, "{}{}", process.role, listening(process)),
    }
}

/// The addresses, if there are few. An agent has dozens, which all mean the same.
fn listening(process: &Process) -> String {
    match process.listening.as_slice() {
        [] => String::new(),
        few @ ([_] | [_, _] | [_, _, _] | [_, _, _, _]) => {
            format!(", at {}", few.iter().map(ToString::to_string).collect::<Vec<_>>().join(" "))
        }
        [first, .., last] => format!(", at {} addresses, {first} to {last}", process.listening.len()),
    }
}

/// Everything that the API server reported, and what is wrong.
pub(super) fn rest(status: &Status) -> String {
    written(|out| {
        if let Some(api) = &status.api {
            writeln!(out, "\nAPI server\n  {}", api.says)?;
            for gap in &api.gaps {
                writeln!(out, "  {gap}")?;
            }
        }
        let objects = &status.objects;
        section(out, "Gateways", &objects.gateways, gateway)?;
        section(out, "Routes", &objects.routes, route)?;
        section(out, "Kafka resources", &objects.resources, resource)?;
        section(out, "Pods", &objects.pods, pod)?;
        section(out, "Brokers, as a client meets them through the gateway", &status.probes, probe)?;
        if status.problems.is_empty() {
            return writeln!(out, "\nNothing is wrong.");
        }
        writeln!(out, "\nWrong")?;
        status.problems.iter().try_for_each(|problem| writeln!(out, "  - {problem}"))
    })
}

fn section<T>(out: &mut String, title: &str, all: &[T], one: fn(&mut String, &T) -> fmt::Result) -> fmt::Result {
    if all.is_empty() {
        return Ok(());
    }
    writeln!(out, "\n{title}")?;
    all.iter().try_for_each(|object| one(out, object))
}

fn gateway(out: &mut String, gateway: &Gateway) -> fmt::Result {
    let at = if gateway.addresses.is_empty() { "no address".to_owned() } else { gateway.addresses.join(", ") };
    let title = format!("{}/{}", gateway.namespace, gateway.name);
    let says = conditions(&gateway.conditions, &["Accepted", "Programmed"]);
    writeln!(out, "  {title:<40} class {}, {at}: {says}", gateway.class)?;
    for listener in &gateway.listeners {
        let host = listener.hostname.as_deref().unwrap_or("every name");
        let routes = match listener.attached_routes {
            Some(1) => "1 route".to_owned(),
            Some(count) => format!("{count} routes"),
            None => "no status".to_owned(),
        };
        let bad: Vec<String> =
            listener.conditions.iter().filter(|one| one.is_bad()).map(|one| format!(", {one}")).collect();
        let place = format!("{}/{}", listener.port, listener.protocol);
        writeln!(out, "    {:<38} {place:<10} {host}, {routes}{}", listener.name, bad.concat())?;
    }
    Ok(())
}

fn route(out: &mut String, route: &Route) -> fmt::Result {
    let hosts = if route.hostnames.is_empty() { String::new() } else { format!("{} ", route.hostnames.join(" ")) };
    let backends = if route.backends.is_empty() { "nowhere".to_owned() } else { route.backends.join(" ") };
    let title = format!("{} {}/{}", route.kind, route.namespace, route.name);
    writeln!(out, "  {title:<56} {hosts}-> {backends}")?;
    for parent in &route.parents {
        let says = conditions(&parent.conditions, &["Accepted", "ResolvedRefs"]);
        writeln!(out, "    {:<54} {says}", parent.gateway)?;
    }
    Ok(())
}

fn resource(out: &mut String, resource: &Resource) -> fmt::Result {
    let title = format!("{} {}/{}", resource.kind, resource.namespace, resource.name);
    let mut says: Vec<String> = resource.detail.iter().cloned().collect();
    says.extend(resource.conditions.iter().map(ToString::to_string));
    let says = if says.is_empty() { "no status yet".to_owned() } else { says.join("; ") };
    writeln!(out, "  {title:<40} {says}")
}

fn pod(out: &mut String, pod: &Pod) -> fmt::Result {
    writeln!(out, "  {:<40} {}{}", format!("{}/{}", pod.namespace, pod.name), pod.says, restarts(pod))
}

fn probe(out: &mut String, probe: &Probe) -> fmt::Result {
    let way = match (&probe.listener, &probe.bootstrap) {
        (Some(listener), Some(bootstrap)) => format!("listener {listener} at {bootstrap}"),
        _ => "not asked".to_owned(),
    };
    let problem = probe.problem.as_ref().map(|problem| format!(": {problem}")).unwrap_or_default();
    writeln!(out, "  {:<40} {way}{problem}", probe.cluster)?;
    for broker in &probe.brokers {
        let says = match (&broker.problem, broker.reached) {
            (_, true) => "answers, and is this broker",
            (Some(problem), false) => problem,
            (None, false) => "is not reached",
        };
        writeln!(out, "    broker {:<31} {}: {says}", broker.id, broker.advertised)?;
    }
    Ok(())
}

/// All conditions, and those of `wanted` that are missing.
fn conditions(all: &[Condition], wanted: &[&str]) -> String {
    let absent = missing(all, wanted).into_iter().map(|kind| format!("no {kind}"));
    all.iter().map(ToString::to_string).chain(absent).collect::<Vec<_>>().join(", ")
}

fn duration(seconds: u64) -> String {
    match seconds {
        0..=119 => format!("{seconds} s"),
        120..=7199 => format!("{} min", seconds / 60),
        _ => format!("{} h", seconds / 3600),
    }
}

fn written(write: impl FnOnce(&mut String) -> fmt::Result) -> String {
    let mut out = String::new();
    // Writing to a String cannot fail.
    let _ = write(&mut out);
    out
}
