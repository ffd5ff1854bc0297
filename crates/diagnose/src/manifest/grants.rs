//! References into another namespace, which need a ReferenceGrant there.

use super::documents::{Document, Documents};

const GATEWAY_GROUP: &str = "gateway.networking.k8s.io";

/// A reference from an object to one in another namespace.
pub(super) struct Reference<'a> {
    pub from: &'a Document,
    pub to_kind: &'a str,
    pub to_namespace: &'a str,
    pub to_name: &'a str,
}

impl Reference<'_> {
    /// Whether a ReferenceGrant of the files permits it. `None` if the files do not say: they have nothing of that namespace, or
    /// the namespace of an object depends on how it will be applied.
    pub(super) fn granted(&self, documents: &Documents) -> Option<bool> {
        if self.from.namespace == self.to_namespace || documents.of("ReferenceGrant").any(|grant| self.grants(grant)) {
            return Some(true);
        }
        let kinds = ["ReferenceGrant", "Service", "Kafka", "KafkaNodePool", "Secret"];
        let known = kinds.into_iter().flat_map(|kind| documents.of(kind)).any(|one| one.namespace == self.to_namespace);
        (documents.complete && self.from.placed && known).then_some(false)
    }

    fn grants(&self, grant: &Document) -> bool {
        let list = |field: &str| grant.spec()[field].as_array().cloned().unwrap_or_default();
        let from = list("from").iter().any(|from| {
            from["group"] == GATEWAY_GROUP
                && from["kind"] == self.from.kind
                && from["namespace"] == self.from.namespace.as_str()
        });
        let to = list("to").iter().any(|to| {
            to["group"] == ""
                && to["kind"] == self.to_kind
                && to["name"].as_str().is_none_or(|name| name.is_empty() || name == self.to_name)
        });
        grant.namespace == self.to_namespace && from && to
    }

    /// The manifest of the grant that is missing, in one line.
    pub(super) fn repair(&self) -> String {
        format!(
            "add a ReferenceGrant to namespace {} with `from: [{{group: {GATEWAY_GROUP}, kind: {}, namespace: {}}}]` and `to: \
             [{{group: \"\", kind: {}}}]`",
            self.to_namespace, self.from.kind, self.from.namespace, self.to_kind
        )
    }
}
