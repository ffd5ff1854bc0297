//! A lab in a cluster of the user's own: only what was asked for goes in, and exactly that comes out.

use super::applied::Applied;
use super::install::Installer;
use super::options::GATEWAY_API;
use super::{Error, KindCluster, KindOptions, PartFiles, gateway, gateway_api, strimzi};
use crate::gateway::GatewayFixture;
use ::kube::api::DynamicObject;
use camino::Utf8PathBuf;
use futures::{StreamExt, TryStreamExt, stream};
use host::Progress;
use kubeapi::{Catalog, ObjectRef, delete};
use model::{KafkaProvider, LabDir};
use std::collections::BTreeMap;
use std::net::IpAddr;
use std::time::Duration;
use tokio::time::{Instant, sleep};

const CONNECT: Duration = Duration::from_secs(20);
const GONE: Duration = Duration::from_secs(180);

/// What to install into the user's cluster, and where its gateway is reached.
#[derive(Clone, Debug)]
pub struct Existing {
    pub context: String,
    /// The address of the gateway's data plane as seen from this machine.
    pub address: IpAddr,
    /// Whether to install the gateway; else it is taken to be there.
    pub install_gateway: bool,
    /// Whether to install Strimzi; else the operator is taken to be there, or the stand-in runs beside the cluster.
    pub install_strimzi: bool,
}

/// Installs what was asked for; every object is written down in the lab's folder before it is applied.
///
/// # Errors
/// [`Error::Exists`] for an object that the user has already; nothing of the user's is changed.
pub async fn up(
    dir: &LabDir,
    options: &KindOptions,
    existing: &Existing,
    parts: &PartFiles,
    progress: &Progress,
) -> Result<KindCluster, Error> {
    let fixture = GatewayFixture::load(&options.gateway)?;
    let catalog = kubeapi::connect(None, &existing.context).await?;
    kubeapi::wait_ready(&catalog, &existing.context, CONNECT).await?;
    let applied = Applied::open(dir, &existing.context)?;
    let installer = Installer { catalog: &catalog, applied: Some(&applied) };
    let strimzi = existing.install_strimzi && options.kafka == KafkaProvider::Strimzi;

    let mut versions = BTreeMap::new();
    let has = if existing.install_gateway || strimzi {
        let phase = progress.phase("Gateway API");
        let has = gateway_api::ensure(&installer, parts.of(GATEWAY_API, &fixture.title)?, &fixture.title).await?;
        phase.done(&has);
        Some(has)
    } else {
        gateway_api::present(&installer).await?
    };
    let absent = || Error::GatewayApi {
        has: "nothing".to_owned(),
        needed_by: fixture.title.clone(),
        way_out: "install it, or let the lab do so with `--gateway NAME`".to_owned(),
    };
    versions.insert("gateway-api".to_owned(), has.ok_or_else(absent)?);
    if existing.install_gateway {
        let phase = progress.phase(format!("gateway: {}", fixture.name));
        let component = gateway::begin(installer, &fixture, parts, &options.ports).await?;
        gateway::finish(installer, &fixture, component).await?;
        phase.done(format!("GatewayClass {} accepted", fixture.class));
    }
    if let Some(version) = fixture.kind.as_ref().filter(|_| existing.install_gateway).and_then(|kind| kind.version()) {
        versions.insert(fixture.name.clone(), version.to_owned());
    }
    if strimzi {
        versions.insert("strimzi".to_owned(), options.strimzi_version.clone());
        let phase = progress.phase("Strimzi's operator");
        let component = strimzi::begin(installer, parts.of(&options.strimzi_part()?, "--kafka strimzi")?).await?;
        strimzi::finish(installer, component).await?;
        phase.done(&options.strimzi_version);
    }
    if let Ok(info) = catalog.client().apiserver_version().await {
        versions.insert("kubernetes".to_owned(), info.git_version);
    }
    Ok(KindCluster {
        kubeconfig: users_kubeconfig(),
        context: existing.context.clone(),
        reach: options.reach(&fixture, existing.address),
        versions,
        kept: true,
    })
}

/// Applies objects of the lab's beside those of [`up`]: each is written down first, so that [`down`] removes it too; a
/// Namespace or a definition that the user has already is left as it is, and stays.
///
/// # Errors
/// [`Error::Exists`] for any other object that the user has already.
pub async fn apply(
    dir: &LabDir,
    context: &str,
    catalog: &Catalog,
    objects: Vec<DynamicObject>,
    namespace: &str,
) -> Result<(), Error> {
    let applied = Applied::open(dir, context)?;
    Installer { catalog, applied: Some(&applied) }.apply(objects, namespace).await.map(drop)
}

/// Whether the lab has put anything into a user's cluster.
///
/// # Errors
/// When the list cannot be read.
pub fn is_there(dir: &LabDir) -> Result<bool, Error> {
    Ok(Applied::left(dir)?.is_some())
}

/// Removes what the lab applied, the last first, and waits until it is gone.
///
/// # Errors
/// [`Error::NotGone`] with what is left; the list is kept then, for another try.
pub async fn down(dir: &LabDir, progress: &Progress) -> Result<(), Error> {
    let Some((applied, context)) = Applied::left(dir)? else { return Ok(()) };
    let mut phase = progress.phase("remove what the lab installed");
    let catalog = kubeapi::connect(None, &context).await?;
    kubeapi::wait_ready(&catalog, &context, CONNECT).await?;
    let objects = applied.newest_first();
    // An operator has to be there for its own resources' finalizers, and a CRD for its objects: so in order, one kind
    // of thing after the other.
    let (last, first): (Vec<_>, Vec<_>) = objects
        .into_iter()
        .partition(|object| matches!(object.kind.as_str(), "Namespace" | "CustomResourceDefinition"));
    let count = first.len() + last.len();
    for group in [first, last] {
        for object in &group {
            phase.update(object);
            remove(&catalog, object).await?;
        }
        gone(&catalog, group).await?;
    }
    applied.forget()?;
    phase.done(format!("{count} objects"));
    Ok(())
}

async fn remove(catalog: &Catalog, object: &ObjectRef) -> Result<(), Error> {
    match delete(catalog, object).await {
        // Its CRD is gone, and the object with it.
        Err(kubeapi::Error::UnknownKind { .. }) => Ok(()),
        result => result.map_err(Into::into),
    }
}

async fn gone(catalog: &Catalog, mut left: Vec<ObjectRef>) -> Result<(), Error> {
    let deadline = Instant::now() + GONE;
    loop {
        let there: Vec<bool> =
            stream::iter(&left).map(|object| is_present(catalog, object)).buffered(8).try_collect().await?;
        left = left.into_iter().zip(there).filter(|(_, there)| *there).map(|(object, _)| object).collect();
        if left.is_empty() {
            return Ok(());
        }
        if Instant::now() >= deadline {
            return Err(Error::NotGone { left, within: GONE });
        }
        // Objects of many kinds: a watch for each would cost more than it saves.
        sleep(Duration::from_millis(500)).await;
    }
}

async fn is_present(catalog: &Catalog, object: &ObjectRef) -> Result<bool, Error> {
    let kind = match catalog.kind(&object.kind, Some(&object.api_version)).await {
        Ok(kind) => kind,
        Err(kubeapi::Error::UnknownKind { .. }) => return Ok(false),
        Err(error) => return Err(error.into()),
    };
    match kind.api(catalog.client(), &object.namespace).get_opt(&object.name).await {
        Ok(found) => Ok(found.is_some()),
        Err(error) => Err(kubeapi::Error::request(format!("read {object}"))(error).into()),
    }
}

/// The file of `KUBECONFIG` or the default one; with several files the first, since a path is one path.
fn users_kubeconfig() -> Utf8PathBuf {
    let home = || format!("{}/.kube/config", std::env::var("HOME").unwrap_or_default());
    let listed = std::env::var("KUBECONFIG").ok().filter(|list| !list.is_empty());
    listed.and_then(|list| list.split(':').find(|path| !path.is_empty()).map(str::to_owned)).unwrap_or_else(home).into()
}
