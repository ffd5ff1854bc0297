//! Decides which scenarios may run at the same time.

use scenario::{ClusterUse, Sabotage, Scenario};

/// How much of the lab a scenario uses.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Isolation {
    /// The scenario does not affect others.
    Parallel,
    /// The scenario has a Kafka cluster of its own. Two of them at the same time are too much for a small machine.
    OneOwnCluster,
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
            (false, true) => Self::OneOwnCluster,
            (false, false) => Self::Parallel,
        }
    }
}

/// The first of `pending` that may start while `running` runs.
pub fn next(pending: &[Isolation], running: &[Isolation], jobs: usize) -> Option<usize> {
    if running.len() >= jobs.max(1) || running.contains(&Isolation::Exclusive) {
        return None;
    }
    pending.iter().position(|one| match one {
        Isolation::Parallel => true,
        Isolation::OneOwnCluster => !running.contains(&Isolation::OneOwnCluster),
        Isolation::Exclusive => running.is_empty(),
    })
}

#[cfg(test)]
mod tests {
    use super::Isolation::{Exclusive, OneOwnCluster, Parallel};
    use super::*;
    use crate::fake::scenario;

    #[test]
    fn isolation_follows_from_the_steps() {
        let isolation = |cluster: &str, steps: &str| {
            Isolation::of(&scenario(&format!("kafka: {{cluster: {cluster}}}\nsteps: [{steps}]\n")), None)
        };
        assert_eq!(isolation("shared", "{apply: a.yaml}"), Parallel);
        assert_eq!(isolation("own", "{apply: a.yaml}, {scale: {pool: broker, replicas: 4}}"), OneOwnCluster);
        assert_eq!(isolation("shared", "{scale: {pool: broker, replicas: 4}}"), Exclusive);
        assert_eq!(isolation("own", "{restart: {gateway: true}}"), Exclusive);
        assert_eq!(isolation("own", "{restart: {broker: 10}}"), OneOwnCluster);
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
        assert_eq!(next(&[Exclusive, Parallel], &[], 4), Some(0));
        assert_eq!(next(&[Exclusive, Parallel], &[Parallel], 4), Some(1));
        assert_eq!(next(&[Exclusive], &[Parallel], 4), None);
        assert_eq!(next(&[Parallel], &[Exclusive], 4), None);
    }

    #[test]
    fn only_one_own_cluster_runs_at_a_time_and_jobs_limit_tasks() {
        assert_eq!(next(&[OneOwnCluster, Parallel], &[OneOwnCluster], 4), Some(1));
        assert_eq!(next(&[OneOwnCluster], &[Parallel], 4), Some(0));
        assert_eq!(next(&[Parallel], &[Parallel, Parallel], 2), None);
        assert_eq!(next(&[Parallel], &[], 0), Some(0), "zero jobs would hang");
    }
}
