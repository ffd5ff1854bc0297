//! Decides which scenarios may run at the same time.

use scenario::{ClusterUse, Sabotage, Scenario};

/// How much of the lab a scenario uses.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Isolation {
    /// The scenario does not affect others.
    Parallel,
    /// The scenario has a Kafka cluster of its own, of which a machine holds a few: [`own_clusters`].
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

/// Memory for one cluster of a scenario's own, beside everything else: three brokers and what the lab itself needs.
const MEMORY_FOR_A_CLUSTER: u64 = 6 << 30;

/// How many clusters of scenarios' own fit on this machine at the same time: by its memory, and one for each processor, which
/// brokers that start keep busy.
pub fn own_clusters() -> usize {
    let system = rustix::system::sysinfo();
    let processors = std::thread::available_parallelism().map_or(1, usize::from);
    own_clusters_in(system.totalram as u64 * u64::from(system.mem_unit), processors)
}

fn own_clusters_in(memory: u64, processors: usize) -> usize {
    let fit = usize::try_from(memory / MEMORY_FOR_A_CLUSTER).unwrap_or(usize::MAX);
    fit.min(processors).max(1)
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
    fn only_one_own_cluster_runs_at_a_time_and_jobs_limit_tasks() {
        assert_eq!(next(&[OwnCluster, Parallel], &[OwnCluster], 4, 1), Some(1));
        assert_eq!(next(&[OwnCluster], &[Parallel], 4, 1), Some(0));
        assert_eq!(next(&[Parallel], &[Parallel, Parallel], 2, 1), None);
        assert_eq!(next(&[Parallel], &[], 0, 1), Some(0), "zero jobs would hang");
    }

    #[test]
    fn a_larger_machine_holds_more_own_clusters() {
        let sizes = [(4, 8), (8, 8), (16, 4), (24, 2), (512, 64)];
        assert_eq!(sizes.map(|(gib, processors)| own_clusters_in(gib << 30, processors)), [1, 1, 2, 2, 64]);
        assert_eq!(next(&[OwnCluster], &[OwnCluster], 4, 2), Some(0));
        assert_eq!(next(&[OwnCluster], &[OwnCluster, OwnCluster], 4, 2), None);
        assert!(own_clusters() >= 1);
    }
}
