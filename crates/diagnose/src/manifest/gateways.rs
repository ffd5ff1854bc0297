//! The Gateways of the files, with what each listener serves.

use super::documents::{Document, Documents};
use crate::facts::Listener;
use crate::routes;
use k8s_openapi::apimachinery::pkg::apis::meta::v1::LabelSelector;
use kube::core::{Selector, SelectorExt};
use serde_json::Value;
use std::collections::{BTreeMap, BTreeSet};

/// The label that every Namespace has.
const NAME_LABEL: &str = "kubernetes.io/metadata.name";

/// A listener of a Gateway in the files.
#[derive(Debug)]
pub(super) struct Served<'a> {
    pub document: &'a Document,
    pub index: usize,
    pub listener: Listener,
    pub protocol: String,
}

impl Served<'_> {
    pub(super) fn spec(&self) -> &Value {
        &self.document.spec()["listeners"][self.index]
    }

    /// The place of a field of the listener.
    pub(super) fn pointer(&self, field: &str) -> String {
        format!("/spec/listeners/{}{field}", self.index)
    }

    /// `listener NAME of Gateway NAMESPACE/NAME`.
    pub(super) fn title(&self) -> String {
        format!("listener {} of Gateway {}", self.listener.name, self.listener.gateway)
    }

    /// Whether it ends TLS. Without a mode it does, as the Gateway API defines.
    pub(super) fn terminates(&self) -> bool {
        self.protocol == "TLS" && self.listener.mode != "Passthrough"
    }

    pub(super) fn is(&self, other: &Self) -> bool {
        std::ptr::eq(self.document, other.document) && self.index == other.index
    }
}

/// All of them.
#[derive(Debug)]
pub(super) struct Gateways<'a> {
    listeners: BTreeMap<String, Vec<Served<'a>>>,
    /// The labels of each Namespace in the files.
    labels: BTreeMap<String, BTreeMap<String, String>>,
}

impl<'a> Gateways<'a> {
    pub(super) fn of(documents: &'a Documents) -> Self {
        let mut listeners: BTreeMap<String, Vec<Served<'a>>> = BTreeMap::new();
        for document in documents.of("Gateway") {
            let all = routes::listeners(std::slice::from_ref(&document.object));
            let served = all.into_iter().enumerate().map(|(index, listener)| {
                let protocol = document.spec()["listeners"][index]["protocol"].as_str().unwrap_or_default().to_owned();
                Served { document, index, listener, protocol }
            });
            listeners.entry(document.key()).or_default().extend(served);
        }
        let labels = documents.of("Namespace").map(|document| {
            let labels = document.object.metadata.labels.clone().unwrap_or_default();
            (document.name.clone(), labels)
        });
        Self { listeners, labels: labels.collect() }
    }

    /// The listeners of a Gateway. `None` if it is not in the files.
    pub(super) fn get(&self, gateway: &str) -> Option<&[Served<'a>]> {
        self.listeners.get(gateway).map(Vec::as_slice)
    }

    /// Every listener.
    pub(super) fn all(&self) -> impl Iterator<Item = &Served<'a>> {
        self.listeners.values().flatten()
    }

    /// The listeners of each Gateway.
    pub(super) fn each(&self) -> impl Iterator<Item = &[Served<'a>]> {
        self.listeners.values().map(Vec::as_slice)
    }

    /// The namespaces that have a Gateway with this name.
    pub(super) fn namespaces_of(&self, name: &str) -> BTreeSet<&str> {
        let keys = self.listeners.keys().filter_map(|key| key.split_once('/'));
        keys.filter(|(_, one)| *one == name).map(|(namespace, _)| namespace).collect()
    }

    /// Whether a listener allows routes from a namespace. `None` if the files do not say.
    pub(super) fn allows(&self, served: &Served<'_>, namespace: &str) -> Option<bool> {
        let allowed = &served.spec()["allowedRoutes"]["namespaces"];
        match allowed["from"].as_str().unwrap_or("Same") {
            "All" => Some(true),
            "Same" => Some(served.document.namespace == namespace),
            "Selector" => self.selects(&allowed["selector"], namespace),
            _ => None,
        }
    }

    fn selects(&self, selector: &Value, namespace: &str) -> Option<bool> {
        let parsed: LabelSelector = serde_json::from_value(selector.clone()).ok()?;
        let keys = parsed.match_labels.iter().flat_map(BTreeMap::keys);
        let expressions = parsed.match_expressions.iter().flatten().map(|one| &one.key);
        let by_name_alone = keys.chain(expressions).all(|key| key == NAME_LABEL);
        let selector = Selector::try_from(parsed).ok()?;
        let mut labels = match self.labels.get(namespace) {
            Some(labels) => labels.clone(),
            None if by_name_alone => BTreeMap::new(),
            None => return None,
        };
        labels.insert(NAME_LABEL.to_owned(), namespace.to_owned());
        Some(selector.matches(&labels))
    }
}
