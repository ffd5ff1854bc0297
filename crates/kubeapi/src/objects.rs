//! Manifests in, objects out: parsing, server-side apply and deletion.

use super::{Catalog, Error};
use kube::api::{DeleteParams, DynamicObject, Patch, PatchParams, ValidationDirective};
use serde::{Deserialize, Serialize};
use serde_saphyr::Spanned;
use std::fmt;

/// The field manager of everything that the lab applies for a user.
pub const MANAGER: &str = "kafka-gateway-lab";

/// The name of one object, complete enough to find and delete it again.
#[derive(Clone, Debug, Deserialize, Eq, Hash, Ord, PartialEq, PartialOrd, Serialize)]
pub struct ObjectRef {
    pub api_version: String,
    pub kind: String,
    /// Empty for kinds without a namespace.
    pub namespace: String,
    pub name: String,
}

impl fmt::Display for ObjectRef {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.namespace.is_empty() {
            write!(f, "{} {}", self.kind, self.name)
        } else {
            write!(f, "{} {}/{}", self.kind, self.namespace, self.name)
        }
    }
}

/// The objects of a file of YAML documents. Empty documents are skipped.
///
/// # Errors
/// If a document is not YAML, or lacks `apiVersion`, `kind` or `metadata.name`.
pub fn parse_manifests(file: &str, text: &str) -> Result<Vec<DynamicObject>, Error> {
    let broken = |place: String, problem: String| Error::Manifest { place, problem };
    let documents: Vec<Spanned<serde_json::Value>> =
        serde_saphyr::from_multiple(text).map_err(|error| broken(file.to_owned(), error.to_string()))?;
    let mut objects = Vec::new();
    for document in documents {
        if document.value.is_null() {
            continue;
        }
        // The parser skips empty documents, so its document number would not be that of the file.
        let place = || format!("{file}:{}", document.referenced.line());
        let object: DynamicObject =
            serde_json::from_value(document.value.clone()).map_err(|error| broken(place(), error.to_string()))?;
        if object.types.is_none() {
            return Err(broken(place(), "it has no apiVersion and kind".to_owned()));
        }
        if object.metadata.name.as_deref().unwrap_or_default().is_empty() {
            return Err(broken(place(), "it has no metadata.name".to_owned()));
        }
        objects.push(object);
    }
    Ok(objects)
}

/// Applies one object with server-side apply, and takes over fields of other managers. The server rejects unknown
/// fields.
///
/// # Errors
/// If the kind is not served, or the API server rejects the object.
pub async fn apply(
    catalog: &Catalog,
    object: &DynamicObject,
    default_namespace: &str,
    manager: &str,
) -> Result<ObjectRef, Error> {
    Ok(applied(catalog, object, default_namespace, manager).await?.0)
}

/// As [`apply`], and returns the resulting object.
///
/// # Errors
/// As for [`apply`].
pub async fn applied(
    catalog: &Catalog,
    object: &DynamicObject,
    default_namespace: &str,
    manager: &str,
) -> Result<(ObjectRef, DynamicObject), Error> {
    let types = object.types.clone().unwrap_or_default();
    let kind = catalog.kind(&types.kind, Some(&types.api_version)).await?;
    let mut object = object.clone();
    if kind.namespaced && object.metadata.namespace.is_none() {
        object.metadata.namespace = Some(default_namespace.to_owned());
    }
    let reference = ObjectRef {
        api_version: types.api_version,
        kind: types.kind,
        namespace: if kind.namespaced { object.metadata.namespace.clone().unwrap_or_default() } else { String::new() },
        name: object.metadata.name.clone().unwrap_or_default(),
    };
    let mut params = PatchParams::apply(manager).force();
    params.field_validation = Some(ValidationDirective::Strict);
    let result = kind
        .api(catalog.client(), &reference.namespace)
        .patch(&reference.name, &params, &Patch::Apply(&object))
        .await
        .map_err(Error::request(format!("apply {reference}")))?;
    Ok((reference, result))
}

/// Deletes one object, and does not wait for finalizers. It is not an error if the object is already gone.
///
/// # Errors
/// If the API server refuses.
pub async fn delete(catalog: &Catalog, reference: &ObjectRef) -> Result<(), Error> {
    let kind = catalog.kind(&reference.kind, Some(&reference.api_version)).await?;
    match kind.api(catalog.client(), &reference.namespace).delete(&reference.name, &DeleteParams::background()).await {
        Ok(_) => Ok(()),
        Err(kube::Error::Api(status)) if status.code == 404 => Ok(()),
        Err(error) => Err(Error::request(format!("delete {reference}"))(error)),
    }
}

#[cfg(test)]
#[path = "objects_tests.rs"]
mod tests;
