//! The brokers of a Kafka resource, as far as the node pools of the files fix their ids.

use super::documents::{Document, Documents};
use model::strimzi::node_ids;
use std::collections::BTreeSet;

const CLUSTER: &str = "strimzi.io/cluster";
const NEXT_NODE_IDS: &str = "strimzi.io/next-node-ids";

/// More brokers than this are not followed one by one.
const MOST: u64 = 1_000;

/// A broker that will exist.
#[derive(Clone, Debug, Eq, Ord, PartialEq, PartialOrd)]
pub(super) struct Broker {
    pub id: u32,
    pub pool: String,
}

/// What is known about the brokers of one Kafka resource.
#[derive(Clone, Debug, Default)]
pub(super) struct Brokers {
    /// Every broker with its id. `None` if the files do not fix them.
    pub exact: Option<Vec<Broker>>,
    /// The ids that a broker of these pools can get. `None` if that could be any.
    pub possible: Option<BTreeSet<u32>>,
    /// The names of the pools that are in the files.
    pub pools: Vec<String>,
}

struct Pool<'a> {
    name: &'a str,
    broker: bool,
    controller: bool,
    replicas: u32,
    /// The ids that the status lists, of a resource that exists.
    current: BTreeSet<u32>,
    next: Option<Vec<u32>>,
}

impl Pool<'_> {
    /// The ids, if the pool has enough of its own.
    fn own_ids(&self) -> Option<BTreeSet<u32>> {
        let enough = self.current.len() + self.next.as_ref().map_or(0, Vec::len) >= self.replicas as usize;
        enough.then(|| self.assign(&BTreeSet::new()))
    }

    fn assign(&self, taken: &BTreeSet<u32>) -> BTreeSet<u32> {
        node_ids::assign(self.replicas, &self.current, taken, self.next.as_deref(), None)
    }
}

impl Brokers {
    pub(super) fn of(documents: &Documents, kafka: &Document) -> Self {
        let own = documents.of("KafkaNodePool").filter(|pool| {
            let labels = pool.object.metadata.labels.as_ref();
            let of = labels.and_then(|labels| labels.get(CLUSTER));
            pool.namespace == kafka.namespace && of == Some(&kafka.name)
        });
        let documents_of_pools: Vec<&Document> = own.collect();
        let pools = documents_of_pools.iter().map(|pool| pool.name.clone()).collect();
        let read: Option<Vec<Pool<'_>>> = documents_of_pools.iter().map(|pool| read(pool)).collect();
        let Some(read) = read.filter(|all| all.iter().any(|pool| pool.broker)) else {
            return Self { pools, ..Self::default() };
        };
        let (exact, possible) = ids(&read);
        Self { exact, possible, pools }
    }
}

/// A pool, if its fields can be understood.
fn read(document: &Document) -> Option<Pool<'_>> {
    let spec = document.spec();
    let annotations = document.object.metadata.annotations.as_ref();
    let next = annotations.and_then(|all| all.get(NEXT_NODE_IDS));
    let next = next.map(|text| node_ids::parse(text)).transpose().ok()?;
    let current = document.object.data["status"]["nodeIds"].as_array();
    let roles = spec["roles"].as_array()?;
    Some(Pool {
        name: &document.name,
        broker: roles.iter().any(|role| role == "broker"),
        controller: roles.iter().any(|role| role == "controller"),
        replicas: u32::try_from(spec["replicas"].as_u64().filter(|replicas| *replicas <= MOST)?).ok()?,
        current: current.into_iter().flatten().filter_map(|id| u32::try_from(id.as_u64()?).ok()).collect(),
        next,
    })
}

/// The brokers, and the ids that they can have.
///
/// A pool without ids of its own takes the lowest free ones, so the ids depend on all pools, and with two such pools on which
/// of them was created first.
fn ids(pools: &[Pool<'_>]) -> (Option<Vec<Broker>>, Option<BTreeSet<u32>>) {
    let of = |pool: &Pool<'_>, ids: &BTreeSet<u32>| -> Vec<Broker> {
        ids.iter().map(|id| Broker { id: *id, pool: pool.name.to_owned() }).collect()
    };
    let listed: Vec<Option<BTreeSet<u32>>> = pools.iter().map(Pool::own_ids).collect();
    let brokers = || pools.iter().zip(&listed).filter(|(pool, _)| pool.broker);
    if brokers().all(|(_, ids)| ids.is_some()) {
        let all: Vec<BTreeSet<u32>> = listed.iter().flatten().cloned().collect();
        let count: usize = all.iter().map(BTreeSet::len).sum();
        let distinct: BTreeSet<u32> = all.iter().flatten().copied().collect();
        let exact: Vec<Broker> =
            brokers().filter_map(|(pool, ids)| ids.as_ref().map(|ids| of(pool, ids))).flatten().collect();
        let next = pools.iter().filter(|pool| pool.broker).flat_map(|pool| pool.next.iter().flatten().copied());
        let possible = exact.iter().map(|broker| broker.id).chain(next).collect();
        // Two pools that list the same ids share them out in the order in which they were created.
        return ((count == distinct.len()).then_some(exact), Some(possible));
    }
    let own: BTreeSet<u32> = listed.iter().flatten().flatten().copied().collect();
    let free: Vec<&Pool<'_>> =
        pools.iter().zip(&listed).filter(|(_, ids)| ids.is_none()).map(|(pool, _)| pool).collect();
    // Controllers take ids from the same numbers, so a pool of theirs that is not in the files leaves everything open.
    if !pools.iter().any(|pool| pool.controller) {
        return (None, None);
    }
    let needed: usize = free.iter().map(|pool| pool.replicas as usize).sum();
    let lowest: BTreeSet<u32> = (0..).filter(|id| !own.contains(id)).take(needed).collect();
    let possible = lowest.union(&own).copied().collect();
    let exact = (free.len() == 1).then(|| {
        pools
            .iter()
            .zip(&listed)
            .filter(|(pool, _)| pool.broker)
            .flat_map(|(pool, ids)| of(pool, ids.as_ref().unwrap_or(&lowest)))
            .collect()
    });
    (exact, Some(possible))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The roles are in the name: `b` for brokers, `c` for controllers.
    fn pool<'a>(name: &'a str, replicas: u32, next: Option<&str>) -> Pool<'a> {
        let next = next.map(|text| node_ids::parse(text).expect("ids"));
        let (broker, controller) = (name.contains('b'), name.contains('c'));
        Pool { name, broker, controller, replicas, current: BTreeSet::new(), next }
    }

    fn exact(pools: &[Pool<'_>]) -> Option<Vec<u32>> {
        ids(pools).0.map(|all| all.iter().map(|broker| broker.id).collect())
    }

    #[test]
    fn annotated_pools_have_exact_ids() {
        let all = [pool("c", 1, Some("[0-9]")), pool("b", 3, Some("[10-99]"))];
        assert_eq!(exact(&all), Some(vec![10, 11, 12]));
        assert!(ids(&all).1.is_some_and(|possible| possible.contains(&99) && !possible.contains(&0)));
    }

    #[test]
    fn a_single_pool_counts_from_zero() {
        assert_eq!(exact(&[pool("bc", 3, None)]), Some(vec![0, 1, 2]));
    }

    #[test]
    fn controllers_elsewhere_leave_the_ids_open() {
        let (exact, possible) = ids(&[pool("b", 3, None)]);
        assert!(exact.is_none() && possible.is_none());
    }

    #[test]
    fn of_two_pools_without_annotation_nobody_knows_which_was_first() {
        let all = [pool("b", 3, None), pool("c", 3, None)];
        assert_eq!(exact(&all), None);
        assert_eq!(ids(&all).1, Some((0..6).collect()));
    }

    #[test]
    fn two_pools_with_the_same_list_are_not_exact() {
        assert_eq!(exact(&[pool("b1", 2, Some("[0-9]")), pool("b2", 2, Some("[0-9]"))]), None);
    }
}
