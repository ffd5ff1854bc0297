//! Obtains all parts of a lab at once, and reports everything that is missing in one list.

use super::Error;
use artifacts::{Obtained, Parts};
use futures::future::join_all;
use host::Progress;
use std::collections::BTreeMap;
use std::sync::Arc;

/// Obtains the parts in parallel, in the chosen versions or else the pinned ones, and returns them in the order of
/// `names`. Returns only when all attempts have ended, so that no progress line follows the error of another part.
///
/// # Errors
/// [`Error::NotAPart`] for a chosen version of something else, or [`Error::Missing`] with everything that cannot be
/// obtained.
pub(super) async fn all(
    names: Vec<String>,
    versions: &BTreeMap<String, String>,
    progress: &Progress,
) -> Result<Vec<Obtained>, Error> {
    let parts = Arc::new(listed(&names, versions)?);
    let outcomes = join_all(names.into_iter().map(|name| {
        let (parts, progress) = (Arc::clone(&parts), progress.clone());
        tokio::task::spawn_blocking(move || parts.obtain(&name, &progress))
    }));
    let (mut obtained, mut what) = (Vec::new(), Vec::new());
    for outcome in outcomes.await {
        match outcome? {
            Ok(part) => obtained.push(part),
            Err(error) => what.push(error.to_string()),
        }
    }
    if what.is_empty() { Ok(obtained) } else { Err(Error::Missing { what }) }
}

/// The list of parts with these versions. Nothing is obtained.
///
/// # Errors
/// For a chosen version of something that is not in `names`, or that the list does not have.
pub(super) fn listed(names: &[String], versions: &BTreeMap<String, String>) -> Result<Parts, Error> {
    if let Some(part) = versions.keys().find(|part| !names.contains(part)) {
        return Err(Error::NotAPart { part: part.clone(), known: names.to_vec() });
    }
    Ok(Parts::load()?.with_versions(versions)?)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn all_that_is_missing_is_named_in_one_error() {
        let names = ["no-such-part", "nor-this"].map(str::to_owned).to_vec();
        let none = BTreeMap::new();
        let error = all(names, &none, &Progress::stderr()).await.expect_err("nobody has them").to_string();
        assert!(error.contains("no-such-part") && error.contains("nor-this"), "{error}");
    }

    #[tokio::test]
    async fn a_version_that_the_lab_has_no_use_for_is_refused_before_anything_is_obtained() {
        let refused = async |part: &str, version: &str| {
            let names = ["kind", "gateway-api-crds"].map(str::to_owned).to_vec();
            let versions = BTreeMap::from([(part.to_owned(), version.to_owned())]);
            all(names, &versions, &Progress::stderr()).await.expect_err("refused").to_string()
        };
        let error = refused("traefik", "3.6.15").await;
        assert!(error.contains("no part traefik; its parts are kind, gateway-api-crds."), "{error}");
        let error = refused("kind", "0.1.0").await;
        assert!(error.starts_with("unknown version `kind=0.1.0`; the versions of kind are "), "{error}");
    }
}
