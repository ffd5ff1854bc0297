//! Predicts the routes that an operator will create for the manifests of Kafka clusters and their pools.

use super::context::Context;
use super::manifest::Object;
use crate::tree::{Content, Node};
use crate::{ClusterUse, Step};
use std::collections::BTreeSet;

/// Names of routes.
#[derive(Debug, Default)]
pub(super) struct Routes {
    known: BTreeSet<String>,
    /// Prefixes of names that end in a node id which the operator chooses.
    open: BTreeSet<String>,
}

impl Routes {
    pub(super) fn has(&self, name: &str) -> bool {
        let numbered = |start: &String| name.strip_prefix(start.as_str()).is_some_and(|id| id.parse::<u32>().is_ok());
        self.known.contains(name) || self.open.iter().any(numbered)
    }

    /// Every name, for a message. `ID` stands for a node id that is not known.
    pub(super) fn names(&self) -> Vec<String> {
        self.known.iter().cloned().chain(self.open.iter().map(|start| format!("{start}ID"))).collect()
    }
}

/// The routes of this kind: those of the scenario's own clusters, and those of the shared cluster if the scenario uses
/// it.
pub(super) fn routes(context: &Context<'_>, kind: &str) -> Routes {
    let listener_type = match kind {
        "TLSRoute" => "tlsroute",
        "Ingress" => "ingress",
        "Route" => "route",
        _ => return Routes::default(),
    };
    let mut routes = Routes::default();
    let shared = if context.scenario.kafka.cluster == ClusterUse::Shared { &context.shared[..] } else { &[] };
    for objects in [&context.objects[..], shared] {
        for kafka in objects.iter().filter(|object| object.kind == "Kafka") {
            let pools: Vec<&Object> = objects.iter().filter(|object| is_broker_pool(object, &kafka.name)).collect();
            for listener in items(kafka.node.get("spec").and_then(|spec| spec.get("kafka")?.get("listeners"))) {
                if listener.get("type").and_then(Node::text) == Some(listener_type) {
                    add(&mut routes, context, &kafka.name, listener, &pools);
                }
            }
        }
    }
    routes
}

/// Adds names as Strimzi chooses them. A listener `external` at port 9094 has names without the listener's name, for
/// backward compatibility.
fn add(routes: &mut Routes, context: &Context<'_>, cluster: &str, listener: &Node, pools: &[&Object]) {
    let Some(name) = listener.get("name").and_then(Node::text) else { return };
    let first = name == "external" && number(listener.get("port")) == Some(9094);
    let of_listener = if first { String::new() } else { format!("{name}-") };
    routes.known.insert(format!("{cluster}-kafka-{of_listener}bootstrap"));
    for pool in pools {
        let start = format!("{cluster}-{}-{of_listener}", pool.name);
        match node_ids(context, pool) {
            Some(ids) => routes.known.extend(ids.iter().map(|id| format!("{start}{id}"))),
            None => {
                routes.open.insert(start);
            }
        }
    }
}

fn is_broker_pool(object: &Object, cluster: &str) -> bool {
    let metadata = object.node.get("metadata");
    let label = metadata.and_then(|metadata| metadata.get("labels")?.get("strimzi.io/cluster")).and_then(Node::text);
    let mut roles = items(object.node.get("spec").and_then(|spec| spec.get("roles")));
    object.kind == "KafkaNodePool" && label == Some(cluster) && roles.any(|role| role.text() == Some("broker"))
}

/// The ids of a pool's nodes, if its manifest lists them. If a step scales the pool, every id that the pool may get.
fn node_ids(context: &Context<'_>, pool: &Object) -> Option<Vec<u32>> {
    let metadata = pool.node.get("metadata");
    let listed = metadata.and_then(|metadata| metadata.get("annotations")?.get("strimzi.io/next-node-ids"));
    let listed = ranges(listed?.text()?)?;
    let grows = context.steps().any(|(_, step)| match step {
        Step::Scale(scale) => context.fill(&scale.pool) == pool.name,
        Step::Patch(patch) => patch.kind == "KafkaNodePool" && context.fill(&patch.name) == pool.name,
        _ => false,
    });
    let replicas = number(pool.node.get("spec").and_then(|spec| spec.get("replicas")))?;
    let replicas = usize::try_from(replicas).unwrap_or(usize::MAX);
    // After the list, the operator takes the lowest free ids.
    if replicas > listed.len() {
        return None;
    }
    Some(if grows { listed } else { listed.into_iter().take(replicas).collect() })
}

/// A limit that is larger than any real cluster.
const MOST_NODES: usize = 1000;

/// Parses `[10-12,20]` as 10, 11, 12 and 20. `None` for another text, or for too many nodes.
fn ranges(text: &str) -> Option<Vec<u32>> {
    let inner = text.trim().strip_prefix('[')?.strip_suffix(']')?;
    let mut ids = Vec::new();
    for part in inner.split(',') {
        let (first, last) = part.split_once('-').unwrap_or((part, part));
        let (first, last): (u32, u32) = (first.trim().parse().ok()?, last.trim().parse().ok()?);
        // The limit is for all parts together, and is checked before a part's ids are generated.
        if ids.len() + first.abs_diff(last) as usize >= MOST_NODES {
            return None;
        }
        if first <= last {
            ids.extend(first..=last);
        } else {
            ids.extend((last..=first).rev());
        }
    }
    Some(ids)
}

fn items(node: Option<&Node>) -> impl Iterator<Item = &Node> {
    let items = match node.map(|node| &node.content) {
        Some(Content::List(items)) => items.as_slice(),
        _ => &[],
    };
    items.iter()
}

fn number(node: Option<&Node>) -> Option<u64> {
    match &node?.content {
        Content::Number(number) => number.as_u64(),
        // A variable may be in quotes.
        Content::Text(text) => text.parse().ok(),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Folder, parse};
    use std::collections::BTreeMap;

    fn cluster(name: &str, ids: &str, listener: &str) -> String {
        format!(
            "apiVersion: kafka.strimzi.io/v1\nkind: KafkaNodePool\nmetadata: {{name: node-{name}, \
             labels: {{strimzi.io/cluster: {name}}}{ids}}}\nspec: {{replicas: 2, roles: [controller, broker]}}\n---\n\
             apiVersion: kafka.strimzi.io/v1\nkind: Kafka\nmetadata: {{name: {name}}}\n\
             spec: {{kafka: {{listeners: [{listener}]}}}}\n"
        )
    }

    fn folder(kafka: &str, steps: &str, manifest: String) -> Folder {
        let text = format!("name: x\ntitle: t\nwhy: w\nkafka: {kafka}\nsteps: [{steps}]\nsabotage: []\n");
        let manifests = BTreeMap::from([("kafka.yaml".to_owned(), manifest)]);
        parse("scenarios/x".into(), &text, manifests).unwrap_or_else(|broken| panic!("{broken}"))
    }

    fn names(folder: &Folder) -> Vec<String> {
        routes(&Context::new(folder), "TLSRoute").names()
    }

    #[test]
    fn each_cluster_of_the_folder_has_the_routes_of_its_listeners_and_pools() {
        let ids = ", annotations: {strimzi.io/next-node-ids: '[10-12]'}";
        let legacy = "{name: external, port: 9094, type: tlsroute}";
        let other = "{name: out, port: 9095, type: tlsroute}, {name: plain, port: 9092, type: internal}";
        let manifest = format!("{}---\n{}", cluster("one", ids, legacy), cluster("two", ids, other));
        let folder = folder("{cluster: own, name: one}", "", manifest);
        assert_eq!(
            names(&folder),
            [
                "one-kafka-bootstrap",
                "one-node-one-10",
                "one-node-one-11",
                "two-kafka-out-bootstrap",
                "two-node-two-out-10",
                "two-node-two-out-11"
            ]
        );
    }

    #[test]
    fn a_pool_that_grows_or_lists_no_ids_may_have_other_ids() {
        let ids = ", annotations: {strimzi.io/next-node-ids: '[10-12]'}";
        let listener = "{name: external, port: 9094, type: tlsroute}";
        let scaled = folder(
            "{cluster: own, name: one}",
            "{scale: {pool: node-one, replicas: 3}}",
            cluster("one", ids, listener),
        );
        assert!(names(&scaled).contains(&"one-node-one-12".to_owned()));
        let open = folder("{cluster: own, name: one}", "", cluster("one", "", listener));
        let open = routes(&Context::new(&open), "TLSRoute");
        assert!(open.has("one-node-one-0") && !open.has("one-node-one-x") && !open.has("one-node-tow-0"));
        assert_eq!(open.names(), ["one-kafka-bootstrap", "one-node-one-ID"]);
    }

    #[test]
    fn ids_are_bounded_in_all_and_not_only_in_each_range() {
        assert_eq!(ranges("[10-12, 20]"), Some(vec![10, 11, 12, 20]));
        assert_eq!(ranges("[0-999]").map(|ids| ids.len()), Some(MOST_NODES));
        assert_eq!(ranges("[0-1000]"), None);
        assert_eq!(ranges("[0-499,500-999,1000]"), None);
        assert_eq!(ranges(&format!("[{}]", ["0-999"; 3].join(","))), None);
    }

    #[test]
    fn the_shared_cluster_has_its_routes_too() {
        let shared = folder("{cluster: shared, listener: external}", "", String::new());
        let names = names(&shared);
        for name in ["my-cluster-kafka-bootstrap", "my-cluster-broker-12", "my-cluster-broker-mtls-11"] {
            assert!(names.iter().any(|one| one == name), "{name}: {names:?}");
        }
        assert!(!names.iter().any(|name| name.contains("slot")), "a cluster-ip listener has none: {names:?}");
    }
}
