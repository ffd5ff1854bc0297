//! The end of a component's or a Pod's log, by the names that `lab status` and kubectl show.

use super::{Error, Lab, pods};
use crate::backends::local::node;
use host::files;
use model::{FileError, LabDir};

/// The components that have written a log, in alphabetical order.
///
/// # Errors
/// If the folder cannot be read.
pub fn components(dir: &LabDir) -> Result<Vec<String>, Error> {
    let folder = dir.logs();
    if !folder.exists() {
        return Ok(Vec::new());
    }
    let entries = folder.read_dir_utf8().map_err(FileError::of("list", &folder))?;
    let mut names: Vec<_> = entries
        .filter_map(Result::ok)
        .filter_map(|entry| entry.file_name().strip_suffix(".log").map(ToOwned::to_owned))
        .collect();
    names.sort();
    Ok(names)
}

/// The end of the log of `wanted`: a component, `gateway`, or a Pod as `name` or `namespace/name`. A lab that is only
/// partly up has only components.
///
/// # Errors
/// [`Error::NoLog`] with everything that has one.
pub async fn log(name: &str, wanted: &str, lines: usize) -> Result<String, Error> {
    let dir = LabDir::of(name)?;
    let components = components(&dir)?;
    let lab = match Lab::open(name).await {
        Ok(lab) => Some(lab),
        Err(error) if components.is_empty() => return Err(error),
        Err(_) => None,
    };
    let gateway = lab.as_ref().map(|lab| lab.info.gateway.name.as_str());
    if let Some(component) = component(wanted, &components, gateway) {
        return tail(&dir, component, lines);
    }
    match lab {
        // In such a lab the Pods' logs are the components' files, and the API server has none.
        Some(lab) if lab.backend.process_node().is_none() => match pods::log(&lab, wanted, lines).await {
            Err(Error::Kindlab(crate::backends::cluster::Error::NoPod { known, .. })) => {
                Err(no_log(wanted, components.into_iter().chain(known).collect()))
            }
            found => found,
        },
        _ => Err(no_log(wanted, shown(components))),
    }
}

/// The component that `wanted` names.
fn component<'a>(wanted: &str, components: &'a [String], gateway: Option<&str>) -> Option<&'a String> {
    let named = |name: &str| components.iter().find(|one| *one == name);
    if let Some(found) = named(wanted) {
        return Some(found);
    }
    if wanted == "gateway" {
        return named(gateway?);
    }
    let mut of_pod = components.iter().filter(|one| {
        node::pod_of(one)
            .is_some_and(|pod| pod == wanted || pod.split_once('/').is_some_and(|(_, name)| name == wanted))
    });
    let first = of_pod.next()?;
    // A name in two namespaces is ambiguous, so it matches neither.
    of_pod.next().is_none().then_some(first)
}

/// Components as the user types them. A Pod's process has the Pod's name.
fn shown(components: Vec<String>) -> Vec<String> {
    components.into_iter().map(|component| node::pod_of(&component).unwrap_or(component)).collect()
}

fn no_log(wanted: &str, known: Vec<String>) -> Error {
    let likeness = |name: &String| {
        let last = name.rsplit('/').next().unwrap_or(name);
        strsim::jaro_winkler(wanted, name).max(strsim::jaro_winkler(wanted, last))
    };
    let nearest = known.iter().max_by(|a, b| likeness(a).total_cmp(&likeness(b)));
    let nearest = nearest.filter(|name| likeness(name) > 0.8).cloned();
    Error::NoLog { wanted: wanted.to_owned(), nearest, known }
}

/// Everything that has a log, as the user types it.
///
/// # Errors
/// [`Error::NotUp`] if there is nothing of the lab.
pub async fn names(name: &str) -> Result<Vec<String>, Error> {
    let components = components(&LabDir::of(name)?)?;
    let is_empty = components.is_empty();
    let mut names = shown(components);
    match Lab::open(name).await {
        Ok(lab) if lab.backend.process_node().is_none() => names.extend(pods::with_logs(&lab).await?),
        // A lab that is only partly up has logs too, and that is when the user needs them.
        Err(error) if is_empty => return Err(error),
        Ok(_) | Err(_) => {}
    }
    Ok(names)
}

/// The last lines of a component's log.
///
/// # Errors
/// If the component has written none.
fn tail(dir: &LabDir, component: &str, lines: usize) -> Result<String, Error> {
    let path = dir.logs().join(format!("{component}.log"));
    let text = files::end(&path, files::TAIL_BYTES).map_err(FileError::of("read", &path))?;
    let skip = text.lines().count().saturating_sub(lines);
    Ok(text.lines().skip(skip).map(|line| format!("{line}\n")).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn components() -> Vec<String> {
        ["agent", "etcd", "kafka-kafka_my-cluster-broker-10", "kafka-a_c-0", "kafka-b_c-0", "traefik"]
            .map(str::to_owned)
            .to_vec()
    }

    #[test]
    fn a_log_is_found_by_the_name_that_kubectl_shows() {
        let all = components();
        let found = |wanted| component(wanted, &all, Some("traefik")).map(String::as_str);
        let broker = Some("kafka-kafka_my-cluster-broker-10");
        assert_eq!(found("my-cluster-broker-10"), broker);
        assert_eq!(found("kafka/my-cluster-broker-10"), broker);
        assert_eq!(found("kafka-kafka_my-cluster-broker-10"), broker);
        assert_eq!(found("gateway"), Some("traefik"));
        assert_eq!(found("b/c-0"), Some("kafka-b_c-0"));
        assert_eq!(found("c-0"), None, "two namespaces have it");
        assert_eq!(found("nope"), None);
    }

    #[test]
    fn an_unknown_name_gets_the_nearest_and_all_components_and_pods() {
        let text = no_log("my-cluster-broker-1", shown(components())).to_string();
        assert!(text.contains("did you mean kafka/my-cluster-broker-10?"), "{text}");
        for known in ["agent", "etcd", "traefik", "a/c-0"] {
            assert!(text.contains(known), "{known} in {text}");
        }
        assert!(!no_log("nope", shown(components())).to_string().contains("did you mean"));
    }
}
