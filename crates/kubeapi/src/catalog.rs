//! Finds the resource that serves a kind, by discovery.

use super::Error;
use kube::Client;
use kube::api::{Api, DynamicObject};
use kube::discovery::{ApiResource, Discovery, Scope};
use std::collections::BTreeMap;
use std::sync::{Arc, PoisonError, RwLock};

/// A served kind, and whether its objects are namespaced.
#[derive(Clone, Debug)]
pub struct Kind {
    pub resource: ApiResource,
    pub namespaced: bool,
}

impl Kind {
    /// The API for the objects of this kind, in `namespace` if the kind is namespaced.
    pub fn api(&self, client: &Client, namespace: &str) -> Api<DynamicObject> {
        if self.namespaced {
            Api::namespaced_with(client.clone(), namespace, &self.resource)
        } else {
            Api::all_with(client.clone(), &self.resource)
        }
    }
}

/// The kinds that the API server serves. An unknown kind leads to one new discovery. Cheap to clone.
#[derive(Clone)]
pub struct Catalog {
    client: Client,
    known: Arc<RwLock<BTreeMap<(String, String), Kind>>>,
}

impl Catalog {
    pub fn new(client: Client) -> Self {
        Self { client, known: Arc::default() }
    }

    pub fn client(&self) -> &Client {
        &self.client
    }

    /// The text that the server serves at a path which is not that of an object, such as `/metrics`.
    ///
    /// # Errors
    /// If the server refuses, or does not answer.
    pub async fn text(&self, path: &str) -> Result<String, Error> {
        let what = format!("read {path}");
        let request = http::Request::get(path).body(Vec::new());
        let request = request.map_err(|error| Error::request(what.as_str())(kube::Error::HttpError(error)))?;
        self.client.request_text(request).await.map_err(Error::request(what))
    }

    /// The kind with this name, in the API version of a manifest, or else in the version that the server prefers.
    ///
    /// # Errors
    /// If discovery fails, or the server does not serve the kind.
    pub async fn kind(&self, kind: &str, api_version: Option<&str>) -> Result<Kind, Error> {
        if let Some(found) = self.lookup(kind, api_version) {
            return Ok(found);
        }
        self.discover().await?;
        self.lookup(kind, api_version).ok_or_else(|| Error::UnknownKind {
            kind: kind.to_owned(),
            api_version: api_version.map(ToOwned::to_owned),
        })
    }

    /// Every namespaced kind that can be listed and deleted, for emptying a namespace.
    ///
    /// # Errors
    /// If discovery fails.
    pub async fn namespaced(&self) -> Result<Vec<Kind>, Error> {
        self.discover().await?;
        let known = self.known.read().unwrap_or_else(PoisonError::into_inner);
        let mut kinds: Vec<_> = known
            .iter()
            .filter(|((_, version), k)| k.namespaced && !version.is_empty())
            .map(|(_, k)| k.clone())
            .collect();
        kinds.dedup_by(|a, b| a.resource.kind == b.resource.kind && a.resource.group == b.resource.group);
        Ok(kinds)
    }

    fn lookup(&self, kind: &str, api_version: Option<&str>) -> Option<Kind> {
        let known = self.known.read().unwrap_or_else(PoisonError::into_inner);
        known.get(&(kind.to_owned(), api_version.unwrap_or_default().to_owned())).cloned()
    }

    async fn discover(&self) -> Result<(), Error> {
        let discovery = self.groups().await.map_err(Error::request("list its kinds"))?;
        let mut found = BTreeMap::new();
        for group in discovery.groups_alphabetical() {
            let preferred = group.preferred_version().unwrap_or_default().to_owned();
            for version in group.versions() {
                for (resource, capabilities) in group.versioned_resources(version) {
                    let deletable = capabilities.supports_operation(kube::discovery::verbs::DELETE);
                    if !deletable {
                        continue;
                    }
                    let kind = Kind { namespaced: capabilities.scope == Scope::Namespaced, resource };
                    let name = kind.resource.kind.clone();
                    found.insert((name.clone(), kind.resource.api_version.clone()), kind.clone());
                    // Without a version, the first group in alphabetical order wins. The core group comes first.
                    if version == preferred {
                        found.entry((name, String::new())).or_insert(kind);
                    }
                }
            }
        }
        *self.known.write().unwrap_or_else(PoisonError::into_inner) = found;
        Ok(())
    }

    /// In two requests, where the server collects the lists of all groups. It then also answers for a group whose own server
    /// is down, which would end a walk from group to group. Servers before Kubernetes 1.27 only know the walk.
    async fn groups(&self) -> Result<Discovery, kube::Error> {
        match Discovery::new(self.client.clone()).run_aggregated().await {
            Ok(discovery) if discovery.has_group("") => Ok(discovery),
            _ => Discovery::new(self.client.clone()).run().await,
        }
    }
}

#[cfg(test)]
#[path = "catalog_tests.rs"]
mod tests;
