//! Turns the command line, once, into the lab to start.

use super::Error;
use super::backends::cluster::{ClusterSpec, wanted_parts};
use super::backends::{existing, kind, local};
use super::handle::{Lab, read_info};
use super::obtain;
use host::{Progress, with_causes};
use model::{KafkaProvider, LabDir, LabFacts, LabInfo, LabKind, Ports, UpOptions, UserCluster};
use std::collections::BTreeMap;

/// The lab to start.
pub(super) enum Target {
    Local(Box<local::LocalSpec>),
    Kind(ClusterSpec),
    Existing(ClusterSpec, UserCluster),
}

impl Target {
    /// Chooses the lab, and returns the reason. A running lab keeps its kind: requesting another kind under its name is
    /// an error.
    ///
    /// # Errors
    /// [`Error::OtherLab`], [`Error::OtherPorts`], [`Error::NoContext`], or an error if the request cannot be met.
    pub(super) async fn decide(dir: &LabDir, options: &UpOptions) -> Result<(Self, String), Error> {
        let up = read_info(dir)?;
        if let Some(info) = &up {
            if let Some(wanted) = options.kind.filter(|wanted| *wanted != info.kind) {
                return Err(Error::OtherLab { name: options.name.clone(), is: info.kind, wanted });
            }
            return Ok((Self::of(info.kind, options, up.as_ref())?, "already up".to_owned()));
        }
        if let Some(asked) = options.kind {
            return Ok((Self::of(asked, options, None)?, "as requested".to_owned()));
        }
        let spec = cluster_spec(options, None)?;
        match kind::works(&spec).await {
            Ok(why) => Ok((Self::Kind(spec), why)),
            Err(why) => Ok((Self::of(LabKind::Local, options, None)?, why)),
        }
    }

    pub(super) fn of(kind: LabKind, options: &UpOptions, up: Option<&LabInfo>) -> Result<Self, Error> {
        Ok(match kind {
            LabKind::Local => {
                let spec = local::LocalSpec::of(options, ports(options, up)?, versions(options, up)?)?;
                Self::Local(Box::new(spec))
            }
            LabKind::Kind => Self::Kind(cluster_spec(options, up)?),
            LabKind::Existing => Self::Existing(cluster_spec(options, up)?, user_cluster(options, up)?),
        })
    }

    /// Why this machine or the fixtures cannot provide the lab, as far as that can be seen without starting anything.
    ///
    /// # Errors
    /// The reason.
    pub(super) async fn check(&self) -> Result<(), String> {
        let versions = match self {
            Self::Local(spec) => spec.check_versions(),
            Self::Kind(spec) | Self::Existing(spec, _) => in_a_cluster(spec),
        };
        versions.map_err(|error| with_causes(&error))?;
        match self {
            Self::Kind(spec) => kind::works(spec).await.map(|_answers| ()),
            Self::Local(_) | Self::Existing(..) => Ok(()),
        }
    }

    pub(super) fn kind(&self) -> LabKind {
        match self {
            Self::Local(_) => LabKind::Local,
            Self::Kind(_) => LabKind::Kind,
            Self::Existing(..) => LabKind::Existing,
        }
    }

    /// Starts the lab, or whatever of it is missing.
    pub(super) async fn up(&self, dir: &LabDir, progress: &Progress) -> Result<Lab, Error> {
        match self {
            Self::Local(spec) => Box::pin(local::up(dir, spec, progress)).await,
            Self::Kind(spec) => Box::pin(kind::up(dir, spec, progress)).await,
            Self::Existing(spec, cluster) => existing::up(dir, spec, cluster, progress).await,
        }
    }

    /// Adds Kafka's console tools to the client files, if Kafka's jars are available anyway.
    pub(super) async fn add_tools(&self, lab: &Lab, progress: &Progress) -> Result<(), Error> {
        match self {
            Self::Local(_) => local::add_console_tools(lab, progress).await,
            Self::Kind(_) | Self::Existing(..) => Ok(()),
        }
    }
}

/// Whether the list of parts has what such a lab needs, in the chosen versions.
fn in_a_cluster(spec: &ClusterSpec) -> Result<(), Error> {
    obtain::listed(&wanted_parts(spec, None)?, &spec.part_versions()?).map(|_parts| ())
}

/// Turns the user's options into the settings of a lab in Kubernetes. A running lab keeps its settings unless the user
/// requests others.
fn cluster_spec(options: &UpOptions, up: Option<&LabInfo>) -> Result<ClusterSpec, Error> {
    let kafka = options.kafka.or(up.map(|info| info.kafka)).unwrap_or(KafkaProvider::Strimzi);
    let gateway = options.gateway.clone().or_else(|| up.map(|info| info.gateway.name.clone()));
    Ok(ClusterSpec {
        name: options.name.clone(),
        gateway: gateway.unwrap_or_else(|| "envoy-gateway".to_owned()),
        kafka,
        strimzi_version: options.strimzi.clone(),
        ports: ports(options, up)?,
        node_image: options.node_image.clone(),
        versions: versions(options, up)?,
        one_by_one: options.one_by_one,
    })
}

/// The user's cluster: the one that the options name, or that of the running lab, into which nothing more is installed.
fn user_cluster(options: &UpOptions, up: Option<&LabInfo>) -> Result<UserCluster, Error> {
    if let Some(named) = &options.existing {
        return Ok(named.clone());
    }
    let up = up.ok_or_else(|| Error::NoContext { name: options.name.clone() })?;
    Ok(UserCluster {
        context: up.context.clone(),
        address: up.gateway.address,
        install_gateway: false,
        install_strimzi: false,
    })
}

/// The requested ports, or those of the running lab.
fn ports(options: &UpOptions, up: Option<&LabInfo>) -> Result<Ports, Error> {
    match (up.map(|info| &info.gateway.ports), options.port_base) {
        (Some(ports), Some(wanted)) if ports.passthrough != wanted => {
            Err(Error::OtherPorts { name: options.name.clone(), is: ports.passthrough, wanted })
        }
        (Some(ports), _) => Ok(ports.clone()),
        (None, wanted) => Ok(Ports::from_base(wanted.unwrap_or(Ports::USUAL_BASE))),
    }
}

/// The chosen versions. A running lab keeps its own: to replace a program below the objects that another version wrote
/// would test neither version.
fn versions(options: &UpOptions, up: Option<&LabInfo>) -> Result<BTreeMap<String, String>, Error> {
    let Some(info) = up else { return Ok(options.versions.clone()) };
    let facts = LabFacts::from(info);
    for (part, wanted) in &options.versions {
        let is = info.chosen_versions.get(part).map(String::as_str).or_else(|| facts.version(part));
        if is != Some(wanted) {
            return Err(Error::OtherVersion {
                name: options.name.clone(),
                part: part.clone(),
                is: is.unwrap_or("of an unknown version").to_owned(),
                wanted: wanted.clone(),
            });
        }
    }
    Ok(info
        .chosen_versions
        .iter()
        .chain(&options.versions)
        .map(|(part, version)| (part.clone(), version.clone()))
        .collect())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing;

    fn plain(name: &str) -> UpOptions {
        UpOptions {
            name: name.to_owned(),
            kind: None,
            gateway: None,
            kafka: None,
            port_base: None,
            hosts: false,
            strimzi: "1.2.0".to_owned(),
            node_image: None,
            versions: BTreeMap::new(),
            existing: None,
            one_by_one: false,
        }
    }

    #[tokio::test]
    async fn up_without_flags_stays_in_the_users_cluster_and_installs_nothing() {
        let (_folder, mut lab) = testing::lab("theirs");
        lab.info.kind = LabKind::Existing;
        lab.info.context = "prod".to_owned();
        lab.record().expect("written");
        let (target, why) = Target::decide(&lab.dir, &plain("theirs")).await.expect("it is up");
        assert_eq!(why, "already up");
        let Target::Existing(_, cluster) = target else { panic!("{:?}", target.kind()) };
        assert_eq!(cluster.context, "prod");
        assert!(!cluster.install_gateway && !cluster.install_strimzi);
    }

    #[tokio::test]
    async fn another_kind_than_that_of_the_lab_that_is_up_is_refused_with_both() {
        let (_folder, lab) = testing::lab("other");
        lab.record().expect("written");
        let asks = UpOptions { kind: Some(LabKind::Kind), ..plain("other") };
        let error = Target::decide(&lab.dir, &asks).await.err().expect("it is local").to_string();
        assert!(error.contains("is a local lab, not kind"), "{error}");
    }

    #[test]
    fn an_existing_lab_needs_a_context_and_a_kind_lab_takes_none() {
        let named = UserCluster {
            context: "prod".to_owned(),
            address: [127, 0, 0, 1].into(),
            install_gateway: true,
            install_strimzi: false,
        };
        let options = UpOptions { existing: Some(named), ..plain("own") };
        let target = Target::of(LabKind::Kind, &options, None).expect("sound");
        assert_eq!(target.kind(), LabKind::Kind, "a context does not turn it into the user's cluster");
        let error = Target::of(LabKind::Existing, &plain("own"), None).err().expect("no context").to_string();
        assert!(error.contains("--context"), "{error}");
    }

    #[tokio::test]
    async fn another_port_base_than_that_of_the_lab_that_is_up_is_refused_with_both() {
        let (_folder, lab) = testing::lab("ports");
        let asks = |base| UpOptions { port_base: base, ..plain("ports") };
        let error = ports(&asks(Some(20500)), Some(&lab.info)).expect_err("it is up at 9092").to_string();
        assert!(error.contains("9092") && error.contains("20500") && error.contains("LAB_PORT_BASE"), "{error}");
        assert_eq!(ports(&asks(Some(9092)), Some(&lab.info)).expect("the same").passthrough, 9092);
        assert_eq!(ports(&asks(None), Some(&lab.info)).expect("none asked for").passthrough, 9092);
        assert_eq!(ports(&asks(Some(20500)), None).expect("a new lab").passthrough, 20500);
    }

    #[tokio::test]
    async fn a_lab_that_is_up_keeps_its_versions_and_refuses_others() {
        let (_folder, mut lab) = testing::lab("versions");
        lab.info.versions = [("traefik", "3.6.15, pip"), ("etcd", "3.6.5, PATH")]
            .map(|(part, version)| (part.to_owned(), version.to_owned()))
            .into();
        lab.info.chosen_versions = BTreeMap::from([("traefik".to_owned(), "3.6.15".to_owned())]);
        let asks = |part: &str, version: &str| {
            let chosen = BTreeMap::from([(part.to_owned(), version.to_owned())]);
            versions(&UpOptions { versions: chosen, ..plain("versions") }, Some(&lab.info))
        };
        assert_eq!(versions(&plain("versions"), Some(&lab.info)).expect("none asked for"), lab.info.chosen_versions);
        assert_eq!(asks("traefik", "3.6.15").expect("the same"), lab.info.chosen_versions);
        assert_eq!(asks("etcd", "3.6.5").expect("it runs").len(), 2);
        let error = asks("traefik", "3.7.15").expect_err("another one runs").to_string();
        assert!(error.contains("is up with traefik 3.6.15, not 3.7.15") && error.contains("LAB_VERSIONS"), "{error}");
        assert!(asks("kafka", "4.3.1").expect_err("not known").to_string().contains("of an unknown version"));
        let fresh = UpOptions { versions: BTreeMap::from([("a".into(), "1".into())]), ..plain("versions") };
        assert_eq!(versions(&fresh, None).expect("a new lab"), fresh.versions);
    }
}
