//! A lab in a user's own cluster: only what the user requested is installed, and exactly that is removed.

use crate::backends::cluster::Applied;
use crate::backends::cluster::GATEWAY_API;
use crate::backends::cluster::Installer;
use crate::backends::cluster::{ClusterHandle, ClusterSpec, Error, PartFiles, gateway, gateway_api, strimzi};
use crate::gateway::GatewayFixture;
use ::kube::api::DynamicObject;
use camino::Utf8PathBuf;
use host::Progress;
use kubeapi::Catalog;
use model::{KafkaProvider, LabDir, UserCluster};
use std::collections::BTreeMap;
use std::time::Duration;

const CONNECT: Duration = Duration::from_secs(20);

/// Installs what the user requested. Every object is recorded in the lab's folder before it is applied.
///
/// # Errors
/// [`Error::Exists`] for an object that the user already has. Nothing of the user's is changed.
pub async fn install(
    dir: &LabDir,
    options: &ClusterSpec,
    existing: &UserCluster,
    parts: &PartFiles,
    progress: &Progress,
) -> Result<ClusterHandle, Error> {
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
        way_out: "install it, or let the lab install it with `--gateway NAME`".to_owned(),
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
    Ok(ClusterHandle {
        kubeconfig: users_kubeconfig(),
        context: existing.context.clone(),
        reach: options.reach(&fixture, existing.address),
        versions,
        // Which images run there is the cluster's own affair.
        checksums: BTreeMap::new(),
    })
}

/// Applies further objects of the lab. Each is recorded first, so that [`down`] removes it too. A Namespace or a
/// definition that the user already has is not changed, and stays.
///
/// # Errors
/// [`Error::Exists`] for any other object that the user already has.
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

/// The file in `KUBECONFIG`, or the default one. Of several files the first, because only one path is used.
fn users_kubeconfig() -> Utf8PathBuf {
    let home = || format!("{}/.kube/config", std::env::var("HOME").unwrap_or_default());
    let listed = std::env::var("KUBECONFIG").ok().filter(|list| !list.is_empty());
    listed.and_then(|list| list.split(':').find(|path| !path.is_empty()).map(str::to_owned)).unwrap_or_else(home).into()
}
