//! Records in the cluster what was installed, so that a second `lab up` need not apply everything again.

use super::Error;
use ::kube::api::{Api, Patch, PatchParams};
use k8s_openapi::api::core::v1::ConfigMap;
use kubeapi::{Catalog, MANAGER};
use serde_json::json;
use sha2::{Digest, Sha256};
use std::fmt::Write;

const NAME: &str = "kafka-gateway-lab";
const NAMESPACE: &str = "kube-system";

/// A digest of everything that is applied for one component, in order.
pub fn of<'a>(texts: impl Iterator<Item = &'a str>) -> String {
    let mut hash = Sha256::new();
    for text in texts {
        hash.update(text.as_bytes());
        // A separator that no text contains, so that moving text from one file to the next changes the digest.
        hash.update([0]);
    }
    hash.finalize().iter().fold(String::new(), |mut text, byte| {
        // Writing to a String cannot fail.
        let _ = write!(text, "{byte:02x}");
        text
    })
}

/// Whether this component was installed completely, from the same objects.
pub async fn is_installed(catalog: &Catalog, component: &str, fingerprint: &str) -> Result<bool, Error> {
    let found = maps(catalog).get_opt(NAME).await.map_err(kubeapi::Error::request("read the lab's own ConfigMap"))?;
    let data = found.and_then(|map| map.data).unwrap_or_default();
    Ok(data.get(component).is_some_and(|known| known == fingerprint))
}

/// Records the component. Call this when it is installed and runs.
pub async fn note(catalog: &Catalog, component: &str, fingerprint: &str) -> Result<(), Error> {
    let map = json!({
        "apiVersion": "v1",
        "kind": "ConfigMap",
        "metadata": {"name": NAME, "namespace": NAMESPACE},
        "data": {component: fingerprint},
    });
    // Each component has its own manager, because server-side apply drops what its manager no longer names.
    let params = PatchParams::apply(&format!("{MANAGER}-{component}")).force();
    let noted = maps(catalog).patch(NAME, &params, &Patch::Apply(&map)).await;
    noted.map(drop).map_err(kubeapi::Error::request("write the lab's own ConfigMap")).map_err(Into::into)
}

fn maps(catalog: &Catalog) -> Api<ConfigMap> {
    Api::namespaced(catalog.client().clone(), NAMESPACE)
}

#[cfg(test)]
mod tests {

    #[test]
    fn any_change_is_another_fingerprint() {
        let of = |texts: &[&str]| super::of(texts.iter().copied());
        assert_eq!(of(&["ab", "c"]), of(&["ab", "c"]));
        assert_eq!(of(&[]).len(), 64);
        assert_ne!(of(&["ab", "c"]), of(&["a", "bc"]));
        assert_ne!(of(&["ab"]), of(&["ac"]));
    }
}
