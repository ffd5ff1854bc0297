//! Two parts of `lab up` that do not depend on each other.

use std::future::Future;

/// Runs both at the same time, or one after the other, and stops at the first error.
pub(crate) async fn both<A, B, E>(
    one_by_one: bool,
    first: impl Future<Output = Result<A, E>>,
    second: impl Future<Output = Result<B, E>>,
) -> Result<(A, B), E> {
    if one_by_one {
        return Ok((first.await?, second.await?));
    }
    tokio::try_join!(first, second)
}
