//! What all loops of the stand-in share, and what it remembers about each cluster between reconciliations.

use super::node_objects::Placement;
use super::reach::{self, BrokerAdmin, Credentials, Reach, ReachError};
use super::{Error, names, objects};
use crate::LOG;
use futures::channel::mpsc::UnboundedSender;
use k8s_openapi::api::core::v1::Pod;
use kube::Api;
use kube::api::{DynamicObject, ListParams, TypeMeta};
use kubeapi::{Catalog, Kind, applied, pod_is_ready};
use sha2::{Digest, Sha256};
use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;
use tokio::sync::OwnedMutexGuard;
use tokio::time::Instant;
use tracing::info;

/// Strimzi's `STRIMZI_FULL_RECONCILIATION_INTERVAL_MS`.
pub const FULL_INTERVAL: Duration = Duration::from_secs(120);
pub const API_VERSION: &str = "kafka.strimzi.io/v1";

/// Namespace and name.
pub type Key = (String, String);
/// Asks the Kafka loop to reconcile its clusters. It reconciles all of them, because kube has no stable way to name one
/// yet. A cluster that has not changed costs a few lists.
pub type Triggers = UnboundedSender<()>;

pub struct Context {
    pub catalog: Catalog,
    pub reach: Reach,
    pub placement: Placement,
    pub kafka: Kind,
    pub triggers: Triggers,
    memory: Mutex<HashMap<Key, Memory>>,
    failures: Mutex<HashMap<(String, Key), u32>>,
    turns: Mutex<HashMap<(&'static str, Key), Turn>>,
}

/// The lock on one object. Its holder works on the object while others wait.
type Turn = Arc<tokio::sync::Mutex<()>>;

/// What is remembered about a cluster. Losing it only costs repeated work.
#[derive(Default)]
pub struct Memory {
    pub uid: String,
    /// The generations for which Services and routes were last applied, and when.
    pub applied_for: Option<(String, Instant)>,
    /// Hashes of what was applied since then, by kind and name.
    pub applied: HashMap<(String, String), [u8; 32]>,
    /// What was last applied for each object, over all reconciliations: its hash and the object's uid. Used for the
    /// log.
    noted: HashMap<(String, String), ([u8; 32], String)>,
    /// The generations for which every route was seen with a parent.
    pub routed_for: Option<String>,
    /// Since when the routes are awaited.
    pub awaiting_routes: Option<Instant>,
    /// Whether the awaited routes are being watched.
    pub watching_routes: bool,
    pub credentials: Option<Credentials>,
    /// The user-provided Secrets that brokers' certificates come from.
    pub secrets: Vec<String>,
    /// Whether to look for superfluous objects, and for credentials and rules without a user, once brokers answer.
    pub prune: bool,
    /// The Pods (by uid) with which every broker was seen registered.
    pub registered: Option<Vec<String>>,
}

impl Context {
    pub fn new(catalog: Catalog, reach: Reach, placement: Placement, kafka: Kind, triggers: Triggers) -> Self {
        Self {
            catalog,
            reach,
            placement,
            kafka,
            triggers,
            memory: Mutex::default(),
            failures: Mutex::default(),
            turns: Mutex::default(),
        }
    }

    fn all(&self) -> MutexGuard<'_, HashMap<Key, Memory>> {
        self.memory.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Reads or changes what is remembered about a cluster.
    pub fn memory<R>(&self, key: &Key, with: impl FnOnce(&mut Memory) -> R) -> R {
        with(self.all().entry(key.clone()).or_default())
    }

    pub fn forget(&self, key: &Key) {
        self.all().remove(key);
    }

    /// The clusters that use a broker certificate from this Secret.
    pub fn users_of_secret(&self, namespace: &str, secret: &str) -> Vec<Key> {
        let all = self.all();
        let using = all
            .iter()
            .filter(|((its, _), memory)| its == namespace && memory.secrets.iter().any(|name| name == secret));
        using.map(|(key, _)| key.clone()).collect()
    }

    /// The delay before the next attempt after a failure: 0.2 s, doubling up to 30 s.
    pub fn backoff(&self, kind: &str, key: &Key) -> Duration {
        let mut failures = self.failures.lock().unwrap_or_else(PoisonError::into_inner);
        let count = failures.entry((kind.to_owned(), key.clone())).or_default();
        *count += 1;
        Duration::from_millis(200 << (*count - 1).min(8)).min(Duration::from_secs(30))
    }

    pub fn succeeded(&self, kind: &str, key: &Key) {
        self.failures.lock().unwrap_or_else(PoisonError::into_inner).remove(&(kind.to_owned(), key.clone()));
    }

    /// Serialises work on one object, so that reconciliation cannot recreate what the cleanup of a deleted resource
    /// just removed.
    pub async fn turn(&self, kind: &'static str, key: &Key) -> OwnedMutexGuard<()> {
        let turn = {
            let mut turns = self.turns.lock().unwrap_or_else(PoisonError::into_inner);
            Arc::clone(turns.entry((kind, key.clone())).or_default())
        };
        turn.lock_owned().await
    }

    /// The object as it is now. `None` if it is gone, is being deleted, or was replaced by another object with its
    /// name.
    ///
    /// # Errors
    /// If the API server refuses.
    pub async fn current(&self, kind: &'static str, object: &DynamicObject) -> Result<Option<DynamicObject>, Error> {
        let (namespace, name) = key_of(object);
        let served = self.catalog.kind(kind, Some(API_VERSION)).await?;
        let found = served.api(self.catalog.client(), &namespace).get_opt(&name).await;
        let found = found.map_err(kubeapi::Error::request(format!("read {kind} {namespace}/{name}")))?;
        let same =
            |now: &DynamicObject| now.metadata.uid == object.metadata.uid && now.metadata.deletion_timestamp.is_none();
        Ok(found.filter(same).map(|mut now| {
            now.types = Some(TypeMeta { api_version: API_VERSION.to_owned(), kind: kind.to_owned() });
            now
        }))
    }

    /// Asks for a reconciliation of the clusters.
    pub fn trigger(&self) {
        // The receiver is gone only when the stand-in stops.
        let _ = self.triggers.unbounded_send(());
    }

    /// Applies an object, unless exactly the same was already applied since the last full reconciliation.
    ///
    /// # Errors
    /// If the API server refuses.
    pub async fn apply(&self, key: &Key, object: &DynamicObject) -> Result<(), Error> {
        let id = (object.types.clone().unwrap_or_default().kind, object.metadata.name.clone().unwrap_or_default());
        let hash: [u8; 32] = Sha256::digest(serde_json::to_vec(object)?).into();
        if self.memory(key, |memory| memory.applied.get(&id) == Some(&hash)) {
            return Ok(());
        }
        let (_, made) = applied(&self.catalog, object, &key.0, objects::MANAGER).await?;
        let uid = made.metadata.uid.unwrap_or_default();
        let before = self.memory(key, |memory| {
            memory.applied.insert(id.clone(), hash);
            memory.noted.insert(id.clone(), (hash, uid.clone()))
        });
        let what = match before {
            None => "applied",
            Some((_, old)) if old != uid => "recreated, because it was gone:",
            Some((old, _)) if old != hash => "changed",
            Some(_) => return Ok(()),
        };
        info!(target: LOG, "Kafka {}/{}: {what} {} {}", key.0, key.1, id.0, id.1);
        Ok(())
    }

    /// The cluster's Pods.
    ///
    /// # Errors
    /// If the API server refuses.
    pub async fn pods(&self, key: &Key) -> Result<Vec<Pod>, Error> {
        let api = Api::<Pod>::namespaced(self.catalog.client().clone(), &key.0);
        let selector = format!("{}={},{}=Kafka", names::CLUSTER_LABEL, key.1, names::KIND_LABEL);
        let list = api.list(&ListParams::default().labels(&selector)).await;
        Ok(list.map_err(kubeapi::Error::request(format!("list the Pods of {}/{}", key.0, key.1)))?.items)
    }

    /// A connection for administrative requests to the first broker that accepts it.
    ///
    /// # Errors
    /// If the cluster is unknown, or no ready broker accepts the connection. The error contains the last broker's
    /// reason.
    pub async fn admin(&self, key: &Key) -> Result<BrokerAdmin, Error> {
        let waiting =
            || Error::Waiting(format!("no broker of Kafka cluster {} in namespace {} is ready", key.1, key.0));
        let Some(credentials) = self.memory(key, |memory| memory.credentials.clone()) else { return Err(waiting()) };
        let mut last: Option<ReachError> = None;
        for pod in self.pods(key).await?.iter().filter(|pod| is_broker(pod) && pod_is_ready(pod)) {
            let dns = names::pod_dns(&key.1, pod.metadata.name.as_deref().unwrap_or_default(), &key.0);
            match reach::connect(self.catalog.client(), self.reach, pod, &dns, &credentials).await {
                Ok(admin) => return Ok(admin),
                Err(error) => last = Some(error),
            }
        }
        Err(last.map_or_else(waiting, Error::Broker))
    }
}

fn is_broker(pod: &Pod) -> bool {
    let labels = pod.metadata.labels.as_ref();
    labels.and_then(|labels| labels.get(names::BROKER_ROLE_LABEL)).is_some_and(|role| role == "true")
}

/// Namespace and name of an object.
pub fn key_of(object: &DynamicObject) -> Key {
    (object.metadata.namespace.clone().unwrap_or_default(), object.metadata.name.clone().unwrap_or_default())
}
