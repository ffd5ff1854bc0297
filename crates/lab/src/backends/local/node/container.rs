//! From a Pod to the JVM that runs in place of its container.

use super::NodeConfig;
use super::volumes::Trouble;
use crate::backends::local::process::Spec;
use camino::{Utf8Path, Utf8PathBuf};
use host::files;
use k8s_openapi::api::core::v1::{EnvVar, Pod};
use std::fs;
use std::net::Ipv4Addr;

/// The name of a Pod's process as a component.
pub fn component(pod: &Pod) -> String {
    format!("kafka-{}", folder_name(pod))
}

/// The Pod of a component, as `namespace/name`. `None` if the component is not a Pod's process.
pub fn pod_of(component: &str) -> Option<String> {
    let (namespace, name) = component.strip_prefix("kafka-")?.split_once('_')?;
    Some(format!("{namespace}/{name}"))
}

/// `<namespace>_<name>`. Neither may contain an underscore, so two Pods never share a folder.
pub fn folder_name(pod: &Pod) -> String {
    let metadata = &pod.metadata;
    format!("{}_{}", metadata.namespace.as_deref().unwrap_or_default(), metadata.name.as_deref().unwrap_or_default())
}

/// The process for a Pod whose files are in place.
///
/// # Errors
/// If its environment requires something that this node lacks.
pub fn spec(
    config: &NodeConfig,
    pod: &Pod,
    address: Ipv4Addr,
    folder: &Utf8Path,
    hosts: &Utf8Path,
) -> Result<Spec, Trouble> {
    let container = pod.spec.as_ref().and_then(|spec| spec.containers.first());
    let container = container.ok_or_else(|| Trouble::config("the Pod has no container"))?;
    let variables = container.env.as_deref().unwrap_or_default();
    let env = environment(variables, pod, address, folder)?;
    let options = env.iter().find(|(name, _)| name == "KAFKA_LAB_JAVA_OPTS").map(|(_, value)| value.as_str());
    let mut args: Vec<String> = options.unwrap_or_default().split_whitespace().map(ToOwned::to_owned).collect();
    args.extend(config.jvm.archive.as_ref().map(|archive| format!("-XX:SharedArchiveFile={archive}")));
    args.extend([
        format!("-Djdk.net.hosts.file={hosts}"),
        "-cp".to_owned(),
        config.jvm.libs.join("*").to_string(),
        "kafka.Kafka".to_owned(),
        folder.join("config").join("server.config").to_string(),
    ]);
    Ok(Spec {
        component: component(pod),
        instance: pod.metadata.uid.clone().unwrap_or_default(),
        program: config.jvm.java.clone(),
        args,
        env,
        dir: folder.to_owned(),
    })
}

/// Marks the storage as formatted, once. This writes the file that StorageTool would write, without its JVM.
///
/// # Errors
/// If the file cannot be read or written.
pub fn format_storage(folder: &Utf8Path) -> Result<(), Trouble> {
    let (from, to) = (folder.join("config").join(META), folder.join("data").join(META));
    if to.exists() || !from.exists() {
        return Ok(());
    }
    let failed = |what: &Utf8PathBuf, error: String| Trouble::config(format!("{what}: {error}"));
    let text = fs::read(&from).map_err(|error| failed(&from, error.to_string()))?;
    files::write(&to, &text).map(drop).map_err(|error| failed(&to, error.to_string()))
}

const META: &str = "meta.properties";

/// The container's environment. It begins with this node's mount root and the Pod's address. The Pod's own values for
/// them apply to its image, so they are ignored.
fn environment(
    variables: &[EnvVar],
    pod: &Pod,
    address: Ipv4Addr,
    folder: &Utf8Path,
) -> Result<Vec<(String, String)>, Trouble> {
    let mut env = vec![("LAB_ROOT".to_owned(), folder.to_string()), ("POD_IP".to_owned(), address.to_string())];
    for variable in variables {
        if env.iter().any(|(name, _)| *name == variable.name) {
            continue;
        }
        let value = match &variable.value_from {
            None => expand(variable.value.as_deref().unwrap_or_default(), &env),
            Some(source) => {
                let path = source.field_ref.as_ref().map(|field| field.field_path.as_str());
                field(pod, address, path).ok_or_else(|| {
                    let wanted = path.map_or("valueFrom".to_owned(), |path| format!("fieldPath {path}"));
                    Trouble::config(format!("env {}: this node has no {wanted}", variable.name))
                })?
            }
        };
        env.push((variable.name.clone(), value));
    }
    Ok(env)
}

/// A field of the downward API.
fn field(pod: &Pod, address: Ipv4Addr, path: Option<&str>) -> Option<String> {
    match path? {
        "status.podIP" => Some(address.to_string()),
        "metadata.name" => pod.metadata.name.clone(),
        "metadata.namespace" => pod.metadata.namespace.clone(),
        "metadata.uid" => pod.metadata.uid.clone(),
        "spec.nodeName" => pod.spec.as_ref()?.node_name.clone(),
        _ => None,
    }
}

/// Expands `$(NAME)` to a variable that was defined before, and `$$` to a dollar. An unknown name is unchanged.
fn expand(text: &str, env: &[(String, String)]) -> String {
    let mut out = String::new();
    let mut rest = text;
    while let Some(at) = rest.find('$') {
        out.push_str(&rest[..at]);
        rest = &rest[at + 1..];
        if let Some(after) = rest.strip_prefix('$') {
            out.push('$');
            rest = after;
            continue;
        }
        let named = rest.strip_prefix('(').and_then(|inner| inner.split_once(')'));
        match named.and_then(|(name, after)| Some((env.iter().find(|(known, _)| known == name)?, after))) {
            Some(((_, value), after)) => {
                out.push_str(value);
                rest = after;
            }
            None => out.push('$'),
        }
    }
    out.push_str(rest);
    out
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn env_of(variables: serde_json::Value) -> Result<Vec<(String, String)>, Trouble> {
        let pod: Pod =
            serde_json::from_value(json!({"metadata": {"name": "p", "namespace": "n", "uid": "u"}})).expect("a Pod");
        let variables: Vec<EnvVar> = serde_json::from_value(variables).expect("variables");
        environment(&variables, &pod, Ipv4Addr::new(127, 70, 16, 1), Utf8Path::new("/pods/n_p"))
    }

    #[test]
    fn the_mount_root_is_the_folder_and_references_follow_it() {
        let env = env_of(json!([
            {"name": "LAB_ROOT", "value": "/kafka-lab"},
            {"name": "POD_IP", "valueFrom": {"fieldRef": {"fieldPath": "status.podIP"}}},
            {"name": "UID", "valueFrom": {"fieldRef": {"fieldPath": "metadata.uid"}}},
            {"name": "OPTS", "value": "-Dx=$(LAB_ROOT)/config -Dy=$(UNKNOWN) $$(POD_IP) 5$"},
        ]))
        .expect("sound");
        let get = |name: &str| env.iter().find(|(known, _)| known == name).map(|(_, value)| value.as_str());
        assert_eq!(get("LAB_ROOT"), Some("/pods/n_p"));
        assert_eq!(get("POD_IP"), Some("127.70.16.1"));
        assert_eq!(get("UID"), Some("u"));
        assert_eq!(get("OPTS"), Some("-Dx=/pods/n_p/config -Dy=$(UNKNOWN) $(POD_IP) 5$"));
    }

    #[test]
    fn a_source_that_this_node_has_not_is_named() {
        let trouble = env_of(json!([{"name": "A", "valueFrom": {"fieldRef": {"fieldPath": "status.hostIP"}}}]))
            .expect_err("not offered");
        assert!(trouble.message.contains("env A") && trouble.message.contains("status.hostIP"), "{}", trouble.message);
    }
}
