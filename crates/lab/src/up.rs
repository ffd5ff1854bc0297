//! Bringing a lab up, or repairing it: the same phases each time, each of which leaves alone what is in place.

use super::choose::{choose, word};
use super::handle::Lab;
use super::{Error, down, hosts, kind_lab, local_lab, lock};
use crate::backends::kind::existing::Existing;
use cli::{KafkaChoice, LabChoice, UpArgs};
use host::Progress;
use model::{LabDir, LabKind};

/// What the user asked for.
#[derive(Clone, Debug)]
pub struct UpOptions {
    pub name: String,
    pub lab: LabChoice,
    pub gateway: Option<String>,
    pub kafka: Option<KafkaChoice>,
    /// `None`: the usual one, or that of the lab that is up.
    pub port_base: Option<u16>,
    pub hosts: bool,
    /// The version of Strimzi.
    pub strimzi: String,
    /// Another image for the kind node.
    pub node_image: Option<String>,
    /// The user's own cluster.
    pub existing: Option<Existing>,
}

impl From<&UpArgs> for UpOptions {
    fn from(args: &UpArgs) -> Self {
        Self {
            name: args.name.name.clone(),
            lab: args.lab,
            gateway: args.gateway.clone(),
            kafka: args.kafka,
            port_base: args.port_base,
            hosts: args.hosts,
            strimzi: args.strimzi.clone(),
            node_image: args.node_image.clone(),
            existing: args.context.as_ref().map(|context| Existing {
                context: context.clone(),
                address: args.address,
                install_gateway: args.gateway.is_some(),
                install_strimzi: args.kafka == Some(KafkaChoice::Strimzi),
            }),
        }
    }
}

/// A lab to run scenarios on.
pub struct Ensured {
    pub lab: Lab,
    /// It was brought up for this run, so whoever asked takes it down again.
    pub fresh: bool,
}

/// Opens the lab of that name where one is up, and brings one up where none is.
///
/// # Errors
/// As [`up`] has them.
pub async fn ensure(options: &UpOptions, progress: &Progress) -> Result<Ensured, Error> {
    match Lab::open(&options.name).await {
        Ok(lab) => Ok(Ensured { lab, fresh: false }),
        Err(Error::NotUp { .. }) => Ok(Ensured { lab: up(options, progress).await?, fresh: true }),
        Err(error) => Err(error),
    }
}

/// Brings the lab up, and proves with a client that every broker is reached through the gateway.
///
/// # Errors
/// A part that cannot be had, a busy port, a component that does not come up, or a broker that a client does not reach.
/// What was started stays, so that the next `up` goes on from there and `down` removes it.
pub async fn up(options: &UpOptions, progress: &Progress) -> Result<Lab, Error> {
    let dir = LabDir::of(&options.name)?;
    if options.hosts {
        hosts::check()?;
    }
    let _turn = lock::take(&dir, progress).await?;
    down::finish_begun(&dir, &options.name, progress).await?;
    dir.make()?;
    let up = up_in(&dir, options, progress).await;
    if up.is_err() {
        // Refused before anything was made: then nothing is left of it either.
        dir.remove_if_empty()?;
    }
    up
}

async fn up_in(dir: &LabDir, options: &UpOptions, progress: &Progress) -> Result<Lab, Error> {
    let in_kind = kind_lab::options(dir, options)?;
    let chosen = choose(dir, options.lab, &in_kind).await?;
    progress.say(format!("lab {}: {} ({})", options.name, word(chosen.kind), chosen.why));
    match chosen.kind {
        LabKind::Local => local_lab::up(dir, options, progress).await,
        kind @ (LabKind::Kind | LabKind::Existing) => kind_lab::up(dir, kind, options, &in_kind, progress).await,
    }
}
