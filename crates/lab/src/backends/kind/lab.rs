//! The KIND lab: its phases, and what differs about it once it is up.

use super::available::missing_images;
use super::cluster::node_of;
use super::engine::Engine;
use super::record::Record;
use super::status::{Status, status};
use super::{down, node, up as in_cluster};
use crate::backends::Backend;
use crate::backends::cluster::{self, ClusterSpec, PartFiles};
use crate::backends::local::status::{Component, agent_only};
use crate::handle::Lab;
use crate::{Error, definitions, obtain, shared};
use camino::Utf8Path;
use futures::future::BoxFuture;
use host::Progress;
use model::{KafkaProvider, LabDir, LabKind};
use std::collections::BTreeMap;

/// Starts or repairs a lab in a KIND cluster.
pub async fn up(dir: &LabDir, spec: &ClusterSpec, progress: &Progress) -> Result<Lab, Error> {
    // Without an engine nothing else helps, and other missing parts would hide that.
    Engine::find().await?;
    let parts = match obtain::all(cluster::wanted_parts(spec, None)?, &spec.part_versions()?, progress).await {
        Err(Error::Missing { mut what }) => {
            what.extend(missing_images(spec).await);
            return Err(Error::Missing { what });
        }
        parts => parts?,
    };
    let files: PartFiles = parts.iter().map(|part| (part.name.clone(), part.path.clone())).collect();
    let handle = Box::pin(in_cluster::up(dir, spec, &files, progress)).await?;
    let mut lab = cluster::open(dir, LabKind::Kind, spec, handle, &parts).await?;

    let mut phase = progress.phase("Kafka");
    if spec.kafka == KafkaProvider::Standin {
        definitions::apply(&lab.catalog, &[&standin::crds()]).await?;
    }
    let pool = match lab.info.gateway.separate {
        true => Some(in_cluster::pool(dir, spec, &files).await?),
        false => None,
    };
    if spec.kafka == KafkaProvider::Standin || pool.is_some() {
        cluster::start_agent(&lab, pool).await?;
    }
    shared::apply(&lab.catalog, &lab.info).await?;
    phase.update("resources applied");
    cluster::shared_ready(&mut lab, &mut phase).await?;
    phase.done("three brokers ready");
    Ok(lab)
}

/// A lab in a KIND cluster of its own.
#[derive(Debug)]
pub struct KindLab;

impl Backend for KindLab {
    fn components(&self, lab: &Lab) -> Result<Vec<Component>, Error> {
        let agent = lab.info.kafka == KafkaProvider::Standin || lab.info.gateway.separate;
        Ok(if agent { agent_only(&lab.dir)? } else { Vec::new() })
    }

    fn namespaces(&self, _lab: &Lab) -> Result<Vec<String>, Error> {
        Ok(Vec::new())
    }

    fn cluster_trouble<'a>(&'a self, lab: &'a Lab) -> BoxFuture<'a, Result<Option<String>, Error>> {
        Box::pin(async {
            Ok(match status(&lab.dir, &lab.info.name).await? {
                Status::Answering { .. } => None,
                other => Some(other.to_string()),
            })
        })
    }

    fn import_images<'a>(
        &'a self,
        lab: &'a Lab,
        archive: &'a Utf8Path,
        short: &'a str,
        name: &'a str,
    ) -> Option<BoxFuture<'a, Result<(), Error>>> {
        Some(Box::pin(async move {
            let engine = Engine::find().await?;
            let container = node_of(&lab.info.name);
            node::import(&engine, &container, archive).await?;
            Ok(node::also_called(&engine, &container, short, name).await?)
        }))
    }

    fn is_there(&self, dir: &LabDir) -> Result<bool, Error> {
        Ok(Record::load(dir)?.is_some())
    }

    fn down<'a>(&'a self, dir: &'a LabDir, name: &'a str, progress: &'a Progress) -> BoxFuture<'a, Result<(), Error>> {
        Box::pin(async move {
            // Any version of kind removes a cluster.
            for program in obtain::all(vec!["kind".to_owned()], &BTreeMap::new(), progress).await? {
                down::down(dir, name, &program.path, progress).await?;
            }
            Ok(())
        })
    }
}
