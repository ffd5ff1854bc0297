//! The node's own image store: its images, and how they are loaded into it.

use super::command::Call;
use super::engine::Engine;
use crate::backends::cluster::Error;
use crate::backends::cluster::images::full_name;
use camino::Utf8Path;
use futures::{StreamExt as _, TryStreamExt, stream};
use std::collections::BTreeSet;
use std::time::Duration;

const LIST: Duration = Duration::from_secs(30);
const IMPORT: Duration = Duration::from_secs(600);
/// The disk and unpacking limit the import: on two cores four streams took 13 s, where `kind load` took 21 s for the
/// same 1.2 GB, and one stream 16 s.
const STREAMS: usize = 4;

/// The full names of the images in the node.
pub async fn images(engine: &Engine, node: &str) -> Result<BTreeSet<String>, Error> {
    let list = engine.call(["exec", node, "ctr", "--namespace=k8s.io", "images", "ls", "-q"], LIST).run().await?;
    Ok(list.lines().map(|name| name.trim().to_owned()).filter(|name| !name.is_empty()).collect())
}

/// Copies the engine's images that the node lacks into the node, in parallel, and checks that they arrived. Returns how
/// many were copied.
///
/// # Errors
/// If a copy fails, or [`Error::NotLoaded`].
pub async fn load(engine: &Engine, node: &str, names: &[String], tick: impl Fn(&str)) -> Result<usize, Error> {
    let lacking = lacking(engine, node, names).await?;
    if lacking.is_empty() {
        return Ok(0);
    }
    stream::iter(&lacking)
        .map(Ok)
        .try_for_each_concurrent(STREAMS, |name| {
            tick(name);
            // This needs no temporary archive, and no layers of foreign platforms, which an engine does not keep.
            async move { engine.call(["save", name], IMPORT).pipe(import_from_input(engine, node)).run().await.map(drop) }
        })
        .await?;
    let images = self::lacking(engine, node, names).await?;
    if images.is_empty() { Ok(lacking.len()) } else { Err(Error::NotLoaded { node: node.to_owned(), images }) }
}

/// Copies the images of an archive into the node. The engine does not get them.
///
/// # Errors
/// If the file is not an archive of images.
pub async fn import(engine: &Engine, node: &str, archive: &Utf8Path) -> Result<(), Error> {
    import_from_input(engine, node).input(archive).run().await.map(drop)
}

/// Gives the node's newest image whose name ends with `/short`, without its tag, one more name.
///
/// # Errors
/// [`Error::NotLoaded`] if the node has no such image.
pub async fn also_called(engine: &Engine, node: &str, short: &str, name: &str) -> Result<(), Error> {
    let present = images(engine, node).await?;
    if present.contains(name) {
        return Ok(());
    }
    let Some(source) = present.iter().rev().find(|image| is_called(image, short)) else {
        return Err(Error::NotLoaded { node: node.to_owned(), images: vec![name.to_owned()] });
    };
    engine.call(["exec", node, "ctr", "--namespace=k8s.io", "images", "tag", source, name], LIST).run().await.map(drop)
}

fn is_called(image: &str, short: &str) -> bool {
    image.rsplit_once(':').is_some_and(|(name, _)| name.rsplit('/').next() == Some(short))
}

fn import_from_input(engine: &Engine, node: &str) -> Call {
    let ctr = ["ctr", "--namespace=k8s.io", "images", "import", "--snapshotter=overlayfs", "-"];
    engine.call(["exec", "--interactive", node].into_iter().chain(ctr), IMPORT)
}

async fn lacking(engine: &Engine, node: &str, names: &[String]) -> Result<Vec<String>, Error> {
    let present = images(engine, node).await?;
    Ok(names.iter().filter(|name| !present.contains(&full_name(name))).cloned().collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_image_is_found_by_the_last_part_of_its_name() {
        assert!(is_called("registry.k8s.io/coredns/coredns:v1.12.1", "coredns"));
        assert!(!is_called("registry.k8s.io/coredns/other:v1", "coredns"));
        assert!(!is_called("sha256:0123", "coredns"));
    }
}
