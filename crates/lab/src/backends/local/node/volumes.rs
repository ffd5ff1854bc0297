//! A Pod's volumes as files below its folder.

use super::Sources;
use camino::{Utf8Path, Utf8PathBuf};
use host::files;
use k8s_openapi::ByteString;
use k8s_openapi::api::core::v1::{KeyToPath, Pod, Volume};
use model::FileError;
use std::collections::BTreeMap;
use std::fs;

/// The mount path in containers of what lies in the Pod's folder on this machine.
pub const MOUNT_ROOT: &str = "/kafka-lab";

/// The kubelet's reason for a Pod that waits, for example for a ConfigMap or Secret that does not exist yet.
pub const MISSING: &str = "ContainerCreating";

/// Why a Pod's files cannot be written, with a kubelet's reason and a message.
#[derive(Debug, Eq, PartialEq)]
pub struct Trouble {
    pub reason: &'static str,
    pub message: String,
}

impl Trouble {
    pub fn config(message: impl Into<String>) -> Self {
        Self { reason: "CreateContainerConfigError", message: message.into() }
    }
}

/// Writes what the Pod's first container mounts. Files that are correct are left alone.
///
/// # Errors
/// If a ConfigMap or Secret does not exist, the Pod requires something that this node lacks, or a file cannot be
/// written.
pub fn materialise(pod: &Pod, folder: &Utf8Path, sources: &Sources) -> Result<(), Trouble> {
    let spec = pod.spec.as_ref().ok_or_else(|| Trouble::config("the Pod has no spec"))?;
    let namespace = pod.metadata.namespace.as_deref().unwrap_or_default();
    let mounts = spec.containers.first().and_then(|container| container.volume_mounts.as_deref()).unwrap_or_default();
    for mount in mounts {
        let volumes = spec.volumes.as_deref().unwrap_or_default();
        let volume = volumes.iter().find(|volume| volume.name == mount.name);
        let volume = volume.ok_or_else(|| Trouble::config(format!("no volume {}", mount.name)))?;
        if mount.sub_path.is_some() || mount.sub_path_expr.is_some() {
            return Err(Trouble::config(format!("volume {}: this node does not support subPath", mount.name)));
        }
        let place = place(folder, &mount.mount_path)?;
        match content(volume, namespace, sources)? {
            Some(content) => write(&place, &content)?,
            None => files::folder(&place).map_err(disk)?,
        }
    }
    Ok(())
}

/// The folder for a mount path.
fn place(folder: &Utf8Path, mount_path: &str) -> Result<Utf8PathBuf, Trouble> {
    let below = Utf8Path::new(mount_path).strip_prefix(MOUNT_ROOT).ok();
    match below {
        Some(below) if is_plain(below) => Ok(folder.join(below)),
        _ => Err(Trouble::config(format!("mountPath {mount_path}: this node mounts only below {MOUNT_ROOT}"))),
    }
}

/// Whether a relative path stays below its start.
fn is_plain(path: &Utf8Path) -> bool {
    path.components().all(|part| matches!(part, camino::Utf8Component::Normal(_)))
}

/// The files of a volume. `None` if the container itself fills the volume.
fn content(volume: &Volume, namespace: &str, sources: &Sources) -> Result<Option<BTreeMap<String, Vec<u8>>>, Trouble> {
    let missing = |kind: &str, name: &str| Trouble {
        reason: MISSING,
        message: format!("volume {}: no {kind} {namespace}/{name} yet", volume.name),
    };
    if volume.empty_dir.is_some() {
        return Ok(None);
    }
    if let Some(source) = &volume.config_map {
        let Some(map) = sources.config_map(namespace, &source.name) else {
            return if source.optional == Some(true) {
                Ok(Some(BTreeMap::new()))
            } else {
                Err(missing("ConfigMap", &source.name))
            };
        };
        let text = map.data.iter().flatten().map(|(key, value)| (key.clone(), value.clone().into_bytes()));
        let binary = map.binary_data.iter().flatten().map(|(key, ByteString(value))| (key.clone(), value.clone()));
        return select(volume, text.chain(binary).collect(), source.items.as_deref()).map(Some);
    }
    if let Some(source) = &volume.secret {
        let name = source.secret_name.as_deref().unwrap_or_default();
        let Some(secret) = sources.secret(namespace, name) else {
            return if source.optional == Some(true) {
                Ok(Some(BTreeMap::new()))
            } else {
                Err(missing("Secret", name))
            };
        };
        let data = secret.data.iter().flatten().map(|(key, ByteString(value))| (key.clone(), value.clone()));
        return select(volume, data.collect(), source.items.as_deref()).map(Some);
    }
    Err(Trouble::config(format!("volume {}: this node supports only configMap, secret and emptyDir", volume.name)))
}

/// All keys, or those that `items` names, under the paths that it gives.
fn select(
    volume: &Volume,
    mut all: BTreeMap<String, Vec<u8>>,
    items: Option<&[KeyToPath]>,
) -> Result<BTreeMap<String, Vec<u8>>, Trouble> {
    let Some(items) = items else { return Ok(all) };
    let mut chosen = BTreeMap::new();
    for item in items {
        if !is_plain(Utf8Path::new(&item.path)) {
            return Err(Trouble::config(format!("volume {}: path {} leaves the volume", volume.name, item.path)));
        }
        let value = all.remove(&item.key);
        let value = value.ok_or_else(|| Trouble::config(format!("volume {}: no key {}", volume.name, item.key)))?;
        chosen.insert(item.path.clone(), value);
    }
    Ok(chosen)
}

/// Writes a volume's files, and removes those that it no longer has.
fn write(place: &Utf8Path, content: &BTreeMap<String, Vec<u8>>) -> Result<(), Trouble> {
    files::folder(place).map_err(disk)?;
    for (name, bytes) in content {
        files::write(&place.join(name), bytes).map_err(disk)?;
    }
    let entries = place.read_dir_utf8().map_err(|error| Trouble::config(format!("{place}: {error}")))?;
    for entry in entries.flatten() {
        let name = entry.file_name();
        let is_file = entry.file_type().is_ok_and(|kind| kind.is_file());
        if is_file && !content.contains_key(name) {
            fs::remove_file(entry.path()).map_err(|error| Trouble::config(format!("{}: {error}", entry.path())))?;
        }
    }
    Ok(())
}

fn disk(error: FileError) -> Trouble {
    Trouble::config(host::with_causes(&error))
}

#[cfg(test)]
mod tests {
    use super::*;
    use k8s_openapi::api::core::v1::{ConfigMap, Secret};
    use serde_json::json;
    use std::os::unix::fs::PermissionsExt;

    fn pod(mount: &str) -> Pod {
        serde_json::from_value(json!({
            "metadata": {"name": "p", "namespace": "n"},
            "spec": {
                "containers": [{"name": "c", "volumeMounts": [
                    {"name": "config", "mountPath": mount},
                    {"name": "certs", "mountPath": "/kafka-lab/certs"},
                    {"name": "data", "mountPath": "/kafka-lab/data"},
                ]}],
                "volumes": [
                    {"name": "config", "configMap": {"name": "p"}},
                    {"name": "certs", "secret": {"secretName": "p"}},
                    {"name": "data", "emptyDir": {}},
                ],
            },
        }))
        .expect("a Pod")
    }

    fn sources(key: &str) -> Sources {
        let map: ConfigMap = serde_json::from_value(json!({
            "metadata": {"name": "p", "namespace": "n"}, "data": {"server.config": "node.id=10\n"},
        }))
        .expect("a ConfigMap");
        let secret: Secret = serde_json::from_value(json!({
            "metadata": {"name": "p", "namespace": "n"}, "data": {key: "c2VjcmV0"},
        }))
        .expect("a Secret");
        Sources::fixed(vec![map], vec![secret])
    }

    #[test]
    fn volumes_become_private_files_and_follow_their_source() {
        let dir = tempfile::tempdir().expect("a folder");
        let folder = Utf8Path::from_path(dir.path()).expect("UTF-8").join("n_p");
        materialise(&pod("/kafka-lab/config"), &folder, &sources("p.key")).expect("written");
        assert_eq!(fs::read_to_string(folder.join("config/server.config")).expect("read"), "node.id=10\n");
        let key = folder.join("certs/p.key");
        assert_eq!(fs::read_to_string(&key).expect("read"), "secret");
        assert_eq!(fs::metadata(&key).expect("metadata").permissions().mode() & 0o777, 0o600);
        assert!(folder.join("data").is_dir());

        materialise(&pod("/kafka-lab/config"), &folder, &sources("q.key")).expect("written");
        assert!(!key.exists() && folder.join("certs/q.key").exists());
    }

    #[test]
    fn what_is_missing_or_not_offered_is_named() {
        let dir = tempfile::tempdir().expect("a folder");
        let folder = Utf8Path::from_path(dir.path()).expect("UTF-8").join("n_p");
        let trouble =
            materialise(&pod("/kafka-lab/config"), &folder, &Sources::fixed(vec![], vec![])).expect_err("missing");
        assert_eq!(trouble.reason, MISSING);
        assert!(trouble.message.contains("ConfigMap n/p"), "{}", trouble.message);
        for mount in ["/etc/config", "/kafka-lab/../config"] {
            let trouble = materialise(&pod(mount), &folder, &sources("p.key")).expect_err("outside");
            assert!(trouble.message.contains(mount), "{}", trouble.message);
        }
    }
}
