//! Executes `patch`.

use super::ownership::{Ownership, ownership, protected};
use super::{Execute, Outcome, objects};
use crate::journal::{Undo, as_new, inverse, restoring_patch};
use crate::{Context, failure};
use ::kube::api::{DynamicObject, Patch as KubePatch, PatchParams};
use model::{Cause, Failure};
use scenario::Patch;
use serde_json::Value;

impl Execute for Patch {
    async fn execute(&self, context: &mut Context<'_>) -> Outcome {
        let object = context.object(&self.kind, &self.name, self.namespace.as_deref()).await?;
        let expected = format!("{object} is changed");
        let Some(before) = objects::get(context, &object).await? else {
            return Err(Failure::new(Cause::ConditionUnmet, expected, "it does not exist"));
        };
        let kind = context.lab.catalog.kind(&object.kind, Some(&object.api_version)).await;
        let kind = kind.map_err(|error| failure::kubernetes(&expected, &error))?;
        let api = kind.api(context.lab.catalog.client(), &object.namespace);
        let change = change(self).map_err(|seen| Failure::new(Cause::ManifestRefused, &expected, seen))?;
        let refused =
            |error| failure::kubernetes(&expected, &kubeapi::Error::request(format!("patch {object}"))(error));
        let params =
            PatchParams { field_validation: Some(::kube::api::ValidationDirective::Strict), ..Default::default() };
        let owner = ownership(context, &object, true);
        if owner == Ownership::Protected {
            return Err(protected(&object));
        }
        if owner == Ownership::Borrowed {
            let whole = serde_json::to_value(&before).unwrap_or_default();
            let merge = match &self.merge {
                Some(merge) => inverse(merge, &whole),
                // A dry run comes first, because the inverse patch must be recorded before the change.
                None => {
                    let trial = PatchParams { dry_run: true, ..params.clone() };
                    let after =
                        context.clock.waiting(api.patch(&object.name, &trial, &change)).await.map_err(refused)?;
                    restoring_patch(&serde_json::to_value(as_new(&after)).unwrap_or_default(), &as_new_value(&before))
                }
            };
            context.journal.push(Undo::PatchBack { object: object.clone(), merge });
        }
        context.clock.waiting(api.patch(&object.name, &params, &change)).await.map_err(refused)?;
        Ok(Vec::new())
    }
}

fn as_new_value(object: &DynamicObject) -> Value {
    serde_json::to_value(as_new(object)).unwrap_or_default()
}

/// The patch in the form that the API server accepts.
fn change(patch: &Patch) -> Result<KubePatch<Value>, String> {
    match (&patch.merge, &patch.json) {
        (Some(merge), None) => Ok(KubePatch::Merge(merge.clone())),
        (None, Some(changes)) => {
            let operations = serde_json::to_value(changes).and_then(serde_json::from_value);
            operations.map(KubePatch::Json).map_err(|error| error.to_string())
        }
        _ => Err("a patch has either `merge` or `json`".to_owned()),
    }
}
