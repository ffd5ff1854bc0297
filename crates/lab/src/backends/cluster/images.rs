//! Every image that a cluster needs, whether the engine has it, and how to obtain it.

use super::Error;
use crate::backends::kind::engine::Engine;
use futures::{StreamExt, TryStreamExt, stream};
use model::{FileError, KafkaProvider, paths};
use serde::Deserialize;
use std::collections::BTreeMap;
use std::time::Duration;
use std::{env, fs};

const PULL: Duration = Duration::from_secs(900);
/// Registries serve one client's layers faster in parallel, and a small number keeps errors readable.
const PULLS: usize = 3;

pub use crate::gateway::PinnedImage as Image;

/// An image that this lab needs, and its purpose.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct RequiredImage {
    pub image: Image,
    /// `the node`, `envoy-gateway`, `strimzi` and so on.
    pub used_by: String,
}

/// The reference to pull from a registry.
fn pull_reference(image: &Image) -> String {
    match &image.pin {
        Some(pin) => format!("{}@{pin}", image.image),
        None => image.image.clone(),
    }
}

/// `fixtures/images.yaml`.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Catalogue {
    node: Nodes,
    kafka: Providers,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Nodes {
    default: String,
    versions: BTreeMap<String, Image>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Providers {
    standin: BTreeMap<String, Image>,
    strimzi: BTreeMap<String, BTreeMap<String, Image>>,
}

fn catalogue() -> Result<Catalogue, Error> {
    let path = paths::fixtures().join("images.yaml");
    let text = fs::read_to_string(&path).map_err(FileError::of("read", &path))?;
    serde_saphyr::from_str(&text).map_err(|error| Error::Data { path, problem: error.without_snippet().to_string() })
}

/// The node's image: the override, else `LAB_NODE_IMAGE`, else the one pinned for the default Kubernetes minor version.
///
/// # Errors
/// If the data file has no pin for its default.
pub fn node(given: Option<&str>) -> Result<RequiredImage, Error> {
    let named = given.map(str::to_owned).or_else(|| env::var("LAB_NODE_IMAGE").ok().filter(|name| !name.is_empty()));
    let image = match named {
        Some(image) => Image { image, pin: None },
        None => {
            let nodes = catalogue()?.node;
            let minor = &nodes.default;
            nodes.versions.get(minor).cloned().ok_or_else(|| Error::Data {
                path: paths::fixtures().join("images.yaml"),
                problem: format!(
                    "no node image is pinned for Kubernetes {minor:?}, only for {}; set LAB_NODE_IMAGE to use another image",
                    nodes.versions.keys().cloned().collect::<Vec<_>>().join(", ")
                ),
            })?
        }
    };
    Ok(RequiredImage { image, used_by: "the node".to_owned() })
}

/// The images of a Kafka provider, by their names in `fixtures/images.yaml`.
///
/// # Errors
/// If the data file cannot be used, or does not list the version of Strimzi.
pub fn kafka(provider: KafkaProvider, strimzi_version: &str) -> Result<BTreeMap<String, Image>, Error> {
    let mut providers = catalogue()?.kafka;
    match provider {
        KafkaProvider::Standin => Ok(providers.standin),
        KafkaProvider::Strimzi => providers.strimzi.remove(strimzi_version).ok_or_else(|| Error::Data {
            path: paths::fixtures().join("images.yaml"),
            problem: format!(
                "no images are listed for Strimzi {strimzi_version:?}, only for {}; add its two images to the list",
                providers.strimzi.keys().cloned().collect::<Vec<_>>().join(", ")
            ),
        }),
    }
}

/// The official Apache Kafka image, whose tools are the Java client of scenarios.
///
/// # Errors
/// If the data file cannot be used, or does not name the image.
pub fn apache_kafka() -> Result<Image, Error> {
    kafka(KafkaProvider::Standin, "")?.remove("broker").ok_or_else(|| Error::Data {
        path: paths::fixtures().join("images.yaml"),
        problem: "kafka.standin: `broker` is missing".to_owned(),
    })
}

/// The version of Kafka: the tag of Apache's image, or the last part of the tag of Strimzi's, `1.1.0-kafka-4.3.0`.
pub fn version_of_kafka(images: &[RequiredImage]) -> Option<String> {
    let tags = images.iter().filter_map(|wanted| wanted.image.image.rsplit_once("/kafka:"));
    tags.map(|(_, tag)| tag.rsplit_once("-kafka-").map_or(tag, |(_, version)| version).to_owned()).next()
}

/// The newest version of Strimzi that is listed.
///
/// # Errors
/// If the data file cannot be used.
pub fn newest_strimzi() -> Result<String, Error> {
    let number = |version: &String| version.split('.').map(|part| part.parse().unwrap_or(0)).collect::<Vec<u32>>();
    Ok(catalogue()?.kafka.strimzi.into_keys().max_by_key(number).unwrap_or_default())
}

/// Adds a purpose to images.
pub fn used_by(images: &BTreeMap<String, Image>, what: &str) -> Vec<RequiredImage> {
    images.values().map(|image| RequiredImage { image: image.clone(), used_by: what.to_owned() }).collect()
}

/// The images that the engine lacks, both under the tag and under the pin.
///
/// # Errors
/// If the engine does not answer.
pub async fn lacking(engine: &Engine, wanted: &[RequiredImage]) -> Result<Vec<RequiredImage>, Error> {
    let found: Vec<bool> =
        stream::iter(wanted).map(|wanted| present(engine, &wanted.image)).buffered(4).try_collect().await?;
    Ok(wanted.iter().zip(found).filter(|(_, found)| !found).map(|(wanted, _)| wanted.clone()).collect())
}

async fn present(engine: &Engine, image: &Image) -> Result<bool, Error> {
    if engine.has_image(&image.image).await? {
        return Ok(true);
    }
    if image.pin.is_some() && engine.has_image(&pull_reference(image)).await? {
        // An image that is pulled by digest has no tag, but manifests name the tag.
        engine.call(["tag", &pull_reference(image), &image.image], Duration::from_secs(30)).run().await?;
        return Ok(true);
    }
    Ok(false)
}

/// Pulls the images that the engine lacks. Calls `tick` with each name.
///
/// # Errors
/// [`Error::MissingImages`], with all images that cannot be obtained, and why.
pub async fn obtain(engine: &Engine, wanted: &[RequiredImage], tick: impl Fn(&str)) -> Result<usize, Error> {
    let lacking = lacking(engine, wanted).await?;
    let failures: Vec<String> = stream::iter(&lacking)
        .map(|wanted| async {
            tick(&wanted.image.image);
            let why = match pull(engine, &wanted.image).await {
                Ok(()) => return None,
                Err(Error::Command { tail, .. }) => tail.lines().last().unwrap_or_default().to_owned(),
                Err(error) => error.to_string(),
            };
            Some(format!("  {} (for {}): {why}", wanted.image.image, wanted.used_by))
        })
        .buffered(PULLS)
        .filter_map(|failure| async { failure })
        .collect()
        .await;
    if failures.is_empty() {
        Ok(lacking.len())
    } else {
        Err(Error::MissingImages { engine: engine.program.clone(), missing: failures })
    }
}

async fn pull(engine: &Engine, image: &Image) -> Result<(), Error> {
    let reference = pull_reference(image);
    engine.call(["pull", "--quiet", &reference], PULL).run().await?;
    if image.pin.is_some() {
        engine.call(["tag", &reference, &image.image], Duration::from_secs(30)).run().await?;
    }
    Ok(())
}

/// The full name, as containerd lists it: registry, path and tag.
pub fn full_name(name: &str) -> String {
    let first = name.split('/').next().unwrap_or_default();
    let has_registry = name.contains('/') && (first.contains(['.', ':']) || first == "localhost");
    let with_registry = match (has_registry, name.contains('/')) {
        (true, _) => name.to_owned(),
        (false, true) => format!("docker.io/{name}"),
        (false, false) => format!("docker.io/library/{name}"),
    };
    let last = with_registry.rsplit('/').next().unwrap_or_default();
    if last.contains([':', '@']) { with_registry } else { format!("{with_registry}:latest") }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_completed_as_containerd_does() {
        for (short, full) in [
            ("traefik:v3", "docker.io/library/traefik:v3"),
            ("apache/kafka", "docker.io/apache/kafka:latest"),
            ("localhost/x:1", "localhost/x:1"),
            ("reg:5000/x", "reg:5000/x:latest"),
            ("quay.io/strimzi/operator:1", "quay.io/strimzi/operator:1"),
        ] {
            assert_eq!(full_name(short), full);
        }
    }

    #[test]
    fn the_data_file_is_sound() {
        let node = node(Some("mine:1")).expect("the override");
        assert_eq!((pull_reference(&node.image).as_str(), node.used_by.as_str()), ("mine:1", "the node"));
        let newest = newest_strimzi().expect("a list");
        assert_eq!(kafka(KafkaProvider::Strimzi, &newest).expect("its images").len(), 2);
        assert!(kafka(KafkaProvider::Strimzi, "0.1").expect_err("no such").to_string().contains(&newest));
        for image in kafka(KafkaProvider::Standin, "").expect("the stand-in's").values() {
            assert_eq!(full_name(&image.image), image.image, "names stand in full");
        }
    }
}
