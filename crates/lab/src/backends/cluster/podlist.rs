//! The Pods of a lab in Kubernetes, one line each, and their logs.

use super::Error;
use crate::backends::pods;
use k8s_openapi::api::core::v1::Pod;
use kube::api::{Api, ListParams, LogParams};
use kubeapi::{Catalog, Error as KubeError};

/// The cluster's own namespaces, which contain nothing of the lab.
const SYSTEM: [&str; 4] = ["kube-system", "kube-public", "kube-node-lease", "local-path-storage"];

/// One Pod, as `lab status` shows it.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct PodLine {
    pub namespace: String,
    pub name: String,
    pub containers: Vec<String>,
    /// Whether it runs and all its containers are ready, or it completed successfully.
    pub healthy: bool,
    /// Such as `Running, 1 of 1 ready`, or the reason why it does not run.
    pub says: String,
}

/// The Pods of the namespaces. If the list is empty, of all except the cluster's own.
///
/// # Errors
/// If the API server does not list them.
pub async fn pods_of(catalog: &Catalog, namespaces: &[String]) -> Result<Vec<PodLine>, Error> {
    let api: Api<Pod> = Api::all(catalog.client().clone());
    let all = api.list(&ListParams::default()).await.map_err(KubeError::request("list Pods"))?;
    let wanted = |pod: &PodLine| is_of_the_lab(namespaces, &pod.namespace);
    Ok(all.iter().map(line).filter(wanted).collect())
}

/// Whether a namespace belongs to the lab: it is one of these, or, if the list is empty, not one of the cluster's own.
pub fn is_of_the_lab(namespaces: &[String], namespace: &str) -> bool {
    if namespaces.is_empty() { !SYSTEM.contains(&namespace) } else { namespaces.iter().any(|known| known == namespace) }
}

/// A Pod as a line.
pub fn line(pod: &Pod) -> PodLine {
    let status = pod.status.clone().unwrap_or_default();
    let states = status.container_statuses.unwrap_or_default();
    let phase = status.phase.unwrap_or_else(|| "no phase".to_owned());
    let containers: Vec<_> =
        pod.spec.iter().flat_map(|spec| &spec.containers).map(|container| container.name.clone()).collect();
    let ready = states.iter().filter(|state| state.ready).count();
    let trouble = pods::examine(pod);
    let says = trouble.as_ref().map_or_else(
        || format!("{phase}, {ready} of {} ready", containers.len()),
        // The line already begins with the Pod's name.
        |error| error.to_string().split_once(": ").map_or_else(String::new, |(_, rest)| rest.to_owned()),
    );
    PodLine {
        namespace: pod.metadata.namespace.clone().unwrap_or_default(),
        name: pod.metadata.name.clone().unwrap_or_default(),
        healthy: trouble.is_none() && (phase == "Succeeded" || (ready == containers.len() && ready > 0)),
        containers,
        says,
    }
}

/// The last lines of a Pod's log. `wanted` is `namespace/name`, or a unique name, and may end with `/container`.
/// Without a container, the logs of all its containers are returned.
///
/// # Errors
/// [`Error::NoPod`], with the existing ones.
pub async fn log(catalog: &Catalog, namespaces: &[String], wanted: &str, lines: usize) -> Result<String, Error> {
    let all = pods_of(catalog, namespaces).await?;
    let (pod, container) = find(&all, wanted).ok_or_else(|| Error::NoPod {
        wanted: wanted.to_owned(),
        known: all.iter().map(|pod| format!("{}/{}", pod.namespace, pod.name)).collect(),
    })?;
    let api: Api<Pod> = Api::namespaced(catalog.client().clone(), &pod.namespace);
    let mut text = String::new();
    for name in pod.containers.iter().filter(|name| container.is_none_or(|wanted| wanted == *name)) {
        let params = LogParams {
            container: Some(name.clone()),
            tail_lines: Some(i64::try_from(lines).unwrap_or(i64::MAX)),
            ..LogParams::default()
        };
        if pod.containers.len() > 1 && container.is_none() {
            text.push_str("---- ");
            text.push_str(name);
            text.push('\n');
        }
        let what = format!("read the log of Pod {}/{}", pod.namespace, pod.name);
        text.push_str(&api.logs(&pod.name, &params).await.map_err(KubeError::request(what))?);
    }
    Ok(text)
}

/// The last lines of the logs of all Pods with these labels, each under the Pod's name.
///
/// # Errors
/// [`Error::NoPod`] if there is none.
pub async fn logs_of(catalog: &Catalog, labels: &str, lines: usize) -> Result<String, Error> {
    let api: Api<Pod> = Api::all(catalog.client().clone());
    let found = api.list(&ListParams::default().labels(labels)).await.map_err(KubeError::request("list Pods"))?;
    let pods: Vec<PodLine> = found.iter().map(line).collect();
    if pods.is_empty() {
        return Err(Error::NoPod { wanted: labels.to_owned(), known: Vec::new() });
    }
    let mut text = String::new();
    for pod in pods {
        let title = format!("{}/{}", pod.namespace, pod.name);
        text.extend(["==== ", &title, "\n"]);
        text.push_str(&log(catalog, std::slice::from_ref(&pod.namespace), &title, lines).await?);
    }
    Ok(text)
}

fn find<'a, 'w>(all: &'a [PodLine], wanted: &'w str) -> Option<(&'a PodLine, Option<&'w str>)> {
    let words: Vec<_> = wanted.split('/').collect();
    let named = |namespace: Option<&str>, name: &str| {
        let mut found =
            all.iter().filter(|pod| pod.name == name && namespace.is_none_or(|namespace| namespace == pod.namespace));
        let first = found.next()?;
        found.next().is_none().then_some(first)
    };
    match *words.as_slice() {
        [name] => Some((named(None, name)?, None)),
        [first, second] => named(Some(first), second).map(|pod| (pod, None)).or_else(|| {
            let pod = named(None, first)?;
            pod.containers.iter().any(|container| container == second).then_some((pod, Some(second)))
        }),
        [namespace, name, container] => {
            let pod = named(Some(namespace), name)?;
            pod.containers.iter().any(|known| known == container).then_some((pod, Some(container)))
        }
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn pod(namespace: &str, name: &str, ready: bool) -> PodLine {
        line(
            &serde_json::from_value(json!({
                "apiVersion": "v1", "kind": "Pod", "metadata": {"name": name, "namespace": namespace},
                "spec": {"containers": [{"name": "a", "image": "i"}, {"name": "b", "image": "i"}]},
                "status": {"phase": "Running", "containerStatuses": [
                    {"name": "a", "image": "i", "imageID": "", "ready": true, "restartCount": 2, "state": {"running": {}}},
                    {"name": "b", "image": "i", "imageID": "", "ready": ready, "restartCount": 0, "state": {"running": {}}}]}
            }))
            .expect("a Pod"),
        )
    }

    #[test]
    fn a_pod_is_healthy_when_all_its_containers_are_ready() {
        let good = pod("n", "p", true);
        assert_eq!((good.healthy, good.says.as_str()), (true, "Running, 2 of 2 ready"));
        let bad = pod("n", "p", false);
        assert_eq!((bad.healthy, bad.says.as_str()), (false, "Running, 1 of 2 ready"));
    }

    #[test]
    fn a_pod_is_found_by_its_name_alone_where_there_is_one_of_it() {
        let all = [pod("x", "p", true), pod("y", "p", true), pod("y", "q", true)];
        let name = |wanted| find(&all, wanted).map(|(pod, container)| (pod.namespace.as_str(), container));
        assert_eq!(name("q"), Some(("y", None)));
        assert_eq!(name("q/b"), Some(("y", Some("b"))));
        assert_eq!(name("x/p/a"), Some(("x", Some("a"))));
        assert_eq!(name("x/p"), Some(("x", None)));
        assert_eq!((name("p"), name("q/c"), name("x/q"), name("")), (None, None, None, None));
    }
}
