//! Applies whole sets of manifests: first what others need, then the rest in parallel.

use super::applied::Applied;
use super::manifests::Source;
use super::{Error, fingerprint, manifests};
use ::kube::api::DynamicObject;
use futures::{StreamExt, TryStreamExt, stream};
use kubeapi as api;
use kubeapi::{Catalog, ConditionState, MANAGER, ObjectRef, conditions, wait_for};
use std::time::Duration;
use tokio::time::{Instant, sleep};

/// The number of concurrent requests. The API server spends its time on the large CRDs.
const SIDE_BY_SIDE: usize = 8;
const ESTABLISHED: Duration = Duration::from_secs(60);
/// Discovery follows a CRD's `Established` after a moment, and cannot be watched.
const DISCOVERED: Duration = Duration::from_secs(15);

/// A component whose Namespaces and CRDs exist. The rest waits for its images.
pub struct Component {
    name: String,
    fingerprint: String,
    namespace: String,
    rest: Vec<Vec<DynamicObject>>,
}

/// Installs components into one cluster.
#[derive(Clone, Copy)]
pub struct Installer<'a> {
    pub catalog: &'a Catalog,
    /// Set for a user's own cluster: the lab records what it applies, and does not touch what already exists.
    pub applied: Option<&'a Applied>,
}

impl Installer<'_> {
    /// Applies the objects, and waits until the CRDs among them are served.
    ///
    /// # Errors
    /// If the API server refuses an object. In a user's cluster also [`Error::Exists`], if an object already exists.
    pub async fn apply(&self, objects: Vec<DynamicObject>, namespace: &str) -> Result<Vec<ObjectRef>, Error> {
        let objects = self.permitted(objects, namespace).await?;
        let (first, rest): (Vec<_>, Vec<_>) = objects.into_iter().partition(manifests::comes_first);
        let mut done = self.side_by_side(first, namespace).await?;
        let crds = done.iter().filter(|object| object.kind == "CustomResourceDefinition");
        stream::iter(crds).map(Ok).try_for_each_concurrent(SIDE_BY_SIDE, |crd| self.established(crd)).await?;
        done.extend(self.side_by_side(rest, namespace).await?);
        Ok(done)
    }

    /// Begins to install a component: its Namespaces and CRDs, which need no image. Does nothing if the same manifests
    /// were applied before and the component came up. `adjust` changes the objects last.
    ///
    /// # Errors
    /// As for [`Installer::apply`], or if the manifests cannot be parsed.
    pub async fn begin(
        &self,
        name: &str,
        sources: Vec<Source>,
        namespace: &str,
        adjust: impl FnOnce(Vec<Vec<DynamicObject>>) -> Result<Vec<Vec<DynamicObject>>, Error>,
    ) -> Result<Component, Error> {
        let mut component = Component {
            name: name.to_owned(),
            fingerprint: fingerprint::of(sources.iter().map(|source| source.text.as_str())),
            namespace: namespace.to_owned(),
            rest: vec![],
        };
        if self.applied.is_none() && fingerprint::is_installed(self.catalog, name, &component.fingerprint).await? {
            return Ok(component);
        }
        for objects in adjust(manifests::parse_all(sources).await?)? {
            let (first, rest) = objects.into_iter().partition(manifests::comes_first);
            self.apply(first, namespace).await?;
            component.rest.push(rest);
        }
        Ok(component)
    }

    /// Applies what [`Installer::begin`] did not.
    ///
    /// # Errors
    /// As for [`Installer::apply`].
    pub async fn finish(&self, component: &mut Component) -> Result<(), Error> {
        for objects in std::mem::take(&mut component.rest) {
            self.apply(objects, &component.namespace).await?;
        }
        Ok(())
    }

    /// Records that the component runs.
    ///
    /// # Errors
    /// If the record cannot be written.
    pub async fn came_up(&self, component: &Component) -> Result<(), Error> {
        if self.applied.is_some() {
            return Ok(());
        }
        fingerprint::note(self.catalog, &component.name, &component.fingerprint).await
    }

    async fn side_by_side(&self, objects: Vec<DynamicObject>, namespace: &str) -> Result<Vec<ObjectRef>, Error> {
        stream::iter(objects)
            .map(async |mut object| {
                manifests::use_loaded_images(&mut object);
                self.one(&object, namespace).await
            })
            .buffered(SIDE_BY_SIDE)
            .try_collect()
            .await
    }

    async fn one(&self, object: &DynamicObject, namespace: &str) -> Result<ObjectRef, Error> {
        let deadline = Instant::now() + DISCOVERED;
        loop {
            match api::apply(self.catalog, object, namespace, MANAGER).await {
                Err(api::Error::UnknownKind { .. }) if Instant::now() < deadline => {
                    sleep(Duration::from_millis(200)).await;
                }
                result => return result.map_err(Into::into),
            }
        }
    }

    async fn established(&self, crd: &ObjectRef) -> Result<(), Error> {
        wait_condition(self.catalog, crd, "Established", ESTABLISHED).await
    }

    /// In a user's cluster, returns the objects that the lab may apply, and records them.
    async fn permitted(&self, objects: Vec<DynamicObject>, namespace: &str) -> Result<Vec<DynamicObject>, Error> {
        let Some(applied) = self.applied else { return Ok(objects) };
        let mut ours = Vec::new();
        let mut new = Vec::new();
        for object in objects {
            let reference = self.reference(&object, namespace).await?;
            if applied.contains(&reference) {
                ours.push(object);
            } else if !self.is_there(&reference).await? {
                new.push(reference);
                ours.push(object);
            } else if !manifests::comes_first(&object) {
                return Err(Error::Exists { object: reference });
            }
        }
        applied.add(&new)?;
        Ok(ours)
    }

    /// Names an object whose kind the server may not know yet. Such a kind counts as namespaced only if the manifest
    /// names a namespace.
    async fn reference(&self, object: &DynamicObject, namespace: &str) -> Result<ObjectRef, Error> {
        let types = object.types.clone().unwrap_or_default();
        let named = object.metadata.namespace.clone();
        let namespace = match self.catalog.kind(&types.kind, Some(&types.api_version)).await {
            Ok(kind) if kind.namespaced => named.unwrap_or_else(|| namespace.to_owned()),
            Ok(_) => String::new(),
            Err(api::Error::UnknownKind { .. }) => named.unwrap_or_default(),
            Err(error) => return Err(error.into()),
        };
        Ok(ObjectRef {
            api_version: types.api_version,
            kind: types.kind,
            namespace,
            name: manifests::name(object).to_owned(),
        })
    }

    async fn is_there(&self, reference: &ObjectRef) -> Result<bool, Error> {
        let kind = match self.catalog.kind(&reference.kind, Some(&reference.api_version)).await {
            Ok(kind) => kind,
            Err(api::Error::UnknownKind { .. }) => return Ok(false),
            Err(error) => return Err(error.into()),
        };
        let found = kind.api(self.catalog.client(), &reference.namespace).get_opt(&reference.name).await;
        Ok(found.map_err(api::Error::request(format!("read {reference}")))?.is_some())
    }
}

/// Waits until an object has a condition with status True, for its newest generation if the condition names one.
pub async fn wait_condition(
    catalog: &Catalog,
    object: &ObjectRef,
    condition: &str,
    within: Duration,
) -> Result<(), Error> {
    let wanted = format!("condition {condition}");
    Ok(wait_for(catalog, object, &wanted, within, |found| match found {
        None => ConditionState::NotYet("it does not exist".to_owned()),
        Some(found) => has_condition(found, condition),
    })
    .await?)
}

/// Whether the object has the condition with status True, or what is seen instead.
pub fn has_condition(object: &DynamicObject, wanted: &str) -> ConditionState {
    let all = conditions(object);
    let generation = object.metadata.generation.unwrap_or_default();
    let behind = object.data["status"]["observedGeneration"].as_i64().is_some_and(|seen| seen < generation);
    if all.is_empty() {
        return ConditionState::NotYet("no conditions yet".to_owned());
    }
    if !behind && all.iter().any(|condition| condition["type"] == wanted && condition["status"] == "True") {
        return ConditionState::Met;
    }
    let text = |value: &serde_json::Value| value.as_str().unwrap_or_default().to_owned();
    let seen: Vec<_> = all
        .iter()
        .map(|condition| {
            format!(
                "{}={} ({}) {}",
                text(&condition["type"]),
                text(&condition["status"]),
                text(&condition["reason"]),
                text(&condition["message"])
            )
        })
        .collect();
    ConditionState::NotYet(seen.join("; "))
}

/// Waits until the Deployment of `namespace/name` is Available.
pub async fn wait_deployment(catalog: &Catalog, name: &str, within: Duration) -> Result<(), Error> {
    let (namespace, name) = name.split_once('/').unwrap_or(("default", name));
    let deployment = ObjectRef {
        api_version: "apps/v1".to_owned(),
        kind: "Deployment".to_owned(),
        namespace: namespace.to_owned(),
        name: name.to_owned(),
    };
    wait_condition(catalog, &deployment, "Available", within).await
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn deployment(generation: i64, observed: i64, status: &str) -> DynamicObject {
        serde_json::from_value(json!({
            "apiVersion": "apps/v1", "kind": "Deployment", "metadata": {"name": "d", "generation": generation},
            "status": {"observedGeneration": observed, "conditions": [{"type": "Available", "status": status, "reason": "Why"}]}
        })).expect("an object")
    }

    #[test]
    fn an_old_generations_condition_does_not_count() {
        assert!(matches!(has_condition(&deployment(2, 2, "True"), "Available"), ConditionState::Met));
        assert!(matches!(has_condition(&deployment(2, 1, "True"), "Available"), ConditionState::NotYet(_)));
        let ConditionState::NotYet(seen) = has_condition(&deployment(1, 1, "False"), "Available") else {
            panic!("met")
        };
        assert_eq!(seen.trim(), "Available=False (Why)");
    }
}
