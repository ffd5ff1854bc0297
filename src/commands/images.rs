//! `lab images list | save | load`

use camino::Utf8Path;
use cli::ImagesArgs;
use host::Progress;
use lab::backends::cluster::{Error, RequiredImage, images};
use lab::backends::kind::{Engine, RequiredImages, archive};
use model::{Exit, KafkaProvider};
use std::cell::RefCell;

/// Prints every image, and whether the engine has it, if one answers.
///
/// # Errors
/// If a data file cannot be used, or the gateway is unknown.
pub async fn list(args: &ImagesArgs) -> Result<(), Error> {
    let wanted = needed(args, true).images()?;
    let lacking = match Engine::find().await {
        Ok(engine) => {
            println!("{} {}", engine.program, engine.version);
            Some(images::lacking(&engine, &wanted).await?)
        }
        Err(error) => {
            println!("{error}");
            None
        }
    };
    let width = wanted.iter().map(|one| one.image.image.len()).max().unwrap_or(0);
    for one in &wanted {
        let there = match &lacking {
            Some(lacking) if lacking.contains(one) => "absent ",
            Some(_) => "present",
            None => "?      ",
        };
        let pin = one.image.pin.as_deref().map(|pin| format!("  {pin}")).unwrap_or_default();
        println!("  {there}  {:<width$}  {}{pin}", one.image.image, one.used_by);
    }
    Ok(())
}

/// Writes the archive.
///
/// # Errors
/// [`Error::MissingImages`], or if the file cannot be written.
pub async fn save(file: &Utf8Path, args: &ImagesArgs) -> Result<(), Error> {
    let wanted = needed(args, false).images()?;
    let engine = Engine::find().await?;
    let phase = RefCell::new(Progress::stderr().phase("save images"));
    archive::save(&engine, &wanted, file, |name| phase.borrow_mut().update(format!("pulling {name}"))).await?;
    phase.into_inner().done(format!("{} images in {file}", wanted.len()));
    Ok(())
}

/// Reads the archive. Reports images that are still missing, and fails if there are any.
///
/// # Errors
/// If the file does not exist, or is not an archive of images.
pub async fn load(file: &Utf8Path, args: &ImagesArgs) -> Result<Exit, Error> {
    let wanted = needed(args, false).images()?;
    let engine = Engine::find().await?;
    let phase = Progress::stderr().phase("load images");
    let missing = archive::load(&engine, &wanted, file).await?;
    phase.done(format!("{} of {} images are in the engine", wanted.len() - missing.len(), wanted.len()));
    for RequiredImage { image, used_by } in &missing {
        eprintln!("still missing: {} (for {used_by})", image.image);
    }
    Ok(if missing.is_empty() { Exit::Passed } else { Exit::Lab })
}

fn needed(args: &ImagesArgs, everything: bool) -> RequiredImages {
    let gateways = match (args.gateway.is_empty(), everything) {
        (false, _) => args.gateway.clone(),
        (true, true) => lab::gateway::names(),
        (true, false) => vec!["envoy-gateway".to_owned()],
    };
    let kafka = match (args.kafka, everything) {
        (None, true) => vec![KafkaProvider::Strimzi, KafkaProvider::Standin],
        (Some(one), _) => vec![one],
        (None, false) => vec![KafkaProvider::Strimzi],
    };
    RequiredImages { gateways, kafka, strimzi: args.strimzi.clone(), node_image: args.node_image.clone() }
}
