//! The loops for Kafka, KafkaTopic and KafkaUser. Watches drive each of them.

use super::context::{API_VERSION, Context, Key, key_of};
use super::node_objects::Placement;
use super::reach::Reach;
use super::topics::cluster_of;
use super::{Error, names, reconcile, sweep, topics, users};
use crate::LOG;
use camino::Utf8PathBuf;
use futures::StreamExt;
use futures::channel::mpsc;
use futures::future::{self, BoxFuture};
use host::with_causes;
use k8s_openapi::api::core::v1::{Pod, Secret};
use kube::api::{Api, DynamicObject};
use kube::runtime::WatchStreamExt;
use kube::runtime::controller::{self, Action, Controller};
use kube::runtime::reflector::{ObjectRef, Store};
use kube::runtime::watcher::{self, Event, watcher};
use kubeapi::{Catalog, Kind};
use model::paths;
use std::sync::Arc;
use tracing::warn;

/// The file with the resource definitions that the stand-in needs.
pub fn crds() -> Utf8PathBuf {
    paths::fixtures().join("standin/crds.yaml")
}

/// Runs the stand-in for all namespaces. It ends only with an error, or when its future is dropped.
///
/// # Errors
/// If the API server does not serve the resources (see [`crds`]), or refuses the first list.
pub async fn run(catalog: Catalog, reach: Reach, placement: Placement) -> Result<(), Error> {
    let kafka = catalog.kind("Kafka", Some(API_VERSION)).await?;
    let pool = catalog.kind("KafkaNodePool", Some(API_VERSION)).await?;
    let topic = catalog.kind("KafkaTopic", Some(API_VERSION)).await?;
    let user = catalog.kind("KafkaUser", Some(API_VERSION)).await?;
    let (triggers, triggered) = mpsc::unbounded();
    let context = Arc::new(Context::new(catalog, reach, placement, kafka.clone(), triggers));
    // Dropping the other loops stops them.
    let loops: [BoxFuture<'_, ()>; 5] = [
        Box::pin(kafkas(&context, &kafka, &pool, triggered)),
        Box::pin(topics_loop(&context, &kafka, &topic)),
        Box::pin(users_loop(&context, &kafka, &user)),
        Box::pin(gone(&context, &kafka, |context, deleted| Box::pin(kafka_gone(context, deleted)))),
        Box::pin(gone(&context, &user, |context, deleted| Box::pin(user_gone(context, deleted)))),
    ];
    future::select_all(loops).await;
    Err(Error::Waiting("a loop of the stand-in ended".to_owned()))
}

fn everywhere(context: &Context, kind: &Kind) -> Api<DynamicObject> {
    Api::all_with(context.catalog.client().clone(), &kind.resource)
}

async fn kafkas(context: &Arc<Context>, kafka: &Kind, pool: &Kind, triggered: mpsc::UnboundedReceiver<()>) {
    let client = context.catalog.client().clone();
    let to_reference = {
        let resource = kafka.resource.clone();
        move |(namespace, name): Key| ObjectRef::new_with(&name, resource.clone()).within(&namespace)
    };
    let of_pool = to_reference.clone();
    let of_pod = to_reference.clone();
    let of_secret = Arc::clone(context);
    let own_pods = watcher::Config::default().labels(&format!("{}=Kafka", names::KIND_LABEL));
    let results = Controller::new_with(everywhere(context, kafka), watcher::Config::default(), kafka.resource.clone())
        .with_config(controller::Config::default().concurrency(0))
        .watches_with(everywhere(context, pool), pool.resource.clone(), watcher::Config::default(), move |object| {
            cluster_of(&object).map(&of_pool)
        })
        .watches(Api::<Pod>::all(client.clone()), own_pods, move |pod| {
            let cluster = pod.metadata.labels.as_ref().and_then(|labels| labels.get(names::CLUSTER_LABEL)).cloned();
            cluster.zip(pod.metadata.namespace.clone()).map(|(name, namespace)| of_pod((namespace, name)))
        })
        .watches(Api::<Secret>::all(client), watcher::Config::default(), move |secret| {
            let namespace = secret.metadata.namespace.unwrap_or_default();
            let name = secret.metadata.name.unwrap_or_default();
            of_secret.users_of_secret(&namespace, &name).into_iter().map(to_reference.clone())
        })
        .reconcile_all_on(triggered)
        .run(reconcile::kafka, |object, error, context| retry("Kafka", &object, error, &context), Arc::clone(context));
    results.for_each(|result| async { report("Kafka", result.map(|_| ())) }).await;
}

type Removal = fn(Arc<Context>, DynamicObject) -> BoxFuture<'static, ()>;

/// Calls `removal` for every deleted object of the kind. Objects that were deleted before the start, or while the watch
/// was broken, are found by their owner.
async fn gone(context: &Arc<Context>, kind: &Kind, removal: Removal) {
    let events = watcher(everywhere(context, kind), watcher::Config::default()).default_backoff();
    events
        .for_each_concurrent(None, |event| async {
            match event {
                Ok(Event::Delete(deleted)) => removal(Arc::clone(context), deleted).await,
                Ok(Event::InitDone) => {
                    if let Err(error) = sweep::orphans(context, None).await {
                        warn!(target: LOG, "could not remove what deleted resources left: {}", with_causes(&error));
                    }
                }
                // The controller's own watch meets the same error and reports it.
                Ok(Event::Init | Event::InitApply(_) | Event::Apply(_)) | Err(_) => {}
            }
        })
        .await;
}

async fn kafka_gone(context: Arc<Context>, deleted: DynamicObject) {
    let key = key_of(&deleted);
    let _turn = context.turn("Kafka", &key).await;
    context.forget(&key);
    clean(&context, &key).await;
}

async fn user_gone(context: Arc<Context>, deleted: DynamicObject) {
    let Some(cluster) = cluster_of(&deleted) else { return };
    let _turn = context.turn("KafkaUser", &key_of(&deleted)).await;
    clean(&context, &cluster).await;
    users::prune_in_background(&context, &cluster);
}

/// Removes what deleted owners left in the cluster, and retries until that succeeds.
async fn clean(context: &Context, cluster: &Key) {
    while let Err(error) = sweep::orphans(context, Some(cluster)).await {
        let (namespace, name) = cluster;
        warn!(target: LOG, "could not remove yet what {namespace}/{name} left behind: {}", with_causes(&error));
        tokio::time::sleep(context.backoff("sweep", cluster)).await;
    }
    context.succeeded("sweep", cluster);
}

async fn topics_loop(context: &Arc<Context>, kafka: &Kind, topic: &Kind) {
    let controller =
        Controller::new_with(everywhere(context, topic), watcher::Config::default(), topic.resource.clone());
    let store = controller.store();
    controller
        .with_config(controller::Config::default().concurrency(8))
        .watches_with(everywhere(context, kafka), kafka.resource.clone(), watcher::Config::default(), move |kafka| {
            members(&store, &kafka)
        })
        .run(topics::topic, |object, error, context| retry("KafkaTopic", &object, error, &context), Arc::clone(context))
        .for_each(|result| async { report("KafkaTopic", result.map(|_| ())) })
        .await;
}

async fn users_loop(context: &Arc<Context>, kafka: &Kind, user: &Kind) {
    let controller = Controller::new_with(everywhere(context, user), watcher::Config::default(), user.resource.clone());
    let store = controller.store();
    controller
        .with_config(controller::Config::default().concurrency(8))
        .watches_with(everywhere(context, kafka), kafka.resource.clone(), watcher::Config::default(), move |kafka| {
            members(&store, &kafka)
        })
        .run(users::user, |object, error, context| retry("KafkaUser", &object, error, &context), Arc::clone(context))
        .for_each(|result| async { report("KafkaUser", result.map(|_| ())) })
        .await;
}

/// The topics or users in the store that belong to a cluster.
fn members(store: &Store<DynamicObject>, kafka: &DynamicObject) -> Vec<ObjectRef<DynamicObject>> {
    let key = key_of(kafka);
    let belongs = |object: &Arc<DynamicObject>| cluster_of(object).as_ref() == Some(&key);
    store.state().iter().filter(|object| belongs(object)).map(|object| reference(object)).collect()
}

fn reference(object: &DynamicObject) -> ObjectRef<DynamicObject> {
    let types = object.types.clone().unwrap_or_default();
    let (group, version) = types.api_version.split_once('/').unwrap_or(("", &types.api_version));
    let kind = kube::api::GroupVersionKind::gvk(group, version, &types.kind);
    ObjectRef::from_obj_with(object, kube::api::ApiResource::from_gvk(&kind))
}

fn retry(kind: &str, object: &DynamicObject, _: &Error, context: &Context) -> Action {
    Action::requeue(context.backoff(kind, &key_of(object)))
}

/// Logs a failed reconciliation. Waiting is normal and is not logged.
fn report<T: std::error::Error + 'static>(kind: &str, result: Result<(), controller::Error<Error, T>>) {
    match result {
        Ok(())
        | Err(controller::Error::ReconcilerFailed(Error::Waiting(_), _) | controller::Error::ObjectNotFound(_)) => {}
        Err(error) => warn!(target: LOG, "{kind}: {}", with_causes(&error)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use kubeapi::parse_manifests;

    #[test]
    fn there_is_a_definition_for_each_resource() {
        let file = crds();
        let text = std::fs::read_to_string(&file).expect("a readable file");
        let definitions = parse_manifests(file.as_str(), &text).expect("manifests");
        let kinds: Vec<_> =
            definitions.iter().filter_map(|object| object.data["spec"]["names"]["kind"].as_str()).collect();
        assert_eq!(kinds, ["Kafka", "KafkaNodePool", "KafkaTopic", "KafkaUser"]);
        for definition in &definitions {
            let version = &definition.data["spec"]["versions"][0];
            assert_eq!(version["name"], "v1");
            assert!(version["subresources"]["status"].is_object());
        }
    }
}
