//! `lab up` on kind, in phases: the cluster, images together with the Gateway API, the gateway together with the
//! operator.

use super::cluster::{Cluster, ClusterRequest};
use super::engine::Engine;
use super::load_balancer::AddressPool;
use super::node;
use crate::backends::cluster::Installer;
use crate::backends::cluster::{ClusterHandle, ClusterSpec, Error, PartFiles, gateway, gateway_api, images, strimzi};
use crate::backends::cluster::{GATEWAY_API, KIND};
use crate::both::both;
use crate::gateway::{GatewayFixture, Gateways};
use futures::future::join_all;
use host::Progress;
use kubeapi::Catalog;
use model::{KafkaProvider, LabDir};
use std::cell::RefCell;
use std::collections::BTreeMap;
use std::net::{IpAddr, Ipv4Addr};

/// Starts the lab's cluster, or whatever of it is missing. It can be called again after any interrupt. `parts` must
/// contain what `wanted_parts` names.
///
/// # Errors
/// Whatever cannot be obtained is reported before anything is created. After later errors, the next call continues with
/// what exists.
pub async fn up(
    dir: &LabDir,
    options: &ClusterSpec,
    parts: &PartFiles,
    progress: &Progress,
) -> Result<ClusterHandle, Error> {
    let fixture = GatewayFixture::load(&options.gateway)?;
    if !gateway::section(&fixture)?.tried {
        progress.say(format!("{} is untested on this lab; see fixtures/gateways/{}", fixture.title, fixture.name));
    }
    if gateway::section(&fixture)?.gateways == Gateways::Separate && !cfg!(target_os = "linux") {
        return Err(Error::NoNodeNetwork { gateway: fixture.name });
    }
    let engine = Engine::find().await?;
    let cluster = Cluster::of(&options.name, &engine, parts.of(KIND, "the cluster")?, dir)?;
    let images = options.images()?;
    let node_image = options.node_image()?;
    let wanted =
        ClusterRequest { node_image: &node_image.image.image, ports: &options.ports, gateway: &options.gateway };

    let phase = progress.phase("existing cluster");
    let found = cluster.find(&wanted).await?;
    phase.done(if found.is_some() { "running" } else { "none" });

    obtain(&engine, &cluster, &images, &node_image, found.is_some(), progress).await?;
    let catalog = match found {
        Some(catalog) => catalog,
        None => create(&cluster, &wanted, progress).await?,
    };

    let installer = Installer { catalog: &catalog, applied: None };
    let names: Vec<_> = images.iter().map(|wanted| wanted.image.image.clone()).collect();
    let bundle = parts.of(GATEWAY_API, "every gateway")?;
    let strimzi_manifest = match options.kafka {
        KafkaProvider::Strimzi => Some(parts.of(&options.strimzi_part()?, "--kafka strimzi")?),
        KafkaProvider::Standin => None,
    };
    // Whatever needs no image is applied while images are copied.
    let (_, (gateway_api, gateway_begun, strimzi_begun)) =
        both(options.one_by_one, load(&engine, &cluster, &names, progress), async {
            let phase = progress.phase("Gateway API, other CRDs");
            let version = gateway_api::ensure(&installer, bundle, &fixture.title).await?;
            let gateway = gateway::begin(installer, &fixture, parts, &options.ports).await?;
            let strimzi = match strimzi_manifest {
                Some(manifest) => Some(strimzi::begin(installer, manifest).await?),
                None => None,
            };
            phase.done(&version);
            Ok((version, gateway, strimzi))
        })
        .await?;
    both(
        options.one_by_one,
        async {
            let phase = progress.phase(format!("gateway: {}", fixture.name));
            Box::pin(gateway::finish(installer, &fixture, gateway_begun)).await?;
            phase.done(format!("GatewayClass {} accepted", fixture.class));
            Ok(())
        },
        async {
            if let Some(begun) = strimzi_begun {
                let phase = progress.phase("Strimzi's operator");
                Box::pin(strimzi::finish(installer, begun)).await?;
                phase.done(&options.strimzi_version);
            }
            Ok::<(), Error>(())
        },
    )
    .await?;
    Ok(ClusterHandle {
        kubeconfig: dir.kubeconfig(),
        context: cluster.context(),
        reach: options.reach(&fixture, IpAddr::V4(Ipv4Addr::LOCALHOST)),
        versions: versions(&engine, &catalog, &gateway_api, &node_image, &images, options).await,
        checksums: image_ids(&engine, &node_image, &images).await,
    })
}

/// The addresses that the lab's Gateways may have.
///
/// # Errors
/// If the node does not answer, or its network is too small.
pub async fn pool(dir: &LabDir, options: &ClusterSpec, parts: &PartFiles) -> Result<AddressPool, Error> {
    let engine = Engine::find().await?;
    let cluster = Cluster::of(&options.name, &engine, parts.of(KIND, "the cluster")?, dir)?;
    AddressPool::of(&engine, &cluster.node()).await
}

/// Checks before a cluster is created that every image that the node lacks can be obtained.
async fn obtain(
    engine: &Engine,
    cluster: &Cluster<'_>,
    wanted: &[images::RequiredImage],
    node_image: &images::RequiredImage,
    runs: bool,
    progress: &Progress,
) -> Result<(), Error> {
    let phase = RefCell::new(progress.phase("images in the engine"));
    let in_node = if runs { node::images(engine, &cluster.node()).await? } else { Default::default() };
    let mut needed: Vec<_> =
        wanted.iter().filter(|wanted| !in_node.contains(&images::full_name(&wanted.image.image))).cloned().collect();
    if !runs {
        needed.push(node_image.clone());
    }
    let pulled = images::obtain(engine, &needed, |name| phase.borrow_mut().update(format!("pulling {name}"))).await?;
    phase.into_inner().done(format!("{} needed, {pulled} pulled", needed.len()));
    Ok(())
}

async fn create(cluster: &Cluster<'_>, wanted: &ClusterRequest<'_>, progress: &Progress) -> Result<Catalog, Error> {
    let mut phase = progress.phase("kind create cluster");
    let catalog = cluster.create(wanted, |line| phase.update(line)).await?;
    phase.done(format!("{} from {}", cluster.name, wanted.node_image));
    Ok(catalog)
}

async fn load(engine: &Engine, cluster: &Cluster<'_>, names: &[String], progress: &Progress) -> Result<(), Error> {
    let phase = RefCell::new(progress.phase("images into the node"));
    let loaded = node::load(engine, &cluster.node(), names, |name| phase.borrow_mut().update(name)).await?;
    phase.into_inner().done(format!("{loaded} of {} copied", names.len()));
    Ok(())
}

async fn versions(
    engine: &Engine,
    catalog: &Catalog,
    gateway_api: &str,
    node_image: &images::RequiredImage,
    images: &[images::RequiredImage],
    options: &ClusterSpec,
) -> BTreeMap<String, String> {
    // The version is only for the user's page, so an unknown version stops nothing.
    let kubernetes =
        catalog.client().apiserver_version().await.map_or_else(|_| "unknown".to_owned(), |info| info.git_version);
    let mut versions = BTreeMap::from([
        ("kubernetes".to_owned(), kubernetes),
        ("gateway-api".to_owned(), gateway_api.to_owned()),
        (engine.program.clone(), engine.version.clone()),
    ]);
    for wanted in images.iter().chain([node_image]) {
        let (part, tag) = image_part(wanted);
        versions.insert(part, tag.to_owned());
    }
    versions.extend(images::version_of_kafka(images).map(|version| ("kafka".to_owned(), version)));
    if options.kafka == KafkaProvider::Strimzi {
        versions.insert("strimzi".to_owned(), options.strimzi_version.clone());
    }
    let gateway = GatewayFixture::load(&options.gateway).ok().and_then(|fixture| fixture.kind);
    let version = gateway.as_ref().and_then(|kind| kind.version());
    versions.extend(version.map(|version| (options.gateway.clone(), version.to_owned())));
    versions
}

/// The name under which an image is listed among the parts, and its tag.
fn image_part(wanted: &images::RequiredImage) -> (String, &str) {
    let (name, tag) = wanted.image.image.rsplit_once(':').unwrap_or((&wanted.image.image, "latest"));
    (format!("image {name}"), tag)
}

/// The ids of all images. The ids of images that came into the node from an archive, and not from the engine, are not known.
async fn image_ids(
    engine: &Engine,
    node_image: &images::RequiredImage,
    images: &[images::RequiredImage],
) -> BTreeMap<String, String> {
    let asked = images
        .iter()
        .chain([node_image])
        .map(async |wanted| engine.image_id(&wanted.image.image).await.map(|id| (image_part(wanted).0, id)));
    join_all(asked).await.into_iter().flatten().collect()
}
