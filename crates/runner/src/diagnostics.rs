//! Collects diagnostics when a scenario fails, before cleanup.

use super::gateway_addresses::address_of;
use super::secrets::Secrets;
use super::{Context, client_paths};
use ::kube::Api;
use ::kube::api::{DynamicObject, ListParams, LogParams};
use camino::{Utf8Path, Utf8PathBuf};
use diagnose::{Palette, picture};
use futures::future::join_all;
use host::files;
use k8s_openapi::api::core::v1::Pod;
use kubeapi::{Catalog, conditions};
use lab::gateway::GatewayFixture;
use model::Failure;
use probe::tls::Probe;
use scenario::{Apply, Step};
use std::collections::BTreeSet;
use std::fmt::Write as _;
use std::fs;
use std::net::SocketAddr;
use std::time::Duration;
use tokio::time::timeout;

/// The deadline of the whole collection. A cluster that does not answer must not delay the run for long.
const WITHIN: Duration = Duration::from_secs(30);
const PROBE_WITHIN: Duration = Duration::from_secs(3);
/// The number of bytes that are kept from the end of a log.
const LOG_END: u64 = 64 * 1024;

/// Kinds that are written in full, except for secrets in them. Of Secrets only the keys are listed.
const WHOLE: [&str; 12] = [
    "Gateway",
    "TLSRoute",
    "TCPRoute",
    "ReferenceGrant",
    "Kafka",
    "KafkaNodePool",
    "KafkaTopic",
    "KafkaUser",
    "Service",
    "EndpointSlice",
    "Pod",
    "ConfigMap",
];

/// Where the files go. Everything is written through it, so that no file has a secret.
struct Files<'a> {
    folder: &'a Utf8Path,
    secrets: &'a Secrets,
}

impl Files<'_> {
    fn write(&self, name: &str, text: &str) {
        let path = self.folder.join(name);
        let text = self.secrets.hide(text);
        let written = path.parent().map_or(Ok(()), fs::create_dir_all).and_then(|()| fs::write(&path, text));
        if let Err(error) = written {
            eprintln!("could not write the diagnostics {path}: {error}");
        }
    }
}

/// Collects into `folder`. If something cannot be collected, its file contains the error.
pub async fn collect(context: &Context<'_>, folder: &Utf8Path, failure: &Failure) -> Option<Utf8PathBuf> {
    if let Err(error) = fs::create_dir_all(folder) {
        eprintln!("could not create the folder for diagnostics, {folder}: {error}");
        return None;
    }
    let mut first = String::new();
    if let Some(step) = &failure.step {
        let _ = writeln!(first, "step     {} at {}:{}", step.label, step.file, step.line);
    }
    let Failure { cause, wanted, seen, .. } = failure;
    let _ =
        writeln!(first, "cause    {cause} ({}, {})\nwanted   {wanted}\nseen     {seen}", cause.number(), cause.page());
    for evidence in &failure.evidence {
        let _ = writeln!(first, "evidence {evidence}");
    }
    let files = Files { folder, secrets: &context.secrets };
    files.write("failure.txt", &first);
    let namespaces: BTreeSet<&str> = [context.namespace.as_str(), &context.kafka_namespace].into();
    let gathered = async {
        tokio::join!(
            objects(&context.lab.catalog, &namespaces, &files),
            probes(context, &namespaces, &files),
            Box::pin(diagnoses(context, &files)),
            logs(context, &namespaces, &files),
            async { manifests(context, &files) },
        )
    };
    if context.clock.waiting(Box::pin(timeout(WITHIN, gathered))).await.is_err() {
        files.write(
            "incomplete.txt",
            &format!("collecting was stopped after {WITHIN:?}, so files may be missing here\n"),
        );
    }
    Some(folder.to_owned())
}

/// The scenario's manifests with this run's values, as its steps applied them or would have.
fn manifests(context: &Context<'_>, files: &Files<'_>) {
    let scenario = &context.job.scenario;
    let applied = scenario.steps.iter().filter_map(|step| match &*step.value {
        Step::Apply(Apply(file)) => Some(file),
        _ => None,
    });
    let sabotages = scenario.sabotage.iter().filter_map(|sabotage| sabotage.value.apply.as_ref());
    let names: BTreeSet<&String> = applied.chain(sabotages).collect();
    for name in names {
        let text = match context.manifest(name) {
            Ok(mut objects) => {
                objects.iter_mut().for_each(|object| files.secrets.hide_in(object));
                let one = |object| serde_saphyr::to_string(object).unwrap_or_else(|error| format!("# {error}\n"));
                objects.iter().map(one).collect::<Vec<_>>().join("---\n")
            }
            Err(failure) => format!("# {}\n", failure.seen.replace('\n', "\n# ")),
        };
        files.write(&format!("manifests/{name}"), &text);
    }
}

async fn objects(catalog: &Catalog, namespaces: &BTreeSet<&str>, files: &Files<'_>) {
    let mut summary = String::new();
    for namespace in namespaces {
        for kind in WHOLE {
            match list(catalog, kind, namespace).await {
                Ok(objects) if objects.is_empty() => {}
                Ok(mut objects) => {
                    objects.iter_mut().for_each(|object| files.secrets.hide_in(object));
                    for object in &objects {
                        summary += &summarized(kind, namespace, object);
                    }
                    let text = serde_json::to_string_pretty(&objects).unwrap_or_default();
                    files.write(&format!("{namespace}/{}.json", kind.to_lowercase()), &text);
                }
                Err(error) => {
                    let _ = writeln!(summary, "{kind} in {namespace}: {error}");
                }
            }
        }
        if let Ok(secrets) = list(catalog, "Secret", namespace).await {
            for secret in secrets {
                let keys: Vec<_> =
                    secret.data["data"].as_object().into_iter().flatten().map(|(key, _)| key.as_str()).collect();
                let name = secret.metadata.name.unwrap_or_default();
                let _ = writeln!(summary, "Secret {namespace}/{name}: keys {}", keys.join(", "));
            }
        }
        files.write(&format!("{namespace}/events.txt"), &events(catalog, namespace).await);
    }
    files.write("objects.txt", &summary);
}

async fn list(catalog: &Catalog, kind: &str, namespace: &str) -> Result<Vec<DynamicObject>, String> {
    let kind = catalog.kind(kind, None).await.map_err(|error| error.to_string())?;
    let listed = kind.api(catalog.client(), namespace).list(&ListParams::default()).await;
    let mut objects = listed.map_err(|error| error.to_string())?.items;
    for object in &mut objects {
        object.metadata.managed_fields = None;
        // It repeats the object as one text.
        object.metadata.annotations.iter_mut().for_each(|all| {
            all.remove("kubectl.kubernetes.io/last-applied-configuration");
        });
    }
    Ok(objects)
}

/// One line per object: its phase and its conditions.
fn summarized(kind: &str, namespace: &str, object: &DynamicObject) -> String {
    let name = object.metadata.name.as_deref().unwrap_or_default();
    let mut text = format!("{kind} {namespace}/{name}:");
    if let Some(phase) = object.data["status"]["phase"].as_str() {
        let _ = write!(text, " {phase}");
    }
    for condition in conditions(object) {
        let part = |field: &str| condition[field].as_str().unwrap_or_default();
        let _ = write!(text, " {}={}", part("type"), part("status"));
        if part("status") != "True" {
            let _ = write!(text, " ({}: {})", part("reason"), part("message"));
        }
    }
    text.push('\n');
    text
}

async fn events(catalog: &Catalog, namespace: &str) -> String {
    let events = match list(catalog, "Event", namespace).await {
        Ok(events) => events,
        Err(error) => return format!("{error}\n"),
    };
    let mut lines: Vec<_> = events
        .iter()
        .map(|event| {
            let part = |pointer: &str| {
                // Kubernetes has two event APIs, with different names for the same fields.
                event.data.pointer(pointer).and_then(serde_json::Value::as_str).unwrap_or_default().to_owned()
            };
            let either = |a: &str, b: &str| if part(a).is_empty() { part(b) } else { part(a) };
            format!(
                "{} {} {} {}/{}: {}",
                either("/lastTimestamp", "/eventTime"),
                part("/type"),
                part("/reason"),
                either("/involvedObject/kind", "/regarding/kind"),
                either("/involvedObject/name", "/regarding/name"),
                either("/message", "/note")
            )
        })
        .collect();
    lines.sort();
    lines.join("\n") + "\n"
}

/// Walks the paths of each client that the scenario used, as `diagnose` does.
async fn diagnoses(context: &Context<'_>, files: &Files<'_>) {
    let walks =
        context.clients.iter().map(|(name, access)| async move { (name, client_paths::walked(context, access).await) });
    for (name, found) in join_all(walks).await {
        match found {
            Ok(found) => {
                files.write(&format!("diagnosis/{name}.txt"), &picture(&found, Palette::new(false)));
                files.write(&format!("diagnosis/{name}.json"), &format!("{:#}\n", serde_json::json!(found)));
            }
            Err(why) => files.write(&format!("diagnosis/{name}.txt"), &format!("{why}\n")),
        }
    }
}

/// Probes each name that a route or a broker has.
async fn probes(context: &Context<'_>, namespaces: &BTreeSet<&str>, files: &Files<'_>) {
    let mut hosts = BTreeSet::new();
    for namespace in namespaces {
        for route in list(&context.lab.catalog, "TLSRoute", namespace).await.unwrap_or_default() {
            let names = route.data["spec"]["hostnames"].as_array().cloned().unwrap_or_default();
            hosts.extend(
                names.iter().filter_map(|name| name.as_str()).filter(|name| !name.starts_with('*')).map(str::to_owned),
            );
        }
    }
    let defaults = context.clients.values().flat_map(|access| access.bootstrap.split(','));
    hosts.extend(defaults.filter_map(|one| one.rsplit_once(':')).map(|(host, _)| host.to_owned()));
    let port = context.lab.info.gateway.ports.passthrough;
    let asked = hosts.iter().map(|host| async move {
        let address = SocketAddr::new(address_of(context, Some(host)), port);
        Probe::new(address, Some(host), PROBE_WITHIN).run().await
    });
    let lines: Vec<_> = join_all(asked).await.iter().map(ToString::to_string).collect();
    files.write("probes.txt", &(lines.join("\n") + "\n"));
}

async fn logs(context: &Context<'_>, namespaces: &BTreeSet<&str>, files: &Files<'_>) {
    let gateway = &context.lab.info.gateway.name;
    if let Ok(entries) = context.lab.dir.logs().read_dir_utf8() {
        for entry in entries.flatten() {
            let name = entry.file_name();
            let ours = name.starts_with(gateway.as_str())
                || name.starts_with("agent")
                || namespaces.iter().any(|namespace| name.contains(&format!("{namespace}_")));
            if ours && let Ok(end) = files::end(entry.path(), LOG_END) {
                files.write(&format!("logs/{name}"), &end);
            }
        }
    }
    if context.lab.backend.process_node().is_some() {
        return;
    }
    // Often only the logs of the gateway and of its data plane say why something failed.
    let fixture = GatewayFixture::load(gateway).ok().and_then(|fixture| fixture.kind);
    let gateways = fixture.as_ref().map(|kind| kind.namespace.as_str());
    for namespace in namespaces.iter().copied().chain(gateways) {
        let pods: Api<Pod> = Api::namespaced(context.lab.catalog.client().clone(), namespace);
        let Ok(list) = pods.list(&ListParams::default()).await else { continue };
        for pod in list.items {
            let Some(name) = pod.metadata.name else { continue };
            // For a Pod with several containers, the API requires the container's name.
            for container in pod.spec.into_iter().flat_map(|spec| spec.containers) {
                let container = container.name;
                let tail =
                    LogParams { tail_lines: Some(300), container: Some(container.clone()), ..LogParams::default() };
                let text = pods.logs(&name, &tail).await.unwrap_or_else(|error| format!("{error}\n"));
                files.write(&format!("logs/{namespace}_{name}_{container}.log"), &text);
            }
        }
    }
}
