//! Applies resource definitions and waits for them.

use super::Error;
use crate::backends::cluster::fingerprint;
use ::kube::api::{Api, DynamicObject, ListParams};
use camino::Utf8Path;
use futures::future::try_join_all;
use k8s_openapi::apiextensions_apiserver::pkg::apis::apiextensions::v1::CustomResourceDefinition;
use kubeapi::{Catalog, MANAGER};
use model::FileError;
use std::collections::BTreeSet;
use std::fs;

const COMPONENT: &str = "resource-definitions";

/// Applies every object of the files in parallel, because definitions do not depend on each other, and waits until the
/// API server serves what they define. Definitions that an earlier `up` applied from the same files are left alone, because
/// comparing them again costs the API server a second.
pub(super) async fn apply(catalog: &Catalog, files: &[&Utf8Path]) -> Result<(), Error> {
    let texts = texts(files)?;
    let fingerprint = fingerprint::of(texts.iter().map(|(_, text)| text.as_str()));
    let objects = parse(&texts)?;
    if fingerprint::is_installed(catalog, COMPONENT, &fingerprint).await? && all_exist(catalog, &objects).await? {
        return Ok(());
    }
    try_join_all(objects.iter().map(|object| kubeapi::apply(catalog, object, "default", MANAGER))).await?;
    try_join_all(objects.iter().map(|object| kubeapi::established(catalog, object))).await?;
    Ok(fingerprint::note(catalog, COMPONENT, &fingerprint).await?)
}

/// Whether none was deleted since. Only names are requested, because the schemas are large.
async fn all_exist(catalog: &Catalog, objects: &[DynamicObject]) -> Result<bool, Error> {
    let definitions = Api::<CustomResourceDefinition>::all(catalog.client().clone());
    let found = definitions.list_metadata(&ListParams::default()).await;
    let found = found.map_err(kubeapi::Error::request("list the resource definitions"))?;
    let names: BTreeSet<&str> = found.items.iter().filter_map(|one| one.metadata.name.as_deref()).collect();
    let definitions = objects
        .iter()
        .filter(|object| object.types.as_ref().is_some_and(|types| types.kind == "CustomResourceDefinition"));
    Ok(definitions.filter_map(|object| object.metadata.name.as_deref()).all(|name| names.contains(name)))
}

/// The objects of the files.
pub(super) fn objects(files: &[&Utf8Path]) -> Result<Vec<DynamicObject>, Error> {
    parse(&texts(files)?)
}

fn texts(files: &[&Utf8Path]) -> Result<Vec<(String, String)>, Error> {
    let read = |file: &&Utf8Path| {
        let text = fs::read_to_string(file).map_err(FileError::of("read", *file))?;
        Ok((file.to_string(), text))
    };
    files.iter().map(read).collect()
}

fn parse(texts: &[(String, String)]) -> Result<Vec<DynamicObject>, Error> {
    let mut objects = Vec::new();
    for (file, text) in texts {
        objects.extend(kubeapi::parse_manifests(file, text)?);
    }
    Ok(objects)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing;
    use camino::Utf8PathBuf;
    use kubeapi::testing::{Answer, ApiServer, Asked};
    use serde_json::{Value, json};

    const DEFINITION: &str = "\
apiVersion: apiextensions.k8s.io/v1
kind: CustomResourceDefinition
metadata: {name: things.example.com}
";

    /// Applies the definition to an API server that has recorded `noted` and serves the definitions `present`, and returns
    /// the paths of the requests that changed something.
    async fn changes(noted: Option<&str>, present: &[&str]) -> Vec<String> {
        let map = json!({"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "kafka-gateway-lab"},
            "data": noted.map(|noted| json!({COMPONENT: noted}))});
        let names: Vec<Value> = present.iter().map(|name| json!({"metadata": {"name": name}})).collect();
        let server = ApiServer::new(move |asked: &Asked, _| match asked.method.as_str() {
            "PATCH" => Answer::Json(200, asked.body.clone()),
            _ if asked.path.ends_with("/configmaps/kafka-gateway-lab") => Answer::Json(200, map.clone()),
            _ if asked.query.contains("fieldSelector") || asked.is_watch() => Answer::Json(
                200,
                json!({
                    "apiVersion": "apiextensions.k8s.io/v1", "kind": "CustomResourceDefinitionList",
                    "metadata": {"resourceVersion": "1"},
                    "items": [{
                        "apiVersion": "apiextensions.k8s.io/v1", "kind": "CustomResourceDefinition",
                        "metadata": {"name": "things.example.com"},
                        "status": {"conditions": [{"type": "Established", "status": "True"}]},
                    }],
                }),
            ),
            _ => Answer::Json(
                200,
                json!({"apiVersion": "meta.k8s.io/v1", "kind": "PartialObjectMetadataList",
                "metadata": {}, "items": names}),
            ),
        });
        let (_held, lab) = testing::lab("definitions");
        let file: Utf8PathBuf = lab.dir.path().join("crds.yaml");
        fs::write(&file, DEFINITION).expect("written");
        apply(&server.catalog, &[&file]).await.expect("applied");
        let asked = server.asked().into_iter();
        asked.filter(|asked| asked.method == "PATCH").map(|asked| asked.path).collect()
    }

    #[tokio::test]
    async fn definitions_are_applied_once_and_again_after_they_changed_or_one_was_deleted() {
        let same = fingerprint::of([DEFINITION].into_iter());
        let applied = [
            "/apis/apiextensions.k8s.io/v1/customresourcedefinitions/things.example.com",
            "/api/v1/namespaces/kube-system/configmaps/kafka-gateway-lab",
        ];
        assert_eq!(changes(None, &[]).await, applied, "the first time");
        assert!(changes(Some(&same), &["things.example.com"]).await.is_empty(), "nothing changed");
        assert_eq!(changes(Some("of other files"), &["things.example.com"]).await, applied, "the files changed");
        assert_eq!(changes(Some(&same), &["others.example.com"]).await, applied, "one was deleted");
    }
}
