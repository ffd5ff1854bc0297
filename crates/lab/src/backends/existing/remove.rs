//! Removes from the user's cluster exactly what the lab installed.

use crate::backends::cluster::{Applied, Error};
use futures::{StreamExt, TryStreamExt, stream};
use host::Progress;
use kubeapi::{Catalog, ObjectRef, delete};
use model::LabDir;
use std::time::Duration;
use tokio::time::{Instant, sleep};

const CONNECT: Duration = Duration::from_secs(20);
const GONE: Duration = Duration::from_secs(180);

/// Removes what the lab applied, the last object first, and waits until it is gone.
///
/// # Errors
/// [`Error::NotGone`] with what is left. The list is then kept for another attempt.
pub async fn down(dir: &LabDir, progress: &Progress) -> Result<(), Error> {
    let Some((applied, context)) = Applied::left(dir)? else { return Ok(()) };
    let mut phase = progress.phase("remove what the lab installed");
    let catalog = kubeapi::connect(None, &context).await?;
    kubeapi::wait_ready(&catalog, &context, CONNECT).await?;
    let objects = applied.newest_first();
    // The finalizers of an operator's resources need the operator, and objects need their CRD. So the kinds are removed
    // one after the other.
    let (last, first): (Vec<_>, Vec<_>) = objects
        .into_iter()
        .partition(|object| matches!(object.kind.as_str(), "Namespace" | "CustomResourceDefinition"));
    let count = first.len() + last.len();
    for group in [first, last] {
        for object in &group {
            phase.update(object);
            remove(&catalog, object).await?;
        }
        gone(&catalog, group).await?;
    }
    applied.forget()?;
    phase.done(format!("{count} objects"));
    Ok(())
}

async fn remove(catalog: &Catalog, object: &ObjectRef) -> Result<(), Error> {
    match delete(catalog, object).await {
        // Its CRD is gone, and so is the object.
        Err(kubeapi::Error::UnknownKind { .. }) => Ok(()),
        result => result.map_err(Into::into),
    }
}

async fn gone(catalog: &Catalog, mut remaining: Vec<ObjectRef>) -> Result<(), Error> {
    let deadline = Instant::now() + GONE;
    loop {
        let questions: Vec<_> = remaining.iter().map(|object| is_present(catalog, object)).collect();
        let there: Vec<bool> = stream::iter(questions).buffered(8).try_collect().await?;
        remaining = remaining.into_iter().zip(there).filter(|(_, there)| *there).map(|(object, _)| object).collect();
        if remaining.is_empty() {
            return Ok(());
        }
        if Instant::now() >= deadline {
            return Err(Error::NotGone { left: remaining, within: GONE });
        }
        // The objects have many kinds, so a watch for each would cost more than it saves.
        sleep(Duration::from_millis(500)).await;
    }
}

async fn is_present(catalog: &Catalog, object: &ObjectRef) -> Result<bool, Error> {
    let kind = match catalog.kind(&object.kind, Some(&object.api_version)).await {
        Ok(kind) => kind,
        Err(kubeapi::Error::UnknownKind { .. }) => return Ok(false),
        Err(error) => return Err(error.into()),
    };
    match kind.api(catalog.client(), &object.namespace).get_opt(&object.name).await {
        Ok(found) => Ok(found.is_some()),
        Err(error) => Err(kubeapi::Error::request(format!("read {object}"))(error).into()),
    }
}
