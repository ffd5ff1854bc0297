//! The owner of an object, which decides what a step may do to it.

use crate::Context;
use kubeapi::ObjectRef;
use model::{Cause, Failure};
use scenario::ClusterUse;

/// What a step may do to an object that it is about to write or delete.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Ownership {
    /// The run owns the object. Cleanup deletes it, or its namespace with it.
    Own,
    /// Somebody else owns the object. Cleanup restores it and does not delete it.
    Borrowed,
    /// Somebody else owns the object, and the run must not change it.
    Protected,
}

impl Ownership {
    /// `owned`: this run created the object. `foreign`: it is outside the run's own namespace, which cleanup deletes as
    /// a whole. `exists`: it already exists. On an existing cluster even a temporary change of a foreign object would
    /// do harm, so there is none.
    pub fn of(cluster: ClusterUse, owned: bool, foreign: bool, exists: bool) -> Self {
        match cluster {
            _ if owned || !foreign || !exists => Self::Own,
            ClusterUse::Existing => Self::Protected,
            ClusterUse::Shared | ClusterUse::Own => Self::Borrowed,
        }
    }

    /// The same for an object whose content must not be written to disk, such as a private key. It cannot be restored,
    /// so the run must not change it.
    pub fn of_a_secret(self) -> Self {
        match self {
            Self::Borrowed => Self::Protected,
            other => other,
        }
    }
}

/// The ownership of an object in this run. `exists` says whether it already exists.
pub fn ownership(context: &Context<'_>, object: &ObjectRef, exists: bool) -> Ownership {
    let foreign = object.namespace != context.namespace;
    Ownership::of(context.job.scenario.kafka.cluster, context.journal.owns(object), foreign, exists)
}

pub fn protected(object: &ObjectRef) -> Failure {
    let seen = format!("{object} existed before this run, so the run must not change it");
    Failure::new(Cause::ManifestRefused, "an object of this run", seen)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn foreign_objects_are_borrowed_in_a_lab_and_untouched_on_an_existing_cluster() {
        use ClusterUse::{Existing, Own, Shared};
        for bits in 0..8_u8 {
            let (owned, foreign, exists) = (bits & 1 != 0, bits & 2 != 0, bits & 4 != 0);
            let before = !owned && foreign && exists;
            for (cluster, expected) in
                [(Shared, Ownership::Borrowed), (Own, Ownership::Borrowed), (Existing, Ownership::Protected)]
            {
                let expected = if before { expected } else { Ownership::Own };
                let row = format!("{cluster:?}, owned {owned}, foreign {foreign}, exists {exists}");
                assert_eq!(Ownership::of(cluster, owned, foreign, exists), expected, "{row}");
            }
        }
    }

    #[test]
    fn a_foreign_secret_is_not_changed_on_any_cluster() {
        for cluster in [ClusterUse::Shared, ClusterUse::Own, ClusterUse::Existing] {
            let secret = Ownership::of(cluster, false, true, true).of_a_secret();
            assert_eq!(secret, Ownership::Protected, "{cluster:?}");
            let rotated = Ownership::of(cluster, true, true, true).of_a_secret();
            assert_eq!(rotated, Ownership::Own, "{cluster:?}: the second step on a Secret of this run");
        }
    }
}
