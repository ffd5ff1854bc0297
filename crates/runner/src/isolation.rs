//! Decides which scenarios may run at the same time.

use scenario::{ClusterUse, Sabotage, Scenario};

/// How much of the lab a scenario uses.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Isolation {
    /// The scenario does not affect others.
    Parallel,
    /// The scenario has a Kafka cluster of its own, of which a machine holds a few: `machine::own_clusters`.
    OwnCluster,
    /// The scenario disturbs what all others use: the gateway or the shared cluster.
    Exclusive,
}

impl Isolation {
    /// Derives the isolation from the steps and the sabotage.
    pub fn of(scenario: &Scenario, sabotage: Option<&Sabotage>) -> Self {
        let own = scenario.kafka.cluster == ClusterUse::Own;
        let sabotaged = sabotage.into_iter().flat_map(Sabotage::touches);
        let mut touched = scenario.steps.iter().map(|step| step.value.touches()).chain(sabotaged);
        let alone = touched.any(|touched| touched.disturbs(own));
        match (alone, own) {
            (true, _) => Self::Exclusive,
            (false, true) => Self::OwnCluster,
            (false, false) => Self::Parallel,
        }
    }
}

/// The first of `pending` that may start while `running` runs, with at most `jobs` tasks and `own_clusters` clusters.
pub fn next(pending: &[Isolation], running: &[Isolation], jobs: usize, own_clusters: usize) -> Option<usize> {
    if running.len() >= jobs.max(1) || running.contains(&Isolation::Exclusive) {
        return None;
    }
    pending.iter().position(|one| match one {
        Isolation::Parallel => true,
        Isolation::OwnCluster => running.iter().filter(|one| **one == Isolation::OwnCluster).count() < own_clusters,
        Isolation::Exclusive => running.is_empty(),
    })
}

#[cfg(test)]
mod tests {
    use super::Isolation::{Exclusive, OwnCluster, Parallel};
    use super::*;
    use crate::fake::scenario;

    #[test]
    fn isolation_follows_from_the_steps() {
        let isolation = |cluster: &str, steps: &str| {
            Isolation::of(&scenario(&format!("kafka: {{cluster: {cluster}}}\nsteps: [{steps}]\n")), None)
        };
        assert_eq!(isolation("shared", "{apply: a.yaml}"), Parallel);
        assert_eq!(isolation("own", "{apply: a.yaml}, {scale: {pool: broker, replicas: 4}}"), OwnCluster);
        assert_eq!(isolation("shared", "{scale: {pool: broker, replicas: 4}}"), Exclusive);
        assert_eq!(isolation("own", "{restart: {gateway: true}}"), Exclusive);
        assert_eq!(isolation("own", "{restart: {broker: 10}}"), OwnCluster);
        assert_eq!(isolation("shared", "{apply-copies: {file: a.yaml, copies: 20}}"), Parallel);
        assert_eq!(isolation("shared", "{apply-copies: {file: a.yaml, copies: 295}}"), Exclusive);
        assert_eq!(isolation("shared", "{connections: {sni: x, count: 20}}"), Parallel);
        assert_eq!(isolation("shared", "{connections: {sni: x, count: 1100}}"), Exclusive);
        assert_eq!(isolation("shared", "{restart: {broker: 10}}"), Exclusive);
        assert_eq!(
            isolation("shared", "{delete: {kind: TLSRoute, name: x, namespace: '${kafka.namespace}'}}"),
            Exclusive
        );
        assert_eq!(
            isolation("shared", "{delete: {kind: KafkaUser, name: x, namespace: '${kafka.namespace}'}}"),
            Parallel
        );
        assert_eq!(isolation("shared", "{delete: {kind: TLSRoute, name: x}}"), Parallel);
        let grant = "{delete: {kind: ReferenceGrant, name: 'x-${id}', namespace: '${kafka.namespace}'}}";
        assert_eq!(isolation("shared", grant), Parallel);
    }

    #[test]
    fn a_sabotage_of_the_shared_cluster_runs_alone() {
        let scenario = scenario(
            "steps: [{apply: a.yaml}]\nsabotage:\n  - name: s\n    delete: {kind: TLSRoute, name: x, namespace: kafka}\n    \
             expect: {step: apply, cause: timeout}\n",
        );
        assert_eq!(Isolation::of(&scenario, None), Parallel);
        assert_eq!(Isolation::of(&scenario, Some(&scenario.sabotage[0].value)), Exclusive);
    }

    #[test]
    fn nothing_runs_beside_an_exclusive_scenario() {
        assert_eq!(next(&[Exclusive, Parallel], &[], 4, 1), Some(0));
        assert_eq!(next(&[Exclusive, Parallel], &[Parallel], 4, 1), Some(1));
        assert_eq!(next(&[Exclusive], &[Parallel], 4, 1), None);
        assert_eq!(next(&[Parallel], &[Exclusive], 4, 1), None);
    }

    #[test]
    fn the_limits_of_own_clusters_and_of_jobs_hold() {
        assert_eq!(next(&[OwnCluster, Parallel], &[OwnCluster], 4, 1), Some(1));
        assert_eq!(next(&[OwnCluster], &[Parallel], 4, 1), Some(0));
        assert_eq!(next(&[Parallel], &[Parallel, Parallel], 2, 1), None);
        assert_eq!(next(&[Parallel], &[], 0, 1), Some(0), "zero jobs would hang");
    }

    #[test]
    fn as_many_own_clusters_run_as_the_machine_holds() {
        assert_eq!(next(&[OwnCluster], &[OwnCluster], 4, 2), Some(0));
        assert_eq!(next(&[OwnCluster], &[OwnCluster, OwnCluster], 4, 2), None);
    }
}
