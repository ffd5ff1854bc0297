//! The list of a run's changes, which cleanup undoes in reverse order.

use super::record::{Record, Unfinished};
use ::kube::api::DynamicObject;
use kubeapi::ObjectRef;
use model::LabDir;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
use std::io;

/// One change to undo.
#[derive(Clone, Debug, Deserialize, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Undo {
    /// An object that the run created.
    Delete(ObjectRef),
    /// A foreign object that the run deleted, in its former state.
    Restore { object: ObjectRef, was: Box<DynamicObject> },
    /// A foreign object that the run changed, and the merge patch that restores it.
    PatchBack { object: ObjectRef, merge: Value },
    /// A Pod whose process the run froze.
    Resume { namespace: String, pod: String },
    /// A topic of a cluster that outlives the run, and the client that created it.
    DeleteTopic {
        client: String,
        topic: String,
        /// The name of the cluster, if it does not belong to the lab.
        #[serde(default)]
        of: Option<String>,
    },
}

/// All changes to undo, in the order in which they were made. Each change is recorded before it is made, because a run
/// can be killed at any moment. Deleting an object that was never created does no harm.
#[derive(Debug)]
pub struct Journal {
    record: Record,
    /// The first error of writing the record.
    unwritten: Option<io::Error>,
}

impl Journal {
    /// # Errors
    /// If the record cannot be written.
    pub fn begin(lab: &LabDir, namespace: &str, listener: Option<&str>) -> io::Result<Self> {
        let state = Unfinished {
            namespace: namespace.to_owned(),
            listener: listener.map(ToOwned::to_owned),
            ..Unfinished::default()
        };
        Ok(Self::of(Record::begin(lab, state)?))
    }

    /// The journal of a run that has ended.
    pub fn of(record: Record) -> Self {
        Self { record, unwritten: None }
    }

    pub fn namespace(&self) -> &str {
        &self.record.state.namespace
    }

    /// Records an object that the run is about to create. Each object is recorded once.
    pub fn record_creation(&mut self, object: &ObjectRef) {
        if !self.owns(object) {
            self.push(Undo::Delete(object.clone()));
        }
    }

    /// Removes an object that the run itself deleted from the record. Returns false if it was not the run's own.
    pub fn forget(&mut self, object: &ObjectRef) -> bool {
        let own = self.owns(object);
        if own {
            self.record.state.undo.retain(|undo| !matches!(undo, Undo::Delete(one) if one == object));
            self.write();
        }
        own
    }

    pub fn owns(&self, object: &ObjectRef) -> bool {
        self.record.state.undo.iter().any(|undo| matches!(undo, Undo::Delete(one) if one == object))
    }

    pub fn push(&mut self, undo: Undo) {
        self.record.state.undo.push(undo);
        self.write();
    }

    /// The Pods, as `namespace/name`, whose processes the run froze.
    pub fn frozen(&self) -> Vec<String> {
        let pods = self.record.state.undo.iter().filter_map(|undo| match undo {
            Undo::Resume { namespace, pod } => Some(format!("{namespace}/{pod}")),
            _ => None,
        });
        pods.collect()
    }

    /// The last change to undo.
    pub fn last(&self) -> Option<&Undo> {
        self.record.state.undo.last()
    }

    /// Removes the last change, after it was undone or could not be.
    pub fn pop(&mut self) {
        self.record.state.undo.pop();
        self.write();
    }

    /// Marks the run as kept: its objects stay until another run needs their listener.
    ///
    /// # Errors
    /// If the record cannot be written.
    pub fn keep(mut self) -> io::Result<()> {
        self.record.state.kept = true;
        self.write();
        self.unwritten.map_or(Ok(()), Err)
    }

    /// Removes the record after cleanup.
    ///
    /// # Errors
    /// If the record cannot be removed, or if it could not be written completely.
    pub fn end(self) -> io::Result<()> {
        self.record.end()?;
        self.unwritten.map_or(Ok(()), Err)
    }

    fn write(&mut self) {
        if let Err(error) = self.record.write() {
            self.unwritten.get_or_insert(error);
        }
    }
}

/// The merge patch that undoes `merge` on an object whose former state is `before`.
pub fn inverse(merge: &Value, before: &Value) -> Value {
    match (merge, before) {
        (Value::Object(merge), Value::Object(before)) => Value::Object(
            merge
                .iter()
                .map(|(key, value)| (key.clone(), before.get(key).map_or(Value::Null, |old| inverse(value, old))))
                .collect::<Map<_, _>>(),
        ),
        _ => before.clone(),
    }
}

/// The merge patch that turns `after` into `before`.
pub fn restoring_patch(after: &Value, before: &Value) -> Value {
    let (Value::Object(is), Value::Object(was)) = (after, before) else { return before.clone() };
    let gone = is.keys().filter(|key| !was.contains_key(*key)).map(|key| (key.clone(), Value::Null));
    let changed = was.iter().filter(|(key, value)| is.get(*key) != Some(value));
    let changed =
        changed.map(|(key, value)| (key.clone(), is.get(key).map_or(value.clone(), |is| restoring_patch(is, value))));
    Value::Object(gone.chain(changed).collect::<Map<_, _>>())
}

/// The object without the fields that only the API server writes, so that it can be created again.
pub fn as_new(object: &DynamicObject) -> DynamicObject {
    let mut fresh = object.clone();
    fresh.metadata.uid = None;
    fresh.metadata.resource_version = None;
    fresh.metadata.managed_fields = None;
    fresh.metadata.creation_timestamp = None;
    fresh.metadata.generation = None;
    fresh.metadata.deletion_timestamp = None;
    if let Some(data) = fresh.data.as_object_mut() {
        data.remove("status");
    }
    fresh
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn object(name: &str) -> ObjectRef {
        ObjectRef { api_version: "v1".into(), kind: "Service".into(), namespace: "n".into(), name: name.into() }
    }

    #[test]
    fn changes_are_undone_in_reverse_and_once() {
        let dir = tempfile::tempdir().expect("a folder");
        let lab = LabDir::at(dir.path().to_path_buf().try_into().expect("UTF-8"));
        let mut journal = Journal::begin(&lab, "n-000001", None).expect("begun");
        for name in ["a", "b", "a", "c"] {
            journal.record_creation(&object(name));
        }
        assert!(journal.forget(&object("b")) && !journal.forget(&object("b")));
        let mut order = Vec::new();
        while let Some(undo) = journal.last() {
            order.extend(match undo {
                Undo::Delete(object) => Some(object.name.clone()),
                _ => None,
            });
            journal.pop();
        }
        assert_eq!(order, ["c", "a"]);
        journal.end().expect("removed");
        assert!(Record::abandoned(&lab, |_| true).expect("readable").records.is_empty());
    }

    #[test]
    fn the_inverse_patch_restores_the_former_object() {
        let was =
            json!({"spec": {"listeners": [{"name": "a"}, {"name": "b"}], "tls": {"x": 1}, "gone": true, "same": 1}});
        let is = json!({"spec": {"listeners": [{"name": "a"}], "tls": {"x": 2, "y": 3}, "fresh": {"z": 1}, "same": 1}});
        assert_eq!(
            restoring_patch(&is, &was),
            json!({"spec": {
                "listeners": [{"name": "a"}, {"name": "b"}],
                "tls": {"x": 1, "y": null},
                "gone": true,
                "fresh": null,
            }})
        );
        assert_eq!(restoring_patch(&was, &was), json!({}), "nothing to change is an empty patch");
    }

    #[test]
    fn a_merge_patch_is_inverted() {
        let before = json!({"spec": {"replicas": 3, "list": [1], "deep": {"a": 1, "b": 2}}, "other": true});
        let merge = json!({"spec": {"replicas": 4, "fresh": {"x": 1}, "deep": {"a": null}, "list": [2]}});
        assert_eq!(
            inverse(&merge, &before),
            json!({"spec": {"replicas": 3, "fresh": null, "deep": {"a": 1}, "list": [1]}})
        );
    }

    #[test]
    fn an_object_is_restored_without_server_side_fields() {
        let old: DynamicObject = serde_json::from_value(json!({
            "apiVersion": "v1", "kind": "X", "spec": {"a": 1}, "status": {"b": 2},
            "metadata": {"name": "x", "uid": "u", "resourceVersion": "7", "labels": {"l": "v"}},
        }))
        .expect("an object");
        let fresh = as_new(&old);
        assert_eq!(fresh.metadata.uid, None);
        assert_eq!(fresh.metadata.labels.expect("kept")["l"], "v");
        assert_eq!(fresh.data, json!({"spec": {"a": 1}}));
    }
}
