//! The lab in a user's cluster: its phases, and what differs about it once it is up.

use super::{install, remove};
use crate::backends::Backend;
use crate::backends::cluster::{self, Applied, ClusterSpec, PartFiles, strimzi};
use crate::backends::local::status::{Component, agent_only};
use crate::gateway::GatewayFixture;
use crate::handle::Lab;
use crate::{Error, definitions, obtain, shared};
use futures::future::BoxFuture;
use host::Progress;
use model::{KafkaProvider, LabDir, LabKind, UserCluster};

/// Starts or repairs a lab in a user's cluster. Only what the user requested is installed.
pub(crate) async fn up(
    dir: &LabDir,
    spec: &ClusterSpec,
    user: &UserCluster,
    progress: &Progress,
) -> Result<Lab, Error> {
    let parts = obtain::all(cluster::wanted_parts(spec, Some(user))?, &spec.part_versions()?, progress).await?;
    let files: PartFiles = parts.iter().map(|part| (part.name.clone(), part.path.clone())).collect();
    let installed = install::install(dir, spec, user, &files, progress).await?;
    let mut lab = cluster::open(dir, LabKind::Existing, spec, installed, &parts).await?;

    let mut phase = progress.phase("Kafka");
    if spec.kafka == KafkaProvider::Standin {
        let crds = definitions::objects(&[&standin::crds()])?;
        install::apply(dir, &user.context, &lab.catalog, crds, "default").await?;
        cluster::start_agent(&lab, None).await?;
    }
    let objects = shared::objects(&lab.info)?;
    install::apply(dir, &user.context, &lab.catalog, objects, &lab.info.shared.namespace).await?;
    phase.update("resources applied");
    cluster::shared_ready(&mut lab, &mut phase).await?;
    phase.done("three brokers ready");
    Ok(lab)
}

/// A lab in a user's own cluster.
#[derive(Debug)]
pub(crate) struct ExistingLab;

impl Backend for ExistingLab {
    fn components(&self, lab: &Lab) -> Result<Vec<Component>, Error> {
        Ok(if lab.info.kafka == KafkaProvider::Standin { agent_only(&lab.dir)? } else { Vec::new() })
    }

    fn namespaces(&self, lab: &Lab) -> Result<Vec<String>, Error> {
        let fixture = GatewayFixture::load(&lab.info.gateway.name)?;
        let gateway = fixture.kind.map(|kind| kind.namespace);
        let fixed = [lab.info.shared.namespace.clone(), strimzi::NAMESPACE.to_owned()];
        Ok(fixed.into_iter().chain(gateway).collect())
    }

    fn owns_cluster(&self) -> bool {
        false
    }

    fn is_there(&self, dir: &LabDir) -> Result<bool, Error> {
        Ok(Applied::left(dir)?.is_some())
    }

    fn down<'a>(&'a self, dir: &'a LabDir, _name: &'a str, progress: &'a Progress) -> BoxFuture<'a, Result<(), Error>> {
        Box::pin(async move { Ok(remove::down(dir, progress).await?) })
    }
}
