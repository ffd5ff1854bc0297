//! Obtains all parts of a lab at once, and reports everything that is missing in one list.

use super::Error;
use artifacts::{Obtained, Parts};
use futures::future::join_all;
use host::Progress;
use std::sync::Arc;

/// Obtains the parts in parallel, and returns them in the order of `names`. Returns only when all attempts have ended,
/// so that no progress line follows the error of another part.
///
/// # Errors
/// [`Error::Missing`] with everything that cannot be obtained.
pub(super) async fn all(names: Vec<String>, progress: &Progress) -> Result<Vec<Obtained>, Error> {
    let parts = Arc::new(Parts::load()?);
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

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn all_that_is_missing_is_named_in_one_error() {
        let names = ["no-such-part", "nor-this"].map(str::to_owned).to_vec();
        let error = all(names, &Progress::stderr()).await.expect_err("nobody has them").to_string();
        assert!(error.contains("no-such-part") && error.contains("nor-this"), "{error}");
    }
}
