//! One reconciliation of a Kafka resource: the desired state, the actual state, and the next step.

use super::cluster::Cluster;
use super::context::{Context, FULL_INTERVAL, Key, key_of};
use super::exposure::{self, Exposure};
use super::model::KafkaSpec;
use super::node_objects::{self, Material, NodeObjects};
use super::pods::{self, Outcome};
use super::reach::Credentials;
use super::status::{self, State};
use super::strict::{self, Refusal};
use super::{Error, authorities, config, keystores, listener_status, names, objects, pools, routes, sweep, users};
use kube::api::DynamicObject;
use kube::runtime::controller::Action;
use serde_json::{Value, json};
use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::Duration;
use tokio::time::Instant;

/// The result of a reconciliation.
struct Report {
    state: State,
    warnings: Vec<String>,
    fields: Value,
    pause: Duration,
}

/// Brings a cluster one step closer to its resource, and writes the state to its status.
///
/// # Errors
/// If a step failed. The status reports it too.
pub async fn kafka(object: Arc<DynamicObject>, context: Arc<Context>) -> Result<Action, Error> {
    let key = key_of(&object);
    let _turn = context.turn("Kafka", &key).await;
    let Some(object) = context.current("Kafka", &object).await? else { return Ok(Action::await_change()) };
    if paused(&object) {
        status::write(&context, &object, &State::Paused, &[], json!({})).await?;
        return Ok(Action::await_change());
    }
    match reconcile(&object, &context, &key).await {
        Ok(report) => {
            context.succeeded("Kafka", &key);
            status::write(&context, &object, &report.state, &report.warnings, report.fields).await?;
            Ok(Action::requeue(report.pause))
        }
        Err(error) => {
            status::write(&context, &object, &State::of(&error), &[], json!({})).await?;
            // A rejected resource must be changed, so retrying does not help.
            if matches!(error, Error::Refused(_)) { Ok(Action::requeue(FULL_INTERVAL)) } else { Err(error) }
        }
    }
}

fn paused(object: &DynamicObject) -> bool {
    let annotations = object.metadata.annotations.as_ref();
    annotations.and_then(|all| all.get("strimzi.io/pause-reconciliation")).is_some_and(|value| value == "true")
}

async fn reconcile(object: &DynamicObject, context: &Arc<Context>, key: &Key) -> Result<Report, Error> {
    let uid = object.metadata.uid.clone().unwrap_or_default();
    if context.memory(key, |memory| memory.uid != uid) {
        // A previous resource with this name may have left objects behind that would be taken for this one's.
        context.forget(key);
        sweep::orphans(context, Some(key)).await?;
        context.memory(key, |memory| memory.uid.clone_from(&uid));
    }
    let spec: KafkaSpec = strict::spec(&object.data["spec"])?;
    let mut warnings = warnings(&spec, context)?;
    let mut cluster = Cluster {
        namespace: key.0.clone(),
        name: key.1.clone(),
        uid,
        spec,
        pools: Vec::new(),
        exposure: Exposure::default(),
    };
    let (settled, pool_objects) = pools::assign_ids(context, key, &cluster.cluster_id()).await?;
    cluster.pools = settled;
    if cluster.pools.iter().any(|pool| pool.spec.storage.wants_persistence()) {
        warnings.push(pools::PERSISTENCE.to_owned());
    }
    strict::listeners(&cluster.spec, &cluster.broker_ids())?;
    let secrets = authorities::secrets(context, &cluster).await?;
    let trust = authorities::ensure(context, key, &cluster, &secrets).await?;
    let credentials = Credentials::new(&trust.cluster.certificate, &trust.operator)?;
    context.memory(key, |memory| memory.credentials = Some(credentials));

    let generations = generations(object, &pool_objects);
    let network = objects::network(&cluster)?;
    if let Some(report) = apply_network(context, key, &cluster, &network, &generations).await? {
        return Ok(report);
    }

    cluster.exposure = match exposure::look_up(context, key, &cluster).await? {
        Ok(exposure) => exposure,
        Err(services) => {
            let state = State::not_ready("Creating", format!("waiting for an address of the Services {services}"));
            return Ok(Report { state, warnings, fields: json!({}), pause: exposure::LOOK_AGAIN });
        }
    };

    let custom = keystores::custom(context, key, &cluster).await?;
    let mut nodes = Vec::new();
    for node in cluster.nodes() {
        let (own, certified) = keystores::own(&node, &trust.cluster, &secrets)?;
        let material = Material {
            own: &own,
            certified,
            cluster_ca: &trust.cluster.certificate,
            clients_ca: &trust.clients.certificate,
            custom: &custom,
        };
        nodes.push(node_objects::workload(&node, &context.placement, &material)?);
    }
    let files = nodes.iter().flat_map(|workload| [&workload.secret, &workload.config]);
    futures::future::try_join_all(files.map(|object| context.apply(key, object))).await?;

    let fields = listener_status::fields(&cluster, context.placement.version(), &trust.cluster.certificate, &custom);
    let outcome = pods::converge(context, key, &cluster, &nodes).await?;
    match outcome {
        Outcome::Waiting { for_what, pause } => {
            let state = State::not_ready("Creating", format!("waiting for {for_what}"));
            Ok(Report { state, warnings, fields, pause: pause.unwrap_or(FULL_INTERVAL) })
        }
        Outcome::Ready { uids, warnings: more } => {
            warnings.extend(more);
            let (state, pause) = registered(context, key, &cluster, uids).await?;
            if state == State::Ready && context.memory(key, |memory| memory.prune) {
                sweep::unwanted(context, key, &wanted(&cluster, &network, &nodes)).await?;
                context.memory(key, |memory| memory.prune = false);
                users::prune_in_background(context, key);
            }
            Ok(Report { state, warnings, fields, pause })
        }
    }
}

/// Warnings about fields that are accepted without effect, and about a version that another one replaces.
fn warnings(spec: &KafkaSpec, context: &Context) -> Result<Vec<String>, Error> {
    let mut warnings = Vec::new();
    let runs = context.placement.version();
    let minor = |version: &str| version.split('.').take(2).map(ToOwned::to_owned).collect::<Vec<_>>();
    if let Some(version) = spec.kafka.version.as_deref().filter(|version| *version != runs) {
        if minor(version) != minor(runs) {
            let text = format!("Unsupported Kafka.spec.kafka.version: {version}. Supported versions are: [{runs}]");
            return Err(Refusal::Invalid(text).into());
        }
        warnings.push(format!("the lab runs Kafka {runs} instead of spec.kafka.version {version}"));
    }
    if let Some(wanted) = &spec.kafka.metadata_version
        && minor(wanted.split('-').next().unwrap_or_default()) != minor(runs)
    {
        return Err(Refusal::NotHonoured(vec![format!(
            "spec.kafka.metadataVersion {wanted} (Kafka {runs} starts with its own)"
        )])
        .into());
    }
    let forbidden: Vec<_> =
        spec.kafka.config.keys().filter(|key| config::is_forbidden(key)).map(String::as_str).collect();
    if !forbidden.is_empty() {
        warnings.push(format!("spec.kafka.config: {} belong to the operator and have no effect", forbidden.join(", ")));
    }
    Ok(warnings)
}

/// What the network objects depend on. If it changes, all of them are applied again.
fn generations(kafka: &DynamicObject, pools: &[DynamicObject]) -> String {
    let one = |object: &DynamicObject| {
        format!("{:?}:{:?}:{:?}", object.metadata.name, object.metadata.uid, object.metadata.generation)
    };
    std::iter::once(kafka).chain(pools).map(one).collect::<Vec<_>>().join(" ")
}

/// Applies Services and routes if the resource changed or the interval has passed, and then waits for the routes.
/// Returns a report while they are still awaited.
async fn apply_network(
    context: &Arc<Context>,
    key: &Key,
    cluster: &Cluster,
    network: &[DynamicObject],
    generations: &str,
) -> Result<Option<Report>, Error> {
    let routed: Vec<String> =
        network.iter().filter(|object| is_route(object)).filter_map(|object| object.metadata.name.clone()).collect();
    let kind = if routed.is_empty() {
        None
    } else {
        let kind = context.catalog.kind("TLSRoute", Some("gateway.networking.k8s.io/v1")).await;
        Some(kind.map_err(|_| {
            Refusal::Invalid(format!(
                "The Gateway API TLSRoute resource is not available in this Kubernetes cluster. Exposing Kafka cluster {} using TLSRoutes is not possible.",
                cluster.name
            ))
        })?)
    };
    let due = context.memory(key, |memory| {
        let fresh = memory
            .applied_for
            .as_ref()
            .is_some_and(|(what, when)| what == generations && when.elapsed() < FULL_INTERVAL);
        if !fresh {
            memory.applied.clear();
            memory.prune = true;
        }
        if memory.applied_for.as_ref().is_some_and(|(what, _)| what != generations) {
            memory.awaiting_routes = None;
        }
        !fresh
    });
    if due {
        futures::future::try_join_all(network.iter().map(|object| context.apply(key, object))).await?;
        context.memory(key, |memory| {
            memory.applied_for = Some((generations.to_owned(), Instant::now()));
            memory.routed_for = None;
        });
    }
    let Some(kind) = kind else { return Ok(None) };
    if context.memory(key, |memory| memory.routed_for.as_deref() == Some(generations)) {
        return Ok(None);
    }
    let since = context.memory(key, |memory| *memory.awaiting_routes.get_or_insert_with(Instant::now));
    routes::watch_until_answered(context, key, &kind);
    let missing = routes::missing(context, key, &kind, &routed).await?;
    if missing.is_empty() {
        context.memory(key, |memory| {
            memory.awaiting_routes = None;
            memory.routed_for = Some(generations.to_owned());
        });
        return Ok(None);
    }
    Ok(Some(awaiting(&missing, since.elapsed(), &cluster.namespace)))
}

fn awaiting(missing: &[String], waited: Duration, namespace: &str) -> Report {
    let list = missing.join(", ");
    let state = if waited < routes::DEADLINE {
        let message = format!(
            "waiting for a Gateway controller to answer (any status.parents) on TLSRoute {list} before creating Pods"
        );
        State::not_ready("Creating", message)
    } else {
        let deadline = routes::DEADLINE.as_millis();
        let message = format!(
            "Exceeded timeout of {deadline}ms while waiting for TLSRoute resource {list} in namespace {namespace} to be ready"
        );
        State::not_ready("TimeoutException", message)
    };
    let pause = routes::DEADLINE.checked_sub(waited).map_or(FULL_INTERVAL, |left| left.min(FULL_INTERVAL));
    Report { state, warnings: Vec::new(), fields: json!({}), pause: pause + Duration::from_millis(50) }
}

fn is_route(object: &DynamicObject) -> bool {
    object.types.as_ref().is_some_and(|types| types.kind == "TLSRoute")
}

fn wanted(cluster: &Cluster, network: &[DynamicObject], nodes: &[NodeObjects]) -> BTreeSet<(String, String)> {
    let of = |object: &DynamicObject| Some((object.types.as_ref()?.kind.clone(), object.metadata.name.clone()?));
    let mut wanted: BTreeSet<_> = network.iter().filter_map(of).collect();
    wanted.extend(nodes.iter().flat_map(|workload| [&workload.secret, &workload.config]).filter_map(of));
    let name = &cluster.name;
    for secret in [
        names::cluster_ca_cert(name),
        names::cluster_ca_key(name),
        names::clients_ca_cert(name),
        names::clients_ca_key(name),
        names::operator_certs(name),
    ] {
        wanted.insert(("Secret".to_owned(), secret));
    }
    wanted
}

/// Ready means that every broker is registered and accepts clients. Once seen, it is not checked again for the same
/// Pods.
async fn registered(
    context: &Context,
    key: &Key,
    cluster: &Cluster,
    mut uids: Vec<String>,
) -> Result<(State, Duration), Error> {
    uids.sort();
    if context.memory(key, |memory| memory.registered.as_ref() == Some(&uids)) {
        return Ok((State::Ready, until_full(context, key)));
    }
    let mut admin = context.admin(key).await?;
    let seen = admin.brokers().await?;
    let wanted: BTreeSet<i32> = cluster.broker_ids().iter().map(|id| id.cast_signed()).collect();
    for (id, _) in seen.iter().filter(|(id, fenced)| **fenced && !wanted.contains(id)) {
        admin.unregister(*id).await?;
    }
    let absent: Vec<_> = wanted.iter().filter(|id| seen.get(id) != Some(&false)).map(ToString::to_string).collect();
    let leaving: Vec<_> =
        seen.iter().filter(|(id, fenced)| !wanted.contains(id) && !**fenced).map(|(id, _)| id.to_string()).collect();
    if absent.is_empty() && leaving.is_empty() {
        context.memory(key, |memory| memory.registered = Some(uids));
        return Ok((State::Ready, until_full(context, key)));
    }
    let message = if absent.is_empty() {
        format!("waiting for removed brokers to leave: {}", leaving.join(", "))
    } else {
        format!("waiting for brokers to register: {}", absent.join(", "))
    };
    // Brokers register within moments of opening their port, but nothing announces it.
    Ok((State::not_ready("Creating", message), Duration::from_millis(200)))
}

/// The time until everything is applied again.
fn until_full(context: &Context, key: &Key) -> Duration {
    let when = context.memory(key, |memory| memory.applied_for.as_ref().map(|(_, when)| *when));
    let left = when.map_or(FULL_INTERVAL, |when| FULL_INTERVAL.saturating_sub(when.elapsed()));
    left + Duration::from_millis(50)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn awaited_routes_are_named_before_and_after_the_deadline() {
        let missing = ["my-cluster-broker-11".to_owned()];
        let early = awaiting(&missing, Duration::from_secs(290), "kafka");
        assert!(
            matches!(&early.state, State::NotReady { reason, message } if reason == "Creating" && message.contains("my-cluster-broker-11"))
        );
        assert!(early.pause < Duration::from_secs(11));
        let late = awaiting(&missing, Duration::from_secs(301), "kafka");
        let State::NotReady { reason, message } = late.state else { panic!("it is not ready") };
        assert_eq!(reason, "TimeoutException");
        assert_eq!(
            message,
            "Exceeded timeout of 300000ms while waiting for TLSRoute resource my-cluster-broker-11 in namespace kafka to be ready"
        );
    }
}
