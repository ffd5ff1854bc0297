//! Who may run beside whom.

use scenario::{ClusterUse, Sabotage, Scenario, Step};

/// How much of the lab a scenario takes.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Isolation {
    /// It leaves everybody else alone.
    Parallel,
    /// It brings a Kafka cluster, of which two at a time are too much for a small machine.
    OneOwnCluster,
    /// It disturbs what all others use: the gateway, or the shared cluster.
    Exclusive,
}

impl Isolation {
    /// From the steps, and from the sabotage that is to be done.
    pub fn of(scenario: &Scenario, sabotage: Option<&Sabotage>) -> Self {
        let own = scenario.kafka.cluster == ClusterUse::Own;
        let mut alone = scenario.steps.iter().any(|step| disturbs(&step.value, own));
        if let Some(sabotage) = sabotage {
            alone |= sabotage
                .delete
                .as_ref()
                .is_some_and(|target| foreign(&target.kind, &target.name, target.namespace.as_deref()));
            alone |= sabotage
                .patch
                .as_ref()
                .is_some_and(|patch| foreign(&patch.kind, &patch.name, patch.namespace.as_deref()));
        }
        match (alone, own) {
            (true, _) => Self::Exclusive,
            (false, true) => Self::OneOwnCluster,
            (false, false) => Self::Parallel,
        }
    }
}

fn disturbs(step: &Step, own: bool) -> bool {
    match step {
        Step::Restart(restart) => restart.gateway || !own,
        Step::Scale(_) => !own,
        Step::Delete(target) => foreign(&target.kind, &target.name, target.namespace.as_deref()),
        Step::Patch(patch) => foreign(&patch.kind, &patch.name, patch.namespace.as_deref()),
        _ => false,
    }
}

/// Whether changing this object is felt by other scenarios. Topics and users of the shared cluster have to live in its
/// namespace, and are the scenario's own all the same, as is everything that has the run's id in its name.
fn foreign(kind: &str, name: &str, namespace: Option<&str>) -> bool {
    let everywhere = ["GatewayClass", "CustomResourceDefinition", "ClusterRole", "ClusterRoleBinding", "Namespace"];
    let elsewhere = namespace.is_some_and(|namespace| namespace != "${namespace}");
    everywhere.contains(&kind) || (elsewhere && !["KafkaTopic", "KafkaUser"].contains(&kind) && !name.contains("${id}"))
}

/// The first of `pending` that may start beside `running`.
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
    fn nobody_runs_beside_one_that_must_be_alone() {
        assert_eq!(next(&[Exclusive, Parallel], &[], 4), Some(0));
        assert_eq!(next(&[Exclusive, Parallel], &[Parallel], 4), Some(1));
        assert_eq!(next(&[Exclusive], &[Parallel], 4), None);
        assert_eq!(next(&[Parallel], &[Exclusive], 4), None);
    }

    #[test]
    fn own_clusters_come_one_at_a_time_and_jobs_are_a_limit() {
        assert_eq!(next(&[OneOwnCluster, Parallel], &[OneOwnCluster], 4), Some(1));
        assert_eq!(next(&[OneOwnCluster], &[Parallel], 4), Some(0));
        assert_eq!(next(&[Parallel], &[Parallel, Parallel], 2), None);
        assert_eq!(next(&[Parallel], &[], 0), Some(0), "no jobs at all would be a hang");
    }
}
