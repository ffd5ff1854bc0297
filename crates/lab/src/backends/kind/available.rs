//! Whether a KIND lab can run on this machine: its engine and its images.

use super::engine::Engine;
use super::registry::{reachable, registry};
use crate::backends::cluster::{ClusterSpec, Error, RequiredImage, images};
use std::collections::BTreeSet;

/// Why a KIND lab can or cannot run here.
pub(crate) async fn works(spec: &ClusterSpec) -> Result<String, String> {
    let engine = Engine::find().await.map_err(|_| "no container engine answers".to_owned())?;
    let answers = format!("{} {} answers", engine.program, engine.version);
    let wanted = all_images(spec);
    let lacking = match wanted {
        Ok(wanted) => images::lacking(&engine, &wanted).await,
        Err(error) => Err(error),
    };
    let lacking = lacking.map_err(|error| format!("{answers}, but {error}"))?;
    let registries: BTreeSet<String> = lacking.iter().map(|wanted| registry(&wanted.image.image)).collect();
    for registry in registries {
        if !reachable(&registry).await {
            let missing = lacking.len();
            return Err(format!("{answers}, but lacks {missing} images, and {registry} is unreachable"));
        }
    }
    Ok(answers)
}

/// The images that the engine lacks and that cannot be pulled, for the list of everything that is missing.
pub(crate) async fn missing_images(spec: &ClusterSpec) -> Vec<String> {
    let wanted = all_images(spec);
    let lacking = async {
        let engine = Engine::find().await?;
        images::lacking(&engine, &wanted?).await
    };
    let lacking = match lacking.await {
        Ok(lacking) => lacking,
        Err(error) => return vec![error.to_string()],
    };
    let mut missing = Vec::new();
    for image in lacking {
        let registry = registry(&image.image.image);
        if !reachable(&registry).await {
            let (name, used_by) = (image.image.image, image.used_by);
            missing.push(format!("image {name} (for {used_by}): not in the engine, and {registry} is unreachable"));
        }
    }
    missing
}

/// Every image of the lab, the node's included.
pub(crate) fn all_images(spec: &ClusterSpec) -> Result<Vec<RequiredImage>, Error> {
    let mut all = spec.images()?;
    all.push(spec.node_image()?);
    Ok(all)
}
