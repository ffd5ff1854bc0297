//! Whose an object is, and so what a step may do to it.

use crate::Context;
use kubeapi::ObjectRef;
use model::{Cause, Failure};
use scenario::ClusterUse;

/// What a step may do to an object that it is about to write or delete.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Standing {
    /// The run's own: cleanup deletes it, or its namespace goes away with it.
    Own,
    /// Somebody else's: it is changed back afterwards, not deleted.
    Borrowed,
    /// Somebody else's, and it stays as it is.
    LeftAlone,
}

impl Standing {
    /// `owned`: this run made it. `foreign`: it is not in the run's own namespace, which goes away with everything in
    /// it. `there`: it exists. On a cluster that is not the lab's, even an object that is put right again at the end
    /// would have been broken in between.
    pub fn of(cluster: ClusterUse, owned: bool, foreign: bool, there: bool) -> Self {
        match cluster {
            _ if owned || !foreign || !there => Self::Own,
            ClusterUse::Existing => Self::LeftAlone,
            ClusterUse::Shared | ClusterUse::Own => Self::Borrowed,
        }
    }

    /// The same for an object whose content must not get into the record on disk, as a private key must not: without
    /// that there is no way back.
    pub fn of_a_secret(self) -> Self {
        match self {
            Self::Borrowed => Self::LeftAlone,
            other => other,
        }
    }
}

/// How an object stands to this run. `there`: whether it exists.
pub fn standing(context: &Context<'_>, object: &ObjectRef, there: bool) -> Standing {
    let foreign = object.namespace != context.namespace;
    Standing::of(context.job.scenario.kafka.cluster, context.journal.owns(object), foreign, there)
}

pub fn left_alone(object: &ObjectRef) -> Failure {
    let seen = format!("{object} was there before this run, and is left alone");
    Failure::new(Cause::ManifestRefused, "an object of this run", seen)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_there_before_is_borrowed_from_the_lab_and_left_alone_elsewhere() {
        use ClusterUse::{Existing, Own, Shared};
        for bits in 0..8_u8 {
            let (owned, foreign, there) = (bits & 1 != 0, bits & 2 != 0, bits & 4 != 0);
            let before = !owned && foreign && there;
            for (cluster, wanted) in
                [(Shared, Standing::Borrowed), (Own, Standing::Borrowed), (Existing, Standing::LeftAlone)]
            {
                let wanted = if before { wanted } else { Standing::Own };
                let row = format!("{cluster:?}, owned {owned}, foreign {foreign}, there {there}");
                assert_eq!(Standing::of(cluster, owned, foreign, there), wanted, "{row}");
            }
        }
    }

    #[test]
    fn a_secret_of_somebody_else_is_left_alone_on_every_cluster() {
        for cluster in [ClusterUse::Shared, ClusterUse::Own, ClusterUse::Existing] {
            let theirs = Standing::of(cluster, false, true, true).of_a_secret();
            assert_eq!(theirs, Standing::LeftAlone, "{cluster:?}");
            let rotated = Standing::of(cluster, true, true, true).of_a_secret();
            assert_eq!(rotated, Standing::Own, "{cluster:?}: the second step on a Secret of this run");
        }
    }
}
