//! Queries the API server, with all requests in parallel and under one deadline.

use super::objects;
use super::summary::{Api, Objects};
use crate::Lab;
use crate::backends::cluster;
use ::kube::api::{Api as KubeApi, DynamicObject, ListParams};
use futures::future::join_all;
use host::with_causes;
use k8s_openapi::api::core::v1::Pod;
use kubeapi::{Catalog, Error};
use std::future::Future;
use std::time::Duration;
use tokio::time::{Instant, timeout_at};

/// The time for all requests together.
pub(super) const WITHIN: Duration = Duration::from_secs(5);

const ROUTES: [&str; 2] = ["TLSRoute", "TCPRoute"];
const RESOURCES: [&str; 4] = ["Kafka", "KafkaNodePool", "KafkaTopic", "KafkaUser"];

/// What the API server reports about itself and about the lab's objects, as far as it answers within [`WITHIN`].
pub(super) async fn all(lab: &Lab) -> (Api, Objects) {
    let deadline = Instant::now() + WITHIN;
    let catalog = &lab.catalog;
    // The kinds are discovered once, before each list would do so.
    let (ready, cluster, known) = tokio::join!(
        kubeapi::ready(catalog.client(), WITHIN),
        cluster(lab, deadline),
        timely(deadline, async { catalog.kind("Pod", None).await.map(drop) })
    );
    let mut gaps: Vec<(String, String)> =
        cluster.err().map(|why| ("the cluster".to_owned(), why)).into_iter().collect();
    let mut objects = Objects::default();
    match known {
        Ok(()) => gaps.extend(lists(lab, deadline, &mut objects).await),
        Err(why) => gaps.push(("the objects".to_owned(), why)),
    }
    let gaps = by_reason(gaps);
    let says = ready.as_ref().err().map_or_else(|| "ready".to_owned(), |says| format!("not ready: {says}"));
    (Api { ready: ready.is_ok(), says, gaps }, objects)
}

/// Puts kinds with the same reason on one line.
fn by_reason(gaps: Vec<(String, String)>) -> Vec<String> {
    let mut joined: Vec<(Vec<String>, String)> = Vec::new();
    for (what, why) in gaps {
        match joined.iter_mut().find(|(_, known)| *known == why) {
            Some((all, _)) => all.push(what),
            None => joined.push((vec![what], why)),
        }
    }
    joined.into_iter().map(|(all, why)| format!("{}: {why}", all.join(", "))).collect()
}

async fn lists(lab: &Lab, deadline: Instant, objects: &mut Objects) -> Vec<(String, String)> {
    let catalog = &lab.catalog;
    let of = |kind: &'static str| async move { (kind, timely(deadline, list(catalog, kind)).await) };
    let (gateways, routes, resources, pods) =
        tokio::join!(of("Gateway"), join_all(ROUTES.map(of)), join_all(RESOURCES.map(of)), timely(deadline, pods(lab)));
    let mut gaps = Vec::new();
    let mut found = |(kind, listed): (&'static str, Result<Vec<DynamicObject>, String>)| {
        let all = listed.unwrap_or_else(|why| {
            gaps.push((kind.to_owned(), why));
            Vec::new()
        });
        (kind, all)
    };
    // A user's own cluster contains more than the lab, and its state is not reported here.
    let own = |object: &DynamicObject| of_the_lab(lab, object);
    objects.gateways = found(gateways).1.iter().filter(|one| own(one)).map(objects::gateway).collect();
    for (kind, mut all) in routes.into_iter().map(&mut found) {
        all.retain(own);
        objects.routes.extend(all.iter().map(|one| objects::route(kind, one)));
    }
    for (kind, mut all) in resources.into_iter().map(&mut found) {
        all.retain(own);
        objects.resources.extend(all.iter().map(|one| objects::resource(kind, one)));
    }
    match pods {
        Ok(pods) => objects.pods = pods,
        Err(why) => gaps.push(("Pod".to_owned(), why)),
    }
    gaps
}

/// Whether the object is in a namespace that contains objects of the lab.
pub(super) fn of_the_lab(lab: &Lab, object: &DynamicObject) -> bool {
    let namespaces = lab.backend.namespaces(lab).unwrap_or_default();
    cluster::is_of_the_lab(&namespaces, object.metadata.namespace.as_deref().unwrap_or_default())
}

async fn list(catalog: &Catalog, kind: &'static str) -> Result<Vec<DynamicObject>, Error> {
    let served = match catalog.kind(kind, None).await {
        Ok(served) => served,
        // A cluster without TCPRoutes has none.
        Err(Error::UnknownKind { .. }) => return Ok(Vec::new()),
        Err(error) => return Err(error),
    };
    let api: KubeApi<DynamicObject> = KubeApi::all_with(catalog.client().clone(), &served.resource);
    let all = api.list(&ListParams::default()).await.map_err(Error::request(format!("list every {kind}")))?;
    Ok(all.items)
}

async fn pods(lab: &Lab) -> Result<Vec<super::summary::Pod>, crate::Error> {
    let namespaces = lab.backend.namespaces(lab)?;
    let api: KubeApi<Pod> = KubeApi::all(lab.catalog.client().clone());
    let all = api.list(&ListParams::default()).await.map_err(Error::request("list every Pod"))?;
    let node = lab.backend.process_node();
    let own = |pod: &super::summary::Pod| cluster::is_of_the_lab(&namespaces, &pod.namespace);
    Ok(all.items.iter().map(|pod| objects::pod(pod, node)).filter(own).collect())
}

/// What the container engine reports about a KIND lab's cluster.
async fn cluster(lab: &Lab, deadline: Instant) -> Result<(), String> {
    match timely(deadline, lab.backend.cluster_trouble(lab)).await {
        Ok(None) => Ok(()),
        Ok(Some(trouble)) => Err(trouble),
        Err(why) => Err(format!("the container engine: {why}")),
    }
}

async fn timely<T, E: std::error::Error>(
    deadline: Instant,
    wanted: impl Future<Output = Result<T, E>>,
) -> Result<T, String> {
    match timeout_at(deadline, wanted).await {
        Ok(outcome) => outcome.map_err(|error| with_causes(&error)),
        Err(_) => Err(format!("no answer within {} s", WITHIN.as_secs())),
    }
}

#[cfg(test)]
mod tests {
    use super::by_reason;

    #[test]
    fn what_failed_for_one_reason_is_one_line() {
        let gap = |what: &str, why: &str| (what.to_owned(), why.to_owned());
        let gaps = vec![gap("Gateway", "no answer"), gap("Pod", "forbidden"), gap("Kafka", "no answer")];
        assert_eq!(by_reason(gaps), ["Gateway, Kafka: no answer", "Pod: forbidden"]);
    }
}
